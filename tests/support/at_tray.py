"""A bare `latchward` whose tray is the test: a person who sees and says exactly what goes over the link.

    with TrayGateway(servers, policies, grants) as gateway:
        person = gateway.person
        person.server("fixture").state
        person.ask(say.Save, policy="fixture", ...)     # raises `Refused` where the gateway says `Failed`

The gateway is the real one, and so are its end of the socketpair and the messages. What it starts as its tray
hands the other end over to this process (`relay_link.py`).
"""

import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from msgspec import Struct

from latchward.control import messages as say
from latchward.control.wire import from_gateway, line

from .gateway import Gateway, Grants, Policies, Servers
from .waiting import WAIT, wait_for

RELAY: Final = Path(__file__).with_name("relay_link.py")

_BARE: Final = """
import sys
from latchward.cli import start
from latchward.daemon import keeper
start.DEFAULT_PORT = 0
start.begin = lambda tray: None
start.begin = lambda tray: None
keeper.program = lambda *verb: (sys.executable, "-IS", {relay!r}, {place!r})
from latchward.__main__ import main
main()
"""

Told = TypeVar("Told", bound=Struct)


class Refused(Exception):
    """The gateway did not do what the person asked for; the text says why."""


class Person:
    """Who sits at the tray. Each new tray of the gateway is the same person again."""

    def __init__(self, *, greets: bool = True) -> None:
        self.greets = greets
        self.heard: list[say.FromGateway] = []
        """All that the gateway said, on whichever link."""
        self.links = 0
        self._folder = tempfile.TemporaryDirectory(prefix="latchward-tray-")
        self.place = str(Path(self._folder.name, "tray.sock"))
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(self.place)
        self._door.listen()
        self._serial = 0
        self._latest: dict[type, Any] = {}
        self._link: socket.socket | None = None
        self._relay: socket.socket | None = None
        threading.Thread(target=self._welcome, daemon=True).start()

    # what is seen

    def latest(self, kind: type[Told]) -> Told | None:
        """The last message of a kind on the present link."""
        found = self._latest.get(kind)
        return found if isinstance(found, kind) else None

    def until(
        self, kind: type[Told], true: Callable[[Told], Any] = lambda _: True, seconds: float = WAIT
    ) -> Told:
        """The last message of a kind, once it is as expected. Raises `NotInTime`."""

        def look() -> Told | None:
            found = self.latest(kind)
            return found if found is not None and true(found) else None

        return wait_for(look, f"{kind.__name__} as expected, but {self.latest(kind)}", seconds)

    def server(self, name: str, state: str = "running", policy: str = "") -> say.ServerView:
        """What is shown of a server, once it is in this state. Raises `NotInTime`."""

        def find(told: say.Servers) -> say.ServerView | None:
            fits = (
                view for view in told.servers if view.name == name and (not policy or view.policy == policy)
            )
            return next((view for view in fits if view.state == state), None)

        found = find(self.until(say.Servers, find))
        assert found is not None
        return found

    def tool(self, server: str, name: str) -> say.ToolView:
        """What is shown of a tool."""
        return next(tool for tool in self.server(server).tools if tool.name == name)

    def held_tools(self, server: str) -> dict[str, str]:
        """The tools whose definition waits, and how it is held."""
        return {tool.name: tool.held for tool in self.server(server).tools if tool.held}

    def held(self, key: str) -> say.Held:
        """Something that waits for the person's look, once it does. Raises `NotInTime`."""

        def find(told: say.HeldList) -> say.Held | None:
            return next((one for one in told.held if one.key.startswith(key)), None)

        found = find(self.until(say.HeldList, find))
        assert found is not None
        return found

    def question(self) -> say.Question:
        """The newest question, once there is one. Raises `NotInTime`."""
        return self.until(say.Asked).question

    # what is said

    def ask(self, kind: type[Struct], **fields: Any) -> say.FromGateway:
        """Send a request and wait for its reply. Raises `Refused`, `NotInTime`."""
        self._serial += 1
        serial = self._serial
        self.send(kind(serial=serial, **fields))  # type: ignore[arg-type]
        reply = wait_for(
            lambda: next((m for m in reversed(self.heard) if getattr(m, "serial", 0) == serial), None),
            f"reply to {kind.__name__}",
        )
        if isinstance(reply, say.Failed):
            raise Refused(reply.error)
        return reply

    def consent(self, server: str) -> say.ServerView:
        """Say yes to a server's command line, and see it running."""
        view = self.server(server, "consent")
        self.ask(say.AcceptServer, name=server, digest=view.digest)
        return self.server(server)

    def answer(self, question: say.Question, allowed: bool, scope: say.ScopeWord = "call") -> None:
        self.send(say.Answered(question.nonce, question.binding, allowed, scope))

    def accept_tools(self, server: str, *names: str) -> None:
        """Look at the held definitions of these tools."""
        digests = tuple(self.tool(server, name).digest for name in names)
        self.ask(say.AcceptTools, server=server, tools=names, digests=digests)

    def save(self, server: str, effects: Mapping[str, str], **more: Any) -> None:
        """Change what tools may do, and save it."""
        view = self.server(server)
        fields = {"policy": view.policy, "server": server, "revision": view.revision, **more}
        self.ask(say.Save, effects=dict(effects), **fields)

    def send(self, message: say.FromTray) -> None:
        self.write(line(message))

    def write(self, data: bytes) -> None:
        """Exact bytes."""
        assert self._link is not None
        self._link.sendall(data)

    def vanish(self) -> None:
        """The tray is gone, without a word."""
        link, self._link = self._link, None
        if link is not None:
            link.shutdown(socket.SHUT_RDWR)

    @property
    def is_linked(self) -> bool:
        return self._link is not None

    def close(self) -> None:
        self.vanish()
        self._door.close()
        self._folder.cleanup()

    # how

    def _welcome(self) -> None:
        """Take up the link of each tray that the gateway starts."""
        while True:
            try:
                relay, _ = self._door.accept()
            except OSError:
                return
            _, descriptors, _, _ = socket.recv_fds(relay, 16, 1)
            link = socket.socket(fileno=descriptors[0])
            threading.Thread(target=self._listen, args=(link, relay), daemon=True).start()

    def _listen(self, link: socket.socket, relay: socket.socket) -> None:
        reader = from_gateway()
        self._latest = {}
        self._link = link
        self.links += 1
        with relay, link:
            while data := _received(link):
                for message in reader.feed(data):
                    if isinstance(message, say.Hello) and self.greets:
                        link.sendall(line(say.Ready(say.VERSION)))
                    self._latest[type(message)] = message
                    self.heard.append(message)
                if say.Stop in self._latest:
                    break
            if self._link is link:
                self._link, self._latest = None, {}


def _received(link: socket.socket) -> bytes:
    try:
        return link.recv(1 << 20)
    except OSError:
        return b""


class TrayGateway(Gateway):
    """`latchward` alone. What has no accepted copy yet waits for the person, as in life."""

    def __init__(
        self,
        servers: Servers,
        policies: Policies,
        grants: Grants,
        *,
        greets: bool = True,
        arguments: Sequence[str] = (),
        **options: Any,
    ) -> None:
        env = {"QT_QPA_PLATFORM": "offscreen", "SHELL": "/bin/false", **options.pop("env", {})}
        super().__init__(servers, policies, grants, env=env, **options)
        self.person = Person(greets=greets)
        script = _BARE.format(relay=str(RELAY), place=self.person.place)
        self._command = [sys.executable, "-c", script, *arguments]

    def start(self) -> Self:
        super().start()
        if self.person.greets:
            self.person.until(say.Status)
        return self

    def close(self) -> None:
        super().close()
        self.person.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            print(self.stderr)
        super().__exit__(kind, error, trace)
