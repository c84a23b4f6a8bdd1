"""What a person types or pastes becomes servers to add, or one sentence at the right field."""

import pytest

from latchward.gui.servers.entry import Entry, EntryError, read, suggest


@pytest.mark.parametrize(
    ("name", "what", "entries"),
    [
        ("", "uvx mcp-server-git", [Entry("git", ("uvx", "mcp-server-git"))]),
        ("mine", "uvx mcp-server-git", [Entry("mine", ("uvx", "mcp-server-git"))]),
        (
            "",
            "npx -y @modelcontextprotocol/server-filesystem '/home/me/my files'",
            [
                Entry(
                    "filesystem",
                    ("npx", "-y", "@modelcontextprotocol/server-filesystem", "/home/me/my files"),
                )
            ],
        ),
        ("x", "A=1 B='2 3' prog arg", [Entry("x", ("prog", "arg"), env={"A": "1", "B": "2 3"})]),
        ("", "https://mcp.linear.app/sse", [Entry("linear", url="https://mcp.linear.app/sse")]),
        ("a", '{"command": "prog", "args": ["x"]}', [Entry("a", ("prog", "x"))]),
        (
            "",
            '{"mcpServers": {"a": {"command": "p", "env": {"K": "v"}}, "b": {"url": "https://h/mcp"}}}',
            [Entry("a", ("p",), env={"K": "v"}), Entry("b", url="https://h/mcp")],
        ),
        ("", '{"servers": {"a": {"command": "p"}}}', [Entry("a", ("p",))]),
        ("", '{"mcp": {"servers": {"a": {"command": "p"}}}}', [Entry("a", ("p",))]),
        ("", '{"context_servers": {"a": {"command": "p"}}}', [Entry("a", ("p",))]),
        (
            "",
            '{"mcp": {"a": {"type": "local", "command": ["p", "q"], "environment": {"K": "v"}}}}',
            [Entry("a", ("p", "q"), env={"K": "v"})],
        ),
        ("", '"a": {"command": "p"},', [Entry("a", ("p",))]),
        (
            "",
            '{"a": {"httpUrl": "https://h/m", "headers": {"X": "y"}}}',
            [Entry("a", url="https://h/m", headers={"X": "y"})],
        ),
        ("mine", '{"mcpServers": {"a": {"command": "p"}}}', [Entry("mine", ("p",))]),
    ],
)
def test_input_is_read_as_it_is_meant(name: str, what: str, entries: list[Entry]) -> None:
    assert list(read(name, what)) == entries


@pytest.mark.parametrize(
    ("name", "what", "at", "part"),
    [
        ("", "  ", "what", "Type a command line"),
        ("a", "prog 'open", "what", "left open"),
        ("a", "cat x | prog", "what", "No shell reads this line, so | would not work"),
        ("a", "A=1", "what", "program to start is missing"),
        ("a", "ftp://host/x", "what", "ftp:// is not spoken"),
        ("a", "https:///x", "what", "Write the whole URL"),
        ("a", "https://host/a b", "what", "Write the whole URL"),
        ("a", "{broken", "what", "line 1, column 2"),
        ("a", "{}", "what", "No server is in this JSON"),
        ("a", "[" * 10, "what", ""),
        ("a", '{"command": "p", "args": [1]}', "what", "list of texts"),
        ("a", '{"command": "p", "env": {"K": 1}}', "what", "names to texts"),
        ("a b", "prog", "name", "a b cannot be a name"),
        ("a__b", "prog", "name", "double or last"),
        ("Git", "prog", "name", "There is a server git already"),
        ("\u202eab", "prog", "name", "<U+202E>ab cannot be a name"),
        ("", "./---", "name", "Give the server a short name"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(name: str, what: str, at: str, part: str) -> None:
    if what.startswith("["):
        assert read(name, what)[0].command == (what,)
        return
    with pytest.raises(EntryError) as caught:
        read(name, what, taken=("git",))
    assert caught.value.at == at
    assert part in str(caught.value)


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("uvx mcp-server-time --local-timezone Europe/Berlin", "time"),
        ("node ./dist/index.js", "index"),
        ("docker run -i --rm mcp/postgres", "postgres"),
        ("npx -y @scope/notion-mcp@1.2.3", "notion"),
        ("python3 -m my_server", "my_server"),
        ("https://api.githubcopilot.com/mcp/", "githubcopilot"),
        ("'", ""),
        ("", ""),
    ],
)
def test_name_is_suggested(what: str, name: str) -> None:
    assert suggest(what) == name
