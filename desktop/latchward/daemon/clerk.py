"""What the tray asks for besides answering: edits of policies and servers, and things that were looked at.

Everything here was clicked by the person at the window, so that what it writes
is accepted in the same step.
"""

import difflib
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from latchward.catalogue.presets import PRESETS, Preset
from latchward.control import messages as say
from latchward.model.decision import Effect
from latchward.model.errors import ConfigError
from latchward.policy.document import dump, load
from latchward.policy.edit import with_effects
from latchward.storage import settings as settings_file
from latchward.storage.accepted import Accepted
from latchward.storage.in_force import InForce
from latchward.storage.lock import write_lock
from latchward.storage.paths import Profile

from .acceptance import Acceptance
from .views import Risks, Views, strictest_of

_EFFECTS: Final = {effect.word: effect for effect in Effect}


class Clerk:
    """Carries out requests of the tray. `changed` is called after each that changed something."""

    def __init__(
        self,
        profile: Profile,
        acceptance: Acceptance,
        in_force: InForce,
        accepted: Accepted,
        views: Views,
        risks: Risks,
        changed: Callable[[], None],
        block: Callable[[bool], None],
        end_temporary: Callable[[str], None],
        answer_peer: Callable[[str, bool], None],
        retry: Callable[[str], None],
        clients: Callable[[say.FromTray], Awaitable[say.FromGateway | None]],
    ) -> None:
        self._profile = profile
        self._acceptance = acceptance
        self._in_force = in_force
        self._accepted = accepted
        self._views = views
        self._risks = risks
        self._changed = changed
        self._block = block
        self._end_temporary = end_temporary
        self._answer_peer = answer_peer
        self._retry = retry
        self._clients = clients

    async def __call__(self, request: say.FromTray) -> say.FromGateway | None:
        """The reply to a request. Raises `LatchwardError`; then nothing was changed."""
        match request:
            case say.Propose():
                return self._preview(request)
            case say.Save():
                self._save(request)
            case say.AddServer():
                self._add_server(request)
            case say.AcceptServer():
                self._acceptance.start_server(request.name, request.digest)
            case say.RetryServer():
                self._retry(request.name)
            case say.RemoveServer():
                self._remove_server(request)
            case say.AcceptTools():
                self._accept_tools(request)
            case say.AnswerHeld():
                self._answer_held(request)
            case say.Block():
                self._block(request.on)
            case say.EndTemporary():
                self._end_temporary(request.key)
            case _:
                return await self._clients(request)
        self._changed()
        return say.Done(request.serial)

    # policies

    def _preview(self, request: say.Propose) -> say.Preview:
        before = self._in_force.policies(request.policy)
        text = self._edited(request.policy, request.server, request.effects, request.preset)
        after = load(text, source=request.policy)
        words = []
        for tool in self._views.tool_names(request.server):
            was, now = strictest_of(before, tool), strictest_of((after,), tool)
            if was.effect is not now.effect:
                words.append(f"{tool}: {_shown(was.effect)} becomes {_shown(now.effect)}")
        old = dump(before[0]).splitlines() if before else []
        lines = difflib.unified_diff(old, text.splitlines(), "in force", "after saving", lineterm="")
        return say.Preview(request.serial, tuple(words), "\n".join(lines))

    def _save(self, request: say.Save) -> None:
        with write_lock(self._profile):
            documents = self._in_force.policies(request.policy)
            if (documents[-1].revision if documents else "") != request.revision:
                raise ConfigError("the policy was changed meanwhile; look at it again, then save")
            text = self._edited(request.policy, request.server, request.effects, request.preset)
            self._acceptance.write_policy(request.policy, text.encode())

    def _edited(self, policy: str, server: str, effects: Mapping[str, str], preset: str) -> str:
        """The text of the policy after a preset for all tools of a server, and then single effects."""
        if any(edit.key == f"policy:{policy}" for edit in self._in_force.held()):
            raise ConfigError(
                f"the policy {policy} was edited on disk and waits for your look; answer that first"
            )
        rates: dict[str, int] = {}
        wanted: dict[str, Effect] = {}
        if preset:
            tools = [(name, self._risks.of(self._views.definition(server, name)))
                     for name in self._views.tool_names(server)]  # fmt: skip
            for name, setting in _preset(preset)(tools).items():
                wanted[name] = _EFFECTS[setting.action]
                if setting.rate_limit is not None:
                    rates[name] = int(setting.rate_limit["max"])
        wanted.update({name: _EFFECTS[word] for name, word in effects.items()})
        documents = self._in_force.policies(policy)
        return with_effects(documents[-1] if documents else None, wanted, rates)

    # servers

    def _add_server(self, request: say.AddServer) -> None:
        entry: dict[str, object] = {"url": request.url, "headers": request.headers}
        if request.command:
            program, *arguments = request.command
            entry = {"command": program, "args": arguments, "env": request.env}
        entry = {key: value for key, value in entry.items() if value or key == "args"}
        with write_lock(self._profile):
            live = settings_file.add_server(settings_file.load(self._profile), request.name, entry)
            self._acceptance.first_policy(request.name)
            settings_file.save(self._profile, live)

    def _remove_server(self, request: say.RemoveServer) -> None:
        with write_lock(self._profile):
            live = settings_file.load(self._profile)
            settings_file.save(self._profile, settings_file.remove_server(live, request.name))
            accepted = self._accepted.settings()
            if request.name in accepted.document.get("mcpServers", {}):
                self._accepted.accept_settings(settings_file.remove_server(accepted, request.name))
            self._accepted.forget_tools(request.name)

    def _accept_tools(self, request: say.AcceptTools) -> None:
        accepted = dict(self._accepted.tools(request.server))
        for tool, digest in zip(request.tools, request.digests, strict=True):
            definition = self._views.definition(request.server, tool)
            if definition.digest != digest:
                raise ConfigError(f"the definition of `{tool}` was changed meanwhile; look at it again")
            if self._views.is_gone(request.server, tool):
                accepted.pop(tool, None)
            else:
                accepted[tool] = definition
        self._accepted.accept_tools(request.server, accepted)

    def _answer_held(self, request: say.AnswerHeld) -> None:
        if request.key.startswith("peer:"):
            self._answer_peer(request.key, request.accept)
        else:
            self._acceptance.answer(request.key, request.digest, accept=request.accept)


def _preset(name: str) -> Preset:
    if name not in PRESETS:
        raise ConfigError(f"there is no preset `{name}`; take one of {', '.join(PRESETS)}")
    return PRESETS[name]


def _shown(effect: Effect) -> str:
    return "Ask" if effect is Effect.APPROVE else effect.word.capitalize()
