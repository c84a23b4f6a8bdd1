"""What the tray says to the gateway, and asks of it."""

from msgspec import field

from .parts import (
    EffectWord,
    Message,
    ScopeWord,
)


class Ready(Message, frozen=True, tag="ready"):
    """The answer to `Hello`."""

    version: int


class Answered(Message, frozen=True, tag="answered"):
    """The person's answer to a question. `reason` reaches the agent where `allowed` is False."""

    nonce: str
    binding: str
    allowed: bool
    scope: ScopeWord = "call"
    reason: str = ""


class EndTemporary(Message, frozen=True, tag="end-temporary"):
    """Let an answer hold no longer."""

    serial: int
    key: str


class Block(Message, frozen=True, tag="block"):
    """Block everything, or end it."""

    serial: int
    on: bool


class Propose(Message, frozen=True, tag="propose"):
    """Ask what these changes of effects would mean. `preset` is applied first, where it is not ""."""

    serial: int
    policy: str
    server: str
    effects: dict[str, EffectWord]
    preset: str = ""


class Save(Message, frozen=True, tag="save"):
    """Write them. `revision` is the one that the person saw; another one in force fails the request."""

    serial: int
    policy: str
    server: str
    revision: str
    effects: dict[str, EffectWord]
    preset: str = ""


class AddServer(Message, frozen=True, tag="add-server"):
    """Add a server: a command line as a person types it, or a URL. It waits for consent afterwards.

    `env` goes with `command`, `headers` with `url`.
    """

    serial: int
    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    env: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


class AcceptServer(Message, frozen=True, tag="accept-server"):
    """The person agreed to this command line: start it. `digest` is the one that was shown."""

    serial: int
    name: str
    digest: str


class RetryServer(Message, frozen=True, tag="retry-server"):
    """Start a server that failed now, whatever pause it is in."""

    serial: int
    name: str


class RemoveServer(Message, frozen=True, tag="remove-server"):
    """Remove a server from the settings."""

    serial: int
    name: str


class AcceptTools(Message, frozen=True, tag="accept-tools"):
    """The person looked at the held definitions of these tools: agents get them from now on.

    `digests` are those that were shown, in the same order; another one in force fails the request.
    """

    serial: int
    server: str
    tools: tuple[str, ...]
    digests: tuple[str, ...] = ()


class AnswerHeld(Message, frozen=True, tag="answer-held"):
    """Take a held thing up, or put it back to what was accepted."""

    serial: int
    key: str
    digest: str
    accept: bool


class ProposeAdoption(Message, frozen=True, tag="propose-adoption"):
    """Ask what taking these found servers in would do to the clients' files."""

    serial: int
    keys: tuple[str, ...]


class Adopt(Message, frozen=True, tag="adopt"):
    """Take them in, as was shown. The person agreed to each command line. `values` are for what is needed.

    `Done` says that it began; how it goes on is told by `AdoptionProgress`.
    """

    serial: int
    keys: tuple[str, ...]
    revision: str
    values: dict[str, str] = field(default_factory=dict)


class ProposeRestore(Message, frozen=True, tag="propose-restore"):
    """Ask what giving the files of these clients (ids) back would do."""

    serial: int
    clients: tuple[str, ...]


class Restore(Message, frozen=True, tag="restore"):
    """Give them back, as was shown; servers and secrets that only these clients had go too."""

    serial: int
    clients: tuple[str, ...]
    revision: str


class ConnectClient(Message, frozen=True, tag="connect-client"):
    """Put our entry into the file of a client (its id), and let it see every server."""

    serial: int
    client: str


class Quit(Message, frozen=True, tag="quit"):
    """The person ends Latchward: gateway and tray."""
