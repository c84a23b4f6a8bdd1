"""The nouns that decisions are made from: immutable, and without pydantic.

A `Table` holds the entries of one part of a document (tools, prompts or
resources). Asked for a name it makes a `Plan`: the rules of every matching
entry, already in the order in which the deciding rule is named. Plans are
remembered, so a decision costs the same with ten entries and with ten thousand.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from latchward.model.decision import Decision, Effect, Reason

from .limits import Limit
from .patterns import Matcher
from .schedule import Schedule

if TYPE_CHECKING:
    from .form import Document

_REMEMBERED: Final = 4_096
"""Plans in memory for one table; then all are forgotten."""
_LONGEST_REMEMBERED: Final = 256
"""Characters; plans of longer names are made anew each time."""


@dataclass(frozen=True, slots=True)
class Check:
    """One predicate. `passes` is the answer that lets a call by: True in `require`, False elsewhere."""

    ask: Callable[[Mapping[str, Any]], bool | None]
    passes: bool
    broken: Reason
    unjudged: Reason


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry with its rules by kind.

    `lists` says whether the entry replaces the default for its names, and `allows`
    is what is then said. `hides` is set where the action is to hide, `action`
    where it is to deny or to ask.
    """

    key: str
    allows: Reason
    lists: bool
    hides: Reason | None = None
    action: Reason | None = None
    schedules: tuple[Schedule, ...] = ()
    require: tuple[Check, ...] = ()
    deny_if: tuple[Check, ...] = ()
    approve_if: tuple[Check, ...] = ()
    limits: tuple[Limit, ...] = ()
    rate_limit: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All that speaks of one name.

    `final` is the decision where nothing needs to be judged. `allowed` is the
    decision where no rule objects. `fixed` are reasons that hold for every call.
    """

    hidden: bool
    final: Decision | None
    allowed: Decision
    fixed: tuple[Reason, ...]
    schedules: tuple[Schedule, ...]
    checks: tuple[Check, ...]
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The entries for one sort of names.

    `always` are entries for every name (`all_tools`, the schedule at the top); `default` speaks
    where no entry lists the name; `hide` and `globs` pair a matcher with what it brings.
    `normal` turns a name into the one that is matched, or None where the name is refused.
    """

    exact: Mapping[str, Entry]
    globs: tuple[tuple[Matcher, Entry], ...]
    hide: tuple[tuple[Matcher, Reason], ...]
    hide_exact: Mapping[str, Reason]
    always: tuple[Entry, ...]
    default: Reason
    normal: Callable[[str], str | None]
    _plans: dict[str, Plan] = field(default_factory=dict, repr=False, compare=False)

    def plan(self, name: str) -> Plan:
        """The rules for a name, which is compared by code point."""
        plan = self._plans.get(name)
        if plan is None:
            plan = self._make(name)
            if len(name) <= _LONGEST_REMEMBERED:
                if len(self._plans) >= _REMEMBERED:
                    self._plans.clear()
                self._plans[name] = plan
        return plan

    def _make(self, name: str) -> Plan:
        normal = self.normal(name)
        spelt = name if normal is None else normal
        entries = [entry for matches, entry in self.globs if matches(spelt)]
        if spelt in self.exact:
            entries.append(self.exact[spelt])
        entries.sort(key=lambda entry: entry.key)
        hidden = self._hidden(spelt, entries)
        if hidden is not None:
            return _settled(hidden)
        if normal is None:
            reason = Reason(
                Effect.DENY, "(unknown tool)", "the name has no normal spelling: use one that was listed"
            )
            return _settled(reason)
        return _plan([*entries, *self.always], self.default)

    def _hidden(self, name: str, entries: list[Entry]) -> Reason | None:
        if name in self.hide_exact:
            return self.hide_exact[name]
        reasons = [reason for matches, reason in self.hide if matches(name)]
        reasons += [entry.hides for entry in entries if entry.hides is not None]
        return reasons[0] if reasons else None


def _settled(reason: Reason) -> Plan:
    """A plan that says one thing of every call. What hides says nothing that would show the tool."""
    hidden = reason.effect is Effect.HIDE
    if hidden:
        decision = Decision(Effect.HIDE, "(hidden)", "there is no such tool", (reason,))
    else:
        decision = Decision(reason.effect, reason.rule, reason.message, (reason,))
    return Plan(hidden, decision, decision, (), (), (), ())


def _plan(entries: list[Entry], default: Reason) -> Plan:
    listing = [entry for entry in entries if entry.lists]
    allows = tuple(entry.allows for entry in listing) or (default,)
    fixed = [] if listing or default.effect is Effect.ALLOW else [default]
    fixed += [entry.action for entry in entries if entry.action is not None]
    checks = [check for entry in entries for check in entry.require]
    checks += [check for entry in entries for check in entry.deny_if]
    checks += [check for entry in entries for check in entry.approve_if]
    limits = [limit for entry in entries for limit in entry.limits]
    limits += [limit for entry in entries for limit in entry.rate_limit]
    schedules = [schedule for entry in entries for schedule in entry.schedules]
    allowed = Decision(Effect.ALLOW, allows[0].rule, allows[0].message, allows)
    settled = not (schedules or checks or limits)
    final = concluded(fixed) or allowed if settled else None
    return Plan(False, final, allowed, tuple(fixed), tuple(schedules), tuple(checks), tuple(limits))


def concluded(reasons: list[Reason]) -> Decision | None:
    """The decision of reasons in naming order: the first of the greatest effect decides. None of none."""
    if not reasons:
        return None
    deciding = max(reasons, key=lambda reason: reason.effect)
    others = tuple(reason for reason in reasons if reason is not deciding)
    return Decision(deciding.effect, deciding.rule, deciding.message, (deciding, *others))


@dataclass(frozen=True, slots=True)
class Policy:
    """One document, compiled. Made by `document.load` alone and never changed.

    `revision` is the SHA-256 (hex) of the document's bytes. `source` names
    where it came from, for messages. `document` is the form as it was read.
    """

    source: str
    revision: str
    document: "Document"
    tools: Table
    prompts: Table
    resources: Table
    server_requests: Mapping[str, Reason]
    methods: Mapping[str, Reason]
