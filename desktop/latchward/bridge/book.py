"""What a bridge remembers of one conversation: what waits, what is under way, how it was opened. No I/O."""

from __future__ import annotations

import json
from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

PATIENCE: Final = 1.5
"""Seconds that a request waits where no gateway runs: after two it would look as if something hung."""
RESTART: Final = 5.0
"""Seconds after the break of a link until which requests wait: most often a gateway is being started anew."""
WAITING: Final = 1000
"""Messages that may wait for a link."""
WAITING_BYTES: Final = 16 * 1024 * 1024
"""Bytes of all that waits for a gateway."""
UNDER_WAY: Final = 4096
"""Requests of which is known that they wait for an answer; the oldest is forgotten first."""

_HANDSHAKE: Final = ("initialize", "server/discover")
_LISTEN: Final = "subscriptions/listen"
_ANSWER: Final = b'{"jsonrpc":"2.0","id":'
_ACKNOWLEDGED: Final = b'{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged"'
_LONGEST_ID: Final = 2048
_REQUEST: Final = b',"method"'
_LISTS: Final = ("tools", "prompts", "resources")
_LASTING: Final = {"logging/setLevel": "level", "resources/subscribe": "uri", "resources/unsubscribe": "uri"}
"""What an agent asks for once and for the whole conversation, and the parameter that says what."""
_SUBSCRIPTION: Final = "io.modelcontextprotocol/subscriptionId"
_DECODER: Final = json.JSONDecoder()


class Message:
    """One line of the agent, and as much of it as must be known.

    `key` is the JSON text of a request's id. `broken` is a line that is no message, and is answered as such.
    `listens` are the lists whose changes it wants to hear of, `about` what a lasting wish is about.
    """

    __slots__ = ("about", "acknowledged", "broken", "cancels", "key", "line", "listens", "method", "until")

    def __init__(self, line: bytes) -> None:
        self.line = line
        self.key = self.cancels = self.method = self.about = ""
        self.listens: list[str] = []
        self.acknowledged = False
        self.until = 0.0
        try:
            said = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError):
            said = None
        self.broken = not isinstance(said, dict) or not (
            "method" in said or "result" in said or "error" in said
        )
        if isinstance(said, dict) and isinstance(said.get("method"), str):
            self._read(said)

    def _read(self, said: dict[str, object]) -> None:
        self.method = str(said["method"])
        self.key = _key(said.get("id"))
        params = said.get("params")
        if not isinstance(params, dict):
            return
        if self.method == "notifications/cancelled":
            self.cancels = _key(params.get("requestId"))
        if self.method == _LISTEN:
            wanted = params.get("notifications")
            asked = wanted if isinstance(wanted, dict) else {}
            self.listens = [kind for kind in _LISTS if asked.get(f"{kind}ListChanged") is True]
        if self.method in _LASTING:
            self.about = str(params.get(_LASTING[self.method]))


class Book:
    """What a bridge remembers of one conversation. Times are arguments."""

    def __init__(self) -> None:
        self._waiting: deque[Message] = deque()
        self._bytes = 0
        self._sent: dict[str, Message] = {}
        self._standing: dict[str, Message] = {}
        self._handshake: Message | None = None
        self._initialized: Message | None = None
        self._lasting: dict[str, Message] = {}
        self._again: set[str] = set()
        self._broken = 0
        self._hope = 0.0

    def begin(self, now: float) -> None:
        """There is no link yet."""
        self._hope = now + PATIENCE

    def wait(self, message: Message, now: float) -> bool:
        """Keep a message until there is a link. False where there is no room for it.

        A failed handshake costs most clients their tools until they are restarted, so it always waits; the
        rest waits only while a gateway may be on its way.
        """
        self._cancel(message)
        if len(self._waiting) >= WAITING or self._bytes + len(message.line) > WAITING_BYTES:
            return False
        hopeful = message.method in _HANDSHAKE or now < self._hope
        message.until = max(now + PATIENCE if hopeful else now, self._hope)
        self._put(message)
        return True

    def next(self) -> Message | None:
        """The message that waited longest, which is sent now; None where none waits."""
        if not self._waiting:
            return None
        message = self._waiting.popleft()
        self._bytes -= len(message.line)
        self.sent(message)
        return message

    def sent(self, message: Message) -> None:
        """Note a message that is sent now."""
        self._cancel(message)
        if message.method == "notifications/initialized":
            self._initialized = message
        self._broken += message.broken
        if not message.key:
            return
        if message.method == _LISTEN:
            self._standing[message.key] = message
        else:
            self._sent[message.key] = message
        if len(self._sent) > UNDER_WAY:
            del self._sent[next(iter(self._sent))]

    def unsent(self, message: Message, now: float) -> None:
        """A message did not leave after all: a request waits for the next link, unless it was answered."""
        if message.key and self._sent.get(message.key) is message:
            del self._sent[message.key]
            message.until = now + RESTART
            self._put(message)

    def passes(self, line: bytes) -> bool:
        """Note a line of the gateway; False for one that the agent has had already."""
        if line.startswith(_ACKNOWLEDGED):
            return self._first(line)
        if not line.startswith(_ANSWER):
            return True
        key, rest = _answered(line)
        if rest.startswith(_REQUEST):
            return True  # it asks something of the agent, under an id of its own
        if not key and self._broken:
            self._broken -= 1
        if key in self._again:
            self._again.discard(key)
            return False
        self._standing.pop(key, None)
        request = self._sent.pop(key, None)
        if request is not None and rest.startswith(b',"result"'):
            self._answered(request)
        return True

    def _answered(self, request: Message) -> None:
        """What lasts is said again to the next gateway."""
        if request.method == "initialize":
            self._handshake, self._initialized = request, None
            self._lasting.clear()
        elif request.method == "logging/setLevel":
            self._lasting[request.method] = request
        elif request.method == "resources/subscribe" and len(self._lasting) < UNDER_WAY:
            self._lasting[request.about] = request
        elif request.method == "resources/unsubscribe":
            self._lasting.pop(request.about, None)

    def broke(self, now: float) -> list[Message]:
        """The link is gone: the requests whose outcome nobody knows. A handshake waits for the next link."""
        self._again.clear()
        self._broken = 0
        self._hope = now + RESTART
        lost = [message for message in self._sent.values() if message.method not in _HANDSHAKE]
        for message in self._sent.values():
            if message.method in _HANDSHAKE:
                message.until = self._hope
                self._put(message)
        self._sent.clear()
        return lost

    def reopening(self) -> tuple[list[bytes], list[bytes]]:
        """What a new link begins with where there was one before: lines to the gateway, and to the agent."""
        there: list[bytes] = []
        here: list[bytes] = []
        if self._handshake is not None:
            self._again = {self._handshake.key}
            there.append(self._handshake.line)
            if self._initialized is not None:
                there.append(self._initialized.line)
                here += map(_changed, _LISTS)
            for message in self._lasting.values():
                self._again.add(message.key)
                there.append(message.line)
        for key, message in self._standing.items():
            there.append(message.line)
            params = {"_meta": {_SUBSCRIPTION: json.loads(key)}}
            here += [_changed(kind, params) for kind in message.listens]
        return there, here

    def overdue(self, now: float) -> list[Message]:
        """Take out what has waited long enough."""
        late = [message for message in self._waiting if message.until <= now]
        if late:
            self._waiting = deque(message for message in self._waiting if message.until > now)
            self._bytes = sum(len(message.line) for message in self._waiting)
        return late

    def due(self, now: float) -> float:
        """Seconds until the next message has waited long enough."""
        return min((message.until for message in self._waiting), default=now + PATIENCE) - now

    def owes(self) -> bool:
        """Whether the agent still waits for an answer. A subscription has none to wait for."""
        waits = any(message.key or message.broken for message in self._waiting)
        return waits or bool(self._sent) or self._broken > 0

    def _first(self, line: bytes) -> bool:
        """Whether the agent has not heard yet that this subscription stands."""
        message = self._standing.get(_key(json.loads(line)["params"]["_meta"][_SUBSCRIPTION]))
        if message is None or message.acknowledged:
            return False
        message.acknowledged = True
        return True

    def _put(self, message: Message) -> None:
        self._waiting.append(message)
        self._bytes += len(message.line)

    def _cancel(self, message: Message) -> None:
        """Nobody waits any more for the answer to what `message` cancels."""
        if message.cancels:
            self._sent.pop(message.cancels, None)
            self._standing.pop(message.cancels, None)
            self._waiting = deque(waits for waits in self._waiting if waits.key != message.cancels)
            self._bytes = sum(len(waits.line) for waits in self._waiting)


def _changed(kind: str, params: object = None) -> bytes:
    """What tells an agent that one of its lists may be another."""
    message = {"jsonrpc": "2.0", "method": f"notifications/{kind}/list_changed"}
    return json.dumps({**message, "params": params} if params else message).encode()


def _key(value: object) -> str:
    """The JSON text of an id, "" for none: `7` and `"7"` are two."""
    return json.dumps(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""


def _answered(line: bytes) -> tuple[str, bytes]:
    """The key of an answer of the gateway, which writes the id first, and what follows."""
    start = line[len(_ANSWER) : len(_ANSWER) + _LONGEST_ID].decode("utf-8", "replace")
    try:
        value, end = _DECODER.raw_decode(start)
    except ValueError:
        return "", b""
    return _key(value), start[end : end + 16].encode()
