"""What holds for every test."""

from hypothesis import settings

# A test that is checked is the same test on every machine; a sweep draws anew each time and looks longer.
settings.register_profile("check", deadline=None, derandomize=True, database=None)
settings.register_profile("sweep", deadline=None, max_examples=5000)
settings.load_profile("check")
