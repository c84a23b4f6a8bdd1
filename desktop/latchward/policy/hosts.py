"""The host of a URL, as browsers read it, for the operator `host_in`.

Programs disagree about strange URLs, and an attacker picks the one that we read
differently from the server. So whatever has a backslash, a control character,
no scheme or no host has no host here, and neither has a name on which the
two standards for international names disagree.
"""

import ipaddress
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote_to_bytes

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
# Of these the standard ignores how many slashes follow the colon.
_WEB_SCHEMES: Final = frozenset({"http", "https", "ws", "wss", "ftp"})
_NEVER: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")
_FORBIDDEN: Final = re.compile(r"[\x00-\x20\x7f#/:<>?@\[\\\]^|%]")
# IDNA 2003, which Python has, and 2008 read these in two ways.
_DISPUTED: Final = re.compile("[\u00df\u1e9e\u03c2\u200c\u200d]")
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
MAX_URL: Final = 8_192
"""Characters; a longer text has no host."""


def host_of(url: str) -> str | None:
    """The host of a URL in its one normal spelling (ASCII, lower case, no trailing dot), or None.

    IPv4 addresses become four decimal numbers, IPv6 addresses their shortest form without brackets.
    """
    if len(url) > MAX_URL or _NEVER.search(url):
        return None
    found = _SCHEME.fullmatch(url.strip(" "))
    if found is None:
        return None
    rest = found[2]
    if found[1].lower() in _WEB_SCHEMES:
        rest = rest.lstrip("/")
    elif rest.startswith("//"):
        rest = rest[2:]
    else:
        return None
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return _host_of_authority(authority.rpartition("@")[2])


def normal_host(text: str) -> str | None:
    """One host, without scheme and port, in its normal spelling, or None where it is no host."""
    if _NEVER.search(text):
        return None
    if text.startswith("[") and text.endswith("]"):
        return _ipv6(text[1:-1])
    if text.count(":") > 1:
        return _ipv6(text)
    return _name_or_ipv4(text)


def host_within(host: str, allowed: Sequence[str]) -> bool:
    """Whether a normal host is one of the normal hosts in `allowed`, or a subdomain of a name there."""
    for name in allowed:
        if host == name:
            return True
        if host.endswith(name) and host[-len(name) - 1] == "." and not _is_address(name):
            return True
    return False


def _is_address(host: str) -> bool:
    return ":" in host or host.rpartition(".")[2].isdigit()


def _host_of_authority(authority: str) -> str | None:
    if authority.startswith("["):
        inside, bracket, port = authority[1:].partition("]")
        if not bracket or (port and not _is_port(port)):
            return None
        return _ipv6(inside)
    host, colon, port = authority.partition(":")
    if colon and not _is_port(":" + port):
        return None
    return _name_or_ipv4(host)


def _is_port(text: str) -> bool:
    digits = text[1:]
    if text[0] != ":" or len(digits) > 16:
        return False
    return digits == "" or (digits.isascii() and digits.isdigit() and int(digits) < 65536)


def _ipv6(text: str) -> str | None:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return None
    if address.scope_id is not None:
        return None
    # The mapped form reaches the very same machine.
    return str(address.ipv4_mapped or address)


def _name_or_ipv4(host: str) -> str | None:
    try:
        name = unquote_to_bytes(host).decode()
    except UnicodeError:
        return None
    name = _ascii_name(name)
    if not name or _FORBIDDEN.search(name):
        return None
    name = name.removesuffix(".").lower()
    labels = name.split(".")
    if not all(map(_is_label, labels)):
        return None
    if _NUMBER.fullmatch(labels[-1]):
        return _ipv4(labels)
    return name


def _ascii_name(name: str) -> str:
    """The name in ASCII, or "" where it has no undisputed form."""
    if name.isascii():
        return name
    if _DISPUTED.search(name):
        return ""
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def _is_label(label: str) -> bool:
    if not label or not label.startswith("xn--"):
        return bool(label)
    try:
        return bool(label[4:].encode().decode("punycode"))
    except UnicodeError:
        return False


def _ipv4(labels: list[str]) -> str | None:
    """Decimal, octal (`0177`) and hexadecimal (`0x7f`) parts; the last one fills what is left."""
    if len(labels) > 4 or not all(map(_NUMBER.fullmatch, labels)):
        return None
    try:
        numbers = [_ipv4_part(label) for label in labels]
    except ValueError:
        return None
    room = 256 ** (5 - len(numbers))
    if any(number > 255 for number in numbers[:-1]) or numbers[-1] >= room:
        return None
    total = numbers[-1]
    for at, number in enumerate(numbers[:-1]):
        total += number << (24 - 8 * at)
    return str(ipaddress.IPv4Address(total))


def _ipv4_part(text: str) -> int:
    if len(text) > 40:
        raise ValueError("too long for an address")
    if text[:2] in ("0x", "0X"):
        return int(text[2:] or "0", 16)
    if len(text) > 1 and text[0] == "0":
        return int(text, 8)
    return int(text, 10)
