"""What `./check` runs once .venv is set up, in order; `./check -s NAME` runs one session of it.

The sessions use the venv that nox runs in, made from requirements/check.lock, and make none of their own.
`sweep` (the long searches) and `lock` (remake the lock files) run only when named.
"""

import sys
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"
nox.options.error_on_external_run = False

UV = "uv==0.13.9"


@nox.session
def locked(session: nox.Session) -> None:
    """The lock files hold all that pyproject.toml asks for; where not, the session `lock` remakes them."""
    session.run(sys.executable, "-m", "pip", "--disable-pip-version-check", "check")


@nox.session
def lint(session: nox.Session) -> None:
    """Style and formatting."""
    session.run(sys.executable, "-m", "ruff", "check")
    session.run(sys.executable, "-m", "ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Strict types."""
    session.run(sys.executable, "-m", "mypy")


@nox.session
def contracts(session: nox.Session) -> None:
    """Who may import whom."""
    session.run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo")


@nox.session
def tests(session: nox.Session) -> None:
    """Every test but the sweeps; arguments after `--` go to pytest."""
    session.run(sys.executable, "-m", "pytest", *session.posargs)


@nox.session(default=False)
def sweep(session: nox.Session) -> None:
    """The long searches: many examples, freshly drawn at each run."""
    patience = ("--timeout=3600", "-o", "faulthandler_timeout=3700")
    session.run(
        *(sys.executable, "-m", "pytest", "-m", "sweep", "--hypothesis-profile=sweep"),
        *patience,
        *session.posargs,
    )


@nox.session(default=False, venv_backend="venv")
def lock(session: nox.Session) -> None:
    """Remake the lock files; `-- --upgrade` takes the newest releases."""
    session.install(UV)
    compile_lock = "uv pip compile pyproject.toml --universal --python-version=3.11 --generate-hashes"
    run, check = "requirements/run.lock", "requirements/check.lock"
    for arguments in (("--group=build", "-o", run), ("--group=check", "-o", check, "-c", run)):
        session.run(*compile_lock.split(), "--no-header", *arguments, *session.posargs, silent=True)
    npm = str(Path(sys.executable).with_name("npm"))
    session.run(npm, "install", "--package-lock-only", "--prefix=tests/peers", external=True)
