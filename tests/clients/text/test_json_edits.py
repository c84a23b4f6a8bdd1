"""Edits of JSON, by example: what stands in the file before, and after."""

from typing import Any

import pytest

from latchward.clients.text import Dialect, Edit, Put, PutText, Remove, edit, source_of
from latchward.model.errors import ClientFileError

STRICT = Dialect("json")
LOOSE = Dialect("json", comments=True, trailing_commas=True)
OURS = {"command": "/opt/latchward", "args": ["connect"], "env": {}}


def edited(before: str, *edits: Edit, dialect: Dialect = LOOSE) -> str:
    return edit(before.encode(), dialect, edits, "mcp.json").decode()


NEW_MEMBERS = {
    "two blanks": (
        '{\n  "mcpServers": {\n    "a": {\n      "x": 1\n    }\n  }\n}\n',
        '{\n  "mcpServers": {\n    "a": {\n      "x": 1\n    },\n    "l": {\n'
        '      "command": "/opt/latchward",\n      "args": [\n        "connect"\n      ],\n'
        '      "env": {}\n    }\n  }\n}\n',
    ),
    "tabs and CRLF": (
        '{\r\n\t"mcpServers": {\r\n\t\t"a": 1\r\n\t}\r\n}',
        '{\r\n\t"mcpServers": {\r\n\t\t"a": 1,\r\n\t\t"l": {\r\n\t\t\t"command": "/opt/latchward",\r\n'
        '\t\t\t"args": [\r\n\t\t\t\t"connect"\r\n\t\t\t],\r\n\t\t\t"env": {}\r\n\t\t}\r\n\t}\r\n}',
    ),
    "minified": (
        '{"mcpServers":{"a":1},"z":[]}',
        '{"mcpServers":{"a":1,"l":{"command":"/opt/latchward","args":["connect"],"env":{}}},"z":[]}',
    ),
    "one line": (
        '{"mcpServers": {"a": 1}}\n',
        '{"mcpServers": {"a": 1, "l": {"command": "/opt/latchward", "args": ["connect"], "env": {}}}}\n',
    ),
    "an own style of colon": (
        '{ "mcpServers" : { "a" : 1 } }',
        '{ "mcpServers" : { "a" : 1, "l" : {"command" : "/opt/latchward",'
        ' "args" : ["connect"], "env" : {}} } }',
    ),
    "an empty map on one line": (
        '{\n  "mcpServers": {}\n}',
        '{\n  "mcpServers": {"l": {"command": "/opt/latchward", "args": ["connect"], "env": {}}}\n}',
    ),
    "a new file": (
        "{\n}\n",
        '{\n  "mcpServers": {\n    "l": {\n      "command": "/opt/latchward",\n      "args": [\n'
        '        "connect"\n      ],\n      "env": {}\n    }\n  }\n}\n',
    ),
    "mixed line ends": (
        '{\n  "mcpServers": {\r\n    "a": 1\n  }\r\n}',
        '{\n  "mcpServers": {\r\n    "a": 1,\r\n    "l": {\r\n      "command": "/opt/latchward",\r\n'
        '      "args": [\r\n        "connect"\r\n      ],\r\n      "env": {}\r\n    }\n  }\r\n}',
    ),
}


@pytest.mark.parametrize(("before", "after"), NEW_MEMBERS.values(), ids=NEW_MEMBERS)
def test_a_new_entry_is_laid_out_as_the_file_is(before: str, after: str) -> None:
    assert edited(before, Put(("mcpServers", "l"), OURS)) == after


SMALL: dict[str, tuple[str, tuple[Edit, ...], str]] = {
    "behind a comment on the line": (
        '{\n  "a": 1 // of a\n}',
        (Put(("b",), 2),),
        '{\n  "a": 1, // of a\n  "b": 2\n}',
    ),
    "in front of a comment at the end": (
        '{\n  "a": 1\n  // the end\n}',
        (Put(("b",), 2),),
        '{\n  "a": 1,\n  "b": 2\n  // the end\n}',
    ),
    "behind a trailing comma": ('{\n  "a": 1,\n}', (Put(("b",), 2),), '{\n  "a": 1,\n  "b": 2,\n}'),
    "behind a comma and a comment": (
        '{\n  "a": 1 /* x */, // y\n}',
        (Put(("b",), 2),),
        '{\n  "a": 1 /* x */, // y\n  "b": 2,\n}',
    ),
    "never into a comment": ('{"a": 1 // y\n}', (Put(("b",), 2),), '{"a": 1, // y\n "b": 2\n}'),
    "into a map of comments": (
        "{\n  // none yet\n}",
        (Put(("b",), 2),),
        '{\n  // none yet\n  "b": 2\n}',
    ),
    "a value alone": (
        '{"a": 1.0, "b" :\t2 /* two */, "c": 1e3}',
        (Put(("b",), {"x": [1]}),),
        '{"a": 1.0, "b" :\t{"x" :\t[1]} /* two */, "c": 1e3}',
    ),
    "a value on one line stays on one": (
        '{\n  "a": {"x": 1},\n  "b": {\n    "x": 1\n  }\n}',
        (Put(("a",), {"y": 2}), Put(("b",), {"y": 2})),
        '{\n  "a": {"y": 2},\n  "b": {\n    "y": 2\n  }\n}',
    ),
    "first": ('{"a": 1, "b": 2, "c": 3}', (Remove(("a",)),), '{"b": 2, "c": 3}'),
    "in the middle": ('{"a": 1, "b": 2, "c": 3}', (Remove(("b",)),), '{"a": 1, "c": 3}'),
    "last": ('{"a": 1, "b": 2, "c": 3}', (Remove(("c",)),), '{"a": 1, "b": 2}'),
    "only": ('{ "a": 1 }', (Remove(("a",)),), "{ }"),
    "with its trailing comma": ('{\n  "a": 1,\n  "b": 2,\n}', (Remove(("b",)),), '{\n  "a": 1,\n}'),
    "all of them": (
        '{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}',
        (Remove(("b",)), Remove(("a",)), Remove(("c",))),
        "{\n}",
    ),
    "a comment above stays": (
        '{\n  // of a\n  "a": 1,\n  // of b\n  "b": 2\n}',
        (Remove(("b",)),),
        '{\n  // of a\n  "a": 1\n  // of b\n}',
    ),
    "a comment behind gets a line of its own": (
        '{\n  "a": 1,\n  "b": 2, // of b\n  "c": 3\n}',
        (Remove(("b",)),),
        '{\n  "a": 1,\n  // of b\n  "c": 3\n}',
    ),
    "nothing falls into a comment": (
        '{ // first\n"a": 1, // second\n"b": 2, "c": 3}',
        (Remove(("b",)),),
        '{ // first\n"a": 1, // second\n "c": 3}',
    ),
    "what is not there": ('{"a": 1}', (Remove(("b",)), Remove(("x", "y"))), '{"a": 1}'),
    "a key in another spelling": (
        '{"\\u0061": 1, "b": "\\/"}',
        (Put(("a",), 2),),
        '{"\\u0061": 2, "b": "\\/"}',
    ),
    "a key twice elsewhere": (
        '{"x": {"k": 1, "k": 2}, "a": 1}',
        (Put(("a",), 2),),
        '{"x": {"k": 1, "k": 2}, "a": 2}',
    ),
    "a mark and no last line end": (
        '\ufeff{\n    "a": "é"\n}',
        (Put(("b",), "😀"),),
        '\ufeff{\n    "a": "é",\n    "b": "😀"\n}',
    ),
    "half of a character": ('{"a": 1}', (Put(("b",), "\ud83d"),), '{"a": 1, "b": "\\ud83d"}'),
    "lone carriage returns": ('{\r  "a": 1\r}', (Put(("b",), 2),), '{\r  "a": 1,\r  "b": 2\r}'),
    "a path that is new": (
        '{\n  "a": 1\n}',
        (Put(("p", "/x", "m"), {"l": 1}),),
        '{\n  "a": 1,\n  "p": {\n    "/x": {\n      "m": {\n        "l": 1\n      }\n    }\n  }\n}',
    ),
    "text into a map that has gone": (
        '{\n  "a": 1\n}',
        (PutText(("m", "b"), '"b":  [1]', "c"),),
        '{\n  "a": 1,\n  "m": {\n    "b":  [1]\n  }\n}',
    ),
    "text behind a member that has gone": (
        '{\n  "a": 1\n}',
        (PutText(("b",), '"b":  2', "c"),),
        '{\n  "a": 1,\n  "b":  2\n}',
    ),
    "text with a comment in it": (
        '{\n  "a": 1,\n  "c": 3\n}',
        (PutText(("b",), '"b": /* two */ 2', "a"),),
        '{\n  "a": 1,\n  "b": /* two */ 2,\n  "c": 3\n}',
    ),
}


@pytest.mark.parametrize(("before", "edits", "after"), SMALL.values(), ids=SMALL)
def test_only_what_is_meant_changes(before: str, edits: tuple[Edit, ...], after: str) -> None:
    assert edited(before, *edits) == after


@pytest.mark.parametrize("before", [before for before, _ in NEW_MEMBERS.values()], ids=NEW_MEMBERS)
def test_a_new_entry_comes_out_whole(before: str) -> None:
    at = ("mcpServers", "l") if "mcpServers" in before else ("l",)
    assert edited(edited(before, Put(at, OURS)), Remove(at)) == before


def test_a_comment_above_is_still_above_what_is_put_back() -> None:
    before = '{\n  // of a\n  "a": 1,\n\n  // of b\n  // and more\n  "b": 2,\n  // of c\n  "c": 3,\n}'
    for name in "abc":
        kept = PutText((name,), *source_of(before.encode(), LOOSE, (name,)))
        assert edited(edited(before, Remove((name,))), kept) == before


def test_edits_follow_one_another() -> None:
    edits = [Put(("a",), {}), Put(("a", "b"), 1), Put(("a", "c"), 2), Remove(("a", "b")), Put(("a", "c"), 3)]
    assert edited("{}", *edits) == '{"a": {"c": 3}}'


def test_an_edit_finds_its_place_after_one_further_up() -> None:
    edits = [Put(("b", "y"), 2), Put(("a", "long enough"), "to move what is below"), Put(("b", "z"), 3)]
    made = edited('{"a": {}, "b": {"x": 1}}', *edits)
    assert made == '{"a": {"long enough": "to move what is below"}, "b": {"x": 1, "y": 2, "z": 3}}'


@pytest.mark.parametrize("text", ['"c": 1', '"b": 1, "c": 2', '"b": 1} , {', "", '"b": "sk-5ecret'])
def test_text_that_is_not_that_member_is_refused(text: str) -> None:
    with pytest.raises(ClientFileError, match=r"^mcp.json:1:1: the kept text is not that of `b`; edit"):
        edited('{"a": 1, "z": 2}', PutText(("b",), text, "a"))


def test_an_edit_that_would_mean_something_else_is_not_made() -> None:
    # The text is that member, but what comes behind it would be part of its comment.
    kept = PutText(("b",), '"b": 1 // x', "a")
    assert edited('{\n  "a": 1\n}', kept) == '{\n  "a": 1,\n  "b": 1 // x\n}'
    with pytest.raises(
        ClientFileError, match=r"^mcp.json:1:1: the edit would change more than it should; edit"
    ):
        edited('{\n  "a": 1,\n  "z": 2\n}', kept)


def test_text_is_not_put_over_a_member_that_is_there() -> None:
    with pytest.raises(ClientFileError, match=r"^mcp.json:1:2: there is a member `a` already; remove it$"):
        edited('{"a": 1}', PutText(("a",), '"a": 2', None))


@pytest.mark.parametrize("value", [object(), float("nan"), {1: object()}])
def test_a_value_that_json_cannot_hold_is_our_own_fault(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        edited("{}", Put(("a",), value))
