"""What messages are made of."""

from typing import Literal

from msgspec import Struct

from latchward.model.call import TOOLS_CALL

EffectWord = Literal["allow", "approve", "deny", "hide"]
ScopeWord = Literal["call", "session"]
AspectWord = Literal["tool", "prompt", "resource", "method", "question"]
Mode = Literal["normal", "blocked", "trouble"]


class Message(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """One line on the link."""


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """One approval request, with everything that is shown.

    `aspect` says what `tool` names: a tool, a prompt, the address of a resource, a method, or (`question`)
    the method with which `server` asks something of `client`; `method` is the request's own.
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
    method: str = TOOLS_CALL
    aspect: AspectWord = "tool"


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


class Held(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that waits for the look of the person: an edit that loosens, or a program that is new.

    `what` is one line; `lines` the details. `key` and `digest` go back with the answer.
    """

    key: str
    digest: str
    sort: Literal["settings", "policy", "peer"]
    what: str
    lines: tuple[str, ...]


class Temporary(Struct, frozen=True, forbid_unknown_fields=True):
    """An answer that still holds. `key` goes back with `EndTemporary`; `method` says what `tool` is."""

    key: str
    client: str
    server: str
    tool: str
    allowed: bool
    holds: str
    method: str = TOOLS_CALL


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


class FileChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What would become of one file: a unified difference, secrets masked. `client` is a title."""

    client: str
    path: str
    difference: str


class AdoptionStep(Struct, frozen=True, forbid_unknown_fields=True):
    """How far one server has come.

    `state` is `waiting`, `starting`, `moved` (its clients reach it through us now) or `left` (it did not
    answer, and stays as it was). `text` is a sentence for people.
    """

    name: str
    state: Literal["waiting", "starting", "moved", "left"]
    text: str = ""


class Call(Struct, frozen=True, forbid_unknown_fields=True):
    """One call that was decided. `verdict` is `allowed` or `refused`; `at` is seconds since the epoch.

    `tool` names what it is about, and `method` says what that is.
    """

    number: int
    client: str
    server: str
    tool: str
    verdict: Literal["allowed", "refused"]
    why: str
    at: float
    method: str = TOOLS_CALL
