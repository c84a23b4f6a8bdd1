"""A scripted server over stdio with prompts, resources, a log, and questions; either era.

python resourceful.py [flags of the recorder...] [--lists SIZE] [--asks-at-start]

Each call of `echo` asks the client for its roots where the server was told that it can; `change` changes all
lists and tells; `touch` says that a resource changed; `log` writes to the log; `end` ends the process;
`told` answers with the capabilities that it was told. Standard library alone.
"""

import json
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support import recorder
else:
    sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
    import recorder

Message = recorder.Message
TOOLS = ("echo", "change", "touch", "log", "end", "told", "slow")


class Resourceful(recorder.Recorder):
    """`generation` is in the name of everything that it lists, and rises with each change."""

    def __init__(self, options: Any, size: int, *, asks_at_start: bool) -> None:
        super().__init__(options)
        self.tools = [{"name": name, "inputSchema": {"type": "object"}} for name in TOOLS]
        self.size = size
        self.asks_at_start = asks_at_start
        self.generation = 1
        self.declared: Message = {}
        self.filters: dict[int | str, Message] = {}
        self.replies: dict[str, Message] = {}
        self.replied = threading.Condition()
        self.methods |= {
            "prompts/list": lambda _, params: self.entries("prompts", "name", params),
            "resources/list": lambda _, params: self.entries("resources", "uri", params),
            "resources/templates/list": lambda _, params: self.entries(
                "resourceTemplates", "uriTemplate", params
            ),
            "resources/subscribe": lambda _, params: self.subscribe(params),
            "resources/unsubscribe": lambda _, params: {},
            "logging/setLevel": lambda _, params: {},
        }

    def capabilities(self) -> Message:
        return {
            "tools": {"listChanged": True},
            "prompts": {"listChanged": True},
            "resources": {"listChanged": True, "subscribe": True},
            "logging": {},
        }

    def initialize(self, identity: int | str, params: Message) -> Message | None:  # type: ignore[override]
        self.declared = params["capabilities"]
        result = {**super().initialize(identity, params), "capabilities": self.capabilities()}
        if not self.asks_at_start:
            return result
        # In one write, so that the question is there before anything else can be sent.
        question = {"jsonrpc": "2.0", "id": "start", "method": "roots/list"}
        both = (self.reply(identity, result), question)
        self.wire.raw(b"".join(json.dumps(one).encode() + b"\n" for one in both))
        return None

    def discover(self, identity: int | str, params: Message) -> Message:
        return {**super().discover(identity, params), "capabilities": self.capabilities()}

    def receive(self, line: bytes) -> None:
        message = json.loads(line)
        if "method" not in message:
            with self.replied:
                self.replies[str(message["id"])] = message
                self.replied.notify_all()
        elif message["method"] == "tools/call":
            threading.Thread(target=super().receive, args=(line,), daemon=True).start()
        else:
            super().receive(line)

    def entries(self, member: str, key: str, params: Message) -> Message:
        """Two pages."""
        names = [f"x:{member}-{self.generation}-{number}" for number in range(self.size)]
        half = len(names) // 2
        page: Message = {
            member: [{key: name} for name in (names[half:] if "cursor" in params else names[:half])]
        }
        if "cursor" not in params:
            page["nextCursor"] = "rest"
        if self.era == "modern":
            page |= {"ttlMs": self.options.ttl, "cacheScope": "private"}
        return page

    def subscribe(self, params: Message) -> Message:
        if "refused" in params["uri"]:
            raise recorder.Failure(recorder.INVALID_PARAMS, "no such resource")
        return {}

    def listen(self, identity: int | str, params: Message) -> None:
        wanted = dict(params["notifications"])
        uris = [uri for uri in wanted.get("resourceSubscriptions", ()) if "refused" not in uri]
        self.filters[identity] = {**wanted, "resourceSubscriptions": uris}
        stamp = {recorder.META + "subscriptionId": identity}
        told = {"notifications": self.filters[identity], "_meta": stamp}
        self.notify("notifications/subscriptions/acknowledged", told)

    def cancel(self, identity: Any) -> None:
        self.filters.pop(identity, None)
        super().cancel(identity)

    def notify(self, method: str, params: Message) -> None:
        self.wire.send({"jsonrpc": "2.0", "method": method, "params": params})

    def tell(self, method: str, params: Message, wanted: str) -> None:
        if self.era == "legacy":
            self.notify(method, params)
        for identity, asked in list(self.filters.items()):
            if asked.get(wanted) is True or params.get("uri") in asked.get(wanted, ()):
                self.notify(method, {**params, "_meta": {recorder.META + "subscriptionId": identity}})

    def call(self, identity: int | str, params: Message) -> Message | None:
        name, arguments = str(params["name"]), params.get("arguments") or {}
        if name == "change":
            self.generation += 1
            for kind in ("prompts", "resources"):
                self.tell(f"notifications/{kind}/list_changed", {}, f"{kind}ListChanged")
        elif name == "touch":
            self.tell("notifications/resources/updated", {"uri": arguments["uri"]}, "resourceSubscriptions")
        elif name == "log":
            self.notify("notifications/message", {"level": "info", "data": arguments.get("data")})
        elif name == "end":
            os._exit(0)
        elif name == "told":
            return recorder.text(json.dumps(self.declared))
        elif name == "echo" and "roots" in self.declared:
            asked = f"roots-{identity}"
            self.wire.send({"jsonrpc": "2.0", "id": asked, "method": "roots/list"})
            with self.replied:
                self.replied.wait_for(lambda: asked in self.replies, 10)
            return recorder.text(json.dumps(self.replies[asked].get("result")))
        elif name == "slow":
            return super().call(identity, params)
        return recorder.text(name)


def spec(*flags: str, record: str | os.PathLike[str] | None = None, **env: str) -> dict[str, Any]:
    """An entry of `mcpServers` that starts this server."""
    entry = recorder.spec(*flags, record=record, **env)
    return {**entry, "args": [__file__ if it == recorder.__file__ else it for it in entry["args"]]}


def main(arguments: list[str]) -> int:
    size, asks = 4, "--asks-at-start" in arguments
    flags = [argument for argument in arguments if argument != "--asks-at-start"]
    if "--lists" in flags:
        at = flags.index("--lists")
        size = int(flags[at + 1])
        del flags[at : at + 2]
    return Resourceful(recorder.parse(flags), size, asks_at_start=asks).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
