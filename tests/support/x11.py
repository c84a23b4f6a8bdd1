"""Reading an X server, in the few requests that the tests need: windows as a person sees them, and pixels.

    with Screen(display) as screen:
        screen.windows()
        screen.picture().save(path)

It speaks to the server's socket itself, so that nothing lies in between: titles are the bytes that were set,
places are where the window really is, not counting frames, and a lost server is an error here and not the end
of the process. It only reads; keys and clicks are xdotool's.
"""

import socket
import struct
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

WAIT: Final = 5.0
VIEWABLE: Final = 2
INPUT_ONLY: Final = 2


class NoServer(RuntimeError):
    """The X server does not answer, or answers what we do not read."""


@dataclass(frozen=True)
class Window:
    """One window on the screen: its inside, without the frame."""

    id: int
    title: str
    name: str
    """The class that the program gave it."""
    pid: int
    x: int
    y: int
    width: int
    height: int
    popup: bool
    """It goes past the window manager: a menu, a tooltip, a notification."""
    states: frozenset[str]
    """Of `_NET_WM_STATE`, such as `_NET_WM_STATE_ABOVE`."""

    @property
    def centre(self) -> tuple[int, int]:
        return self.x + self.width // 2, self.y + self.height // 2


@dataclass(frozen=True)
class Picture:
    """Pixels: three bytes each, row by row."""

    width: int
    height: int
    rgb: bytes

    def pixel(self, x: int, y: int) -> tuple[int, int, int]:
        red, green, blue = self.rgb[3 * (y * self.width + x) :][:3]
        return red, green, blue

    def colours(self) -> int:
        """How many different colours there are."""
        return len({self.rgb[at : at + 3] for at in range(0, len(self.rgb), 3)})

    def lightness(self) -> float:
        """The mean, from 0 (black) to 1 (white)."""
        return sum(self.rgb) / max(1, len(self.rgb)) / 255

    def save(self, path: Path) -> None:
        """Write it as PNG."""

        def chunk(kind: bytes, data: bytes) -> bytes:
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        row = 3 * self.width
        rows = b"".join(b"\0" + self.rgb[at : at + row] for at in range(0, len(self.rgb), row))
        head = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


class Screen:
    """A connection to a local X server, `:7` for one. Raises `NoServer`."""

    def __init__(self, display: str) -> None:
        self._lock = threading.Lock()
        self._atoms: dict[str, int] = {}
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(WAIT)
        try:
            self._socket.connect(f"/tmp/.X11-unix/X{display.removeprefix(':')}")
            self._socket.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0))
            status, words = struct.unpack("<BxxxxxH", self._read(8))
            rest = self._read(4 * words)
        except OSError as error:
            self._socket.close()
            raise NoServer(f"no X server at {display}: {error}") from error
        if status != 1:
            self._socket.close()
            raise NoServer(f"the X server at {display} refuses: {rest!r}")
        vendor, formats = struct.unpack_from("<H", rest, 16)[0], rest[21]
        at = 32 + (vendor + 3) // 4 * 4 + 8 * formats
        self.root: int = struct.unpack_from("<I", rest, at)[0]
        self.width, self.height = struct.unpack_from("<HH", rest, at + 20)

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def windows(self) -> list[Window]:
        """What is to be seen: the windows that the manager knows, and those that go past it."""
        managed = self.numbers(self.root, "_NET_CLIENT_LIST")
        frames = {self._outermost(window) for window in managed}
        loose = [window for window in self.children(self.root) if window not in frames]
        found = [self.window(window) for window in managed]
        found += [window for window in map(self.window, loose) if window and window.popup and window.name]
        return [window for window in found if window and self._seen(window)]

    def window(self, window: int) -> Window | None:
        """One window; None where it is gone, not to be seen, or takes input only."""
        attributes = self._ask(3, 0, struct.pack("<I", window))
        geometry = self._ask(14, 0, struct.pack("<I", window))
        place = self._ask(40, 0, struct.pack("<IIhh", window, self.root, 0, 0))
        if not attributes or not geometry or not place:
            return None
        if attributes[26] != VIEWABLE or struct.unpack_from("<H", attributes, 12)[0] == INPUT_ONLY:
            return None
        x, y = struct.unpack_from("<hh", place, 12)
        width, height = struct.unpack_from("<HH", geometry, 16)
        title = self.property(window, "_NET_WM_NAME") or self.property(window, "WM_NAME")
        name = self.property(window, "WM_CLASS").split(b"\0")
        pid = self.numbers(window, "_NET_WM_PID")
        return Window(
            id=window,
            title=title.decode("utf-8", "replace"),
            name=name[1].decode("utf-8", "replace") if len(name) > 1 else "",
            pid=pid[0] if pid else 0,
            x=x,
            y=y,
            width=width,
            height=height,
            popup=bool(attributes[27]),
            states=frozenset(map(self.atom_name, self.numbers(window, "_NET_WM_STATE"))),
        )

    def active(self) -> int:
        """The window that the manager calls active; 0 for none."""
        return next(iter(self.numbers(self.root, "_NET_ACTIVE_WINDOW")), 0)

    def focus(self) -> int:
        """The window that gets the keys."""
        answer = self._ask(43, 0, b"")
        return struct.unpack_from("<I", answer, 8)[0] if answer else 0

    def managed(self) -> bool:
        """Whether a window manager runs."""
        return bool(self.numbers(self.root, "_NET_SUPPORTING_WM_CHECK"))

    def owner(self, selection: str) -> int:
        """The window that owns a selection; 0 for none."""
        answer = self._ask(23, 0, struct.pack("<I", self.atom(selection)))
        return struct.unpack_from("<I", answer, 8)[0] if answer else 0

    def children(self, window: int) -> list[int]:
        answer = self._ask(15, 0, struct.pack("<I", window))
        return list(struct.unpack_from(f"<{(len(answer) - 32) // 4}I", answer, 32)) if answer else []

    def below(self, window: int) -> list[int]:
        """Every window inside this one, at any depth."""
        inside = self.children(window)
        return inside + [deeper for child in inside for deeper in self.below(child)]

    def property(self, window: int, name: str) -> bytes:
        """The bytes of a property; none where there is none."""
        answer = self._ask(20, 0, struct.pack("<IIIII", window, self.atom(name), 0, 0, 1 << 20))
        if not answer or not answer[1]:
            return b""
        return answer[32 : 32 + struct.unpack_from("<I", answer, 16)[0] * answer[1] // 8]

    def numbers(self, window: int, name: str) -> list[int]:
        """A property as 32-bit numbers."""
        data = self.property(window, name)
        return list(struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4]))

    def atom(self, name: str) -> int:
        if name not in self._atoms:
            raw = name.encode()
            answer = self._ask(16, 0, struct.pack("<Hxx", len(raw)) + raw + bytes(-len(raw) % 4))
            self._atoms[name] = struct.unpack_from("<I", answer, 8)[0]
        return self._atoms[name]

    def atom_name(self, atom: int) -> str:
        answer = self._ask(17, 0, struct.pack("<I", atom))
        return answer[32 : 32 + struct.unpack_from("<H", answer, 8)[0]].decode() if answer else ""

    def picture(self, box: tuple[int, int, int, int] | None = None) -> Picture:
        """The pixels of a box (x, y, width, height) of the screen, or of all of it."""
        x, y, width, height = box or (0, 0, self.width, self.height)
        left, top = max(0, x), max(0, y)
        width, height = min(x + width, self.width) - left, min(y + height, self.height) - top
        area = struct.pack("<IhhHHI", self.root, left, top, width, height, 0xFFFFFFFF)
        answer = self._ask(73, 2, area)
        data = answer[32 : 32 + 4 * width * height]
        if len(data) != 4 * width * height:
            raise NoServer(f"the X server gave {len(answer)} bytes for {width}x{height} pixels")
        rgb = bytearray(3 * width * height)
        rgb[0::3], rgb[1::3], rgb[2::3] = data[2::4], data[1::4], data[0::4]
        return Picture(width, height, bytes(rgb))

    def _seen(self, window: Window) -> bool:
        """Whether some of it lies on the screen; managers keep helpers of their own beside it."""
        across = window.x < self.width and window.x + window.width > 0
        return across and window.y < self.height and window.y + window.height > 0 and window.width > 1

    def _outermost(self, window: int) -> int:
        """The child of the root that holds this window: its frame, or itself."""
        while True:
            answer = self._ask(15, 0, struct.pack("<I", window))
            parent = struct.unpack_from("<I", answer, 12)[0] if answer else self.root
            if parent in (self.root, 0):
                return window
            window = parent

    def _ask(self, request: int, data: int, body: bytes) -> bytes:
        """One request and its answer; b"" where the server says that there is no such thing."""
        with self._lock:
            try:
                self._socket.sendall(struct.pack("<BBH", request, data, 1 + len(body) // 4) + body)
                while True:
                    head = self._read(32)
                    if head[0] == 0:
                        return b""
                    if head[0] == 1:
                        return head + self._read(4 * struct.unpack_from("<I", head, 4)[0])
            except OSError as error:
                raise NoServer(f"the X server does not answer: {error}") from error

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            piece = self._socket.recv(size - len(data))
            if not piece:
                raise ConnectionError("it has closed the connection")
            data += piece
        return bytes(data)
