"""The recorder with faults that need more than a flag. Standard library alone.

python bad_server.py FAULT [flags of the recorder...]
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support import recorder
else:
    sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
    import recorder

FLOOD_SECONDS = 3.0


class DiesAtUnknown(recorder.Recorder):
    """A server of the older era that ends where it does not know a method."""

    def request(self, identity: int | str, method: str, params: recorder.Message) -> None:
        if method not in ("initialize", "ping", "tools/list", "tools/call"):
            os._exit(9)
        super().request(identity, method, params)


class WrongId(recorder.Recorder):
    """Answers each call under an id that nobody gave it."""

    def reply(self, identity: int | str, result: recorder.Message) -> recorder.Message:
        return super().reply(identity if "content" not in result else 7_000_000, result)


class TextId(recorder.Recorder):
    """Answers each call under its id as a text."""

    def reply(self, identity: int | str, result: recorder.Message) -> recorder.Message:
        return super().reply(identity if "content" not in result else str(identity), result)


class Twice(recorder.Recorder):
    """Answers each call twice."""

    def reply(self, identity: int | str, result: recorder.Message) -> recorder.Message:
        answer = super().reply(identity, result)
        if "content" in result:
            self.wire.send(answer)
        return answer


class Deaf(recorder.Recorder):
    """Ignores the request to end, and the end of its input."""

    def run(self) -> int:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        super().run()
        while True:
            time.sleep(60)


class ClosesOutput(recorder.Recorder):
    """Closes its output at the first call and stays."""

    def call(self, identity: int | str, params: recorder.Message) -> recorder.Message | None:
        os.close(1)
        time.sleep(60)
        return None


class ClosesInput(recorder.Recorder):
    """Answers, closes its input and stays."""

    def request(self, identity: int | str, method: str, params: recorder.Message) -> None:
        super().request(identity, method, params)
        if method == "tools/call":
            os.close(0)
            time.sleep(60)


class LastAnswer(recorder.Recorder):
    """Answers a call and ends in the same moment."""

    def request(self, identity: int | str, method: str, params: recorder.Message) -> None:
        super().request(identity, method, params)
        if method == "tools/call":
            os._exit(0)


class EndsWithList(recorder.Recorder):
    """Answers the first list and ends in the same moment."""

    def request(self, identity: int | str, method: str, params: recorder.Message) -> None:
        super().request(identity, method, params)
        if method == "tools/list":
            os._exit(0)


class LosesTool(recorder.Recorder):
    """Has one tool less after its first call."""

    def request(self, identity: int | str, method: str, params: recorder.Message) -> None:
        super().request(identity, method, params)
        if method == "tools/call":
            self.tools = [tool for tool in self.tools if tool["name"] != "fail"]
            self.change_waits = True
            self.notify_change()


class EndsListening(recorder.Recorder):
    """Ends the first listening at once, and has one tool more when it is listened to again."""

    def listen(self, identity: int | str, params: recorder.Message) -> None:
        super().listen(identity, params)
        self.heard = getattr(self, "heard", 0) + 1
        if self.heard == 1:
            self.listeners.clear()
            self.wire.send(self.reply(identity, {}))
        else:
            self.tools = [*self.tools, recorder.ADDED_TOOL]
            self.change_waits = True
            self.notify_change()


class ChangesInHandshake(recorder.Recorder):
    """Says that its tools have changed before it has listed them, and then lists slowly."""

    def list_tools(self, identity: int | str, params: recorder.Message) -> recorder.Message:
        page = super().list_tools(identity, params)
        if self.listed == 1:
            self.wire.send({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
            self.tools = [*self.tools, recorder.ADDED_TOOL]
            time.sleep(0.3)
        return page


class ChangesAtRestart(recorder.Recorder):
    """Ends in a call, and describes its tools in another way the next time."""

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        mark = Path(options.record + ".started")
        if mark.exists():
            self.tools = [{**tool, "description": "Something else."} for tool in self.tools]
        mark.touch()


class Floods(recorder.Recorder):
    """Sends notifications as fast as it can, for some seconds after its first call."""

    def call(self, identity: int | str, params: recorder.Message) -> recorder.Message | None:
        result = super().call(identity, params)
        if result is None:
            return None
        self.wire.send(self.reply(identity, result))
        method = (
            "notifications/tools/list_changed" if params.get("name") == "echo" else "notifications/message"
        )
        line = json.dumps({"jsonrpc": "2.0", "method": method, "params": {"level": "info", "data": "x"}})
        chunk = (line.encode() + b"\n") * 500
        end = time.monotonic() + FLOOD_SECONDS
        while time.monotonic() < end:
            self.wire.raw(chunk)
        return None


class EndlessLine(recorder.Recorder):
    """Answers a call with a line that never ends."""

    def call(self, identity: int | str, params: recorder.Message) -> recorder.Message | None:
        while True:
            self.wire.raw(b"x" * 65536)


class EndlessErrors(recorder.Recorder):
    """Writes bytes without a line end on its standard error, for some seconds, and answers meanwhile."""

    def run(self) -> int:
        import threading

        threading.Thread(target=self.flood, daemon=True).start()
        return super().run()

    def flood(self) -> None:
        end = time.monotonic() + FLOOD_SECONDS
        while time.monotonic() < end:
            os.write(2, b"\xff\x00\x1b[31m" * 8192)


class CutEmoji(recorder.Recorder):
    """Half an emoji in progress and in an error, as JavaScript servers cut them."""

    def call(self, identity: int | str, params: recorder.Message) -> recorder.Message | None:
        token = (params.get("_meta") or {}).get("progressToken")
        progress = {"progressToken": token, "progress": 1, "message": "\ud83d"}
        self.wire.send({"jsonrpc": "2.0", "method": "notifications/progress", "params": progress})
        error = {"code": -32000, "message": "half \ud83d"}
        self.wire.send({"jsonrpc": "2.0", "id": identity, "error": error})
        return None


class Asks(recorder.Recorder):
    """Asks the client something in a call, and answers with what it was told."""

    def call(self, identity: int | str, params: recorder.Message) -> recorder.Message | None:
        for method in ("ping", "sampling/createMessage", "roots/list"):
            self.wire.send({"jsonrpc": "2.0", "id": f"q-{method}", "method": method, "params": {}})
        told = [json.loads(sys.stdin.buffer.readline()) for _ in range(3)]
        return recorder.text(json.dumps(told))


class Tells(recorder.Recorder):
    """Answers each call with its environment and what its descriptors are."""

    def call(self, identity: int | str, params: recorder.Message) -> recorder.Message | None:
        inherited = {
            number: os.readlink(f"/proc/self/fd/{number}")
            for number in os.listdir("/proc/self/fd")
            if os.path.exists(f"/proc/self/fd/{number}")
        }
        return recorder.text(json.dumps({"env": dict(os.environ), "open": inherited}))


FAULTS: dict[str, type[recorder.Recorder]] = {
    "dies-at-unknown": DiesAtUnknown,
    "wrong-id": WrongId,
    "text-id": TextId,
    "twice": Twice,
    "deaf": Deaf,
    "closes-output": ClosesOutput,
    "closes-input": ClosesInput,
    "last-answer": LastAnswer,
    "ends-with-list": EndsWithList,
    "loses-tool": LosesTool,
    "ends-listening": EndsListening,
    "changes-in-handshake": ChangesInHandshake,
    "changes-at-restart": ChangesAtRestart,
    "floods": Floods,
    "endless-line": EndlessLine,
    "endless-errors": EndlessErrors,
    "cut-emoji": CutEmoji,
    "asks": Asks,
    "tells": Tells,
}


def spec(fault: str, *flags: str, record: str | os.PathLike[str] | None = None, **env: str) -> dict[str, Any]:
    """An entry of `mcpServers` that starts a recorder with this fault."""
    entry = recorder.spec(*flags, record=record, **env)
    arguments = [__file__ if argument == recorder.__file__ else argument for argument in entry["args"]]
    at = arguments.index(__file__)
    return {**entry, "args": [*arguments[: at + 1], fault, *arguments[at + 1 :]]}


if __name__ == "__main__":
    sys.exit(FAULTS[sys.argv[1]](recorder.parse(sys.argv[2:])).run())
