"""JSON files as nobody would lay them out: each with what it means and where its members stand."""

import json
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from latchward.clients.text import At, Dialect

KEYS = ["mcpServers", "a", "b", "c d", "x/y", "é😀", "//", "{", "", "projects", 'q"', "back\\slash"]
NEW = "latchward"
TEXTS = [
    r'"\/"',
    r'"\u00e9"',
    '"é😀"',
    '"// no comment"',
    '"/* nor here */"',
    '"a,}"',
    '"{["',
    r'"\ud83d"',
    r'"\\\""',
    '""',
]
SCALARS = [*TEXTS, "1.0", "1e3", "-0", "0.10", "12345678901234567890", "1E+2", "true", "false", "null"]
READ = ["/", "é", "é😀", "// no comment", "/* nor here */", "a,}", "{[", "\ud83d", '\\"', ""]
WRITTEN: dict[str, Any] = dict(zip(TEXTS, READ, strict=True))
WRITTEN |= {"1.0": 1.0, "1e3": 1000.0, "-0": 0, "0.10": 0.1, "12345678901234567890": 12345678901234567890}
WRITTEN |= {"1E+2": 100.0, "true": True, "false": False, "null": None}
WHITE = ["", "", " ", " ", "\n", "\n  ", "\r\n\t", "\t", "\n\n    ", "\r\n"]
COMMENTS = [
    "/* {n} */",
    '/* {n}, "a": 1 }} */',
    "/* {n}\n two lines */",
    "// {n}\n",
    '// {n} "\\\r\n',
    "/**/ // {n} }}\n",
]


@dataclass
class File:
    """A file, and of each object that no key twice leads to: its members, and where they begin and end.

    `doubled`: a key stands twice somewhere.
    """

    dialect: Dialect
    data: bytes = b""
    value: Any = None
    objects: dict[At, dict[str, tuple[int, int, int]]] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    doubled: bool = False

    @property
    def members(self) -> list[At]:
        """The paths of all members."""
        return [(*at, name) for at, members in self.objects.items() for name in members]

    def span(self, at: At) -> tuple[int, int, int]:
        """Where a member begins, where its value does, and where it ends, in bytes."""
        return self.objects[at[:-1]][at[-1]]


class _Writer:
    def __init__(self, draw: st.DrawFn, dialect: Dialect) -> None:
        self.draw = draw
        self.file = File(dialect)
        self.text = ""
        self.gaps = st.lists(st.sampled_from(COMMENTS), max_size=2) if dialect.comments else st.just([])

    def here(self) -> int:
        return len(self.text.encode())

    def one_of(self, choices: list[str]) -> str:
        made = self.draw(st.sampled_from(choices))
        self.text += made
        return made

    def gap(self) -> None:
        self.one_of(WHITE)
        for comment in self.draw(self.gaps):
            made = comment.format(n=f"comment {len(self.file.comments)}")
            self.file.comments.append(made.rstrip())
            self.text += made
            self.one_of(WHITE)

    def key(self) -> str:
        name = self.draw(st.sampled_from(KEYS))
        self.text += self.draw(st.sampled_from(spellings(name)))
        return name

    def value(self, depth: int, at: At | None) -> Any:
        kind = self.draw(st.sampled_from(["object", "list", "scalar"] if depth else ["scalar"]))
        if kind == "object":
            return self.object(depth, at)
        if kind == "list":
            return self.list(depth)
        return WRITTEN[self.one_of(SCALARS)]

    def object(self, depth: int, at: At | None) -> dict[str, Any]:
        """`at` is None where no path leads."""
        made: dict[str, Any] = {}
        spans: dict[str, tuple[int, int, int]] = {}
        twice = set()
        self.text += "{"
        count = self.draw(st.integers(0, 3))
        for number in range(count):
            self.gap()
            start = self.here()
            name = self.key()
            if name in made:
                twice.add(name)
                self.file.doubled = True
            self.gap()
            self.text += ":"
            self.gap()
            begin = self.here()
            made[name] = self.value(depth - 1, None if at is None else (*at, name))
            spans[name] = (start, begin, self.here())
            self.gap()
            if number < count - 1:
                self.text += ","
        if count and self.file.dialect.trailing_commas and self.draw(st.booleans()):
            self.text += ","
        self.gap()
        self.text += "}"
        if at is not None:
            self.file.objects[at] = {name: span for name, span in spans.items() if name not in twice}
            for name in twice:
                for known in [known for known in self.file.objects if known[: len(at) + 1] == (*at, name)]:
                    del self.file.objects[known]
        return made

    def list(self, depth: int) -> list[Any]:
        made = []
        self.text += "["
        count = self.draw(st.integers(0, 2))
        for number in range(count):
            self.gap()
            made.append(self.value(depth - 1, None))
            self.gap()
            if number < count - 1:
                self.text += ","
        if count and self.file.dialect.trailing_commas and self.draw(st.booleans()):
            self.text += ","
        self.gap()
        self.text += "]"
        return made


def spellings(name: str) -> list[str]:
    """A key as it may be written."""
    plain = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    escaped = '"' + "".join(f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else sign for sign in name) + '"'
    return [plain, plain, plain, escaped]


@st.composite
def odd_files(draw: st.DrawFn) -> File:
    """A file with anything that its dialect allows."""
    comments = draw(st.booleans())
    dialect = Dialect("json", comments=comments, trailing_commas=comments and draw(st.booleans()))
    writer = _Writer(draw, dialect)
    writer.text = draw(st.sampled_from(["", "", "\ufeff"]))
    writer.gap()
    writer.file.value = writer.object(3, ())
    writer.gap()
    writer.file.data = writer.text.encode()
    return writer.file


@st.composite
def ordinary_files(draw: st.DrawFn) -> File:
    """A file as a person or a program lays it out: servers in one map, one style throughout."""
    comments = draw(st.booleans())
    file = File(Dialect("json", comments=comments, trailing_commas=comments and draw(st.booleans())))
    unit = draw(st.sampled_from(["  ", "    ", "\t", None]))
    end = draw(st.sampled_from(["\n", "\r\n"])) if unit else ""
    colon = ": " if unit else draw(st.sampled_from([": ", ":"]))
    between = "," if unit or colon == ":" else ", "
    last = "," if file.dialect.trailing_commas and unit else ""

    def above() -> list[str]:
        if not comments or not unit or not draw(st.booleans()):
            return []
        file.comments.append(f"// comment {len(file.comments)}, of {{ what follows")
        return [file.comments[-1]]

    def written(value: Any, depth: int) -> str:
        if not isinstance(value, (dict, list)) or not value:
            return json.dumps(value, ensure_ascii=False)
        inside = end + (unit or "") * (depth + 1)
        made = ""
        for number, item in enumerate(value):
            is_last = number == len(value) - 1
            text = written(value[item], depth + 1) if isinstance(value, dict) else written(item, depth + 1)
            head = json.dumps(item, ensure_ascii=False) + colon if isinstance(value, dict) else ""
            lead = inside.join(["", *above(), ""]) if unit else ""
            made += lead + head + text + (last if is_last else between)
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        return opening + made + end + (unit or "") * depth + closing

    names = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=4))
    server = st.fixed_dictionaries(
        {"command": st.just("npx")},
        optional={"args": st.lists(st.sampled_from(["-y", "é"]), max_size=2), "env": st.just({"K": "v"})},
    )
    file.value = {"numStartups": 1} if draw(st.booleans()) else {}
    file.value["mcpServers"] = {name: draw(server) for name in names}
    if draw(st.booleans()):
        file.value["projects"] = {"/x": {"mcpServers": {}, "n": 1.5}}
    head = draw(st.sampled_from(["", "\ufeff"]))
    file.data = (head + written(file.value, 0) + draw(st.sampled_from(["", end]))).encode()
    return file
