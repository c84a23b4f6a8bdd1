"""Edits of TOML, by example: what stands in the file before, and after."""

import pytest

from latchward.clients.text import Dialect, Edit, Put, PutText, Remove, edit, source_of
from latchward.model.errors import ClientFileError

TOML = Dialect("toml")
OURS = {"command": "/opt/latchward", "args": ["connect"], "env": {"K": "v"}}
AT = ("mcp_servers", "l")


def edited(before: str, *edits: Edit) -> str:
    return edit(before.encode(), TOML, edits, "config.toml").decode()


OUT_OF_ORDER = """\
# Codex
model = "gpt"

[mcp_servers.a]
command = "x" # of a

# of the project
[projects."/x"]
trust_level = "trusted"

# of b
[mcp_servers.b]
command = 'y'
[mcp_servers.b.env]
K = '''
[mcp_servers.z]
'''
# the end
"""

NEW_MEMBERS = {
    "tables out of order": (
        OUT_OF_ORDER,
        OUT_OF_ORDER.replace(
            "# the end",
            '\n[mcp_servers.l]\ncommand = "/opt/latchward"\nargs = ["connect"]\n\n'
            '[mcp_servers.l.env]\nK = "v"\n# the end',
        ),
    ),
    "no servers yet": (
        "[features]\r\nx = true",
        "[features]\r\nx = true\r\n\r\n[mcp_servers.l]\r\n"
        'command = "/opt/latchward"\r\nargs = ["connect"]\r\n\r\n[mcp_servers.l.env]\r\nK = "v"',
    ),
    "an empty file": (
        "",
        '[mcp_servers.l]\ncommand = "/opt/latchward"\nargs = ["connect"]\n\n[mcp_servers.l.env]\nK = "v"\n',
    ),
    "comments alone": (
        "# mine\n\n",
        "# mine\n\n[mcp_servers.l]\n"
        'command = "/opt/latchward"\nargs = ["connect"]\n\n[mcp_servers.l.env]\nK = "v"\n\n',
    ),
    "tables close together": (
        "[x]\n[mcp_servers.a]\n\tk=1\n[y]\n",
        '[x]\n[mcp_servers.a]\n\tk=1\n[mcp_servers.l]\n\tcommand="/opt/latchward"\n\targs=["connect"]\n'
        '[mcp_servers.l.env]\n\tK="v"\n[y]\n',
    ),
    "one table of lines": (
        "[mcp_servers]\na = { command = 'x' }\n\n[y]\n",
        "[mcp_servers]\na = { command = 'x' }\n"
        'l = { command = "/opt/latchward", args = ["connect"], env = { K = "v" } }\n\n[y]\n',
    ),
    "one table of dotted lines": (
        "[mcp_servers]\na.command = 'x'\n\n[y]\n",
        "[mcp_servers]\na.command = 'x'\n\n"
        '[mcp_servers.l]\ncommand = "/opt/latchward"\nargs = ["connect"]\n\n'
        '[mcp_servers.l.env]\nK = "v"\n\n[y]\n',
    ),
    "dotted lines at the top": (
        "mcp_servers.a.command = 'x'\nz = 1\n\n[y]\n",
        "mcp_servers.a.command = 'x'\n"
        'mcp_servers.l.command = "/opt/latchward"\nmcp_servers.l.args = ["connect"]\n'
        'mcp_servers.l.env.K = "v"\nz = 1\n\n[y]\n',
    ),
    "braces": (
        "mcp_servers = { a = {command='x'} } # all\n",
        "mcp_servers = { a = {command='x'}, "
        'l = { command = "/opt/latchward", args = ["connect"], env = { K = "v" } } } # all\n',
    ),
    "empty braces": (
        "mcp_servers = {}\n",
        'mcp_servers = {l = { command = "/opt/latchward", args = ["connect"], env = { K = "v" } }}\n',
    ),
    "lists of tables": (
        "[[hooks]]\nk = 1\n[[hooks]]\n[hooks.x]\nk = 2\n",
        "[[hooks]]\nk = 1\n[[hooks]]\n[hooks.x]\nk = 2\n"
        '[mcp_servers.l]\ncommand = "/opt/latchward"\nargs = ["connect"]\n[mcp_servers.l.env]\nK = "v"\n',
    ),
}


@pytest.mark.parametrize(("before", "after"), NEW_MEMBERS.values(), ids=NEW_MEMBERS)
def test_a_new_server_is_laid_out_as_its_neighbours_are(before: str, after: str) -> None:
    assert edited(before, Put(AT, OURS)) == after


@pytest.mark.parametrize("before", [before for before, _ in NEW_MEMBERS.values()], ids=NEW_MEMBERS)
def test_a_new_server_comes_out_whole(before: str) -> None:
    assert edited(edited(before, Put(AT, OURS)), Remove(AT)) == before


SMALL: dict[str, tuple[str, tuple[Edit, ...], str]] = {
    "the comment above stays": (
        OUT_OF_ORDER,
        (Remove(("mcp_servers", "b")),),
        OUT_OF_ORDER[: OUT_OF_ORDER.index("[mcp_servers.b]")] + "# the end\n",
    ),
    "the blank line above goes": (
        OUT_OF_ORDER,
        (Remove(("mcp_servers", "a")),),
        OUT_OF_ORDER.replace('\n[mcp_servers.a]\ncommand = "x" # of a\n', ""),
    ),
    "a comment inside goes": (
        "[a]\n# of x\nx = 1\n\n# of the table in it\n[a.b]\n\n# of c\n[c]\n",
        (Remove(("a",)),),
        "# of c\n[c]\n",
    ),
    "the first table": ("[a]\nx = 1\n\n[b]\n", (Remove(("a",)),), "[b]\n"),
    "no line end at the end": ("[a]\nx = 1\n\n[b]\ny = 2", (Remove(("b",)),), "[a]\nx = 1"),
    "the whole file": ("\ufeff[a]\nx = 1", (Remove(("a",)),), "\ufeff"),
    "a list of tables": ("[[a]]\n[a.b]\n[[a]]\nk = 1\n[c]\n", (Remove(("a",)),), "[c]\n"),
    "a table in other places": ("[a.x]\n[b]\n[a.y]\n[c]\n[a]\n", (Remove(("a",)),), "[b]\n[c]\n"),
    "dotted lines": ("a.x = 1\nb = 2\na.y = 3\n", (Remove(("a",)),), "b = 2\n"),
    "a comment between lines and tables": (
        "a.x = 1\n\n# of the tables\n\n[a.y]\nk = 1\n",
        (Remove(("a",)),),
        "\n# of the tables\n",
    ),
    "a text with quotes at its ends": (
        "k = \"\"\"\"q\"\"\"\"\" # k\nl = ''''q''''' # l\n",
        (Put(("k",), 1), Put(("l",), 2)),
        "k = 1 # k\nl = 2 # l\n",
    ),
    "one dotted line": ("[t]\na.x = 1\na.y = 3\n", (Remove(("t", "a", "x")),), "[t]\na.y = 3\n"),
    "in braces": ("t = { a.x = 1, b = 2, a.y = 3 }\n", (Remove(("t", "a")),), "t = { b = 2 }\n"),
    "deep in braces": (
        "t = { a = { b = { x = 1, y = 2 } } }\n",
        (Remove(("t", "a", "b", "x")),),
        "t = { a = { b = { y = 2 } } }\n",
    ),
    "what is not there": ("[a]\n", (Remove(("b",)), Remove(("a", "x")), Remove(("x", "y"))), "[a]\n"),
    "quoted keys": (
        '["mcp_servers" . "a.b"]\n\'k\' = 1\n',
        (Put(("mcp_servers", "a.b", "k"), 2), Put(("mcp_servers", "a.b", "n m"), 3)),
        '["mcp_servers" . "a.b"]\n\'k\' = 2\n"n m" = 3\n',
    ),
    "a value alone": (
        "[a]\nx\t=\t[ 1, # one\n 2 ] # list\ny = 1.0\n",
        (Put(("a", "x"), "é\n"),),
        '[a]\nx\t=\t"é\\n" # list\ny = 1.0\n',
    ),
    "a text that looks like tables": (
        'x = """\n[a]\nk = 1\n"""\n[a]\nk = 2\n',
        (Put(("a", "k"), 3),),
        'x = """\n[a]\nk = 1\n"""\n[a]\nk = 3\n',
    ),
    "a table in the place of a table": (
        "# of a\n[a]\nx = 1\n[a.env]\nK = 'v'\n\n[b]\n",
        (Put(("a",), {"y": 2}),),
        "# of a\n[a]\ny = 2\n\n[b]\n",
    ),
    "a table in the place of lines": (
        "a.x = 1\nz = 1\na.y = 2\n",
        (Put(("a",), {"k": {"n": 1}}),),
        "a.k.n = 1\nz = 1\n",
    ),
    "a value in the place of a table": (
        "[t]\nk = 1\n\n[t.a]\nx = 1\n",
        (Put(("t", "a"), 2),),
        "[t]\nk = 1\na = 2\n",
    ),
    "a value in the place of dotted ones in braces": (
        "t = { a.x = 1, b = 2, a.y = 3 }\n",
        (Put(("t", "a"), [4]),),
        "t = { a = [4], b = 2 }\n",
    ),
    "a new key at the top": (
        "#:schema x\n\n# of t\n[t]\n",
        (Put(("model",), "m"),),
        '#:schema x\nmodel = "m"\n\n# of t\n[t]\n',
    ),
    "a new key of a table without a header": ("[a.b]\n", (Put(("a", "k"), 1),), "a.k = 1\n[a.b]\n"),
    "a new key among dotted ones in braces": (
        "t = { a.x = 1 }\n",
        (Put(("t", "a", "y"), 2),),
        "t = { a.x = 1, a.y = 2 }\n",
    ),
    "text behind a server that has gone": (
        "[mcp_servers.a]\n\n[x]\n",
        (PutText(("mcp_servers", "b"), "\n[mcp_servers.b]\nk  = 1 # one\n", "c"),),
        "[mcp_servers.a]\n\n[mcp_servers.b]\nk  = 1 # one\n\n[x]\n",
    ),
    "text of a table that is in braces now": (
        "mcp_servers = { a = {} }\n",
        (PutText(("mcp_servers", "b"), "[mcp_servers.b]\nk  = 1 # one\n", "a"),),
        "mcp_servers = { a = {}, b = { k = 1 } }\n",
    ),
    "text of braces that are tables now": (
        "[mcp_servers.a]\n",
        (PutText(("mcp_servers", "b"), "b = { k  = 1 }\n", "a"),),
        "[mcp_servers.a]\n\n[mcp_servers.b]\nk = 1\n",
    ),
}


@pytest.mark.parametrize(("before", "edits", "after"), SMALL.values(), ids=SMALL)
def test_only_what_is_meant_changes(before: str, edits: tuple[Edit, ...], after: str) -> None:
    assert edited(before, *edits) == after


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_server_among_other_tables_goes_back_to_its_place(name: str) -> None:
    at = ("mcp_servers", name)
    kept = PutText(at, *source_of(OUT_OF_ORDER.encode(), TOML, at))
    assert edited(edited(OUT_OF_ORDER, Remove(at)), kept) == OUT_OF_ORDER


def test_the_only_server_goes_back_to_its_place() -> None:
    before = "# top\n[a]\n\n# of it\n[mcp_servers.x]\nk = 1\n\n# of b\n[b]\n\n\n[c]\n"
    at = ("mcp_servers", "x")
    kept = PutText(at, *source_of(before.encode(), TOML, at))
    assert edited(edited(before, Remove(at)), kept) == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[mcp_servers.c]\n",
        "[mcp_servers.b]\n[x]\n",
        "c = 1\n",
        "x = ",
        "b = 1, c = 2",
        "# 1 lines below !\n",
    ],
)
def test_text_that_is_not_that_member_is_refused(text: str) -> None:
    with pytest.raises(ClientFileError, match=r"^config.toml:1:1: the kept text is not that of `b`; edit"):
        edited("[mcp_servers.a]\n", PutText(("mcp_servers", "b"), text, "a"))


def test_text_is_not_put_over_a_member_that_is_there() -> None:
    with pytest.raises(ClientFileError, match="there is a member `a` already; remove it"):
        edited("[mcp_servers.a]\n", PutText(("mcp_servers", "a"), "[mcp_servers.a]\n", None))


@pytest.mark.parametrize("value", [None, {"x": [None]}, "\ud83d", object()])
def test_a_value_that_toml_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(
        ClientFileError, match=r"^config.toml:1:1: `x` cannot be written: TOML holds no .*; leave it out$"
    ):
        edited("[a]\n", Put(("a", "x"), value))
