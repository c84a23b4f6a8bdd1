"""What a server asks of the client, as lines to read and as warnings. Free of Qt.

The server wrote all of it: it is shown as arguments are, with its own line breaks, and nothing is left out.
Only the order and the words beside the names are ours.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from latchward.control.messages import Question
from latchward.gui.text import listed
from latchward.model.plain import visible

from .marks import Host, Marker, Span
from .pages import NAME, Line, Page, Section, exact, in_sections, members, readable, sort

ELICITATION: Final = "elicitation/create"
SAMPLING: Final = "sampling/createMessage"

_NOTHING: Final = "The server says nothing more."
_FIRST: Final = ("systemPrompt", "messages", "tools")
"""What of a request to the model is read first."""
_ROLES: Final = {b'"user"': "from user", b'"assistant"': "from assistant"}
_SORTS: Final = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "boolean": "yes or no",
    "array": "list",
}
_SECRET: Final = re.compile(
    r"pass(?:word|wd|phrase|code)|secret|token|api.?key|private.?key|credit.?card|card.?number|\bcvv\b|\bpin\b|\bssn\b",
    re.IGNORECASE,
)
# What two readers could read as two hosts has none here: an account before it, a backslash, odd letters.
_PAGE: Final = re.compile(r"(https?)://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:[/?#][^\s\\]*)?")


class Warned(NamedTuple):
    """Something to know before answering; `grave` where it may deceive."""

    head: str
    text: str
    grave: bool = False


def is_page(question: Question, value: object) -> bool:
    """Whether the person is asked to open a page."""
    return question.method == ELICITATION and isinstance(value, dict) and value.get("mode") == "url"


def host_of(value: object) -> str:
    """The host of the page to be opened, in lower case; "" where the address is not plain."""
    url = value.get("url") if isinstance(value, dict) else None
    found = _PAGE.fullmatch(url) if isinstance(url, str) else None
    return found[2].lower() if found is not None else ""


def page(question: Question, value: object, marker: Marker, hosts: Sequence[Host]) -> Page:
    """The question for reading."""
    parts = members(question.arguments)
    if not parts:
        return readable(question.arguments, (), marker, hosts, _NOTHING)
    try:
        if is_page(question, value):
            return Page((*_host(value), *in_sections(_led(parts, ("url", "message")), marker, hosts)))
        sections = {ELICITATION: _form, SAMPLING: _sampling}.get(question.method, _plain)(parts)
        lines = tuple(in_sections(sections, marker, hosts))
        return Page(lines) if lines else readable("{}", (), marker, hosts, _NOTHING)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return exact(question.arguments, marker, hosts)


def warnings(question: Question, value: object) -> tuple[Warned, ...]:
    """What to know before answering."""
    if is_page(question, value):
        return (_of_page(value),)
    if question.method == ELICITATION and (names := _secret_fields(value)):
        text = f"It asks for {listed(names)}. A password or a key does not belong in such a form."
        return (Warned("It seems to ask for something secret.", text),)
    return ()


def _of_page(value: object) -> Warned:
    host = host_of(value)
    if not host:
        return Warned(
            "Where this page is cannot be told for certain.",
            "Its address is not a plain one of the web: deny it unless you know why.",
            grave=True,
        )
    url = str(value.get("url")) if isinstance(value, dict) else ""
    clear = " What you enter there is not encrypted on its way." if url.startswith("http://") else ""
    return Warned(
        f"The page is on {host}.",
        f"The server chose it. Enter something there only if you know and expect {host}.{clear}",
    )


def _secret_fields(value: object) -> list[str]:
    """The fields whose name or title speaks of a secret."""
    schema = value.get("requestedSchema") if isinstance(value, dict) else None
    fields = schema.get("properties") if isinstance(schema, dict) else None
    found = []
    for name, field in fields.items() if isinstance(fields, dict) else ():
        title = field.get("title") if isinstance(field, dict) else None
        if _SECRET.search(name) or (isinstance(title, str) and _SECRET.search(title)):
            found.append(visible(name).replace("\n", "<U+000A>"))
    return found[:5]


def _host(value: object) -> Iterator[Line]:
    host = host_of(value) or "not plain"
    yield Line(f"{NAME}host", "name")
    yield Line(host, "value", 0, (Span(0, len(host), "note"),))


def _plain(parts: Mapping[str, bytes]) -> Iterator[Section]:
    return (Section(name, raw, sort(raw)) for name, raw in parts.items())


def _led(parts: Mapping[str, bytes], first: Sequence[str]) -> Iterator[Section]:
    """All parts, some of them before the others."""
    ordered = {name: parts[name] for name in first if name in parts} | dict(parts)
    return _plain(ordered)


def _form(parts: Mapping[str, bytes]) -> Iterator[Section]:
    """The message, then each field with what would be entered there."""
    schema = parts.get("requestedSchema")
    fields = members(schema) if schema is not None else None
    properties = members(fields["properties"]) if fields and "properties" in fields else None
    if fields is None or properties is None:
        yield from _led(parts, ("message",))
        return
    required = json.loads(fields.get("required", b"[]"))
    known = isinstance(required, list) and all(isinstance(one, str) and one in properties for one in required)
    told = {"properties", *(("required",) if known else ())}
    yield from _led({name: raw for name, raw in parts.items() if name != "requestedSchema"}, ("message",))
    for name, raw in properties.items():
        yield _field(name, raw, known and name in required)
    for name, raw in fields.items():
        if name not in told and (name, raw) != ("type", b'"object"'):
            yield Section(f"requestedSchema.{name}", raw, sort(raw))


def _field(name: str, raw: bytes, required: bool) -> Section:
    says = members(raw)
    if says is None:
        return Section(name, raw, "a field")
    kind = json.loads(says.get("type", b'""'))
    sort_ = _SORTS.get(kind) if isinstance(kind, str) else None
    words = "one of several" if "enum" in says or "oneOf" in says else sort_ or ""
    note = ", ".join(filter(None, ("a field", words, "required" if required else "")))
    texts = [_text(says.pop(key)) for key in ("title", "description") if _is_text(says.get(key))]
    if sort_ is not None:
        del says["type"]
    if says:
        texts.append("\n".join(f"{key}: {raw.decode()}" for key, raw in says.items()))
    return Section(name, json.dumps("\n".join(texts)).encode(), note)


def _sampling(parts: Mapping[str, bytes]) -> Iterator[Section]:
    """What the model would be told, from its first words on; then how."""
    ordered = {name: parts[name] for name in _FIRST if name in parts} | dict(parts)
    for name, raw in ordered.items():
        if name == "messages" and (said := _messages(raw)) is not None:
            yield from said
        else:
            yield Section(name, raw, sort(raw))


def _messages(raw: bytes) -> list[Section] | None:
    """Each message under its number, part by part; None where the list is not one of messages."""
    try:
        each = msgspec.json.decode(raw, type=list[dict[str, msgspec.Raw]])
    except (msgspec.MsgspecError, UnicodeError):
        return None
    made: list[Section] = []
    for number, message in enumerate(each, 1):
        parts = {name: bytes(part) for name, part in message.items()}
        role, content = parts.get("role"), parts.get("content", b"null")
        if set(parts) != {"role", "content"} or role not in _ROLES:
            made.append(Section(f"message {number}", msgspec.json.encode(message), "object"))
            continue
        blocks = msgspec.json.decode(content, type=list[msgspec.Raw]) if content[:1] == b"[" else [content]
        for at, block in enumerate(blocks, 1):
            name = f"message {number}" if len(blocks) == 1 else f"message {number}, part {at}"
            made.append(Section(name, _said(bytes(block)), _ROLES[role]))
    return made


def _said(block: bytes) -> bytes:
    """The text of a part that is nothing but text; any other part as it is."""
    parts = members(block)
    if parts is not None and set(parts) == {"type", "text"} and parts["type"] == b'"text"':
        return parts["text"]
    return block


def _is_text(raw: bytes | None) -> bool:
    return raw is not None and raw[:1] == b'"'


def _text(raw: bytes) -> str:
    found: Any = json.loads(raw)
    return str(found)
