"""The accessibility tree of the programs on a desktop: what a screen reader reads and presses.

    tree = Tree(address)
    dialog = tree.app("little")
    dialog.find(BUTTON, "Deny").press()

Spoken over the accessibility bus with jeepney, not through the system's own client. That one needs the
system's Python beside ours, keeps a cache that goes stale when a window changes, and asks Qt for things at
which it prints warnings. Here each look is a fresh one, in the test's own process, and a hundred questions
are under way at once.

Roles and names are regular expressions: a role must match in full, a name somewhere. The role of a button is
`push button` or, in newer versions, `button`: `BUTTON` is both. A plain QWidget has the role `filler`.
"""

import re
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_method_call
from jeepney.io.blocking import open_dbus_connection

from .waiting import WAIT, NotInTime, wait_for

ANSWER: Final = 5.0
BATCH: Final = 200
MOST: Final = 20_000

ROOT: Final = "/org/a11y/atspi/accessible/root"
SPI: Final = "org.a11y.atspi."
PROPERTIES: Final = "org.freedesktop.DBus.Properties"
STATES: Final = (
    "invalid active armed busy checked collapsed defunct editable enabled expandable expanded focusable "
    "focused has-tooltip horizontal iconified modal multi-line multiselectable opaque pressed resizable "
    "selectable selected sensitive showing single-line stale transient vertical visible manages-descendants "
    "indeterminate required truncated animated invalid-entry supports-autocompletion selectable-text "
    "is-default visited checkable has-popup read-only"
).split()
BUTTON: Final = "push button|button"

Place = tuple[str, str]
"""Whose it is on the bus, and its path there."""


@dataclass(frozen=True)
class Node:
    """One thing in the tree as it was when it was read."""

    tree: "Tree"
    place: Place
    role: str
    name: str
    description: str
    states: frozenset[str]
    way: tuple[int, ...] = ()
    """The child numbers from where the reading began."""

    def __str__(self) -> str:
        more = f" // {self.description}" if self.description else ""
        return f"{'  ' * len(self.way)}{self.role} {self.name!r}{more} [{' '.join(sorted(self.states))}]"

    @property
    def enabled(self) -> bool:
        return "enabled" in self.states

    def again(self) -> "Node":
        """The same thing as it is now. Raises `NotInTime` where it is gone."""
        [now] = self.tree.read([(self.place, self.way)])
        if now is None:
            raise NotInTime(f"{self} is gone")
        return now

    def all(
        self, role: str = ".*", name: str = "", *, showing: bool = True, description: str = ""
    ) -> list["Node"]:
        """Everything at or below this that matches, in reading order."""

        def fits(node: Node) -> bool:
            return bool(
                re.fullmatch(role, node.role)
                and re.search(name, node.name)
                and re.search(description, node.description)
                and (not showing or "showing" in node.states)
            )

        return [node for node in self.tree.walk(self.place) if fits(node)]

    def find(
        self, role: str = ".*", name: str = "", *, showing: bool = True, seconds: float = WAIT
    ) -> "Node":
        """The first that matches, once there is one. Raises `NotInTime`, which says what there is instead."""

        def look() -> Node | None:
            return next(iter(self.all(role, name, showing=showing)), None)

        try:
            return wait_for(look, f"{role} {name!r}", seconds)
        except NotInTime as error:
            raise NotInTime(f"{error}; there is\n{self.dump()}") from None

    def gone(self, role: str = ".*", name: str = "", *, seconds: float = WAIT) -> None:
        """Wait until nothing that is showing matches. Raises `NotInTime`."""
        wait_for(lambda: not self.all(role, name), f"end of {role} {name!r}", seconds)

    def press(self, role: str = "", name: str = "", *, action: str = "", seconds: float = WAIT) -> None:
        """Do an action (the first, if not named) of this, or of the first below it that matches.

        What is off stays off: pressing it is no error and has no effect. Raises `NotInTime`.
        """
        node = self.find(role, name, seconds=seconds) if role or name else self
        known = self.tree.ask(node.place, "Action", "GetActions")
        names = [str(entry[0]) for entry in known[0]] if known else []
        if not names or (action and action not in names):
            raise NotInTime(f"{node} has no action {action!r}, but {names}")
        self.tree.ask(node.place, "Action", "DoAction", "i", (names.index(action) if action else 0,))

    @property
    def text(self) -> str:
        """The whole text of what holds text; the name of what does not."""
        answer = self.tree.ask(self.place, "Text", "GetText", "ii", (0, -1))
        return str(answer[0]) if answer else self.name

    def set_text(self, text: str) -> None:
        """Replace the text. Raises `NotInTime` where it cannot be edited."""
        answer = self.tree.ask(self.place, "EditableText", "SetTextContents", "s", (text,))
        if not answer or not answer[0]:
            raise NotInTime(f"{self} does not take text")

    @property
    def value(self) -> float | None:
        """The number of a slider, spin box or progress bar."""
        answer = self.tree.ask(self.place, PROPERTIES, "Get", "ss", (SPI + "Value", "CurrentValue"))
        return float(answer[0][1]) if answer else None

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Where it is on the screen, in pixels: x, y, width, height. Raises `NotInTime` where nowhere."""
        answer = self.tree.ask(self.place, "Component", "GetExtents", "u", (0,))
        if not answer:
            raise NotInTime(f"{self} has no place")
        scale = self.tree.scale(self.place[0])
        x, y, width, height = (round(number * scale) for number in answer[0])
        return x, y, width, height

    @property
    def centre(self) -> tuple[int, int]:
        x, y, width, height = self.box
        return x + width // 2, y + height // 2

    def focus(self) -> None:
        """Give it the keyboard within its window; the window itself needs the window manager."""
        self.tree.ask(self.place, "Component", "GrabFocus")

    def dump(self) -> str:
        """All below, one line each."""
        return "\n".join(str(node) for node in self.tree.walk(self.place))


class Tree:
    """The accessibility bus of a desktop on which programs are drawn so many times larger."""

    def __init__(self, address: str, scale: float = 1) -> None:
        self._scale = scale
        self._lock = threading.Lock()
        self._bus = open_dbus_connection(bus=address)

    def apps(self) -> list[Node]:
        """Every program that has a tree."""
        children = self.ask(("org.a11y.atspi.Registry", ROOT), "Accessible", "GetChildren")
        places = [((str(bus), str(path)), ()) for bus, path in (children[0] if children else [])]
        return [node for node in self.read(places) if node]

    def app(self, name: str, seconds: float = WAIT, *, pid: int = 0) -> Node:
        """The newest program whose name matches, or that runs as `pid`. Raises `NotInTime`."""

        def look() -> Node | None:
            for node in reversed(self.apps()):
                if re.search(name, node.name) and (not pid or self.pid(node) == pid):
                    return node
            return None

        return wait_for(look, f"program {name!r} with an accessibility tree", seconds)

    def scale(self, bus: str) -> float:
        """How many pixels are one of the program's own; GTK knows whole numbers only."""
        if self._scale == 1:
            return 1
        toolkit = self.ask((bus, ROOT), PROPERTIES, "Get", "ss", (SPI + "Application", "ToolkitName"))
        gtk = toolkit is not None and "gtk" in str(toolkit[0][1]).lower()
        return max(1, int(self._scale)) if gtk else self._scale

    def pid(self, node: Node) -> int:
        """The process that a node belongs to; 0 where it is gone."""
        bus = ("org.freedesktop.DBus", "/org/freedesktop/DBus")
        answer = self.ask(bus, bus[0], "GetConnectionUnixProcessID", "s", (node.place[0],))
        return int(answer[0]) if answer else 0

    def walk(self, place: Place) -> Iterator[Node]:
        """Everything at or below a place, in reading order. Raises `NotInTime` for an endless one."""
        found: list[Node] = []
        level: list[tuple[Place, tuple[int, ...]]] = [(place, ())]
        while level:
            nodes = [node for node in self.read(level) if node]
            found += nodes
            if len(found) > MOST:
                raise NotInTime(f"the tree below {found[0]} has more than {MOST} nodes")
            asked = [self._message(node.place, "Accessible", "GetChildren") for node in nodes]
            level = []
            for node, children in zip(nodes, self._ask(asked), strict=True):
                for number, (bus, path) in enumerate(children[0] if children else []):
                    if path != "/org/a11y/atspi/null":
                        level.append(((bus, path), (*node.way, number)))
        return iter(sorted(found, key=lambda node: node.way))

    def read(self, places: Sequence[tuple[Place, tuple[int, ...]]]) -> list[Node | None]:
        """What is at these places; None where nothing is any more."""
        asked = []
        for place, _ in places:
            asked.append(self._message(place, "Accessible", "GetRoleName"))
            asked.append(self._message(place, "Accessible", "GetState"))
            for name in ("Name", "Description"):
                asked.append(self._message(place, PROPERTIES, "Get", "ss", (SPI + "Accessible", name)))
        answers = self._ask(asked)
        nodes: list[Node | None] = []
        for number, (place, way) in enumerate(places):
            role, states, called, described = answers[4 * number : 4 * number + 4]
            if not role or not states or not called:
                nodes.append(None)
                continue
            bits = sum(word << 32 * at for at, word in enumerate(states[0]))
            nodes.append(
                Node(
                    tree=self,
                    place=place,
                    role=str(role[0]),
                    name=str(called[0][1]),
                    description=str(described[0][1]) if described else "",
                    states=frozenset(state for at, state in enumerate(STATES) if bits >> at & 1),
                    way=way,
                )
            )
        return nodes

    def ask(
        self, place: Place, interface: str, method: str, signature: str = "", body: tuple[Any, ...] = ()
    ) -> tuple[Any, ...] | None:
        """One call; None where it is refused. An interface without a dot is one of AT-SPI's."""
        return self._ask([self._message(place, interface, method, signature, body)])[0]

    def _message(
        self, place: Place, interface: str, method: str, signature: str = "", body: tuple[Any, ...] = ()
    ) -> Message:
        full = interface if "." in interface else SPI + interface
        address = DBusAddress(place[1], bus_name=place[0], interface=full)
        return new_method_call(address, method, signature or None, body)

    def _ask(self, messages: Sequence[Message]) -> list[tuple[Any, ...] | None]:
        """Many calls at once, and their answers in the same order."""
        answers: list[tuple[Any, ...] | None] = []
        with self._lock:
            for start in range(0, len(messages), BATCH):
                answers += self._batch(messages[start : start + BATCH])
        return answers

    def _batch(self, messages: Sequence[Message]) -> list[tuple[Any, ...] | None]:
        waiting: dict[int, int] = {}
        for at, message in enumerate(messages):
            serial = next(self._bus.outgoing_serial)
            waiting[serial] = at
            self._bus.send(message, serial=serial)
        answers: list[tuple[Any, ...] | None] = [None] * len(messages)
        until = time.monotonic() + ANSWER
        while waiting:
            try:
                reply = self._bus.receive(timeout=max(0.0, until - time.monotonic()))
            except TimeoutError:
                return answers  # a program that hangs has no tree for now
            number = waiting.pop(reply.header.fields.get(HeaderFields.reply_serial, -1), None)
            if number is not None and reply.header.message_type is MessageType.method_return:
                answers[number] = reply.body or (None,)
        return answers

    def close(self) -> None:
        self._bus.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
