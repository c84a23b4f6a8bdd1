"""Everything that may be said on the private link.

The gateway speaks first (`Hello`), the tray answers `Ready`; then each says
what it has to say. A request of the tray carries a `serial`, and the gateway's
`Done` or `Failed` repeats it. Texts that come from agents or servers are as they
came: whoever shows them makes them safe (`model.plain`).
"""

from typing import Final, Literal

from msgspec import Struct

VERSION: Final = 1

EffectWord = Literal["allow", "approve", "deny", "hide"]
ScopeWord = Literal["call", "session"]
Mode = Literal["normal", "blocked", "trouble"]


class _Message(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """One line on the link."""


# The gateway to the tray


class Hello(_Message, frozen=True, tag="hello"):
    """The first line. `endpoint` is the HTTP address, or "" where HTTP is off; `socket` the local socket."""

    version: int
    gateway_pid: int
    profile: str
    endpoint: str
    socket: str


class Status(_Message, frozen=True, tag="status"):
    """What the icon shows. `problems` are sentences; `waiting` counts what the person should look at."""

    mode: Mode
    problems: tuple[str, ...] = ()
    waiting: int = 0


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """One approval request, with everything that is shown.

    `arguments` is compact JSON: exactly what would be sent. `binding` and
    `nonce` go back with the answer. `process` is the chain of the client's
    programs, the nearest first, where it is known. `chips` are short facts.
    `changed` are the top-level arguments that differ from the last approved call of the tool.
    `scopes` are the scopes that may be chosen. `arm_ms` is how long Allow stays off after showing.
    `seconds` is what is left until the question closes.
    """

    nonce: str
    binding: str
    client: str
    process: tuple[str, ...]
    server: str
    tool: str
    title: str
    description: str
    rule: str
    reason: str
    arguments: str
    category: str
    severity: str
    chips: tuple[str, ...]
    changed: tuple[str, ...]
    scopes: tuple[ScopeWord, ...]
    arm_ms: int
    seconds: float


class Asked(_Message, frozen=True, tag="asked"):
    """A question waits for the person."""

    question: Question


class Closed(_Message, frozen=True, tag="closed"):
    """A question is over. `why` is a sentence; "" where the tray's own answer closed it."""

    nonce: str
    why: str = ""


class ToolView(Struct, frozen=True, forbid_unknown_fields=True):
    """One tool of a server as the builder shows it.

    `effect` is what the policy says of it; `custom` that conditions or limits
    apply besides. `fixed` is why the effect cannot be set here, or "". `held` says that the
    definition is new or changed and waits to be accepted; `difference` are readable lines,
    and `digest` is of the definition that waits.
    """

    name: str
    title: str
    description: str
    category: str
    class_risk: str
    severity: str
    recommended: str
    reason: str
    evidence: tuple[str, ...]
    effect: EffectWord
    custom: bool = False
    fixed: str = ""
    held: Literal["", "new", "changed", "gone"] = ""
    difference: tuple[str, ...] = ()
    digest: str = ""


class ServerView(Struct, frozen=True, forbid_unknown_fields=True):
    """One server under one policy. `revision` names the policy document that the effects were read from.

    `state` is `consent` (nothing was started: `command` waits for the person's yes),
    `starting`, `running`, `failed` (`error` says why) or `disabled`. `digest` is of the command line,
    and goes back with `AcceptServer`. `clients` are those that see the server under this policy.
    """

    name: str
    policy: str
    revision: str
    command: str
    digest: str
    state: Literal["consent", "starting", "running", "failed", "disabled"]
    error: str
    clients: tuple[str, ...]
    tools: tuple[ToolView, ...]


class Servers(_Message, frozen=True, tag="servers"):
    """All servers; sent on request and whenever something in it changed."""

    servers: tuple[ServerView, ...]


class Held(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that waits for the look of the person: an edit that loosens, or a program that is new.

    `what` is one line; `lines` the details. `key` and `digest` go back with the answer.
    """

    key: str
    digest: str
    sort: Literal["settings", "policy", "peer"]
    what: str
    lines: tuple[str, ...]


class HeldList(_Message, frozen=True, tag="held-list"):
    """Everything that is held; sent whenever it changed."""

    held: tuple[Held, ...]


class Temporary(Struct, frozen=True, forbid_unknown_fields=True):
    """An answer that still holds. `key` goes back with `EndTemporary`."""

    key: str
    client: str
    server: str
    tool: str
    allowed: bool
    holds: str


class TemporaryList(_Message, frozen=True, tag="temporary-list"):
    """The answers that still hold; sent whenever it changed."""

    answers: tuple[Temporary, ...]


class Preview(_Message, frozen=True, tag="preview"):
    """What `Propose` would change: in words, and as a unified difference of the document."""

    serial: int
    words: tuple[str, ...]
    difference: str


class Done(_Message, frozen=True, tag="done"):
    """A request was carried out."""

    serial: int


class Failed(_Message, frozen=True, tag="failed"):
    """A request was not carried out; nothing was changed. `error` is a sentence."""

    serial: int
    error: str


class ShowWindow(_Message, frozen=True, tag="show-window"):
    """Latchward was started a second time: raise the window."""


class Stop(_Message, frozen=True, tag="stop"):
    """The gateway stops on purpose: end, and do not start it again."""


# The tray to the gateway


class Ready(_Message, frozen=True, tag="ready"):
    """The answer to `Hello`."""

    version: int


class Answered(_Message, frozen=True, tag="answered"):
    """The person's answer to a question. `reason` reaches the agent where `allowed` is False."""

    nonce: str
    binding: str
    allowed: bool
    scope: ScopeWord = "call"
    reason: str = ""


class EndTemporary(_Message, frozen=True, tag="end-temporary"):
    """Let an answer hold no longer."""

    serial: int
    key: str


class Block(_Message, frozen=True, tag="block"):
    """Block everything, or end it."""

    serial: int
    on: bool


class Propose(_Message, frozen=True, tag="propose"):
    """Ask what these changes of effects would mean. `preset` is applied first, where it is not ""."""

    serial: int
    policy: str
    server: str
    effects: dict[str, EffectWord]
    preset: str = ""


class Save(_Message, frozen=True, tag="save"):
    """Write them. `revision` is the one that the person saw; another one in force fails the request."""

    serial: int
    policy: str
    server: str
    revision: str
    effects: dict[str, EffectWord]
    preset: str = ""


class AddServer(_Message, frozen=True, tag="add-server"):
    """Add a server: a command line as a person types it, or a URL. It waits for consent afterwards.

    `env` goes with `command`, `headers` with `url`.
    """

    serial: int
    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    env: dict[str, str] = {}
    headers: dict[str, str] = {}


class AcceptServer(_Message, frozen=True, tag="accept-server"):
    """The person agreed to this command line: start it. `digest` is the one that was shown."""

    serial: int
    name: str
    digest: str


class RemoveServer(_Message, frozen=True, tag="remove-server"):
    """Remove a server from the settings."""

    serial: int
    name: str


class AcceptTools(_Message, frozen=True, tag="accept-tools"):
    """The person looked at the held definitions of these tools: agents get them from now on.

    `digests` are those that were shown, in the same order; another one in force fails the request.
    """

    serial: int
    server: str
    tools: tuple[str, ...]
    digests: tuple[str, ...] = ()


class AnswerHeld(_Message, frozen=True, tag="answer-held"):
    """Take a held thing up, or put it back to what was accepted."""

    serial: int
    key: str
    digest: str
    accept: bool


class Quit(_Message, frozen=True, tag="quit"):
    """The person ends Latchward: gateway and tray."""


FromGateway = (
    Hello
    | Status
    | Asked
    | Closed
    | Servers
    | HeldList
    | TemporaryList
    | Preview
    | Done
    | Failed
    | ShowWindow
    | Stop
)
FromTray = (
    Ready
    | Answered
    | EndTemporary
    | Block
    | Propose
    | Save
    | AddServer
    | AcceptServer
    | RemoveServer
    | AcceptTools
    | AnswerHeld
    | Quit
)
