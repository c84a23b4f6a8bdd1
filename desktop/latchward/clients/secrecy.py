"""Which values of a server's entry are secrets, by their names and by their shapes. Pure.

A value that is taken for a secret without being one costs little: it stands in
the keyring. One that is not taken for one stays where everybody can read it. So
the names are many, and what is let off is let off by name.
"""

import json
import math
import re
from collections import Counter
from itertools import pairwise
from typing import Any, Final

_SCHEME: Final = re.compile(
    r"(?i:Bearer|Basic|Token|Bot|Digest|JWT|Key|Api-?Key|GenieKey|Splunk|SSWS|PRIVATE-TOKEN)[ :]+(?=\S)"
)
"""What stands before the secret in a header such as `Authorization`."""
_HEADER: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]*):\s*(?!//)(?=\S)")
_REFERENCE: Final = re.compile(r"\$\{[^{}]*\}|\$\{\{[^{}]*\}\}|\{env:[^{}]*\}")
_WHOLE_REFERENCE: Final = re.compile(r"\$(env:)?[A-Za-z_][A-Za-z0-9_]*|%[A-Za-z_][A-Za-z0-9_]*%")
_PATH: Final = re.compile(
    r"(?:~|\.{1,2}|[A-Za-z]:|file:/)[/\\].*|/[^=]*\.[A-Za-z]\w{0,4}"
    r"|/(?:Users|Volumes|data|etc|home|media|mnt|opt|private|root|run|srv|tmp|usr|var|workspace)(?:/[^=]*)?"
)
"""Base64 may begin with a slash, too."""
_BARE_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s@?]*")
_RANDOM: Final = re.compile(r"[A-Za-z0-9+]{20,}")
_OPTION: Final = re.compile(r"-{0,2}([A-Za-z][\w.-]*)=(.*)", re.DOTALL)

_SHAPES: Final = tuple(
    re.compile(shape)
    for shape in (
        r"\bgh[pousr]_[A-Za-z0-9]{16}",
        r"\bgithub_pat_\w{16}",
        r"\bgl(?:pat|dt|rt|ptt|soat|cbt|ft|oas)-[\w-]{16}",
        r"(?<![A-Za-z0-9-])sk-[A-Za-z0-9_-]{16}",
        r"\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{8}",
        r"\bxox[abeoprs]-[A-Za-z0-9-]{8}",
        r"\bxapp-[A-Za-z0-9-]{8}",
        r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
        r"\bAIza[\w-]{30}",
        r"\bya29\.[\w-]{16}",
        r"\bGOCSPX-[\w-]{16}",
        r"\beyJ[\w-]{8,2000}\.[\w-]{8}",
        r"\b(?:npm|hf|r8|gsk|ntn|lin_api|lin_oauth|figd|shpat|shpss|dckr_pat|dop_v1|dapi|nvapi)[_-][\w-]{16}",
        r"\b(?:sntrys|sntryu|secret|whsec|rnd|tfp|patr|re|phx|sbp|sb_secret|glsa|glc)_[A-Za-z0-9_=+/-]{20}",
        r"\b(?:pypi|tvly|fc|xai|pplx|PMAK|jina|exa|ctx7sk|apify_api)[_-][\w-]{16}",
        r"\bSG\.[\w-]{16,80}\.[\w-]{16}",
        r"\bpat[A-Za-z0-9]{14}\.[a-f0-9]{32}",
        r"\bATATT[\w=-]{20}",
        r"\bBSA[A-Za-z0-9_-]{20}",
        r"\bAGE-SECRET-KEY-1[A-Z0-9]{20}",
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY",
        r"\b[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/:@]{0,200}:[^\s/@]{1,500}@",
        r"://[^\s?]{0,300}/[\w=-]{48,500}(?:[/?]|$)",
        r"(?i)[?&](?:key|auth|sig|signature|code)=[^&\s]{4}",
        r"(?i)(?:token|secret|password|passwd|pwd|api[_-]?key|accountkey|accesskey)\s{0,4}=\s{0,4}[^;,&\s]",
        r"\bhooks\.slack\.com/(?:services|workflows)/\w",
        r"\bdiscord(?:app)?\.com/api/webhooks/\d",
    )
)
"""What is a secret whatever it is called. Bounded, each of them: a value may be long."""

_SECRET_WORDS: Final = frozenset(
    "token tokens secret secrets password passwords passwd passphrase passcode pwd apikey apikeys credential"
    " credentials creds auth authorization authentication bearer cookie cookies session dsn connectionstring"
    " connstr jwt otp totp pat mnemonic privatekey accesskey secretkey authkey".split()
)
_SECRET_ENDS: Final = ("token", "password", "passwd", "passphrase", "secret", "apikey", "credentials")
"""The same where no sign parts the words, as in PGPASSWORD."""
_SECRET_LAST: Final = frozenset("key keys pass pin salt".split())
"""These count where they end a name: KEY_REPEAT and PASS_THROUGH are none."""
_SECRET_PAIRS: Final = frozenset(
    ("connection string", "conn str", "seed phrase", "secret id", "session id", "session string")
)
_NO_KEYS: Final = frozenset(
    "public publishable primary foreign sort partition project issue routing host map space object".split()
)
"""What makes a `key` none."""
_ABOUT: Final = frozenset(
    "file files filename path paths dir directory folder url uri urls endpoint host hostname port type"
    " types kind mode method methods name names id ids limit limits count size length ttl expiry expires"
    " expiration timeout age enabled disabled required format algorithm alg version provider scheme"
    " scope scopes region prefix suffix field param sock socket store storage manager layout strategy"
    " policy env var cmd command helper issuer audience domain realm user username email interval budget"
    " address bus minute second hour day level plugin class desktop backend flow server callback"
    " redirect location rotation hash sha digest".split()
)
"""Names that end so tell about a secret, and are none: TOKEN_FILE, AUTH_TYPE."""
_FIRST: Final = frozenset("max min num use enable disable require skip allow no is has".split())
"""Names that begin so are a switch or a number: MAX_TOKENS."""
_PLAIN: Final = frozenset(
    "true false yes no on off none null undefined nil default disabled enabled auto basic bearer oauth oauth2"
    " token password optional required".split()
)
"""Values that are no secret under any name."""


def secret_part(name: str, value: str) -> tuple[str, str] | None:
    """The secret in the value of a variable or a header, after what may stay in clear before it.

    None where there is none. What is written as a reference is none of its own.
    """
    rest = _REFERENCE.sub("", value)
    scheme = _SCHEME.match(rest)
    if _WHOLE_REFERENCE.fullmatch((rest[scheme.end() :] if scheme else rest).strip()) or not rest.strip():
        return None
    if rest != value:
        return ("", value) if _has_shape(rest) else None
    if found := _after_scheme(name, value):
        return found
    if _has_shape(value) or _holds_secret(value):
        return "", value
    if _is_plain(name, value):
        return None
    if _is_secret_name(name) or _is_random(name, value):
        return "", value
    return None


def looks_secret(argument: str, before: str = "") -> bool:
    """Whether an argument of a command line seems to hold a secret; `before` is the argument before it."""
    if option := _OPTION.fullmatch(argument):
        return secret_part(option[1], option[2]) is not None
    if argument.startswith("-"):
        return False
    named = before.lstrip("-") if before.startswith("-") and "=" not in before else ""
    return secret_part(named, argument) is not None


def _after_scheme(name: str, value: str) -> tuple[str, str] | None:
    """`Bearer` and the like stay in clear, and so does the name of a header before it."""
    header = _HEADER.match(value)
    if header is not None and _is_secret_name(header[1]):
        inner = secret_part(header[1], value[header.end() :])
        return None if inner is None else (header[0] + inner[0], inner[1])
    scheme = _SCHEME.match(value)
    secret = value[scheme.end() :] if scheme else ""
    if scheme is None or " " in secret.strip() or not (_is_secret_name(name) or len(secret) >= 16):
        return None
    return scheme[0], secret


def _has_shape(value: str) -> bool:
    return any(shape.search(value) for shape in _SHAPES)


def _holds_secret(value: str) -> bool:
    """Whether a value is JSON with a secret anywhere in it."""
    if not value.lstrip().startswith(("{", "[")):
        return False
    try:
        return _any_secret("", json.loads(value))
    except (ValueError, RecursionError):
        return False


def _any_secret(name: str, value: Any) -> bool:
    if isinstance(value, dict):
        return any(_any_secret(str(key), member) for key, member in value.items())
    if isinstance(value, list):
        return any(_any_secret(name, member) for member in value)
    return isinstance(value, str) and secret_part(name, value) is not None


def _is_plain(name: str, value: str) -> bool:
    """Whether a value is none even under the name of a secret."""
    text = value.strip()
    if text.lower() in _PLAIN:
        return True
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return len(text) < 4 or "tokens" in _words(name)
    return bool(_PATH.fullmatch(text) or _BARE_URL.fullmatch(text)) and not _RANDOM.search(text)


def _is_secret_name(name: str) -> bool:
    words = _words(name)
    if not words or words[0] in _FIRST:
        return False
    if any(f"{one} {two}" in _SECRET_PAIRS for one, two in pairwise(words)):
        return True
    if words[-1] in _ABOUT:
        return False
    if words[-1] in _SECRET_LAST and not (words[-1].startswith("key") and _NO_KEYS & set(words)):
        return True
    return any(word in _SECRET_WORDS or word.endswith(_SECRET_ENDS) for word in words)


def _is_random(name: str, value: str) -> bool:
    """Whether a value is long and has no order, as keys have, and its name does not say that it is no key."""
    words = _words(name)
    if (words and words[-1] in _ABOUT) or "public" in words or re.search(r"[\s:]|^[/~.]", value):
        return False
    for run in _RANDOM.findall(value):
        is_hex = re.fullmatch(r"[0-9a-f]+|[0-9A-F]+", run) is not None
        mixed = re.search(r"\d", run) and re.search(r"[A-Za-z]", run)
        if mixed and _entropy(run) >= (3.0 if is_hex and len(run) >= 32 else 3.6):
            return True
    return False


def _entropy(text: str) -> float:
    """Bits per character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def _words(name: str) -> list[str]:
    """The words of a name in lower case: `apiKey`, `API_KEY` and `api-key` are the same."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", parted) if word]
