"""Every named limit of the gateway, read from the source: `python -m tests.limits` writes `docs/limits.md`.

A limit is a public number at the top of a module, with a sentence below it that says what it bounds.
"""

import ast
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
DOCUMENT: Final = ROOT / "docs/limits.md"
ROOMS: Final = {
    "downstream": "Towards agents",
    "bridge": "`latchward connect`",
    "gateway": "Deciding and asking",
    "model": "The proof to send",
    "protocol": "The wire format",
    "upstream": "Towards servers",
    "storage": "On the disk",
}
"""The packages whose limits are told, and their headings."""

_NO_LIMITS: Final = {"APPLICATION_ID", "REFUSED", "SCHEMA_VERSION", "VERSION"}
"""Numbers that bound nothing: marks of files, a code."""

_HEAD: Final = """\
# Limits

Every queue, payload, wait and retry of the gateway has a limit. These are all of them, read from the source.
What meets one is refused, cut off or closed, and a sentence says so; nothing is allowed for lack of room.
"""


def limits(package: str) -> Iterator[tuple[str, str, str, str]]:
    """Module, name, value and meaning of each limit of a package, in the order of the source."""
    folder = ROOT / "desktop/latchward" / package
    for path in sorted(folder.rglob("*.py")):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        for statement, after in pairwise(body):
            value = _number(statement)
            if value and isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                said = after.value if isinstance(after, ast.Expr) else None
                text = said.value if isinstance(said, ast.Constant) and isinstance(said.value, str) else ""
                module = str(path.relative_to(folder.parent).with_suffix(""))
                yield module, statement.target.id, value, " ".join(text.split())


def _number(statement: ast.stmt) -> str:
    """The value of a public number, as it should be read; "" for anything else."""
    if not isinstance(statement, ast.AnnAssign) or statement.value is None:
        return ""
    if not isinstance(statement.target, ast.Name) or not statement.target.id.isupper():
        return ""
    if statement.target.id.startswith("_") or statement.target.id in _NO_LIMITS:
        return ""
    try:
        value = eval(compile(ast.Expression(statement.value), "limit", "eval"), {"__builtins__": {}})
    except Exception:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return ""
    for size, unit in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if isinstance(value, int) and value >= size and value % size == 0:
            return f"{value // size} {unit}"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def render() -> str:
    """The whole document."""
    parts = [_HEAD]
    for package, heading in ROOMS.items():
        rows = [f"| `{module}.{name}` | {value} | {said} |" for module, name, value, said in limits(package)]
        if rows:
            parts.append(
                "\n".join([f"## {heading}", "", "| limit | value | what it bounds |", "|---|---|---|", *rows])
            )
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(render(), encoding="utf-8")
    sys.exit(0)
