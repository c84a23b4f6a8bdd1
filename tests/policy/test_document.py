"""Reading and writing documents: every refusal names the place and the remedy."""

# ruff: noqa: E501  # tables read better with one row to a line

import hashlib
import json
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchward.model.errors import PolicyError
from latchward.policy.document import dump, load, plain, text_of

from .support import decided, policy, refusal

WORDS = [
    "version",
    "1",
    "tools",
    "t*",
    "deny_if",
    "path",
    "args.a",
    "op",
    "eq",
    "regex",
    "value",
    "limits",
    "window",
    "day",
    "max",
    "hide",
    "default",
    "schedule",
    "from",
    "09:00",
    "days",
    "rate_limit",
    "5/hour",
    "resources",
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def loads_or_is_refused(text: bytes | str, *, yaml: bool) -> bool:
    """Whether the text loads; a refusal must know its place and be one line. Nothing else may be raised."""
    found: PolicyError | None = None
    try:
        load(text, source="any", yaml=yaml)
    except PolicyError as error:
        found = error
    if found is None:
        return True
    assert found.line >= 1
    assert found.column >= 1
    assert "\n" not in found.message
    return False


def entry(**parts: Any) -> str:
    """A document with one entry, on one line; the entry begins in column 30."""
    return '{"version": "1", "tools": {"t": ' + json.dumps(parts) + "}}"


def predicate(**parts: Any) -> str:
    return entry(deny_if=[parts])


def limit(**parts: Any) -> str:
    return entry(limits=[{"window": "day", "max": 1, **parts}])


# What is written, and the whole message: fault, place as a pointer, remedy.
REFUSED = [
    ("P08 a typo", entry(deny_iff=[]), "unknown key `deny_iff` at `/tools/t/deny_iff`: did you mean `deny_if`?"),
    ("P08 at the top", '{"version": "1", "tool": {}}', "unknown key `tool` at `/tool`: did you mean `tools`?"),
    ("P08 in a limit", limit(max_calls=1), "at `/tools/t/limits/0/max_calls`: use one of `description`, `counter`"),
    ("P08 in a predicate", predicate(path="args.a", op="eq", value=1, values=2), "did you mean `value`?"),
    ("P08 in all_tools", '{"version": "1", "all_tools": {"limit": []}}', "at `/all_tools/limit`: did you mean `limits`?"),
    ("P08 in a schedule", entry(schedule={"day": ["mon"]}), "at `/tools/t/schedule/day`: did you mean `days`?"),
    ("rules", entry(rules=[]), "unknown key `rules` at `/tools/t/rules`: write `require`, `deny_if`, `approve_if` or"),
    ("P13 look-around", predicate(path="args.a", op="regex", value="(?=a)"), "write a regular expression of RE2"),
    ("P13 back-reference", predicate(path="args.a", op="regex", value=r"(a)\1"), "invalid escape sequence"),
    ("P13 multi-line", predicate(path="args.a", op="regex", value="(?m)^ok$"), "`^` and `$` are the ends of the text"),
    ("P13 multi-line among flags", predicate(path="args.a", op="regex", value="a(?ism:^b)"), "the flag `m` is not"),
    ("P14 a folder that leads out", predicate(path="args.a", op="under", value="a/../.."), "does not lead out with `..`"),
    ("P26 hide", '{"version": "1", "all_tools": {"action": "hide"}}', "at `/all_tools/action`: write `\"hide\": [\"*\"]`"),
    ("P26 text", '{"version": "1", "all_tools": {"rate_limit": "5/hour"}}', "at `/all_tools/rate_limit`: write `{\"max\""),
    ("P27", '{"version": "1", "default": "hide"}', "`hide` is not known as a default at `/default`: write `allow`"),
    ("P29", '{"version": "1", "tools": {"t": null}}', "wanted an object, found null at `/tools/t`: write `{}`"),
    ("null for an action", entry(action=None), "null says nothing at `/tools/t/action`: remove the key"),
    ("P36 empty", '{"version": "1", "tools": {"": {}}}', "a name is empty at `/tools/`: write a name"),
    ("P36 blanks", '{"version": "1", "tools": {"t ": {}}}', "the name `t ` has blanks at its ends at `/tools/t `: remove"),
    ("P36 control", '{"version": "1", "hide": ["a\\u0007"]}', "the name `a\\u0007` holds a control character at `/hide/0`"),
    ("P36 bidi", '{"version": "1", "prompts": {"a\\u202eb": {}}}', "`a\\u202eb` holds a control character at `/prompts/"),
    ("P40 exists without value", predicate(path="args.a", op="exists"), "`value` is missing at `/tools/t/deny_if/0`: add"),
    ("P40 exists with text", predicate(path="args.a", op="exists", value="yes"), "at `/tools/t/deny_if/0/value`: write a bo"),
    ("P40 eq without value", predicate(path="args.a", op="eq"), "`value` is missing at `/tools/t/deny_if/0`: add it"),
    ("an operator", predicate(path="args.a", op="equals", value=1), "the operator `equals` is not known at `/tools/t/"),
    ("in without a list", predicate(path="args.a", op="in", value="x"), "`x` is no value for `in` at `/tools/t/deny_if/0/va"),
    ("lt with text", predicate(path="args.a", op="lt", value="5"), "at `/tools/t/deny_if/0/value`: write a number"),
    ("lt with a boolean", predicate(path="args.a", op="lt", value=True), "`true` is no value for `lt`"),
    ("P45 args alone", predicate(path="args", op="eq", value=1), "`args` is no path at `/tools/t/deny_if/0/path`: name an"),
    ("P45 negative", predicate(path="args.a[-1]", op="eq", value=1), "count list elements from 0"),
    ("P45 another root", predicate(path="state.a", op="eq", value=1), "begin with `args.`"),
    ("P45 two dots", predicate(path="args..a", op="eq", value=1), "separate names with `.`"),
    ("P45 args as a list", predicate(path="args[0]", op="eq", value=1), "`args` itself is an object"),
    ("P48 a URL for a host", predicate(path="args.a", op="host_in", value="https://x"), "write a host such as `example.com`"),
    ("P48 a star", predicate(path="args.a", op="host_in", value=["*.example.com"]), "without scheme, port and `*`"),
    ("P51 negative", limit(max=-1), "`-1` is no maximum at `/tools/t/limits/0/max`: write a number of 0 or more"),
    ("P51 text", limit(max="5"), "`5` is no maximum at `/tools/t/limits/0/max`"),
    ("P51 a boolean", limit(max=True), "`true` is no maximum at `/tools/t/limits/0/max`"),
    (
        "P53",
        entry(limits=[{"counter": "c", "window": "day", "max": 1}, {"counter": "c", "window": "day", "max": 2}]),
        "the counter `c` stands twice with one window at `/tools/t/limits/1`: give this one a `counter`",
    ),
    ("P54", entry(limits=[{"window": 60, "max": 1}] * 2), "the counter `60` stands twice with one window"),
    ("P55 zero", limit(increment=0), "`0` is no increment at `/tools/t/limits/0/increment`: write a number above 0"),
    ("P55 both", limit(increment=1, increment_from="args.a"), "stand together at `/tools/t/limits/0`: keep one of them"),
    ("many amounts", limit(increment_from="args.a[*]"), "`args.a[*]` is many values at `/tools/t/limits/0/increment_from`"),
    ("P56 a fraction", limit(window=1.5), "`1.5` is no window at `/tools/t/limits/0/window`: write `minute`, `hour`"),
    ("P56 zero", limit(window=0), "`0` is no window at `/tools/t/limits/0/window`"),
    ("a scope", limit(scope="user"), "`user` is not known at `/tools/t/limits/0/scope`: write `grant`, `session` or `server`"),
    ("P60 empty", entry(schedule={"days": []}), "no day is named at `/tools/t/schedule/days`: write days such as `\"mon\"`"),
    ("P60 upper case", entry(schedule={"days": ["Mon"]}), "`Mon` is not known at `/tools/t/schedule/days/0`: write `mon`"),
    ("P61 equal", entry(schedule={"from": "09:00", "to": "09:00"}), "the same time at `/tools/t/schedule`: make them differ"),
    ("P61 no time", entry(schedule={"from": "24:01"}), "`24:01` is no time of day at `/tools/t/schedule/from`: write `HH:MM`"),
    ("P61 one digit", entry(schedule={"to": "9:00"}), "`9:00` is no time of day at `/tools/t/schedule/to`"),
    ("an empty schedule", entry(schedule={}), "the schedule is empty at `/tools/t/schedule`: write `days`, or `from`"),
    ("P63 more keys", entry(rate_limit={"max": 1, "window": 60, "on_exceed": "deny"}), "/rate_limit/on_exceed`: use one of `max`"),
    ("P63 text", entry(rate_limit="5/week"), "`5/week` is no rate at `/tools/t/rate_limit`: write a count, `/` and `minute`"),
    ("P63 none", entry(rate_limit="0/hour"), "`0/hour` is no rate at `/tools/t/rate_limit`"),
    ("P63 a number", entry(rate_limit=5), "wanted an object, found a number at `/tools/t/rate_limit`"),
    ("P64", '{"version": 1}', "version `1` is not known at `/version`: write `\"1\"` in quotes"),
    ("another version", '{"version": "2"}', "version `2` is not known at `/version`: write `\"1\"`, the one version there is"),
    ("no version", "{}", "`version` is missing at the top: add it"),
    ("no object", "[]", "a policy is an object at the top: write `{\"version\": \"1\"}`"),
    ("P68 a pattern", predicate(path="args.a", op="regex", value="a" * 1001), "longer than 1,000 characters"),
    ("P68 a glob", predicate(path="args.a", op="glob", value="a" * 1001), "longer than 1,000 characters"),
    ("P69 a value", '{"version": "1", "methods": {"a/b": "hide"}}', "at `/methods/a~1b`: write `allow`, `approve` or `deny`"),
    ("P69 a key", '{"version": "1", "server_requests": {"root": "allow"}}', "at `/server_requests/root`: did you mean `roots`?"),
    ("an action", entry(action="ask"), "`ask` is not known at `/tools/t/action`: write `allow`, `approve`, `deny` or `hide`"),
    ("text for a list", '{"version": "1", "hide": "x"}', "wanted a list, found text at `/hide`: put it in `[` and `]`"),
    ("a number for text", entry(reason=5), "wanted text, found a number at `/tools/t/reason`: put it in quotes"),
    ("an address", '{"version": "1", "resources": {"a": {}}}', "`a` is no address of a resource at `/resources/a`: write it as"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_wrong_document_is_refused_with_place_and_remedy(text: str, message: str) -> None:
    error = refusal(text)

    assert message in error.message
    assert error.line == 1
    assert "\n" not in error.message


PLACES = [
    ("an unknown key", '{\n  "version": "1",\n  "tools": {\n    "t": {"denyif": []}\n  }\n}', 4, 11),
    ("a wrong value", '{\n  "version": "1",\n  "default": "maybe"\n}', 3, 14),
    ("a key that is missing", '{"version": "1", "tools": {"t": {\n "limits": [\n {"max": 1} ]}}}', 3, 2),
    ("a name", '{"version": "1",\n "tools": {"x": {},\n  " y": {}}}', 3, 3),
    ("what only compiling finds", '{"version": "1", "tools": {"t": {"require": [\n{"path": "a", "op": "eq", "value": 1}]}}}', 2, 10),
    ("the first of two", '{"version": "1",\n "defualt": "deny",\n "hide": 5}', 2, 2),
    ("the first of two, the other way", '{"version": "1",\n "hide": 5,\n "defualt": "deny"}', 2, 10),
    ("an escaped key", '{"version": "1", "tools": {"\\u0074": {\n"x": 1}}}', 2, 1),
    ("a comma too many", '{\n  "version": "1",\n}', 3, 1),
    ("a key twice", '{\n "version": "1",\n "tools": {"a": {},\n  "a": {}}}', 4, 3),
    ("not a number", '{"version": "1",\n "x": NaN}', 2, 7),
    ("a number beyond all", '{"version": "1",\n "x": 1e99999999999999999999}', 2, 7),
    ("half a character", '{"version": "1",\n "description": "\\ud800"}', 2, 17),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "column"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES]
)
def test_a_fault_is_placed(text: str, line: int, column: int) -> None:
    error = refusal(text)

    # Python 3.13 places a trailing comma at the comma itself.
    if "comma" not in error.message:
        assert (error.line, error.column) == (line, column)
    else:
        assert error.line in (line - 1, line)


SYNTAX = [
    ("not UTF-8", b'{"version": "\xff"}', "save the file as UTF-8"),
    ("empty", "", "write at least `{\"version\": \"1\"}`"),
    ("zero bytes of meaning", " \n", "the document is empty"),
    ("a byte order mark", "\ufeff{}", "save the file without it"),
    ("a comment", '{"version": "1"} // x', "remove it"),
    ("no colon", '{"version" "1"}', "put `:` between key and value"),
    ("no value", '{"version": }', "write text in quotes"),
    ("open text", '{"version": "1}', 'end it with `"`'),
    ("a control character", '{"version": "1\n"}', "write `\\n` for a new line"),
    ("an escape", '{"version": "\\x"}', "write `\\\\` for a backslash"),
    ("P08 a key twice", '{"version": "1", "tools": {"a": {}, "a": {}}}', "the key `a` stands twice in one object: remove one"),
    ("infinity", '{"a": -Infinity}', "`-Infinity` is no number here: write a finite one"),
    ("P68 bytes", '{"description": "' + "x" * (1 << 20) + '"}', "larger than 1 MiB"),
    ("P68 depth", '{"a": ' + "[" * 40 + "]" * 40 + "}", "nested deeper than 32 levels"),
    ("P68 extreme depth", "[" * 100_000, "nested deeper than 32 levels"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "remedy"), [row[1:] for row in SYNTAX], ids=[row[0] for row in SYNTAX])
def test_text_that_is_no_strict_json_is_refused(text: bytes | str, remedy: str) -> None:
    error = refusal(text)

    assert remedy in error.message
    assert error.line >= 1
    assert error.column >= 1


def test_more_predicates_than_the_cap_are_refused() -> None:
    predicates = [{"path": "args.a", "op": "eq", "value": 1}] * 10_001

    assert "write at most 10,000 in one document" in refusal(entry(deny_if=predicates)).message


def test_the_nesting_of_the_cap_is_read() -> None:
    deep: Any = 1
    for _ in range(26):
        deep = [deep]

    text = predicate(path="args.a", op="eq", value=deep)

    assert load(text, source="deep").document.tools["t"].deny_if[0].value == deep


def test_the_revision_is_the_hash_of_the_bytes() -> None:
    data = b'{ "version": "1" }\n'

    assert load(data, source="x").revision == hashlib.sha256(data).hexdigest()


def test_the_message_names_the_source() -> None:
    with pytest.raises(PolicyError, match=r"^github\.json:1:1: "):
        load("{}", source="github.json")


def test_schema_and_description_are_free() -> None:
    text = (
        '{"version": "1", "$schema": "https://x", "description": "d", "tools": {"t": {"description": "e"}}}'
    )

    assert json.loads(dump(load(text, source="x"))) == json.loads(text)


def test_dump_writes_the_keys_in_the_order_of_the_format() -> None:
    document = load('{"tools": {"t": {"deny_if": [], "action": "deny"}}, "version": "1"}', source="x")

    assert dump(document) == (
        '{\n  "version": "1",\n  "tools": {\n    "t": {\n      "action": "deny",\n      "deny_if": []\n    }\n  }\n}\n'
    )


def test_dump_keeps_the_digits_of_numbers() -> None:
    text = predicate(path="args.a", op="eq", value=0).replace(": 0}", ": [9007199254740993, 0.10, 1e400]}")

    assert "9007199254740993,\n            0.10,\n            1E+400" in dump(load(text, source="x"))


def test_dump_adds_nothing_that_was_not_written() -> None:
    assert dump(policy()) == '{\n  "version": "1"\n}\n'


YAML_REFUSED = [
    ("P65 an alias", "version: 1\nhide: &a [x]\ntools: *a\n", 2, "the anchor `&a` is not read: remove it"),
    ("P65 a merge key", "version: 1\ntools:\n  <<: {}\n", 3, "the merge key `<<` is not read"),
    ("P65 a tag", "version: !!str 1\n", 1, "is not read: remove it"),
    ("P65 two documents", "version: 1\n---\nversion: 1\n", 2, "keep one policy in one file"),
    ("P65 YAML 1.1", "%YAML 1.1\n---\nversion: 1\n", 2, "a YAML directive comes first: remove it"),
    ("P65 a tag directive", "%TAG ! tag:x,2000:\n---\nversion: 1\n", 2, "a YAML directive comes first: remove it"),
    ("P29", "version: 1\ntools:\n  list_issues:\n", 3, "at `/tools/list_issues`: write `{}`"),
    ("a key twice", "version: 1\ntools:\n  a: {}\n  a: {}\n", 4, "the key `a` stands twice in one object: remove one"),
    ("a key that is no text", "version: 1\ntools:\n  1: {}\n", 3, "a key is no text: put it in quotes"),
    ("infinity", "version: 1\nhide: [.inf]\n", 2, "`.inf` is no number here"),
    ("indentation", "version: 1\ntools:\n  a: {}\n b: {}\n", 4, "look at the indentation and quotes here"),
    ("an unknown key", "version: 1\ntools:\n  t:\n    deny_iff: []\n", 4, "did you mean `deny_if`?"),
    ("depth", "a: " + "[" * 40 + "]" * 40, 1, "nested deeper than 32 levels"),
    ("nothing", "# only a comment\n", 1, "the document is empty"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "remedy"), [row[1:] for row in YAML_REFUSED], ids=[row[0] for row in YAML_REFUSED]
)
def test_yaml_that_means_two_things_is_refused(text: str, line: int, remedy: str) -> None:
    error = refusal(text, yaml=True)

    assert remedy in error.message
    assert error.line == line


def test_yaml_reads_version_without_quotes() -> None:
    assert dump(load("version: 1\n", source="x", yaml=True)) == dump(policy())


def test_yaml_is_read_as_version_1_2() -> None:
    text = "version: 1\ntools:\n  no: {schedule: {from: 09:00, to: 18:00}}\n  on: {rate_limit: 5/hour}\n"

    assert json.loads(dump(load(text, source="x", yaml=True)))["tools"] == {
        "no": {"schedule": {"from": "09:00", "to": "18:00"}},
        "on": {"rate_limit": "5/hour"},
    }


def test_yaml_numbers_keep_their_digits() -> None:
    text = 'version: "1"\ntools:\n  t:\n    deny_if:\n    - {path: args.a, op: in, value: [0.10, 0x1F, 0o17, -3, "4", ~]}\n'
    form = load(text, source="x", yaml=True).document.tools["t"].deny_if[0]

    assert form.value == [Decimal("0.10"), 31, 15, -3, "4", None]


def test_an_example_of_the_format_loads_and_decides() -> None:
    document = policy(
        tools={
            "push": {
                "require": [{"path": "args.b", "op": "neq", "value": "main", "on_deny": "work on a branch"}]
            }
        }
    )

    assert (
        decided(document, "push", {"b": "main"}).message
        == "`args.b` must differ from `main`: work on a branch"
    )


@given(ANYTHING)
def test_any_json_loads_or_is_refused_with_its_place(value: Any) -> None:
    loads_or_is_refused(json.dumps({"version": "1", "tools": {"t": value}, "all_tools": value}), yaml=False)
    loads_or_is_refused(json.dumps(value, indent=1), yaml=False)


@given(st.binary(max_size=30) | st.text(max_size=30).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_load_or_are_refused_with_their_place(data: bytes) -> None:
    assert not loads_or_is_refused(data, yaml=False)
    assert not loads_or_is_refused(data, yaml=True)


@given(st.text("{}[]:,-&*!|>'\"#%@ \n\tab1", max_size=30))
def test_any_text_loads_as_yaml_or_is_refused_with_its_place(text: str) -> None:
    loads_or_is_refused("version: 1\ntools:\n" + text, yaml=True)
    loads_or_is_refused(text, yaml=True)


def test_a_document_of_faults_alone_is_refused_at_once() -> None:
    text = entry(**{f"key{at}": {} for at in range(20_000)})
    began = time.perf_counter()
    refusal(text)

    assert time.perf_counter() - began < 5


def test_plain_values_of_a_document_may_be_changed_and_written() -> None:
    values = plain(policy(hide=["a"]))
    values["hide"].append("b")

    assert load(text_of(values), source="x").document.hide == ["a", "b"]
