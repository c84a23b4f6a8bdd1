"""What holds for every test."""

from hypothesis import HealthCheck, settings

# A test that is checked is the same test on every machine; a sweep draws anew each time and looks longer.
# That a machine is slow, or busy with other things, says nothing of the code.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("check", patient, derandomize=True, database=None)
settings.register_profile("sweep", patient, max_examples=5000)
settings.load_profile("check")
