"""One entry, read by its client's rules: what it is, what is wanted for it, or why it cannot be taken in."""

from pathlib import Path, PureWindowsPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchward.clients.found import Found, Place
from latchward.clients.home import Home
from latchward.clients.known import CLIENTS
from latchward.clients.reading import LOGIN, OFF, WHERE, is_ours, read, wrong_with
from latchward.model.upstream import UpstreamSpec

HOME = Path("/home/ada")
PROJECT = Path("/srv/web")
ENVIRON = {
    "TOKEN": "canary-token-000",
    "BIN": "/opt/bin/server",
    "ODD": "half\udc80",
    "SIGN": "${secret:other.KEY}",
    "BRACES": "{secret:other.KEY}",
}


def found(
    entry: Any, client: str = "claude-code", *, project: Path | None = None, name: str = "one"
) -> Found:
    """An entry of a client's own file; with a project, of that project's file."""
    scope = "user" if project is None else "project"
    place = Place(client, HOME / "file.json", scope, project, ("mcpServers",), name)
    return read(CLIENTS[client], place, entry, Home(HOME, ENVIRON, "linux"))


def test_a_program_is_read_with_all_that_belongs_to_it() -> None:
    entry = {
        "type": "stdio",
        "command": "npx",
        "args": ["-y", "a"],
        "env": {"A": "b"},
        "cwd": "/srv",
        "more": 1,
    }
    one = found(entry)
    assert (one.refused, one.needs, one.notes) == ("", (), ())
    assert one.spec == UpstreamSpec("one", "npx", ("-y", "a"), {"A": "b"}, "/srv")


def test_an_address_is_read_with_its_headers() -> None:
    one = found({"type": "http", "url": "https://a.example/mcp", "headers": {"X-Key": "canary"}, "env": {}})
    assert one.refused == ""
    assert one.spec == UpstreamSpec("one", url="https://a.example/mcp", headers={"X-Key": "canary"})


REFUSED: dict[str, tuple[str, Any, str]] = {
    "text": ("claude-code", "npx", "it is text, not an object: correct it in the client's file"),
    "nothing": ("claude-code", {}, "it has neither `command` nor an address: add one, or remove it"),
    "both": (
        "claude-code",
        {"command": "a", "url": "https://a.example"},
        "it has both `command` and `url`: remove one of them",
    ),
    "both in gemini": (
        "gemini",
        {"command": "a", "httpUrl": "https://a.example"},
        "it has both `command` and `httpUrl`: remove one of them",
    ),
    "command as a list": (
        "claude-code",
        {"command": ["npx", "-y"]},
        "its `command` is a list, not text: correct it in the client's file",
    ),
    "args as text": (
        "claude-code",
        {"command": "a", "args": "-y"},
        "its `args` is not a list of texts: correct it in the client's file",
    ),
    "a number among args": (
        "claude-code",
        {"command": "a", "args": ["-p", 8080]},
        "its `args` is not a list of texts: correct it in the client's file",
    ),
    "env as a list": (
        "claude-code",
        {"command": "a", "env": ["A=b"]},
        "its `env` is a list, not an object: correct it in the client's file",
    ),
    "a number as a variable": (
        "claude-code",
        {"command": "a", "env": {"PORT": 8080}},
        "its `env.PORT` is a number, not text: put it into quotes",
    ),
    "a boolean as a header": (
        "claude-code",
        {"url": "https://a.example", "headers": {"X-On": True}},
        "its `headers.X-On` is a boolean, not text: put it into quotes",
    ),
    "sse": (
        "claude-code",
        {"type": "sse", "url": "https://a.example/sse"},
        "it speaks the old SSE transport: give it its streamable HTTP address, or add it here by hand",
    ),
    "sse as a transport": (
        "vscode",
        {"type": "http", "transport": "sse", "url": "https://a.example/sse"},
        "it speaks the old SSE transport: give it its streamable HTTP address, or add it here by hand",
    ),
    "websocket": (
        "claude-code",
        {"type": "ws", "url": "wss://a.example"},
        "it speaks over a WebSocket, which Latchward does not: give it its streamable HTTP address",
    ),
    "an unknown type": (
        "claude-code",
        {"type": "sdk", "command": "a"},
        "its `type` `sdk` is not known to Latchward: correct it",
    ),
    "a type that contradicts": (
        "claude-code",
        {"type": "http", "command": "a"},
        "its `type` `http` does not go with `command`: correct one of them",
    ),
    "a helper for headers": (
        "claude-code",
        {"type": "http", "url": "https://a.example", "headersHelper": "x"},
        "a program makes its headers (`headersHelper`): write the headers themselves",
    ),
    "a file of variables": (
        "cursor",
        {"command": "a", "envFile": ".env"},
        "its variables are in a file of their own (`envFile`): write them into `env`",
    ),
    "oauth": (
        "gemini",
        {"httpUrl": "https://a.example", "oauth": {"enabled": True}},
        "it signs in with OAuth, which Latchward cannot do yet: give it a header with a token",
    ),
    "disabled": ("cursor", {"command": "a", "disabled": True}, OFF),
    "not enabled": ("codex", {"command": "a", "enabled": False}, OFF),
    "an address in Claude Desktop": (
        "claude-desktop",
        {"url": "https://a.example"},
        "this client starts programs only, and passes an address over: remove it",
    ),
    "a token in clear in Codex": (
        "codex",
        {"url": "https://a.example", "bearer_token": "canary"},
        "the client itself refuses `bearer_token`: write a header",
    ),
    "a relative folder": (
        "claude-code",
        {"command": "a", "cwd": "tools"},
        "`tools` is no absolute path at `/cwd`: write the whole path",
    ),
    "a blank in an address": (
        "claude-code",
        {"url": "https://a.example/a b"},
        "the URL holds a blank or a character that URLs cannot at `/url`: escape it with `%`, or remove it",
    ),
    "a user in an address": (
        "claude-code",
        {"url": "https://ada:canary@a.example/"},
        "the URL holds a user or a password at `/url`: put them into `headers`",
    ),
    "an unset variable in args": (
        "claude-code",
        {"command": "a", "args": ["--key=${UNSET}"]},
        "its `args` wants `${UNSET}`, which is not set here: write the value itself",
    ),
    "an unset variable in the command": (
        "claude-code",
        {"command": "${UNSET}/server"},
        "its `command` wants `${UNSET}`, which is not set here: write the value itself",
    ),
    "an unset variable in an address": (
        "claude-code",
        {"url": "https://${UNSET}/mcp"},
        "its `url` wants `${UNSET}`, which is not set here: write the value itself",
    ),
    "the open folder": (
        "vscode",
        {"command": "a", "env": {"ROOT": "${workspaceFolder}"}},
        "its `env.ROOT` wants `${workspaceFolder}`, which the client alone knows: write the value itself",
    ),
    "an editor's setting": (
        "vscode",
        {"command": "a", "env": {"ROOT": "${config:python.path}"}},
        "its `env.ROOT` wants `${config:python.path}`, which the client alone knows: write the value itself",
    ),
    "another server's secret": (
        "claude-desktop",
        {"command": "a", "env": {"KEY": "${secret:other.KEY}"}},
        "its `env.KEY` holds `${secret:…}`, which is Latchward's own sign: write it in another way",
    ),
    "another server's secret out of the environment": (
        "claude-code",
        {"command": "a", "env": {"KEY": "${SIGN}"}},
        "its `env.KEY` holds `${secret:…}`, which is Latchward's own sign: write it in another way",
    ),
    "another server's secret in an argument": (
        "claude-desktop",
        {"command": "a", "args": ["${secret:other.KEY}"]},
        "its `args` holds `${secret:…}`, which is Latchward's own sign: write it in another way",
    ),
    "another server's secret in two pieces": (
        "gemini",
        {"command": "a", "env": {"KEY": "$${BRACES}"}},
        "its `env.KEY` holds `${secret:…}`, which is Latchward's own sign: write it in another way",
    ),
    "half a character": (
        "claude-code",
        {"command": "a", "env": {"KEY": "${ODD}"}},
        "text holds half a character at `/env/KEY`: write the whole one, or leave it away",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_taken_in_says_why(case: str) -> None:
    client, entry, sentence = REFUSED[case]
    assert found(entry, client).refused == sentence


@pytest.mark.parametrize("case", REFUSED)
def test_why_something_is_refused_is_one_line_that_shows_no_value(case: str) -> None:
    client, entry, _ = REFUSED[case]
    sentence = found(entry, client).refused
    assert "\n" not in sentence
    assert "canary" not in sentence


RESOLVED: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "set": ("claude-code", "Bearer ${TOKEN}", "Bearer canary-token-000", ()),
    "set, with a default": ("claude-code", "${TOKEN:-x}", "canary-token-000", ()),
    "the default": ("claude-code", "${UNSET:-x:-y}", "x:-y", ()),
    "an empty default": ("claude-code", "${UNSET:-}", "", ()),
    "unset": ("claude-code", "Bearer ${UNSET}", "Bearer ${secret:UNSET}", ("UNSET",)),
    "twice": ("claude-code", "${UNSET}${UNSET}", "${secret:UNSET}${secret:UNSET}", ("UNSET",)),
    "an odd name": ("claude-code", "${my key.x}", "${secret:my_key_x}", ("my_key_x",)),
    "bare, elsewhere": ("claude-code", "$TOKEN", "$TOKEN", ()),
    "bare in gemini": ("gemini", "$TOKEN!", "canary-token-000!", ()),
    "in braces in gemini": ("gemini", "${TOKEN}", "canary-token-000", ()),
    "unset in gemini": ("gemini", "$UNSET", "${secret:UNSET}", ("UNSET",)),
    "a password in gemini": ("gemini", "pa$word$1", "pa$word$1", ()),
    "env in cursor": ("cursor", "${env:TOKEN}", "canary-token-000", ()),
    "unset env in cursor": ("cursor", "${env:UNSET}", "${secret:UNSET}", ("UNSET",)),
    "no reference in cursor": ("cursor", "${TOKEN}", "${TOKEN}", ()),
    "home in cursor": ("cursor", "${userHome}${pathSeparator}x${/}y", "/home/ada/x/y", ()),
    "input in vscode": ("vscode", "Bearer ${input:my-key}", "Bearer ${secret:my-key}", ("my-key",)),
    "literal in Claude Desktop": (
        "claude-desktop",
        "${TOKEN} $TOKEN ${env:TOKEN}",
        "${TOKEN} $TOKEN ${env:TOKEN}",
        (),
    ),
    "literal in codex": ("codex", "${TOKEN}", "${TOKEN}", ()),
}


@pytest.mark.parametrize("case", RESOLVED)
def test_a_reference_is_resolved_as_its_client_does(case: str) -> None:
    client, text, value, needs = RESOLVED[case]
    one = found({"command": "a", "env": {"V": text}}, client)
    assert (one.spec.env["V"], one.needs, one.refused) == (value, needs, "")


def test_references_are_resolved_in_every_field() -> None:
    program = found({"command": "${BIN}", "args": ["--token", "${TOKEN}"]})
    assert (program.spec.command, program.spec.args) == ("/opt/bin/server", ("--token", "canary-token-000"))
    address = found({"url": "https://a.example/?key=${TOKEN}", "headers": {"X": "${TOKEN}"}})
    assert address.spec.url == "https://a.example/?key=canary-token-000"
    assert address.spec.headers == {"X": "canary-token-000"}


def test_codex_names_variables_instead_of_writing_them() -> None:
    program = found(
        {"command": "a", "env": {"A": "b"}, "env_vars": ["TOKEN", "UNSET", "PATH", {"name": "BIN"}]}, "codex"
    )
    assert program.spec.env == {
        "A": "b",
        "TOKEN": "canary-token-000",
        "UNSET": "${secret:UNSET}",
        "BIN": "/opt/bin/server",
    }
    assert program.needs == ("UNSET",)
    address = found(
        {
            "url": "https://a.example",
            "http_headers": {"X-A": "b"},
            "env_http_headers": {"X-T": "TOKEN", "X-U": "UNSET"},
            "bearer_token_env_var": "TOKEN",
        },
        "codex",
    )
    assert address.spec.headers == {
        "X-A": "b",
        "X-T": "canary-token-000",
        "X-U": "${secret:UNSET}",
        "Authorization": "Bearer canary-token-000",
    }
    assert address.needs == ("UNSET",)


def test_vscode_takes_a_number_for_a_variable_and_null_for_none() -> None:
    one = found({"command": "a", "env": {"PORT": 8080, "SHARE": 0.5, "WHOLE": 2.0, "GONE": None}}, "vscode")
    assert (one.spec.env, one.refused) == ({"PORT": "8080", "SHARE": "0.5", "WHOLE": "2"}, "")


def test_the_home_sign_is_expanded_where_the_client_expands_it() -> None:
    entry = {"command": "~/bin/a", "args": ["~/notes", "a~/b"], "cwd": "~"}
    editor, other = found(entry, "vscode").spec, found(entry, "claude-code").spec
    assert (editor.command, editor.args) == ("/home/ada/bin/a", ("/home/ada/notes", "a~/b"))
    assert other.args == ("~/notes", "a~/b")
    assert editor.cwd == other.cwd == "/home/ada"


def test_windows_paths_are_put_together_as_windows_does() -> None:
    home = Home(PureWindowsPath(r"C:\Users\Ada"), {}, "win32")
    place = Place("vscode", HOME / "file.json", "user", None, ("servers",), "one")
    entry = {"command": r"bin\a.exe", "args": ["~\\notes", "${userHome}${/}x"], "cwd": "~\\tools"}
    one = read(CLIENTS["vscode"], place, entry, home)
    assert (one.spec.command, one.spec.cwd) == (r"C:\Users\Ada\tools\bin\a.exe", r"C:\Users\Ada\tools")
    assert one.spec.args == (r"C:\Users\Ada\notes", r"C:\Users\Ada\x")


def test_a_server_of_a_project_is_started_in_its_folder() -> None:
    assert found({"command": "a"}, project=PROJECT).spec.cwd == "/srv/web"
    assert found({"command": "a", "cwd": "tools"}, project=PROJECT).spec.cwd == "/srv/web/tools"
    assert found({"command": "a", "cwd": "/opt"}, project=PROJECT).spec.cwd == "/opt"
    assert found({"url": "https://a.example"}, project=PROJECT).spec.cwd is None


def test_a_program_beside_its_project_is_named_by_its_whole_path() -> None:
    assert found({"command": "./bin/a"}, project=PROJECT).spec.command == "/srv/web/bin/a"
    assert found({"command": "a"}, project=PROJECT).spec.command == "a"


def test_references_to_the_folder_are_resolved_where_it_is_known() -> None:
    args = ["${workspaceFolder}/x", "${workspaceFolderBasename}"]
    assert found({"command": "a", "args": args}, "cursor", project=PROJECT).spec.args == ("/srv/web/x", "web")
    one = found({"command": "a", "args": ["${CLAUDE_PROJECT_DIR}/x"]}, project=PROJECT)
    assert one.spec.args == ("/srv/web/x",)


def test_an_address_far_away_without_a_header_may_want_a_login() -> None:
    assert found({"url": "https://a.example"}).notes == (LOGIN,)
    assert found({"url": "https://a.example", "headers": {"X": "y"}}).notes == ()
    for here in ("http://localhost:1/mcp", "http://127.0.0.1:1/mcp", "http://[::1]:1/mcp"):
        assert found({"url": here}).notes == ()


def test_a_relative_argument_says_that_it_will_be_started_elsewhere() -> None:
    assert found({"command": "node", "args": ["./server.js"]}).notes == (WHERE,)
    assert found({"command": "node", "args": ["./server.js"], "cwd": "/srv"}).notes == ()
    assert found({"command": "node", "args": ["./server.js"]}, project=PROJECT).notes == ()


def test_what_an_entry_says_no_to_is_no_reason_to_refuse_it() -> None:
    more = {"oauth": {"enabled": False}, "headersHelper": "", "disabled": False, "envFile": None}
    assert found({"httpUrl": "https://a.example", **more}, "gemini").refused == ""
    assert found({"command": "a", "experimental_environment": "local"}, "codex").refused == ""


def test_what_was_refused_still_shows_what_it_would_start() -> None:
    one = found({"command": "npx", "args": ["-y", "a"], "disabled": True})
    assert (one.spec.command, one.spec.args, one.off) == ("npx", ("-y", "a"), True)


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("/opt/latchward/bin/latchward", ("connect", "--client", "x")),
        ("latchward", ("connect",)),
        ("C:\\Program Files\\Latchward\\Latchward.exe", ("connect", "--client", "x")),
        ("/opt/Latchward-1.2.AppImage", ("connect",)),
        ("/usr/bin/python3.11", ("-P", "-m", "latchward", "connect")),
    ],
)
def test_our_bridge_is_known_however_it_is_started(command: str, args: tuple[str, ...]) -> None:
    assert is_ours(UpstreamSpec("x", command, args))


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("/opt/evil", ("connect", "--client", "x", "--endpoint", "y")),
        ("latchward", ("log",)),
        ("/opt/latchward/other", ("connect",)),
        ("python3", ("-m", "other", "latchward", "connect")),
        ("python3", ("latchward", "connect")),
        ("", ()),
    ],
)
def test_another_program_is_not_taken_for_ours(command: str, args: tuple[str, ...]) -> None:
    assert not is_ours(UpstreamSpec("x", command, args))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    "type command args env cwd url headers httpUrl http_headers env_vars disabled tcp".split()
)


@given(
    client=st.sampled_from(sorted(CLIENTS)),
    entry=JSON | st.dictionaries(KEYS, JSON, max_size=6),
    name=st.text(max_size=40),
)
def test_any_entry_is_read_to_something_that_settings_take_or_to_a_reason(
    client: str, entry: Any, name: str
) -> None:
    one = found(entry, client, name=name)
    assert one.refused or wrong_with(one.spec) == ""
