"""The sample MCP server `notes`, over stdio.

    python -m latchward.cli.trial.server NOTES_DIR LOG_FILE

Notes are text files in NOTES_DIR. Every `tools/call` that arrives is appended
to LOG_FILE as one JSON line, `{"tool": ..., "arguments": ...}`, before anything
is done with it: that file is the proof of what reached the server.
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 _-]{0,62}[A-Za-z0-9])?")
MAX_TEXT: Final = 100_000
WELCOME: Final = "Welcome. This note was read through Latchward.\n"

_NAME_SCHEMA: Final = {
    "type": "string",
    "description": "The name of the note: letters, digits, blanks, `-` and `_`.",
    "pattern": f"^{NAME.pattern}$",
    "maxLength": 64,
}


class NoteError(Exception):
    """A call that cannot be done; the text is for the agent."""


def _schema(required: tuple[str, ...] = (), **properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


TOOLS: Final = (
    Tool(
        name="list_notes",
        title="List notes",
        description="List the names of the notes, in order of the alphabet, one a line.",
        input_schema=_schema(
            limit={
                "type": "integer",
                "minimum": 1,
                "description": "Show at most so many names; all when left out.",
            }
        ),
        annotations=ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False),
    ),
    Tool(
        name="read_note",
        title="Read a note",
        description="Return the whole text of one note.",
        input_schema=_schema(("name",), name=_NAME_SCHEMA),
        annotations=ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False),
    ),
    Tool(
        name="write_note",
        title="Write a note",
        description="Write a note. A note of the same name is replaced.",
        input_schema=_schema(
            ("name", "text"),
            name=_NAME_SCHEMA,
            text={"type": "string", "maxLength": MAX_TEXT, "description": "The whole text of the note."},
        ),
        annotations=ToolAnnotations(
            read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
        ),
    ),
    Tool(
        name="delete_note",
        title="Delete a note",
        description="Delete one note. It cannot be brought back.",
        input_schema=_schema(("name",), name=_NAME_SCHEMA),
        annotations=ToolAnnotations(
            read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False
        ),
    ),
    Tool(
        name="wipe_notes",
        title="Wipe all notes",
        description="Delete every note at once. They cannot be brought back.",
        input_schema=_schema(),
        annotations=ToolAnnotations(
            read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
        ),
    ),
)


class Notes:
    """The notes in one folder; knows nothing of MCP."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder.resolve()
        if not self._files():
            self._path("welcome").write_text(WELCOME, encoding="utf-8")

    def names(self, limit: int | None) -> str:
        names = [path.stem for path in self._files()]
        return "\n".join(names[:limit]) or "There are no notes."

    def read(self, name: str) -> str:
        return self._existing(name).read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> str:
        if len(text) > MAX_TEXT:
            raise NoteError(f"the text is longer than {MAX_TEXT} characters; make it shorter")
        self._path(name).write_text(text, encoding="utf-8")
        return f"The note {name} was written."

    def delete(self, name: str) -> str:
        self._existing(name).unlink()
        return f"The note {name} was deleted."

    def wipe(self) -> str:
        files = self._files()
        for path in files:
            path.unlink()
        return f"Notes deleted: {len(files)}."

    def _files(self) -> list[Path]:
        return sorted(path for path in self._folder.glob("*.txt") if path.is_file())

    def _path(self, name: str) -> Path:
        """The file of a note; refuses a name that is none, and a link that leads out of the folder."""
        if not NAME.fullmatch(name):
            raise NoteError(f"`{name}` is no name of a note; use letters, digits, blanks, `-` and `_`")
        path = self._folder / f"{name}.txt"
        if path.resolve().parent != self._folder:
            raise NoteError(f"`{name}` leads out of the folder of notes; use another name")
        return path

    def _existing(self, name: str) -> Path:
        path = self._path(name)
        if not path.is_file():
            raise NoteError(f"there is no note `{name}`; call list_notes for the names")
        return path


def _text(arguments: Mapping[str, Any], key: str) -> str:
    value = arguments.get(key)
    if not isinstance(value, str):
        raise NoteError(f"`{key}` is missing or no text; give it as a string")
    return value


def _limit(arguments: Mapping[str, Any]) -> int | None:
    value = arguments.get("limit")
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise NoteError("`limit` is no whole number above 0; leave it out to get all names")
    return value


def _actions(notes: Notes) -> dict[str, Callable[[Mapping[str, Any]], str]]:
    return {
        "list_notes": lambda arguments: notes.names(_limit(arguments)),
        "read_note": lambda arguments: notes.read(_text(arguments, "name")),
        "write_note": lambda arguments: notes.write(_text(arguments, "name"), _text(arguments, "text")),
        "delete_note": lambda arguments: notes.delete(_text(arguments, "name")),
        "wipe_notes": lambda arguments: notes.wipe(),
    }


def record(log: Path, tool: str, arguments: Mapping[str, Any]) -> None:
    """Append one call to the log, in a single write."""
    line = json.dumps({"tool": tool, "arguments": arguments}, ensure_ascii=True) + "\n"
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def _answer(text: str, *, is_error: bool = False) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=is_error)


def make_server(folder: Path, log: Path) -> Server[Any]:
    """The server over the notes in `folder`, logging to `log`."""
    actions = _actions(Notes(folder))

    async def list_tools(
        _: ServerRequestContext[Any], params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=list(TOOLS))

    async def call_tool(_: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
        arguments = params.arguments or {}
        record(log, params.name, arguments)
        action = actions.get(params.name)
        if action is None:
            raise MCPError(INVALID_PARAMS, f"Unknown tool: {params.name}")
        try:
            return _answer(action(arguments))
        except (NoteError, OSError) as error:
            return _answer(str(error), is_error=True)

    return Server(
        "notes",
        version="1",
        title="Notes",
        instructions="Sample notes, for trying Latchward out.",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


async def serve(folder: Path, log: Path) -> None:
    """Serve on this process's stdin and stdout until stdin ends."""
    server = make_server(folder, log)
    async with stdio_server() as (reader, writer):
        await server.run(reader, writer, server.create_initialization_options())


def main(argv: list[str]) -> int:
    if len(argv) != 2:
        print("usage: python -m latchward.cli.trial.server NOTES_DIR LOG_FILE", file=sys.stderr)
        return 2
    asyncio.run(serve(Path(argv[0]), Path(argv[1])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
