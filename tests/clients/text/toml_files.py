"""TOML files as nobody would lay them out: their lines, and whose they are."""

import tomllib
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

NEW = "latchward"
SERVERS = ["a", "b", "c-d", "e f", "g.h", 'q"', "é"]
VALUES = [
    '"x"',
    "'c:\\x'",
    '"tab \\t \\u00e9 \\"quoted\\" # no comment"',
    '"""\n[mcp_servers.z]\nk = 1 \\""" # no comment\n"""',
    "'''\n[[hooks]]\n''x'''",
    '""""quoted""""',
    "1_000",
    "0x1F",
    "1.0",
    "1e3",
    "-inf",
    "true",
    "1979-05-27T07:32:00Z",
    "1979-05-27 07:32:00",
    "07:32:00",
    "[]",
    '["-y", "@x/y"]',
    "[ 1, # one ] \n  2, [3, { x = 1 }],\n]",
    "{}",
    "{ x = 1, y.z = [2, '}'] }",
]
WORDS = ["command", "args", "cwd", "enabled", "tool_timeout_sec", '"a key"', "'k'"]
COMMENTS = ["# comment {n}", "  # comment {n} [mcp_servers.x]", '#comment {n} = "', "\t# comment {n} ''' é"]


@dataclass
class Line:
    """A statement with all its lines, or a comment, or a blank line. `owner` is a server."""

    text: str
    owner: str | None = None


@dataclass
class File:
    """A file. Servers of `apart` have lines in more than one place; `inline`: all are in one value."""

    data: bytes = b""
    value: dict[str, Any] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    apart: set[str] = field(default_factory=set)
    inline: bool = False

    @property
    def servers(self) -> dict[str, Any]:
        """The servers by name."""
        found: dict[str, Any] = self.value.get("mcp_servers", {})
        return found


@st.composite
def files(draw: st.DrawFn) -> File:
    """A file with servers in one of the ways in which they can be written."""
    file = File()
    names = draw(st.lists(st.sampled_from(SERVERS), unique=True, max_size=3))
    number = count()
    airy = draw(st.booleans())

    def chance(one_in: int = 2) -> bool:
        return draw(st.integers(1, one_in)) == 1

    def written(name: str) -> str:
        return (
            name
            if name.isascii() and name.replace("-", "").isalnum()
            else '"' + name.replace('"', '\\"') + '"'
        )

    def pairs(prefix: str, owner: str | None, least: int = 0) -> list[Line]:
        keys = draw(st.lists(st.sampled_from(WORDS), unique=True, min_size=least, max_size=3))
        made = []
        for key in keys:
            equals = draw(st.sampled_from([" = ", "=", "\t=  "]))
            behind = draw(st.sampled_from(["", "", " # behind", "  "]))
            indent = draw(st.sampled_from(["", "", "  "]))
            value = draw(st.sampled_from(VALUES))
            made.append(Line(f"{indent}{prefix}{key}{equals}{value}{behind}", owner))
        return made

    def header(path: str, owner: str | None) -> Line:
        wrapped = draw(st.sampled_from(["[{}]", "[{}]", "[ {} ] # of it", "  [{}]"]))
        return Line(wrapped.format(path), owner)

    def environment(prefix: str, name: str) -> list[Line]:
        return [header(f"{prefix}.env", name), *pairs("", name)] if chance() else []

    def server_tables(name: str) -> list[list[Line]]:
        path = f"mcp_servers.{written(name)}"
        made = [header(path, name), *pairs("", name)]
        inside = environment(path, name)
        if inside and chance(4):
            file.apart.add(name)
            return [made, inside]
        return [made + inside]

    root = pairs("", None)
    sections: list[list[Line]] = [
        section
        for section in (
            [header('projects."/x"', None), Line('trust_level = "trusted"')],
            [header("features", None), *pairs("", None)],
            [Line("[[hooks]]"), Line("k = 1"), header("hooks.inner", None), Line("[[hooks]]"), Line("k = 2")],
            [header("x.y.z", None)],
        )
        if chance()
    ]
    form = draw(st.sampled_from(["tables", "tables", "tables", "one table", "dotted", "inline", "mixed"]))
    if form == "tables":
        for name in names:
            sections += server_tables(name)
    elif form == "one table":
        inside = [header("mcp_servers", None)]
        for name in names:
            if chance():
                inside.append(Line(f'{written(name)} = {{ command = "x", env = {{}} }}', name))
            else:
                inside += pairs(f"{written(name)}.", name, least=1)
        sections.append(inside)
    elif form == "dotted":
        for name in names:
            root += pairs(f"mcp_servers.{written(name)}.", name, least=1)
    elif form == "inline":
        file.inline = True
        gap, inner = draw(st.sampled_from(["", " "])), draw(st.sampled_from(["", " "]))
        members = f",{gap}".join(f"{written(n)}={gap}{{{inner}command = 'x'{inner}}}" for n in names)
        root.append(Line(f"mcp_servers = {{{inner}{members}{inner}}}"))
    else:
        sections.append([header("mcp_servers", None)])
        for name in names:
            sections += server_tables(name)
    lines = list(root)
    for section in draw(st.permutations(sections)):
        lines += [Line("")] * airy + section
    for line in [*lines, Line("")]:
        for comment in draw(st.lists(st.sampled_from(["", *COMMENTS]), max_size=2)) if chance(3) else ():
            file.lines.append(Line(comment.format(n=next(number))))
        file.lines.append(line)
    if chance():
        file.lines.pop()
    _own(file.lines)
    _finish(draw, file)
    return file


def _own(lines: list[Line]) -> None:
    """What stands between two statements of a server is its own."""
    said = [line for line in lines if line.text and not line.text.lstrip().startswith("#")]
    for line in lines:
        if line not in said:
            at = next(n for n, other in enumerate(lines) if other is line)
            before = next((other.owner for other in reversed(lines[:at]) if other in said), None)
            after = next((other.owner for other in lines[at:] if other in said), None)
            line.owner = before if before == after else None


def _finish(draw: st.DrawFn, file: File) -> None:
    style = draw(st.sampled_from(["\n", "\n", "\r\n", "mixed"]))
    text = draw(st.sampled_from(["", "", "\ufeff"]))
    for line in file.lines:
        end = draw(st.sampled_from(["\n", "\r\n"])) if style == "mixed" else style
        line.text = line.text.replace("\n", end)
        text += line.text + end
    if file.lines and draw(st.integers(1, 3)) == 1:
        text = text.removesuffix("\n").removesuffix("\r")
    file.data = text.encode()
    try:
        file.value = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError:
        assume(False)
