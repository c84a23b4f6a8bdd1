"""What the gateway tells the tray."""

from .parts import (
    AdoptionStep,
    Call,
    ClientView,
    FileChange,
    FoundServer,
    Held,
    Message,
    Mode,
    Question,
    ServerView,
    Temporary,
)


class Hello(Message, frozen=True, tag="hello"):
    """The first line. `endpoint` is the HTTP address, or "" where HTTP is off; `socket` the local socket."""

    version: int
    gateway_pid: int
    profile: str
    endpoint: str
    socket: str


class Status(Message, frozen=True, tag="status"):
    """What the icon shows. `problems` are sentences; `waiting` counts what the person should look at."""

    mode: Mode
    problems: tuple[str, ...] = ()
    waiting: int = 0


class Asked(Message, frozen=True, tag="asked"):
    """A question waits for the person."""

    question: Question


class Closed(Message, frozen=True, tag="closed"):
    """A question is over. `why` is a sentence; "" where the tray's own answer closed it."""

    nonce: str
    why: str = ""


class Servers(Message, frozen=True, tag="servers"):
    """All servers; sent on request and whenever something in it changed."""

    servers: tuple[ServerView, ...]


class HeldList(Message, frozen=True, tag="held-list"):
    """Everything that is held; sent whenever it changed."""

    held: tuple[Held, ...]


class TemporaryList(Message, frozen=True, tag="temporary-list"):
    """The answers that still hold; sent whenever it changed."""

    answers: tuple[Temporary, ...]


class Preview(Message, frozen=True, tag="preview"):
    """What `Propose` would change: in words, and as a unified difference of the document."""

    serial: int
    words: tuple[str, ...]
    difference: str


class Clients(Message, frozen=True, tag="clients"):
    """All known clients and what they use without us; sent whenever it changed.

    `keyring` says why secrets cannot be kept, or is "". `first`: nothing was ever set up here.
    """

    clients: tuple[ClientView, ...]
    found: tuple[FoundServer, ...]
    keyring: str = ""
    first: bool = False


class FilePlan(Message, frozen=True, tag="file-plan"):
    """The reply to `ProposeAdoption` and `ProposeRestore`. `revision` goes back with the request to do it."""

    serial: int
    revision: str
    files: tuple[FileChange, ...]
    words: tuple[str, ...] = ()


class AdoptionProgress(Message, frozen=True, tag="adoption-progress"):
    """Where the taking in stands. `over`: nothing more comes. `problem` says why it ended early, or is ""."""

    steps: tuple[AdoptionStep, ...]
    over: bool = False
    problem: str = ""


class Calls(Message, frozen=True, tag="calls"):
    """The last calls, the newest first; sent whenever there is another one."""

    calls: tuple[Call, ...]


class Done(Message, frozen=True, tag="done"):
    """A request was carried out."""

    serial: int


class Failed(Message, frozen=True, tag="failed"):
    """A request was not carried out; nothing was changed. `error` is a sentence."""

    serial: int
    error: str


class ShowWindow(Message, frozen=True, tag="show-window"):
    """Latchward was started a second time: raise the window."""


class Stop(Message, frozen=True, tag="stop"):
    """The gateway stops on purpose: end, and do not start it again."""
