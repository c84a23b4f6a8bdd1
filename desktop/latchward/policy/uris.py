"""The normal spelling of a resource's address, so that one file has one name.

Normalised are dot segments, percent-encoding of characters that need none,
the case of scheme and host, and `localhost` in `file:` addresses. An address that hides a separator
(`%2F`) or whose encoding is broken does not normalise: it is refused.
"""

import re
from typing import Final

_URI: Final = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]*):(?://([^/?#]*))?([^?#]*)((?:\?[^#]*)?(?:#.*)?)", re.DOTALL
)
_NEVER: Final = re.compile(r"[\x00-\x20\x7f-\x9f\\]|%(?![0-9A-Fa-f]{2})")
_HIDDEN_SEPARATOR: Final = re.compile(r"%(?:2[fF]|5[cC]|00)")
_ENCODED: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_GLOB_HEAD: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?://([^/#]*))?")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def normal_uri(uri: str) -> str | None:
    """The address in its normal spelling, or None where it has none."""
    found = _URI.fullmatch(uri)
    if found is None or _NEVER.search(uri):
        return None
    scheme, authority, path, rest = found.groups()
    if _HIDDEN_SEPARATOR.search(path):
        return None
    path = _without_dots(_decoded(path))
    return _head(scheme, authority) + path + _decoded(rest)


def normal_glob(glob: str) -> str:
    """A glob over addresses with its encoding, scheme and host in normal spelling, where it states them."""
    glob = _decoded(glob)
    found = _GLOB_HEAD.match(glob)
    if found is None or "**" in (found[2] or ""):
        return glob
    return _head(found[1], found[2]) + glob[found.end() :]


def _head(scheme: str, authority: str | None) -> str:
    scheme = scheme.lower()
    if authority is None:
        return f"{scheme}:"
    login, at, host = _decoded(authority).rpartition("@")
    host = host.lower()
    return f"{scheme}://{login}{at}{'' if scheme == 'file' and host == 'localhost' else host}"


def _decoded(text: str) -> str:
    return _ENCODED.sub(_decode_run, text)


def _decode_run(found: re.Match[str]) -> str:
    raw = bytes.fromhex(found[0].replace("%", ""))
    try:
        characters = raw.decode()
    except UnicodeDecodeError:
        return found[0].upper()
    return "".join(_plain_or_encoded(character) for character in characters)


def _plain_or_encoded(character: str) -> str:
    if character in _UNRESERVED or (ord(character) > 0x9F and character.isprintable()):
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode())


def _without_dots(path: str) -> str:
    """Work out `.` and `..`; one that leads above the root is dropped, as the standard says."""
    lead = "/" if path.startswith("/") else ""
    parts = path[len(lead) :].split("/")
    kept: list[str] = []
    for part in parts:
        if part == "..":
            del kept[-1:]
        elif part != ".":
            kept.append(part)
    if parts[-1] in (".", ".."):
        kept.append("")
    return lead + "/".join(kept)
