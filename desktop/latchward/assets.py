"""The one door to resources/: the data that ships with Latchward.

In the wheel that folder lies inside the package, as `_resources`. An editable install does not see the mapped
folder, so a checkout falls back to its own `resources`, beside `desktop`.
"""

from pathlib import Path


def _find_root() -> Path:
    package = Path(__file__).resolve().parent
    packaged = package / "_resources"
    return packaged if packaged.is_dir() else package.parents[1] / "resources"


_ROOT = _find_root()


def path(name: str) -> Path:
    """Where the resource `name` lies; a name is relative and has slashes, as in `policies/ask.json`.

    Raises `FileNotFoundError` where there is none, and where the name leads out of resources/.
    """
    found = (_ROOT / name).resolve()
    if not found.is_relative_to(_ROOT) or not found.exists():
        raise FileNotFoundError(f"no resource `{name}`: install latchward again")
    return found


def text(name: str) -> str:
    """The resource `name`, read as UTF-8."""
    return path(name).read_text(encoding="utf-8")
