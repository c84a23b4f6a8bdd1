"""The effects that a person chose and has not saved, with undo and redo. No Qt.

A draft knows the servers as the gateway last told them. What is chosen is kept by
server, policy and tool name, so that it survives a new revision of the policy; what
equals the policy in force is no change. Saving and discarding are steps as well:
undo reaches back over them, to changes that are unsaved again.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from latchward.control.messages import EffectWord, Propose, Save, ServerView, ToolView
from latchward.gui.text import counted

from . import presets, words

MAX_STEPS: Final = 500
"""Steps that can be undone; the oldest fall out."""

Key = tuple[str, str]
"""A server and the policy it is seen under."""

Target = tuple[Key, str]
"""One tool of one server under one policy."""


def key_of(view: ServerView) -> Key:
    """What a server is known by here."""
    return (view.name, view.policy)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that can be undone: effects before and after, and presets before and after."""

    words: str
    effects: Mapping[Target, tuple[EffectWord, EffectWord]]
    presets: Mapping[Key, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rebase:
    """What a new state of a server did to the draft: how many changes stayed, and which could not."""

    server: str
    kept: int
    dropped: tuple[str, ...]
    edited: bool
    gone: bool = False

    @property
    def sentence(self) -> str:
        """For the banner."""
        name = words.name_of(self.server)
        if self.gone:
            return f"{name} is gone, and {counted(len(self.dropped), 'unsaved change')} of it with it."
        why = (
            f"The policy of {name} was changed elsewhere." if self.edited else f"The tools of {name} changed."
        )
        kept = f" Your {counted(self.kept, 'unsaved change')} were kept." if self.kept else ""
        kept = kept.replace("change were", "change was")
        lost = words.names(self.dropped)
        return f"{why}{kept}{f' Dropped, for it cannot be set any more: {lost}.' if lost else ''}"


class Draft:
    """Every unsaved choice of the window."""

    def __init__(self) -> None:
        self._views: dict[Key, ServerView] = {}
        self._tools: dict[Key, dict[str, ToolView]] = {}
        self._chosen: dict[Key, dict[str, EffectWord]] = {}
        self._presets: dict[Key, str] = {}
        self._done: list[Step] = []
        self._undone: list[Step] = []

    # What is there

    @property
    def views(self) -> tuple[ServerView, ...]:
        """The servers as last told."""
        return tuple(self._views.values())

    def view(self, key: Key) -> ServerView:
        """One server as last told."""
        return self._views[key]

    def tool(self, target: Target) -> ToolView | None:
        """One tool as last told; None where it is gone."""
        return self._tools.get(target[0], {}).get(target[1])

    def effect(self, key: Key, tool: ToolView) -> EffectWord:
        """The effect that is shown: the chosen one, or the one in force."""
        chosen = self._chosen.get(key)
        return chosen.get(tool.name, tool.effect) if chosen else tool.effect

    def changes(self, key: Key) -> dict[str, EffectWord]:
        """The chosen effects of one server that are not in force."""
        return dict(self._chosen.get(key, {}))

    def preset(self, key: Key) -> str:
        """The preset that is applied first when this server is saved, or ""."""
        return self._presets.get(key, "")

    def changed(self) -> tuple[Key, ...]:
        """The servers that have something to save."""
        return tuple(key for key in self._views if self._chosen.get(key) or self._presets.get(key))

    @property
    def count(self) -> int:
        """How many changes there are; a preset that changes no effect counts as one."""
        return sum(len(self._chosen.get(key, {})) or 1 for key in self.changed())

    @property
    def undo_words(self) -> str:
        """What undo would take back, or ""."""
        return self._done[-1].words if self._done else ""

    @property
    def redo_words(self) -> str:
        """What redo would do again, or ""."""
        return self._undone[-1].words if self._undone else ""

    # Choosing

    def set(self, targets: Iterable[Target], effect: EffectWord, said: str = "") -> int:
        """Choose one effect for all targets that can be set; says how many changed."""
        moves: dict[Target, tuple[EffectWord, EffectWord]] = {}
        for target in targets:
            tool = self.tool(target)
            if tool is not None and not tool.fixed:
                before = self.effect(target[0], tool)
                if before != effect:
                    moves[target] = (before, effect)
        if moves:
            self._take_step(Step(said or _said(moves, effect), moves))
        return len(moves)

    def would(self, key: Key, preset: str) -> dict[str, tuple[EffectWord, EffectWord]]:
        """What a preset would change of what is shown now."""
        moves = {}
        for name, after in presets.effects(preset, self._views[key]).items():
            before = self.effect(key, self._tools[key][name])
            if before != after:
                moves[name] = (before, after)
        return moves

    def apply(self, key: Key, preset: str) -> int:
        """Choose a preset for one server; says how many effects changed."""
        moves = {(key, name): move for name, move in self.would(key, preset).items()}
        title = next((one.title for one in presets.PRESETS if one.key == preset), preset)
        step = Step(f"{title} for {words.name_of(key[0])}", moves, {key: (self.preset(key), preset)})
        self._take_step(step)
        return len(moves)

    def discard(self) -> None:
        """Choose what is in force, everywhere; can be undone."""
        moves: dict[Target, tuple[EffectWord, EffectWord]] = {}
        for target, effect in self._every_choice():
            tool = self.tool(target)
            if tool is not None:
                moves[target] = (effect, tool.effect)
        step = Step(
            f"Discard {counted(self.count, 'change')}",
            moves,
            {key: (name, "") for key, name in self._presets.items()},
        )
        if moves or step.presets:
            self._take_step(step)

    def undo(self) -> Step | None:
        """Take the last step back."""
        if not self._done:
            return None
        step = self._done.pop()
        self._undone.append(step)
        self._put({target: before for target, (before, _) in step.effects.items()})
        self._put_presets({key: before for key, (before, _) in step.presets.items()})
        return step

    def redo(self) -> Step | None:
        """Do the step again that was undone last."""
        if not self._undone:
            return None
        step = self._undone.pop()
        self._done.append(step)
        self._put({target: after for target, (_, after) in step.effects.items()})
        self._put_presets({key: after for key, (_, after) in step.presets.items()})
        return step

    # Saving

    def propose(self, key: Key, serial: int) -> Propose:
        """Ask what saving this server would mean."""
        return Propose(serial, key[1], key[0], self._on_top(key), self.preset(key))

    def save(self, key: Key, serial: int) -> Save:
        """Save this server, as it was last told."""
        return Save(serial, key[1], key[0], self._views[key].revision, self._on_top(key), self.preset(key))

    def saved(self, sent: Save) -> None:
        """The gateway wrote it: it is in force, even before the new view of the server arrives."""
        key = (sent.server, sent.policy)
        view = self._views.get(key)
        if view is None:
            return
        known = self._tools[key]
        for name, effect in sent.effects.items():
            if name in known:
                known[name] = replace(known[name], effect=effect)
        chosen = self._chosen.get(key, {})
        self._chosen[key] = {name: one for name, one in chosen.items() if known[name].effect != one}
        self._views[key] = replace(view, tools=tuple(known.values()))
        if self._presets.get(key) == sent.preset:
            self._presets.pop(key, None)

    def take(self, told: Iterable[ServerView]) -> tuple[Rebase, ...]:
        """The gateway told the servers anew: what is chosen moves onto them by tool name."""
        before = self._views
        self._views = {key_of(view): view for view in told}
        self._tools = {key: {tool.name: tool for tool in view.tools} for key, view in self._views.items()}
        found = [
            self._rebase(key, before[key])
            for key in before
            if self._chosen.get(key) or self._presets.get(key)
        ]
        return tuple(one for one in found if one is not None)

    # Inside

    def _rebase(self, key: Key, old: ServerView) -> Rebase | None:
        """Move the choices for one server onto its new state; None where the person need not know."""
        chosen = self._chosen.pop(key, {})
        view = self._views.get(key)
        if view is None:
            self._presets.pop(key, None)
            return Rebase(key[0], 0, tuple(chosen), edited=False, gone=True) if chosen else None
        known = self._tools[key]
        old_names = {tool.name for tool in old.tools}
        if preset := self._presets.get(key, ""):
            fresh = {
                tool.name: presets.effect(preset, tool) for tool in view.tools if tool.name not in old_names
            }
            chosen = fresh | chosen
        dropped = tuple(name for name in chosen if name not in known or known[name].fixed)
        kept = {
            name: one for name, one in chosen.items() if name not in dropped and known[name].effect != one
        }
        if kept:
            self._chosen[key] = kept
        edited = view.revision != old.revision
        tell = bool(dropped) or (edited and bool(kept))
        return Rebase(key[0], len(kept), dropped, edited) if tell else None

    def _on_top(self, key: Key) -> dict[str, EffectWord]:
        """The effects that are sent: the changes, and every tool that differs from the preset it is under."""
        sent = self.changes(key)
        preset = self.preset(key)
        if preset:
            for tool in self._tools[key].values():
                shown = self.effect(key, tool)
                if shown != presets.effect(preset, tool):
                    sent[tool.name] = shown
        return sent

    def _take_step(self, step: Step) -> None:
        self._done.append(step)
        del self._done[:-MAX_STEPS]
        self._undone.clear()
        self._put({target: after for target, (_, after) in step.effects.items()})
        self._put_presets({key: after for key, (_, after) in step.presets.items()})

    def _put(self, effects: Mapping[Target, EffectWord]) -> None:
        for target, effect in effects.items():
            tool = self.tool(target)
            if tool is None or tool.fixed:
                continue
            chosen = self._chosen.setdefault(target[0], {})
            if tool.effect == effect:
                chosen.pop(target[1], None)
            else:
                chosen[target[1]] = effect

    def _put_presets(self, named: Mapping[Key, str]) -> None:
        for key, preset in named.items():
            if preset and key in self._views:
                self._presets[key] = preset
            else:
                self._presets.pop(key, None)

    def _every_choice(self) -> Iterator[tuple[Target, EffectWord]]:
        for key, chosen in self._chosen.items():
            for name, effect in chosen.items():
                yield (key, name), effect


def _said(moves: Mapping[Target, object], effect: EffectWord) -> str:
    """A step in words: `write_file to Ask`, `8 tools to Ask`."""
    tools = [name for _, name in moves]
    subject = words.name_of(tools[0]) if len(tools) == 1 else counted(len(tools), "tool")
    return f"{subject} to {words.EFFECT[effect]}"
