"""The shape of a policy document: what may stand where, as pydantic models.

Unknown keys are refused at every level and nothing is coerced. What a shape
cannot show (paths, patterns, clashes between limits) is found by `compiling`.
The order of fields here is the order in which documents are written.
"""

import unicodedata
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from . import limits, schedule
from .complaints import did_you_mean, quoted
from .predicates import OPERATORS
from .values import as_number

_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
MAX_NAME: Final = 1_000
"""Characters in a key or a glob."""


def _wrong(wrong: str, remedy: str) -> PydanticCustomError:
    return PydanticCustomError("policy", "{wrong}: {remedy}", {"wrong": wrong, "remedy": remedy})


def _name(text: str) -> str:
    if not text:
        raise _wrong("a name is empty", "write a name or a glob such as `*`")
    if text.strip() != text:
        raise _wrong(f"the name {quoted(text)} has blanks at its ends", "remove them")
    if any(char in _BIDI or unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in text):
        raise _wrong(f"the name {quoted(text)} holds a control character", "remove it")
    if len(text) > MAX_NAME:
        raise _wrong("a name is too long", f"write at most {MAX_NAME:,} characters")
    return text


def _counter(text: str) -> str:
    if text.startswith("("):
        raise _wrong(f"the counter {quoted(text)} begins with a bracket", "name it with a letter first")
    return _name(text)


def _version(value: Any) -> str:
    if value != "1" or not isinstance(value, str):
        remedy = 'write `"1"` in quotes' if value == 1 else 'write `"1"`, the one version there is'
        raise _wrong(f"version {quoted(value)} is not known", remedy)
    return value


def _default(value: Any) -> str:
    if value not in ("allow", "deny", "approve"):
        raise _wrong(f"{quoted(value)} is not known as a default", "write `allow`, `deny` or `approve`")
    return str(value)


def _operator(value: Any) -> str:
    if not isinstance(value, str) or value not in OPERATORS:
        raise _wrong(f"the operator {quoted(value)} is not known", did_you_mean(str(value), OPERATORS))
    return value


def _window(value: Any) -> str | int:
    if isinstance(value, str) and value in limits.ALIGNED:
        return value
    if type(value) is int and 1 <= value <= limits.MAX_SECONDS:
        return value
    known = ", ".join(f"`{name}`" for name in limits.ALIGNED)
    raise _wrong(
        f"{quoted(value)} is no window", f"write {known} or a whole number of seconds from 1 up to a year"
    )


def _maximum(value: Any) -> int | Decimal:
    number = as_number(value)
    if number is None or limits.amount_of(value) is None:
        raise _wrong(f"{quoted(value)} is no maximum", "write a number of 0 or more, of at most 30 digits")
    return number


def _increment(value: Any) -> int | Decimal:
    number = as_number(value)
    if number is None or not limits.amount_of(value):
        raise _wrong(f"{quoted(value)} is no increment", "write a number above 0, of at most 30 digits")
    return number


def _clock(value: Any) -> str:
    if not isinstance(value, str) or schedule.minutes_of(value) is None:
        raise _wrong(f"{quoted(value)} is no time of day", "write `HH:MM` in quotes, from `00:00` to `24:00`")
    return value


def _rate_text(value: str) -> str:
    count, slash, window = value.partition("/")
    plain = count.isascii() and count.isdigit() and len(count) <= 15 and count[0] != "0"
    if not slash or not plain or window not in ("minute", "hour", "day"):
        raise _wrong(
            f"{quoted(value)} is no rate",
            "write a count, `/` and `minute`, `hour` or `day`, such as `5/hour`",
        )
    return value


Name = Annotated[str, AfterValidator(_name)]
Window = Annotated[str | int, PlainValidator(_window)]
Maximum = Annotated[int | Decimal, PlainValidator(_maximum)]
Clock = Annotated[str, PlainValidator(_clock)]
Scope = Literal["grant", "session", "server"]
Action = Literal["allow", "approve", "deny", "hide"]
Answer = Literal["allow", "approve", "deny"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_null(cls, value: Any, info: ValidationInfo) -> Any:
        # `"action": null` must not pass for "no action". Only a predicate compares with null.
        if value is None and info.field_name != "value":
            raise _wrong("null says nothing", "remove the key, or write a value")
        return value


class PredicateForm(_Shape):
    """One predicate. `value` may be any JSON value; the operator says which."""

    description: str | None = None
    path: str
    op: Annotated[str, PlainValidator(_operator)]
    value: Any
    on_deny: str | None = None


class LimitForm(_Shape):
    """One of `limits`."""

    description: str | None = None
    counter: Annotated[str, AfterValidator(_counter)] | None = None
    window: Window
    max: Maximum
    increment: Annotated[int | Decimal, PlainValidator(_increment)] | None = None
    increment_from: str | None = None
    scope: Scope = "grant"
    on_exceed: Literal["deny", "approve"] = "deny"
    on_deny: str | None = None


class RateForm(_Shape):
    """`rate_limit` as an object."""

    max: Maximum
    window: Window
    scope: Scope = "grant"


def _rate_branch(value: Any) -> str:
    return "text" if isinstance(value, str) else "object"


Rate = Annotated[
    Annotated[RateForm, Tag("object")] | Annotated[str, AfterValidator(_rate_text), Tag("text")],
    Discriminator(_rate_branch),
]


class ScheduleForm(_Shape):
    """Days and hours; what is missing does not restrict."""

    days: list[Day] | None = None
    start: Clock | None = Field(default=None, alias="from")
    to: Clock | None = None
    outside: Literal["deny", "approve"] = "deny"


class EntryForm(_Shape):
    """What holds for the names that its key matches."""

    description: str | None = None
    action: Action | None = None
    reason: str | None = None
    schedule: ScheduleForm | None = None
    require: list[PredicateForm] = []
    deny_if: list[PredicateForm] = []
    approve_if: list[PredicateForm] = []
    limits: list[LimitForm] = []
    rate_limit: Rate | None = None


class ServerRequestsForm(_Shape):
    """What the server may ask of the client."""

    elicitation: Answer | None = None
    sampling: Answer | None = None
    roots: Answer | None = None


class Document(_Shape):
    """A whole document."""

    json_schema: str | None = Field(default=None, alias="$schema")
    version: Annotated[str, PlainValidator(_version)]
    description: str | None = None
    default: Annotated[str, PlainValidator(_default)] = "deny"
    hide: list[Name] = []
    schedule: ScheduleForm | None = None
    all_tools: EntryForm | None = None
    tools: dict[Name, EntryForm] = {}
    resources: dict[Name, EntryForm] = {}
    prompts: dict[Name, EntryForm] = {}
    server_requests: ServerRequestsForm | None = None
    methods: dict[Name, Answer] = {}


_INSIDE: Final[dict[type[BaseModel], dict[str, type[BaseModel]]]] = {
    Document: {
        "schedule": ScheduleForm,
        "all_tools": EntryForm,
        "tools": EntryForm,
        "resources": EntryForm,
        "prompts": EntryForm,
        "server_requests": ServerRequestsForm,
    },
    EntryForm: {
        "schedule": ScheduleForm,
        "require": PredicateForm,
        "deny_if": PredicateForm,
        "approve_if": PredicateForm,
        "limits": LimitForm,
        "rate_limit": RateForm,
    },
}


def keys_at(location: tuple[str | int, ...]) -> list[str]:
    """The keys that the object at a location of a document may have, in order; for "did you mean"."""
    parts = [part for part in location if isinstance(part, str)]
    if parts[:1] and parts[0] in ("tools", "resources", "prompts"):
        # What follows is a name that the person chose.
        del parts[1:2]
    shape: type[BaseModel] = Document
    for part in parts:
        shape = _INSIDE.get(shape, {}).get(part, shape)
    return [info.alias or name for name, info in shape.model_fields.items()]
