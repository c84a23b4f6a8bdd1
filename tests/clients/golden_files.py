"""The golden configurations: for each client a home folder with its files, and what must be read from them.

`golden/CLIENT/home` is the home folder, with `@HOME@` where a file names it. `golden/CLIENT/found.json`
says what is found there and under which environment. `golden/CLIENT/after` are the files that change when
what can be taken in is taken out and ours is put in.
"""

from pathlib import Path
from typing import Any, Final

from latchward.clients.found import Found
from latchward.clients.home import Home

GOLDEN: Final = Path(__file__).with_name("golden")
_MARK: Final = b"@HOME@"


def placed(client: str, folder: Path, part: str = "home") -> None:
    """Put a client's golden home folder, or the files as they are after, into a folder of this test."""
    origin = GOLDEN / client / part
    for file in sorted(origin.rglob("*")):
        if file.is_file():
            target = folder / file.relative_to(origin)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes().replace(_MARK, bytes(folder)))


def home(folder: Path, **environ: str) -> Home:
    """A person's home on Linux, whose environment holds this and nothing else."""
    return Home(folder, environ, "linux")


def told(one: Found, folder: Path) -> dict[str, Any]:
    """What was found as it stands in `found.json`: what is empty is left out."""
    place, spec = one.place, one.spec
    whole = {
        "file": str(place.file.relative_to(folder)),
        "at": ".".join(place.at).replace(str(folder), _MARK.decode()),
        "entry": place.name,
        "scope": place.scope,
        "project": str(place.project) if place.project else None,
        "name": spec.name,
        "command": spec.command,
        "args": list(spec.args),
        "env": dict(spec.env),
        "cwd": spec.cwd,
        "url": spec.url,
        "headers": dict(spec.headers),
        "needs": list(one.needs),
        "notes": list(one.notes),
        "refused": one.refused,
        "ours": one.ours,
        "off": one.off,
    }
    return {key: _plain(value, folder) for key, value in whole.items() if value}


def _plain(value: Any, folder: Path) -> Any:
    if isinstance(value, str):
        return value.replace(str(folder), _MARK.decode())
    if isinstance(value, list):
        return [_plain(item, folder) for item in value]
    return {key: _plain(item, folder) for key, item in value.items()} if isinstance(value, dict) else value
