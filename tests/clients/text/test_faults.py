"""Files that cannot be read or edited: the sentence names the place, says what to do, and quotes no value."""

import pytest

from latchward.clients.text import Dialect, Put, Remove, edit, parse
from latchward.model.errors import ClientFileError

STRICT = Dialect("json", bom=False)
LOOSE = Dialect("json", comments=True, trailing_commas=True)
COMMENTS = Dialect("json", comments=True)
TOML = Dialect("toml")
SECRET = "sk-5ecret"

FILES: dict[str, tuple[Dialect, bytes, str]] = {
    "empty": (LOOSE, b"", "1:1: the file is empty; write `{}` into it, or remove it"),
    "blank": (LOOSE, b" \n\t\n", "1:1: the file is empty; write `{}` into it, or remove it"),
    "comments alone": (LOOSE, b"// x\n", "1:1: the file is empty; write `{}` into it, or remove it"),
    "null": (STRICT, b" null\n", "1:2: the file holds `null` and no object; write `{…}`"),
    "a list": (STRICT, b"\n[]", "2:1: the file holds a list and no object; write `{…}`"),
    "a text": (STRICT, b'"sk-5ecret"', "1:1: the file holds a single value and no object; write `{…}`"),
    "cut off": (STRICT, b'{"a": {"b": "sk-5ecret"},\n', "2:1: the file ends in the middle of something; "),
    "cut off in a text": (STRICT, b'{"a":\n "sk-5ecr', "2:2: the file ends in the middle of something; "),
    "cut off in a comment": (LOOSE, b'{"a": 1, /* sk-5ecret', "the file ends in the middle of something; "),
    "cut off in a list": (STRICT, b'{"a": ["sk-5ecret"', "1:19: the file ends in the middle of something; "),
    "two objects": (
        STRICT,
        b'{"a": 1}\n{"k": "sk-5ecret"}',
        "2:1: something follows the end of the object; ",
    ),
    "a merge": (
        STRICT,
        b'{\n<<<<<<< HEAD\n  "k": "sk-5ecret"\n=======\n  "k": 1\n>>>>>>> theirs\n}',
        "2:1: a merge left its conflict marks; settle the conflict",
    ),
    "a merge in TOML": (
        TOML,
        b'a = 1\r\n<<<<<<< HEAD\r\nk = "sk-5ecret"\r\n=======\r\n',
        "2:1: a merge left its conflict marks; settle the conflict",
    ),
    "UTF-16": (LOOSE, '{"k": "sk-5ecret"}'.encode("utf-16"), "1:1: the file is UTF-16; save it as UTF-8"),
    "UTF-16 without a mark": (
        LOOSE,
        '{"k"}'.encode("utf-16-le"),
        "1:2: the file holds a NUL; save it as UTF-8",
    ),
    "a NUL": (TOML, b'a = 1\nk = "sk-5ecret\0"', "2:15: the file holds a NUL; save it as UTF-8"),
    "Latin-1": (LOOSE, 'é = "é"\n{"k": "é"}'.encode("latin-1"), "1:1: this is not UTF-8; save the file as"),
    "a column of characters": (
        LOOSE,
        '{"é😀": "'.encode() + b'\xff"}',
        "1:9: this is not UTF-8; save the file as",
    ),
    "a mark": (
        STRICT,
        b"\xef\xbb\xbf{}",
        "1:1: the file begins with a byte order mark, which this client does not read; save it as UTF-8 with",
    ),
    "a mark in TOML": (
        Dialect("toml", bom=False),
        b"\xef\xbb\xbf",
        "1:1: the file begins with a byte order mark, which this client does not read; save it as UTF-8 with",
    ),
    "a line comment": (
        STRICT,
        b'{\n  "k": "sk-5ecret" // sk-5ecret\n}',
        "2:20: a comment stands here, which this client does not read; remove it",
    ),
    "a block comment": (
        STRICT,
        b'/* sk-5ecret */ {"a": 1}',
        "1:1: a comment stands here, which this client does not read; remove it",
    ),
    "a trailing comma": (
        COMMENTS,
        b'{"k": "sk-5ecret", /* x */ }',
        "a comma stands before a closing bracket, which this client does not read; remove it",
    ),
    "a trailing comma in a list": (
        STRICT,
        b'{"k": ["sk-5ecret",]}',
        "a comma stands before a closing bracket, which this client does not read; remove it",
    ),
    "a comma alone": (LOOSE, b"{,}", "a comma stands before a closing bracket"),
    "two commas": (LOOSE, b'{"a": [1,,]}', "a comma stands before a closing bracket"),
    "no colon": (STRICT, b'{"k" "sk-5ecret"}', "1:6: a `:` is missing after a key; write it"),
    "no comma": (STRICT, b'{"k": "sk-5ecret" "a": 1}', "a `,` or a closing bracket is missing; write it"),
    "a bare key": (STRICT, b"{k: 1}", "1:2: a key in double quotes is missing; write it"),
    "a bare value": (STRICT, b'{"k": sk-5ecret}', "1:7: a value is missing, or is no JSON; write it as JSON"),
    "a wrong escape": (STRICT, b'{"k": "sk-5ecret\\x"}', "1:17: this is no JSON; correct it"),
    "a line end in a text": (
        STRICT,
        b'{"k": "sk-5ecret\n"}',
        "1:17: a line end or control character stands in a text; write it as an escape",
    ),
    "no number": (
        STRICT,
        b'{"NaN": "Infinity",\n "k": -Infinity}',
        "2:8: a value is no JSON; write it as JSON",
    ),
    "a long number": (
        STRICT,
        b'{"k": 1, "n":\n ' + b"1" * 5000 + b"}",
        "2:2: a number is too long to be read; shorten it",
    ),
    "a comment of two ends": (
        LOOSE,
        b'{"a": 1, // sk-5ecret\r"b": 2}',
        "1:22: a comment ends in a carriage return alone, which readers take in two ways; write ordinary",
    ),
    "too deep": (
        STRICT,
        b'{"a":' * 300 + b"1" + b"}" * 300,
        "1:1: the file is nested deeper than 200 levels; edit it by hand",
    ),
    "far too deep": (
        STRICT,
        b'{"a":' * 100_000,
        "1:1: the file is nested deeper than 200 levels; edit it by hand",
    ),
    "too deep in TOML": (
        TOML,
        b"a = " + b"[" * 20_000,
        "1:1: the file is nested deeper than 200 levels; edit it by hand",
    ),
    "cut off in TOML": (
        TOML,
        b'k = "sk-5ecr',
        "1:13: the file ends in the middle of something; restore it, or",
    ),
    "a text of more lines that is cut off": (
        TOML,
        b'k = """\nsk-5ecret',
        "2:10: the file ends in the middle",
    ),
    "no TOML": (
        TOML,
        b"a = 1\n!sk-5ecret\n",
        "2:1: this is neither `key = value` nor a `[table]`; correct it",
    ),
    "no value in TOML": (
        TOML,
        b"\xef\xbb\xbfk = sk-5ecret",
        "1:5: a value is missing, or is no TOML; write it as",
    ),
    "no equals in TOML": (TOML, b'k "sk-5ecret"', "1:3: a `=` is missing after a key; write it"),
    "two on a line in TOML": (
        TOML,
        b'a = 1 k = "sk-5ecret"',
        "1:7: something follows on the same line; begin a",
    ),
    "a key twice in TOML": (TOML, b'k = 1\nk = "sk-5ecret"\n', "the key stands twice; remove one"),
    "a table twice in TOML": (TOML, b"[a]\n[b]\n[a]\n", "3:3: the table stands twice; remove one"),
    "an added key in TOML": (TOML, b"a = {}\n[a.b]\n", "2:"),
    "a date that is none": (TOML, b"a = 1\nd = 2026-13-99\n", "2:"),
}


@pytest.mark.parametrize(("dialect", "data", "said"), FILES.values(), ids=FILES)
def test_a_file_that_the_client_could_not_read_is_refused(dialect: Dialect, data: bytes, said: str) -> None:
    with pytest.raises(ClientFileError) as caught:
        parse(data, dialect, "/home/me/mcp.json")

    sentence = str(caught.value)
    assert sentence.startswith("/home/me/mcp.json:")
    assert said in sentence
    assert "\n" not in sentence
    assert "; " in sentence
    assert SECRET[:6] not in sentence
    with pytest.raises(ClientFileError, match=r"mcp\.json"):
        edit(data, dialect, [Put(("a",), 1)], "/home/me/mcp.json")


PATHS: dict[str, tuple[Dialect, str, tuple[str, ...], str]] = {
    "null for a map": (
        STRICT,
        '{"n": 1,\n "mcpServers": null}',
        ("mcpServers", "x"),
        "2:16: `mcpServers` is no object here; write `{…}` for it",
    ),
    "a list for a map": (
        STRICT,
        '{"projects": {"/x": ["sk-5ecret"]}}',
        ("projects", "/x", "mcpServers"),
        "1:21: `/x` is no object here; write `{…}` for it",
    ),
    "a key twice on the path": (
        STRICT,
        '{"mcpServers": {}, "n": {},\n "mcp\\u0053ervers": {"k": "sk-5ecret"}}',
        ("mcpServers", "x"),
        "2:2: the key `mcpServers` stands twice in one object; remove one",
    ),
    "the member twice": (
        STRICT,
        '{"mcpServers": {"x": 1, "y": 2, "x": "sk-5ecret"}}',
        ("mcpServers", "x"),
        "1:33: the key `x` stands twice in one object; remove one",
    ),
    "a text for a table": (
        TOML,
        'a = 1\nmcp_servers = "sk-5ecret"\n',
        ("mcp_servers", "x"),
        "2:15: `mcp_servers` is no table here; write a table for it",
    ),
    "a text for an inner table": (
        TOML,
        'mcp_servers = { x = "sk-5ecret" }\n',
        ("mcp_servers", "x", "env"),
        "1:21: `x` is no table here; write a table for it",
    ),
    "tables for a table": (
        TOML,
        '[[mcp_servers]]\nk = "sk-5ecret"\n',
        ("mcp_servers", "x"),
        "1:1: `mcp_servers` is a list of tables here; write one table for it",
    ),
}


@pytest.mark.parametrize(("dialect", "text", "at", "said"), PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("change", ["put", "remove"])
def test_a_path_that_leads_through_no_map_is_refused(
    dialect: Dialect, text: str, at: tuple[str, ...], said: str, change: str
) -> None:
    with pytest.raises(ClientFileError) as caught:
        edit(text.encode(), dialect, [Put(at, 1) if change == "put" else Remove(at)], "f")
    assert str(caught.value) == f"f:{said}"


def test_a_long_key_is_cut_and_shows_no_control_character() -> None:
    name = "\x1b[2J" + "k" * 200
    with pytest.raises(ClientFileError) as caught:
        edit(b"{}", STRICT, [Put((name,), 1), Put((name, "x"), 2)], "f")
    assert "`·[2Jkkk" in str(caught.value)
    assert len(str(caught.value)) < 200
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("dialect", [LOOSE, TOML], ids=["json", "toml"])
def test_the_whole_document_is_no_member(dialect: Dialect) -> None:
    with pytest.raises(ValueError, match="no member"):
        edit(b"{}" if dialect is LOOSE else b"", dialect, [Put((), {})], "f")


def test_what_a_client_reads_is_read() -> None:
    assert parse(b'\xef\xbb\xbf{"a": [1, // x\r\n],}', LOOSE, "f") == {"a": [1]}
    assert parse(b"", TOML, "f") == {}
    assert parse(b"\xef\xbb\xbf[a]\r\nb = 1979-05-27 07:32:00Z\r\n", TOML, "f")["a"]["b"].year == 1979


def test_the_file_that_could_not_be_read_is_not_kept_by_the_error() -> None:
    with pytest.raises(ClientFileError) as caught:
        parse(b'{"k": "sk-5ecret"', STRICT, "f")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("dialect", [LOOSE, TOML], ids=["json", "toml"])
def test_a_file_of_any_size_is_not_read(dialect: Dialect) -> None:
    with pytest.raises(ClientFileError, match=r"^f:1:1: the file is larger than \d+ MiB; edit it by hand$"):
        parse(b" " * (65 << 20), dialect, "f")
