"""A scripted MCP server over stdio for tests: records what it gets, misbehaves on demand.

    python recorder.py [--record FILE] [--era legacy|modern|dual] [--tools FILE] [misbehaviour...]

Standard library alone, so that it starts fast. `legacy` speaks 2025-11-25
(`initialize`), `modern` 2026-07-28 (`server/discover`, an envelope in every
request), `dual` whichever the first request opens with.

Tests use `spec()` for an entry of `mcpServers`, `received()` and `wait_for()`
to read what a recorder got.
"""

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

LEGACY: Final = "2025-11-25"
LEGACY_VERSIONS: Final = ("2024-11-05", "2025-03-26", "2025-06-18", LEGACY)
MODERN: Final = "2026-07-28"
META: Final = "io.modelcontextprotocol/"
INFO: Final = {"name": "recorder", "title": "Recorder", "version": "1"}
PAGE_OF_ENDLESS: Final = "again"

METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INVALID_REQUEST: Final = -32600
UNSUPPORTED_VERSION: Final = -32022

Message = dict[str, Any]


def _tool(name: str, description: str, annotations: Message | None = None, **properties: str) -> Message:
    schema = {
        "type": "object",
        "properties": {key: {"type": kind} for key, kind in properties.items()},
        "required": list(properties),
    }
    tool: Message = {"name": name, "description": description, "inputSchema": schema}
    return {**tool, "annotations": annotations} if annotations else tool


DEFAULT_TOOLS: Final = [
    _tool("echo", "Returns the text.", {"readOnlyHint": True}, text="string"),
    _tool("add", "Adds two numbers.", {"readOnlyHint": True}, a="number", b="number"),
    _tool("delete", "Deletes a path (it does not).", {"destructiveHint": True}, path="string"),
    _tool("slow", "Answers after some seconds, with progress on the way.", seconds="number"),
    _tool("big", "Returns a text of so many bytes.", bytes="integer"),
    _tool("fail", "Always answers with an error result."),
]
ADDED_TOOL: Final = _tool("added", "Was not there at first.")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The options; each misbehaviour is off unless named."""
    parser = argparse.ArgumentParser(prog="recorder", allow_abbrev=False)
    parser.add_argument("--record", help="append every received line, byte for byte")
    parser.add_argument("--era", choices=("legacy", "modern", "dual"), default="dual")
    parser.add_argument("--tools", help="a JSON file with a list of tool definitions")
    parser.add_argument(
        "--watch-tools", action="store_true", help="read the file of --tools anew when it changes, and tell"
    )
    parser.add_argument("--ttl", type=int, default=0, help="ttlMs of modern lists")
    parser.add_argument(
        "--banner", type=int, default=0, metavar="N", help="N lines that are no JSON, first of all"
    )
    parser.add_argument(
        "--exit-after", type=int, default=0, metavar="N", help="end after N answered requests"
    )
    parser.add_argument("--exit-before-handshake", action="store_true", help="end at once, with status 3")
    parser.add_argument("--hang", action="store_true", help="never answer anything")
    parser.add_argument("--hang-call", action="store_true", help="never answer tools/call")
    parser.add_argument("--crash-mid-line", action="store_true", help="end in the middle of a call's answer")
    parser.add_argument("--bad-utf8", action="store_true", help="a byte in a call's answer that is not UTF-8")
    parser.add_argument("--duplicate-keys", action="store_true", help="`result` twice in a call's answer")
    parser.add_argument("--nan", action="store_true", help="NaN in a call's result")
    parser.add_argument("--batch", action="store_true", help="a call's answer inside an array")
    parser.add_argument(
        "--flood-stderr", action="store_true", help="a MiB on stderr at start and before a call's answer"
    )
    parser.add_argument(
        "--change-tools-after-first-list", action="store_true", help="one tool more, and list_changed"
    )
    parser.add_argument("--late-answer", action="store_true", help="answer a call only once it was cancelled")
    parser.add_argument("--pages", type=int, default=1, metavar="N", help="serve tools/list in N pages")
    parser.add_argument(
        "--endless-cursor",
        nargs="?",
        const="new",
        choices=("new", "same"),
        help="there is always a next page",
    )
    parser.add_argument(
        "--unknown-notification", action="store_true", help="one of a vendor before a call's answer"
    )
    return parser.parse_args(argv)


class Wire:
    """stdout, one message a line, written by one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def raw(self, data: bytes) -> None:
        with self._lock:
            view = memoryview(data)
            while view:
                view = view[os.write(1, view) :]

    def send(self, message: Message) -> None:
        self.raw(json.dumps(message, separators=(",", ":")).encode() + b"\n")


class Failure(Exception):
    """A request that is answered with a JSON-RPC error."""

    def __init__(self, code: int, message: str, data: Message | None = None) -> None:
        super().__init__(message)
        self.error: Message = {"code": code, "message": message, **({"data": data} if data else {})}


class Recorder:
    """The server: one thread reads; a call to `slow` runs on a thread of its own."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.wire = Wire()
        self.tools = _load_tools(options.tools)
        self.era: str | None = None if options.era == "dual" else options.era
        self.initialized = False
        self.listed = 0
        self.answered = 0
        self.listeners: list[int | str] = []
        self.change_waits = False
        self.cancelled: dict[int | str, threading.Event] = {}
        self.late: dict[int | str, Message] = {}
        self.methods: dict[str, Callable[[int | str, Message], Message | None]] = {
            "initialize": self.initialize,
            "server/discover": self.discover,
            "ping": lambda _, params: {},
            "tools/list": self.list_tools,
            "tools/call": self.call,
            "subscriptions/listen": self.listen,
        }

    # reading

    def run(self) -> int:
        options = self.options
        if options.exit_before_handshake:
            return 3
        for number in range(options.banner):
            self.wire.raw(b"recorder: starting up, line %d\n" % (number + 1))
        if options.flood_stderr:
            _flood()
        if options.watch_tools:
            threading.Thread(target=self.watch, daemon=True).start()
        record = open(options.record, "ab", buffering=0) if options.record else None  # noqa: SIM115
        for line in sys.stdin.buffer:
            if record:
                record.write(line)
            if not options.hang:
                self.receive(line)
            if options.exit_after and self.answered >= options.exit_after:
                return 0
        return 0

    def receive(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            return
        if not isinstance(message, dict) or "method" not in message:
            return
        if "id" in message:
            self.request(message["id"], message["method"], message.get("params") or {})
        elif message["method"] == "notifications/cancelled":
            self.cancel((message.get("params") or {}).get("requestId"))

    def request(self, identity: int | str, method: str, params: Message) -> None:
        try:
            self.check_era(method, params)
            handler = self.methods.get(method)
            if handler is None:
                raise Failure(METHOD_NOT_FOUND, f"Method not found: {method}")
            result = handler(identity, params)
        except Failure as failure:
            self.wire.send({"jsonrpc": "2.0", "id": identity, "error": failure.error})
            self.answered += 1
            return
        if result is not None:
            self.wire.send(self.reply(identity, result))
            self.answered += 1
        if method == "tools/list":
            self.change_tools()

    def reply(self, identity: int | str, result: Message) -> Message:
        if self.era == "modern":
            result = {"resultType": "complete", "_meta": {META + "serverInfo": INFO}, **result}
        return {"jsonrpc": "2.0", "id": identity, "result": result}

    # eras

    def check_era(self, method: str, params: Message) -> None:
        """Lock a dual server's era at its first request; refuse what does not belong to the era."""
        meta = params.get("_meta") or {}
        version = meta.get(META + "protocolVersion")
        if self.era is None:
            self.era = "modern" if version is not None and method != "initialize" else "legacy"
        if self.era == "modern":
            _check_envelope(method, meta, version, params)
        elif method in ("server/discover", "subscriptions/listen"):
            raise Failure(METHOD_NOT_FOUND, f"Method not found: {method}")
        elif method not in ("initialize", "ping") and not self.initialized:
            raise Failure(INVALID_REQUEST, "Received a request before initialize")

    def initialize(self, _: int | str, params: Message) -> Message:
        self.initialized = True
        asked = params.get("protocolVersion")
        version = asked if asked in LEGACY_VERSIONS else LEGACY
        return {
            "protocolVersion": version,
            "capabilities": {"tools": {"listChanged": True}},
            "serverInfo": INFO,
        }

    def discover(self, _: int | str, params: Message) -> Message:
        capabilities = {"tools": {"listChanged": True}}
        return {
            "supportedVersions": [MODERN],
            "capabilities": capabilities,
            "ttlMs": 0,
            "cacheScope": "private",
        }

    # lists

    def list_tools(self, _: int | str, params: Message) -> Message:
        cursor = params.get("cursor")
        self.listed += 1
        page: Message = {"tools": self.tools}
        if self.options.endless_cursor:
            page["nextCursor"] = PAGE_OF_ENDLESS + (
                f"-{self.listed}" if self.options.endless_cursor == "new" else ""
            )
        elif self.options.pages > 1:
            page = self.page(0 if cursor is None else int(str(cursor).removeprefix("page-")))
        return {**page, "ttlMs": self.options.ttl, "cacheScope": "private"} if self.era == "modern" else page

    def page(self, number: int) -> Message:
        pages = self.options.pages
        size = -(-len(self.tools) // pages)
        page: Message = {"tools": self.tools[number * size : (number + 1) * size]}
        return {**page, "nextCursor": f"page-{number + 1}"} if number + 1 < pages else page

    def change_tools(self) -> None:
        """Once, after the first whole list: a tool more, and the notification of it."""
        whole = self.listed == (1 if self.options.endless_cursor else self.options.pages)
        if self.options.change_tools_after_first_list and whole and ADDED_TOOL not in self.tools:
            self.tools = [*self.tools, ADDED_TOOL]
            self.change_waits = True
            self.notify_change()

    def watch(self) -> None:
        """Serve what the file of tools says now."""
        seen = os.stat(self.options.tools).st_mtime_ns
        while True:
            time.sleep(0.02)
            now = os.stat(self.options.tools).st_mtime_ns
            if now != seen:
                seen = now
                self.tools = _load_tools(self.options.tools)
                self.change_waits = True
                self.notify_change()

    def notify_change(self) -> None:
        """Tell of the change; the modern era tells those who listen, so it may have to wait for one."""
        changed: Message = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
        if not self.change_waits or (self.era == "modern" and not self.listeners):
            return
        self.change_waits = False
        if self.era == "legacy":
            self.wire.send(changed)
        for listener in self.listeners:
            self.wire.send({**changed, "params": {"_meta": {META + "subscriptionId": listener}}})

    def listen(self, identity: int | str, params: Message) -> None:
        honoured = {
            key: True for key in ("toolsListChanged",) if (params.get("notifications") or {}).get(key)
        }
        stamp = {META + "subscriptionId": identity}
        method = "notifications/subscriptions/acknowledged"
        self.wire.send(
            {"jsonrpc": "2.0", "method": method, "params": {"notifications": honoured, "_meta": stamp}}
        )
        if honoured:
            self.listeners.append(identity)
            self.notify_change()

    def cancel(self, identity: Any) -> None:
        if identity in self.listeners:
            self.listeners.remove(identity)
        if identity in self.cancelled:
            self.cancelled[identity].set()
        if identity in self.late:
            self.wire.send(self.reply(identity, self.late.pop(identity)))

    # calls

    def call(self, identity: int | str, params: Message) -> Message | None:
        name, arguments = params.get("name"), params.get("arguments") or {}
        if name not in [tool["name"] for tool in self.tools]:
            raise Failure(INVALID_PARAMS, f"Unknown tool: {name}")
        options = self.options
        if options.hang_call:
            return None
        if options.flood_stderr:
            _flood()
        if options.unknown_notification:
            self.wire.send({"jsonrpc": "2.0", "method": "notifications/vendor/thing", "params": {"x": 1}})
        if name == "slow":
            self.start_slow(identity, params)
            return None
        result = run_tool(str(name), arguments)
        if options.late_answer:
            self.late[identity] = result
            return None
        return self.spoilt(identity, result)

    def spoilt(self, identity: int | str, result: Message) -> Message | None:
        """The result, or None where a misbehaviour has written its own kind of answer."""
        options = self.options
        whole = json.dumps(self.reply(identity, result)).encode()
        body = json.dumps(self.reply(identity, result)["result"]).encode()
        if options.crash_mid_line:
            self.wire.raw(whole[: len(whole) // 2])
            os._exit(4)
        elif options.bad_utf8:
            self.wire.raw(whole.replace(b'"text": "', b'"text": "\xff', 1) + b"\n")
        elif options.duplicate_keys:
            self.wire.raw(whole[:-1] + b', "result": ' + body + b"}\n")
        elif options.nan:
            self.wire.raw(
                json.dumps(
                    self.reply(identity, {**result, "structuredContent": {"x": float("nan")}})
                ).encode()
                + b"\n"
            )
        elif options.batch:
            self.wire.raw(b"[" + whole + b"]\n")
        else:
            return result
        self.answered += 1
        return None

    def start_slow(self, identity: int | str, params: Message) -> None:
        self.cancelled[identity] = threading.Event()
        threading.Thread(target=self.slow, args=(identity, params), daemon=True).start()

    def slow(self, identity: int | str, params: Message) -> None:
        """Progress every 50 ms where asked for; no answer after a cancellation."""
        seconds = float((params.get("arguments") or {}).get("seconds", 0))
        token = (params.get("_meta") or {}).get("progressToken")
        started = time.monotonic()
        while (spent := time.monotonic() - started) < seconds:
            if token is not None:
                progress = {"progressToken": token, "progress": round(spent, 3), "total": seconds}
                self.wire.send({"jsonrpc": "2.0", "method": "notifications/progress", "params": progress})
            if self.cancelled[identity].wait(min(0.05, seconds - spent)):
                return
        self.wire.send(self.reply(identity, text(f"waited {seconds} s")))
        self.answered += 1


def run_tool(name: str, arguments: Message) -> Message:
    """What a tool answers; one that is not among the defaults returns its arguments as JSON."""
    if name == "echo":
        return text(str(arguments.get("text", "")))
    if name == "add":
        total = arguments.get("a", 0) + arguments.get("b", 0)
        return {**text(str(total)), "structuredContent": {"sum": total}}
    if name == "delete":
        return text(f"deleted {arguments.get('path')}")
    if name == "big":
        return text("x" * int(arguments.get("bytes", 0)))
    if name == "fail":
        return {**text("it failed"), "isError": True}
    return text(json.dumps(arguments))


def text(words: str) -> Message:
    """A result of one text."""
    return {"content": [{"type": "text", "text": words}]}


def _check_envelope(method: str, meta: Message, version: Any, params: Message) -> None:
    if method == "initialize":
        asked = params.get("protocolVersion")
        raise Failure(
            UNSUPPORTED_VERSION, "Unsupported protocol version", {"supported": [MODERN], "requested": asked}
        )
    if version is None or META + "clientCapabilities" not in meta:
        raise Failure(INVALID_PARAMS, "the envelope in `_meta` is missing or not whole")
    if version != MODERN:
        data = {"supported": [MODERN], "requested": version}
        raise Failure(UNSUPPORTED_VERSION, "Unsupported protocol version", data)
    if method == "ping":
        raise Failure(METHOD_NOT_FOUND, "Method not found: ping")


def _load_tools(path: str | None) -> list[Message]:
    if path is None:
        return list(DEFAULT_TOOLS)
    with open(path, encoding="utf-8") as file:
        tools: list[Message] = json.load(file)
    return tools


def _flood() -> None:
    sys.stderr.write(("noise " * 20 + "\n") * 8700)
    sys.stderr.flush()


# for tests


def spec(*flags: str, record: str | os.PathLike[str] | None = None, **env: str) -> Message:
    """An entry of `mcpServers` that starts a recorder with these flags."""
    recording = ["--record", str(record)] if record else []
    return {"command": sys.executable, "args": ["-I", "-S", __file__, *recording, *flags], "env": dict(env)}


def received(record: str | os.PathLike[str]) -> list[bytes]:
    """The lines a recorder got so far, byte for byte; none where it has not started."""
    try:
        with open(record, "rb") as file:
            return file.readlines()
    except FileNotFoundError:
        return []


def calls(record: str | os.PathLike[str]) -> list[Message]:
    """The params of each `tools/call` that a recorder got so far."""
    messages = [json.loads(line) for line in received(record) if line.endswith(b"\n")]
    return [message["params"] for message in messages if message.get("method") == "tools/call"]


def wait_for(record: str | os.PathLike[str], piece: bytes, seconds: float = 10.0) -> bytes:
    """The first line with `piece` in it; `TimeoutError` where none comes in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for line in received(record):
            if piece in line and line.endswith(b"\n"):
                return line
        time.sleep(0.01)
    raise TimeoutError(f"the recorder got no line with {piece!r} in {seconds} s")


if __name__ == "__main__":
    sys.exit(Recorder(parse(sys.argv[1:])).run())
