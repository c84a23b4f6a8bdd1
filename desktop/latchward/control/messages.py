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


class FoundServer(Struct, frozen=True, forbid_unknown_fields=True):
    """One server that clients use without Latchward; equal ones are one.

    `key` goes back with `Adopt`; `name` is what it would be called here. `command` is how it is
    started or reached, whole. `places` say where it stands, one line each, `clients` are the titles of the
    clients. The values of `moved` (variables, headers) go into the keyring; those of `needs` are known to
    nobody here and must be given. `notes` are sentences. `refused` says why it cannot be taken in,
    or is "". `ticked`: it is taken unless the person says otherwise.
    """

    key: str
    name: str
    command: str
    places: tuple[str, ...]
    clients: tuple[str, ...]
    moved: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refused: str = ""
    ticked: bool = True


class ClientView(Struct, frozen=True, forbid_unknown_fields=True):
    """One AI client.

    `state` is `absent` (no trace of it on this machine), `empty` (it uses no server), `direct` (servers, none
    through us), `partly`, `protected`, or `unreadable` (`problem` says why). `files` are those that it
    reads. `routes` are the names of the servers that it reaches without us. `restart` and `check` say how
    a change takes effect and how to see it. `undo`: there are first bytes to give back.
    """

    id: str
    title: str
    state: Literal["absent", "empty", "direct", "partly", "protected", "unreadable"]
    files: tuple[str, ...] = ()
    problem: str = ""
    routes: tuple[str, ...] = ()
    restart: str = ""
    check: str = ""
    undo: bool = False


class Clients(_Message, frozen=True, tag="clients"):
    """All known clients and what they use without us; sent whenever it changed.

    `keyring` says why secrets cannot be kept, or is "". `first`: nothing was ever set up here.
    """

    clients: tuple[ClientView, ...]
    found: tuple[FoundServer, ...]
    keyring: str = ""
    first: bool = False


class FileChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What would become of one file: a unified difference, secrets masked. `client` is a title."""

    client: str
    path: str
    difference: str


class FilePlan(_Message, frozen=True, tag="file-plan"):
    """The reply to `ProposeAdoption` and `ProposeRestore`. `revision` goes back with the request to do it."""

    serial: int
    revision: str
    files: tuple[FileChange, ...]
    words: tuple[str, ...] = ()


class AdoptionStep(Struct, frozen=True, forbid_unknown_fields=True):
    """How far one server has come.

    `state` is `waiting`, `starting`, `moved` (its clients reach it through us now) or `left` (it did not
    answer, and stays as it was). `text` is a sentence for people.
    """

    name: str
    state: Literal["waiting", "starting", "moved", "left"]
    text: str = ""


class AdoptionProgress(_Message, frozen=True, tag="adoption-progress"):
    """Where the taking in stands. `over`: nothing more comes. `problem` says why it ended early, or is ""."""

    steps: tuple[AdoptionStep, ...]
    over: bool = False
    problem: str = ""


class Call(Struct, frozen=True, forbid_unknown_fields=True):
    """One call that was decided. `verdict` is `allowed` or `refused`; `at` is seconds since the epoch."""

    number: int
    client: str
    server: str
    tool: str
    verdict: Literal["allowed", "refused"]
    why: str
    at: float


class Calls(_Message, frozen=True, tag="calls"):
    """The last calls, the newest first; sent whenever there is another one."""

    calls: tuple[Call, ...]


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


class ProposeAdoption(_Message, frozen=True, tag="propose-adoption"):
    """Ask what taking these found servers in would do to the clients' files."""

    serial: int
    keys: tuple[str, ...]


class Adopt(_Message, frozen=True, tag="adopt"):
    """Take them in, as was shown. The person agreed to each command line. `values` are for what is needed.

    `Done` says that it began; how it goes on is told by `AdoptionProgress`.
    """

    serial: int
    keys: tuple[str, ...]
    revision: str
    values: dict[str, str] = {}


class ProposeRestore(_Message, frozen=True, tag="propose-restore"):
    """Ask what giving the files of these clients (ids) back would do."""

    serial: int
    clients: tuple[str, ...]


class Restore(_Message, frozen=True, tag="restore"):
    """Give them back, as was shown; servers and secrets that only these clients had go too."""

    serial: int
    clients: tuple[str, ...]
    revision: str


class ConnectClient(_Message, frozen=True, tag="connect-client"):
    """Put our entry into the file of a client (its id), and let it see every server."""

    serial: int
    client: str


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
    | Clients
    | FilePlan
    | AdoptionProgress
    | Calls
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
    | ProposeAdoption
    | Adopt
    | ProposeRestore
    | Restore
    | ConnectClient
    | Quit
)
