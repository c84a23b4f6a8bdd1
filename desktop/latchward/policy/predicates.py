"""The operators of predicates, one function each, in one table.

`OPERATORS` drives everything that speaks of operators: reading a document, the
sentences of a refusal, the command line, the builder in the window. A new
operator is one function and one row.

An operator takes the `value` of a predicate and makes a `Test`: a function from
what is found at the path to True, False or `CANNOT_EVALUATE`. Nothing is ever
coerced: text is no number, a boolean is no number, and two kinds do not
compare. What cannot be evaluated counts against the call; `decide` sees to it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from . import folders, globs, hosts, patterns
from .paths import ABSENT, MISFIT, Path
from .values import as_number, equal, kind_of

CANNOT_EVALUATE: Final = None
"""The third answer, beside True and False."""

Test = Callable[[Any], bool | None]
Maker = Callable[[Any], Test]
Question = Callable[[Mapping[str, Any]], bool | None]


class BadValue(ValueError):
    """A predicate's `value` cannot be used; the text says what to write instead."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator, for machines and for people.

    `accepts` lists the kinds of `value` (see `values.KINDS`) and `wants` says in
    words what must be found at the path. `must` and `holds` are pieces of a sentence
    with `{}` for the value: "`args.branch` must not equal `main`", "it equals `main`".
    """

    name: str
    accepts: tuple[str, ...]
    wants: str
    must: str
    holds: str
    make: Maker


ANY: Final = ("text", "a number", "a boolean", "null", "a list", "an object")


def _eq(value: Any) -> Test:
    kind = kind_of(value)
    if kind == "text":
        return lambda found: found == value if type(found) is str else CANNOT_EVALUATE
    return lambda found: equal(found, value) if kind_of(found) == kind else CANNOT_EVALUATE


def _neq(value: Any) -> Test:
    return _negated(_eq(value))


def _in(value: Any) -> Test:
    def test(found: Any) -> bool | None:
        return _any_equal(value, found)

    return test


def _not_in(value: Any) -> Test:
    return _negated(_in(value))


def _contains(value: Any) -> Test:
    def test(found: Any) -> bool | None:
        if type(found) is str:
            return value in found if type(value) is str else CANNOT_EVALUATE
        return _any_equal(found, value) if type(found) is list else CANNOT_EVALUATE

    return test


def _lt(value: Any) -> Test:
    bound: Any = as_number(value)
    return _compared(lambda number: number < bound)


def _lte(value: Any) -> Test:
    bound: Any = as_number(value)
    return _compared(lambda number: number <= bound)


def _gt(value: Any) -> Test:
    bound: Any = as_number(value)
    return _compared(lambda number: number > bound)


def _gte(value: Any) -> Test:
    bound: Any = as_number(value)
    return _compared(lambda number: number >= bound)


def _exists(value: Any) -> Test:
    def test(found: Any) -> bool | None:
        if found is MISFIT:
            return CANNOT_EVALUATE
        return (found is not ABSENT and found is not None) is value

    return test


def _regex(value: Any) -> Test:
    try:
        matches = patterns.compile_search(value)
    except patterns.BadPattern as error:
        raise BadValue(f"write a regular expression of RE2 ({error})") from None
    return lambda found: matches(found) if type(found) is str else CANNOT_EVALUATE


def _starts_with(value: Any) -> Test:
    return lambda found: found.startswith(value) if type(found) is str else CANNOT_EVALUATE


def _glob(value: Any) -> Test:
    try:
        matches = globs.compile_path_glob(value)
    except patterns.BadPattern as error:
        raise BadValue(f"write a shorter glob ({error})") from None
    if "/" not in value:
        return lambda found: matches(found) if type(found) is str else CANNOT_EVALUATE

    def test(found: Any) -> bool | None:
        # `src/**` must not be met by `src/../secret`: with `..` the text is not the place.
        if type(found) is not str or "\0" in found or ".." in found.replace("\\", "/").split("/"):
            return CANNOT_EVALUATE
        return matches(found)

    return test


def _under(value: Any) -> Test:
    try:
        under = folders.compile_under(value)
    except folders.BadFolder as error:
        raise BadValue(str(error)) from None
    return lambda found: under(found) if type(found) is str else CANNOT_EVALUATE


def _host_in(value: Any) -> Test:
    names = [value] if isinstance(value, str) else value
    allowed = [hosts.normal_host(name) if isinstance(name, str) else None for name in names]
    normal = tuple(host for host in allowed if host and "*" not in host)
    if len(normal) != len(names) or not names:
        raise BadValue("write a host such as `example.com`, without scheme, port and `*`, or a list of them")

    def test(found: Any) -> bool | None:
        host = hosts.host_of(found) if type(found) is str else None
        return CANNOT_EVALUATE if host is None else hosts.host_within(host, normal)

    return test


def _negated(test: Test) -> Test:
    def negated(found: Any) -> bool | None:
        result = test(found)
        return CANNOT_EVALUATE if result is None else not result

    return negated


def _compared(compare: Callable[[Any], bool]) -> Test:
    def test(found: Any) -> bool | None:
        number = as_number(found)
        return CANNOT_EVALUATE if number is None else compare(number)

    return test


def _any_equal(elements: list[Any], sought: Any) -> bool | None:
    """Whether an equal element is there; no answer where no element is of the sought one's kind."""
    kind = kind_of(sought)
    if not kind:
        return CANNOT_EVALUATE
    comparable = not elements
    for element in elements:
        if kind_of(element) == kind:
            if equal(element, sought):
                return True
            comparable = True
    return False if comparable else CANNOT_EVALUATE


_KIND: Final = "a value of the same kind"
_LISTED: Final = "of a kind in the list"

_ROWS: Final = (
    Operator("eq", ANY, _KIND, "equal {}", "equals {}", _eq),
    Operator("neq", ANY, _KIND, "differ from {}", "differs from {}", _neq),
    Operator("in", ("a list",), _LISTED, "be one of {}", "is one of {}", _in),
    Operator("not_in", ("a list",), _LISTED, "be none of {}", "is none of {}", _not_in),
    Operator("lt", ("a number",), "a number", "be less than {}", "is less than {}", _lt),
    Operator("lte", ("a number",), "a number", "be at most {}", "is at most {}", _lte),
    Operator("gt", ("a number",), "a number", "be more than {}", "is more than {}", _gt),
    Operator("gte", ("a number",), "a number", "be at least {}", "is at least {}", _gte),
    Operator("regex", ("text",), "text", "match {}", "matches {}", _regex),
    Operator("contains", ANY, "text or a list that can hold it", "contain {}", "contains {}", _contains),
    Operator("exists", ("a boolean",), "in a list or an object", "be {}", "is {}", _exists),
    Operator("starts_with", ("text",), "text", "start with {}", "starts with {}", _starts_with),
    Operator("glob", ("text",), "text without `..`", "match {}", "matches {}", _glob),
    Operator("under", ("text",), "a plain path of that sort", "lie under {}", "lies under {}", _under),
    Operator("host_in", ("text", "a list"), "a URL with a host", "go to {}", "goes to {}", _host_in),
)

OPERATORS: Final[Mapping[str, Operator]] = {row.name: row for row in _ROWS}
"""Every operator by its name, in the order in which people meet them."""


def compile_predicate(path: Path, operator: Operator, value: Any, *, every: bool) -> Question:
    """A function from a call's arguments to True, False or `CANNOT_EVALUATE`.

    With `[*]` in the path `every` says that all elements must hold (as in
    `require`); otherwise any one does. Raises `BadValue`.
    """
    if kind_of(value) not in operator.accepts:
        raise BadValue(f"write {' or '.join(operator.accepts)}")
    test = operator.make(value)
    if not path.many:
        get = path.getter()
        return lambda arguments: test(get(arguments))
    # An empty list offends nobody, but nothing exists in it either.
    empty = every and not (operator.name == "exists" and value is True)
    return _quantified(path, test, every=every, empty=empty)


def _quantified(path: Path, test: Test, *, every: bool, empty: bool) -> Question:
    def ask(arguments: Mapping[str, Any]) -> bool | None:
        result: bool | None = empty
        cannot = False
        for found in path.values(arguments):
            result = test(found)
            if result is (not every):
                return result
            cannot = cannot or result is None
        return CANNOT_EVALUATE if cannot else result

    return ask
