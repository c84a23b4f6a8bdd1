"""What the tray shows, made from what is in force: pure but for reading the books."""

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

from latchward.catalogue.chips import Chip, chips
from latchward.catalogue.classify import classify
from latchward.catalogue.requests import facts_of, is_page, risk_of
from latchward.control import messages as say
from latchward.model.approval import ApprovalRequest, Scope
from latchward.model.call import Aspect, ToolCall
from latchward.model.decision import Effect
from latchward.model.mask import Mask
from latchward.model.ports import Upstream
from latchward.model.risk import Category, Risk
from latchward.model.tool import ToolDefinition
from latchward.model.upstream import UpstreamSpec
from latchward.policy.compiled import Policy
from latchward.policy.shown import Shown, shown
from latchward.protocol.strict import serialise
from latchward.storage.accepted import Accepted
from latchward.storage.in_force import InForce, command_line, spec_digest
from latchward.storage.settings import Settings

ARM_MS: Final = 800
ARM_GRAVE_MS: Final = 1500
"""Milliseconds that Allow stays off after a question appears; longer where the harm is."""

_WORDS: Final[Mapping[Effect, say.EffectWord]] = {
    Effect.ALLOW: "allow",
    Effect.APPROVE: "approve",
    Effect.DENY: "deny",
    Effect.HIDE: "hide",
}
_SCOPES: Final[Mapping[Scope, say.ScopeWord]] = {Scope.CALL: "call", Scope.SESSION: "session"}
_ALONE: Final = (Chip.RUNS, Chip.DESKTOP)
"""What such a tool does depends on the call alone: no answer holds for the next one."""
SENDS_OWN: Final = "sends one of your secrets"
"""Said of a call whose arguments hold a value that a server was given from the keyring."""
HOLDS_OWN: Final = "holds one of your secrets"
"""Said of a question of a server that does."""
_ASPECTS: Final[Mapping[Aspect, say.AspectWord]] = {
    Aspect.TOOL: "tool",
    Aspect.PROMPT: "prompt",
    Aspect.RESOURCE: "resource",
    Aspect.METHOD: "method",
    Aspect.QUESTION: "question",
}
_GRAVE: Final = (Category.DESTRUCTIVE, Category.FINANCIAL)
_MAX_RISKS: Final = 20_000

State = Literal["consent", "starting", "running", "failed", "disabled"]


class Risks:
    """The risk of each definition, worked out once."""

    def __init__(self) -> None:
        self._known: dict[str, Risk] = {}

    def of(self, definition: ToolDefinition) -> Risk:
        risk = self._known.get(definition.digest)
        if risk is None:
            if len(self._known) >= _MAX_RISKS:
                self._known.clear()
            risk = self._known[definition.digest] = classify(definition.definition)
        return risk

    def only_reads(self, definition: ToolDefinition) -> bool:
        """Whether a call of this tool changes nothing anywhere."""
        return self.of(definition).category is Category.READ

    def of_call(self, call: ToolCall, definition: ToolDefinition) -> Risk:
        """The risk of a call: of its tool, or of what else it is about."""
        return self.of(definition) if call.aspect is Aspect.TOOL else risk_of(call)

    def facts(self, call: ToolCall, definition: ToolDefinition) -> tuple[str, ...]:
        """The same as facts of a few words each."""
        if call.aspect is Aspect.TOOL:
            return tuple(map(str, chips(definition.definition, self.of(definition))))
        return facts_of(call)

    def scopes(self, call: ToolCall, definition: ToolDefinition) -> tuple[Scope, ...]:
        """How long an answer about this call may hold."""
        alone = is_page(call) or any(fact in _ALONE for fact in self.facts(call, definition))
        if alone or self.of_call(call, definition).category in _GRAVE:
            return (Scope.CALL,)
        return (Scope.CALL, Scope.SESSION)


class Views:
    """`live` gives the settings as they stand on disk, `upstream` the connection of a server.

    `masked` takes the secrets of servers out of what is shown.
    """

    def __init__(
        self,
        live: Callable[[], Settings],
        in_force: InForce,
        accepted: Accepted,
        upstream: Callable[[str], Upstream | None],
        risks: Risks,
        masked: Mask,
    ) -> None:
        self._masked = masked
        self._live = live
        self._in_force = in_force
        self._accepted = accepted
        self._upstream = upstream
        self._risks = risks

    def servers(self) -> say.Servers:
        """Every server of the settings, once for each policy that holds there."""
        live = self._live()
        found: list[say.ServerView] = []
        for name, spec in {**live.servers, **live.disabled}.items():
            policies = {grant.servers[name] for grant in live.grants.values() if name in grant.servers}
            for policy in sorted(policies) or [name]:
                found.append(self._server(live, spec, policy))
        return say.Servers(tuple(found))

    def _server(self, live: Settings, spec: UpstreamSpec, policy: str) -> say.ServerView:
        in_force = self._in_force.settings()
        state, error = self._state(spec, live, in_force)
        clients = [c for c, g in in_force.grants.items() if g.servers.get(spec.name) == policy]
        documents = self._in_force.policies(policy)
        return say.ServerView(
            name=spec.name,
            policy=policy,
            revision=documents[-1].revision if documents else "",
            command=command_line(spec),
            digest=spec_digest(spec),
            state=state,
            error=error,
            clients=tuple(clients),
            tools=tuple(self._tool(spec.name, name, documents) for name in self.tool_names(spec.name)),
        )

    def _state(self, spec: UpstreamSpec, live: Settings, in_force: Settings) -> tuple[State, str]:
        if spec.name in live.disabled:
            return "disabled", ""
        if spec.name not in in_force.servers:
            return "consent", ""
        upstream = self._upstream(spec.name)
        if upstream is None or (upstream.listed() is None and not upstream.last_error):
            return "starting", ""
        return ("failed", upstream.last_error) if upstream.last_error else ("running", "")

    def tool_names(self, server: str) -> list[str]:
        """The tools that are accepted or that the server lists now."""
        return sorted({*self._accepted.tools(server), *(self._listed(server) or {})})

    def is_gone(self, server: str, tool: str) -> bool:
        """Whether the server lists, and no longer has, a tool that was accepted."""
        return self._held(server, tool)[0] == "gone"

    def definition(self, server: str, tool: str) -> ToolDefinition:
        """The definition as it stands now; the accepted one where the server has none."""
        now = (self._listed(server) or {}).get(tool)
        return now or self._accepted.tools(server)[tool]

    def _listed(self, server: str) -> Mapping[str, ToolDefinition] | None:
        upstream = self._upstream(server) if server in self._in_force.settings().servers else None
        return upstream.listed() if upstream is not None else None

    def _tool(self, server: str, name: str, documents: tuple[Policy, ...]) -> say.ToolView:
        definition = self.definition(server, name)
        held, difference = self._held(server, name)
        risk = self._risks.of(definition)
        strictest = strictest_of(documents, name)
        plain = definition.definition
        return say.ToolView(
            name=name,
            title=_text(plain.get("title")),
            description=_text(plain.get("description")),
            category=risk.category.word,
            class_risk=risk.class_risk.word,
            severity=risk.severity.word,
            recommended=risk.rule.word,
            reason=risk.reason,
            evidence=tuple(evidence.quote for evidence in risk.evidence),
            effect=_WORDS[strictest.effect],
            custom=strictest.custom,
            fixed=_fixed(strictest),
            held=held,
            difference=difference,
            digest=definition.digest,
        )

    def _held(self, server: str, tool: str) -> tuple[Literal["", "new", "changed", "gone"], tuple[str, ...]]:
        listed = self._listed(server)
        before = self._accepted.tools(server).get(tool)
        now = listed.get(tool) if listed is not None else before
        if now is None:
            return "gone", ("the server has no such tool any more",)
        if before is None:
            return "new", ()
        if now.digest == before.digest:
            return "", ()
        return "changed", difference(before.definition, now.definition)

    def question(self, request: ApprovalRequest) -> say.Question:
        """Everything that the dialog shows of a request."""
        call, definition = request.call, request.definition
        risk = self._risks.of_call(call, definition)
        grave = risk.category in _GRAVE
        arguments = call.payload.decode()
        masked = self._masked(arguments)
        facts = [*self._risks.facts(call, definition)]
        if masked != arguments:
            facts.insert(0, HOLDS_OWN if call.aspect is Aspect.QUESTION else SENDS_OWN)
        return say.Question(
            nonce=request.nonce,
            binding=request.binding,
            client=call.grant,
            process=request.process,
            server=call.tool.upstream,
            tool=call.tool.name,
            title=_title(call, definition.definition),
            description=_text(definition.definition.get("description")),
            rule=request.rule,
            reason=request.reason,
            arguments=masked,
            category=risk.category.word,
            severity=risk.severity.word,
            chips=tuple(facts),
            changed=request.changed,
            scopes=tuple(_SCOPES[scope] for scope in request.scopes),
            arm_ms=ARM_GRAVE_MS if grave else ARM_MS,
            seconds=request.deadline,
            method=call.method,
            aspect=_ASPECTS[call.aspect],
        )


def strictest_of(documents: Iterable[Policy], tool: str) -> Shown:
    """The word that holds where a call must pass all of these; without any, everything is denied."""
    return max(
        (shown(policy, tool) for policy in documents), key=lambda s: s.effect, default=shown(None, tool)
    )


def difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """The lines that changed between two definitions, `-` before and `+` now."""
    lines = difflib.unified_diff(_pretty(before), _pretty(now), n=0, lineterm="")
    return tuple(line for line in lines if not line.startswith(("---", "+++", "@@")))


def _pretty(definition: Mapping[str, Any]) -> list[str]:
    plain = json.loads(serialise(definition), parse_float=str)
    return json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False).splitlines()


def _fixed(says: Shown) -> str:
    """Why a click cannot change the effect: the rule that gives it is not the tool's own."""
    return "" if says.own else f"the rule `{says.rule}` says so; edit the policy's document to change it"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _title(call: ToolCall, definition: Mapping[str, Any]) -> str:
    """What the server calls it for people: of a resource, which its address identifies, the name too."""
    title = _text(definition.get("title"))
    return title or (_text(definition.get("name")) if call.aspect is Aspect.RESOURCE else "")
