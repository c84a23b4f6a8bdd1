"""From the form of a document to a `Policy`; here is found what a shape cannot show."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from latchward.model.decision import Effect, Reason

from . import globs, uris
from .compiled import Check, Entry, Policy, Table
from .complaints import Fault, Location, pointer, quoted
from .form import Document, EntryForm, LimitForm, PredicateForm, ScheduleForm
from .limits import Limit
from .paths import BadPath, Path, parse_path
from .patterns import BadPattern, Matcher
from .predicates import OPERATORS, BadValue, Operator, compile_predicate
from .schedule import DAYS, FULL_DAY, Schedule, minutes_of

MAX_PREDICATES: Final = 10_000
_RATE_COUNTER: Final = "(rate)"
_EFFECTS: Final = {"allow": Effect.ALLOW, "approve": Effect.APPROVE, "deny": Effect.DENY, "hide": Effect.HIDE}


def compile_document(document: Document, *, source: str, revision: str) -> Policy:
    """The policy of a document. Raises `Fault` for what cannot hold."""
    _count_predicates(document)
    default = _default(document, "tool")
    always = _always(document)
    hide = [
        (name, Reason(Effect.HIDE, pointer(("hide", at)), "hidden by the policy"))
        for at, name in enumerate(document.hide)
    ]
    return Policy(
        source=source,
        revision=revision,
        document=document,
        tools=_table("tools", document.tools, default, always=always, hide=hide),
        prompts=_table("prompts", document.prompts, _default(document, "prompt")),
        resources=_table("resources", document.resources, _default(document, "resource")),
        server_requests=_answers("server_requests", _requests(document), document.default),
        methods=_answers("methods", document.methods, None),
    )


def _default(document: Document, sort: str) -> Reason:
    effect = _EFFECTS[document.default]
    words = {
        Effect.ALLOW: f"no rule lists this {sort}, and the default is to allow",
        Effect.APPROVE: f"no rule lists this {sort}, and by default a person is asked",
        Effect.DENY: f"no rule lists this {sort}, and the default is to deny",
    }
    return Reason(effect, f"(default {effect.word})", words[effect])


def _table(
    part: str,
    forms: Mapping[str, EntryForm],
    default: Reason,
    *,
    always: tuple[Entry, ...] = (),
    hide: Iterable[tuple[str, Reason]] = (),
) -> Table:
    matcher = _uri_matcher if part == "resources" else globs.compile_name_glob
    exact: dict[str, Entry] = {}
    matched: list[tuple[Matcher, Entry]] = []
    for key, form in forms.items():
        entry = compile_entry(form, (part, key), key)
        plain = None if globs.is_glob(key) else _plain(part, key)
        if plain is None:
            matched.append((_load_glob(matcher, key, (part, key)), entry))
        elif plain in exact:
            raise Fault(
                f"{quoted(key)} names the same resource as another entry",
                (part, key),
                "keep one of them",
                True,
            )
        else:
            exact[plain] = entry
    hide_exact: dict[str, Reason] = {}
    hide_globs = []
    for name, reason in hide:
        if globs.is_glob(name):
            hide_globs.append((_load_glob(matcher, name, ("hide",)), reason))
        else:
            hide_exact.setdefault(name, reason)
    normal = uris.normal_uri if part == "resources" else _encodable
    return Table(exact, tuple(matched), tuple(hide_globs), hide_exact, always, default, normal)


def _plain(part: str, key: str) -> str:
    if part != "resources":
        return key
    normal = uris.normal_uri(key)
    if normal is None:
        raise Fault(
            f"{quoted(key)} is no address of a resource",
            (part, key),
            "write it as `scheme:...` without encoded `/`",
            True,
        )
    return normal


def _uri_matcher(glob: str) -> Matcher:
    return globs.compile_path_glob(uris.normal_glob(glob))


def _load_glob(matcher: Callable[[str], Matcher], glob: str, location: Location) -> Matcher:
    try:
        return matcher(glob)
    except BadPattern as error:
        raise Fault(
            f"the glob {quoted(glob)} does not load", location, f"make it shorter ({error})", True
        ) from None


def _encodable(name: str) -> str | None:
    """A name with half characters matches nothing, and so would slip past a glob that denies."""
    return None if any("\ud800" <= char <= "\udfff" for char in name) else name


def _always(document: Document) -> tuple[Entry, ...]:
    entries = []
    if document.all_tools is not None:
        form, location = document.all_tools, ("all_tools",)
        if form.action == "hide":
            raise Fault(
                "`hide` cannot hold for all tools", ("all_tools", "action"), 'write `"hide": ["*"]` instead'
            )
        if isinstance(form.rate_limit, str):
            remedy = 'write `{"max": 5, "window": "hour"}`'
            raise Fault("a rate in words cannot hold for all tools", ("all_tools", "rate_limit"), remedy)
        entries.append(compile_entry(form, location, None))
    if document.schedule is not None:
        schedules = (compile_schedule(document.schedule, ("schedule",), ""),)
        entries.append(Entry("", Reason(Effect.ALLOW, "", ""), lists=False, schedules=schedules))
    return tuple(entries)


def compile_entry(form: EntryForm, location: Location, key: str | None) -> Entry:
    """One entry. `key` is None for `all_tools`, which lists nothing. Raises `Fault`."""
    advice = f": {form.reason}" if form.reason else ""
    subject = "every tool" if key is None else quoted(key)
    hides = (
        Reason(Effect.HIDE, pointer((*location, "action")), "hidden by the policy")
        if form.action == "hide"
        else None
    )
    return Entry(
        key=key or "",
        allows=Reason(Effect.ALLOW, pointer(location), f"{subject} is allowed"),
        lists=key is not None and (form.action is not None or not globs.is_bare_star(key)),
        hides=hides,
        action=_action(form, location, subject, advice),
        schedules=(compile_schedule(form.schedule, (*location, "schedule"), advice),)
        if form.schedule
        else (),
        require=_checks(form.require, (*location, "require"), advice),
        deny_if=_checks(form.deny_if, (*location, "deny_if"), advice),
        approve_if=_checks(form.approve_if, (*location, "approve_if"), advice),
        limits=_limits(form.limits, location, advice),
        rate_limit=_rate(form, location, advice),
    )


def _action(form: EntryForm, location: Location, subject: str, advice: str) -> Reason | None:
    rule = pointer((*location, "action"))
    if form.action == "deny":
        return Reason(Effect.DENY, rule, f"{subject} is denied{advice}")
    if form.action == "approve":
        return Reason(Effect.APPROVE, rule, f"{subject} needs a person's approval{advice}")
    return None


def _checks(forms: list[PredicateForm], location: Location, advice: str) -> tuple[Check, ...]:
    return tuple(compile_check(form, (*location, at), advice) for at, form in enumerate(forms))


def compile_check(form: PredicateForm, location: Location, advice: str) -> Check:
    """One predicate in the clause that `location` names. Raises `Fault`."""
    clause = str(location[-2])
    path, operator = _path(form.path, (*location, "path")), OPERATORS[form.op]
    try:
        ask = compile_predicate(path, operator, form.value, every=clause == "require")
    except BadValue as error:
        wrong = f"{quoted(form.value)} is no value for `{form.op}`"
        raise Fault(wrong, (*location, "value"), str(error)) from None
    effect = Effect.APPROVE if clause == "approve_if" else Effect.DENY
    advice = f": {form.on_deny}" if form.on_deny else advice
    broken, unjudged = _sentences(clause, form, operator)
    rule = pointer(location)
    return Check(
        ask,
        clause == "require",
        Reason(effect, rule, broken + advice),
        Reason(effect, rule, unjudged + advice),
    )


def _sentences(clause: str, form: PredicateForm, operator: Operator) -> tuple[str, str]:
    """What is said where the predicate speaks, and where it cannot be evaluated."""
    path, value = quoted(form.path), quoted(form.value)
    if form.op == "exists":
        value = "present" if form.value else "absent"
    if clause == "approve_if":
        holds = operator.holds.format(value)
        broken = f"a person is asked where {path} {holds}"
    else:
        must = "must" if clause == "require" else "must not"
        broken = f"{path} {must} {operator.must.format(value)}"
    return broken, f"{broken}, but it is missing or not {operator.wants}"


def _path(text: str, location: Location) -> Path:
    try:
        return parse_path(text)
    except BadPath as error:
        raise Fault(f"{quoted(text)} is no path", location, str(error)) from None


def _limits(forms: list[LimitForm], location: Location, advice: str) -> tuple[Limit, ...]:
    seen: dict[tuple[str, str], int] = {}
    found = []
    for at, form in enumerate(forms):
        limit = compile_limit(form, location, at, advice)
        if seen.setdefault((limit.counter, limit.window), at) != at:
            wrong = f"the counter {quoted(limit.counter)} stands twice with one window"
            raise Fault(wrong, (*location, "limits", at), "give this one a `counter` with another name")
        found.append(limit)
    return tuple(found)


def compile_limit(form: LimitForm, entry: Location, at: int, advice: str) -> Limit:
    """The limit at one place of an entry's list. Raises `Fault`."""
    location = (*entry, "limits", at)
    if form.increment is not None and form.increment_from is not None:
        raise Fault("`increment` and `increment_from` stand together", location, "keep one of them")
    amount_at = None
    if form.increment_from is not None:
        path = _path(form.increment_from, (*location, "increment_from"))
        if path.many:
            remedy = "name one value, or a list's `.length`"
            raise Fault(f"{quoted(path.text)} is many values", (*location, "increment_from"), remedy)
        amount_at = path.getter()
    window = str(form.window)
    return Limit(
        rule=pointer(location),
        entry=pointer(entry),
        counter=form.counter if form.counter is not None else window,
        window=window,
        scope=form.scope,
        maximum=Decimal(form.max),
        amount=Decimal(1 if form.increment is None else form.increment),
        amount_at=amount_at,
        amount_path=form.increment_from or "",
        on_exceed=_EFFECTS[form.on_exceed],
        advice=f": {form.on_deny}" if form.on_deny else advice,
    )


def _rate(form: EntryForm, location: Location, advice: str) -> tuple[Limit, ...]:
    if form.rate_limit is None:
        return ()
    if isinstance(form.rate_limit, str):
        # The form of Intercept, which counts for the server as a whole.
        count, _, window = form.rate_limit.partition("/")
        maximum, scope = Decimal(count), "server"
    else:
        maximum, window, scope = (
            Decimal(form.rate_limit.max),
            str(form.rate_limit.window),
            form.rate_limit.scope,
        )
    limit = Limit(
        rule=pointer((*location, "rate_limit")),
        entry=pointer(location),
        counter=_RATE_COUNTER,
        window=window,
        scope=scope,
        maximum=maximum,
        amount=Decimal(1),
        amount_at=None,
        amount_path="",
        on_exceed=Effect.DENY,
        advice=advice,
    )
    return (limit,)


def compile_schedule(form: ScheduleForm, location: Location, advice: str) -> Schedule:
    """Days and hours. Raises `Fault` where they say nothing or never hold."""
    if form.days is None and form.start is None and form.to is None:
        raise Fault("the schedule is empty", location, "write `days`, or `from` and `to`")
    if form.days == []:
        raise Fault(
            "no day is named", (*location, "days"), 'write days such as `"mon"`, or leave `days` away'
        )
    start, end = _minutes(form.start, 0), _minutes(form.to, FULL_DAY)
    if start == end or (start == FULL_DAY and end == 0):
        raise Fault("`from` and `to` are the same time", location, "make them differ, or leave both away")
    effect = _EFFECTS[form.outside]
    days = form.days or list(DAYS)
    hours = f"{', '.join(days)} from {form.start or '00:00'} to {form.to or '24:00'}"
    words = f"outside of the hours ({hours})" + (", a person is asked" if effect is Effect.APPROVE else "")
    return Schedule(
        frozenset(map(DAYS.index, days)), start, end, Reason(effect, pointer(location), words + advice)
    )


def _minutes(clock: str | None, missing: int) -> int:
    minutes = None if clock is None else minutes_of(clock)
    return missing if minutes is None else minutes


def _requests(document: Document) -> dict[str, str | None]:
    form = document.server_requests
    return {
        kind: None if form is None else getattr(form, kind) for kind in ("elicitation", "sampling", "roots")
    }


def _answers(part: str, answers: Mapping[str, Any], default: str | None) -> Mapping[str, Reason]:
    reasons = {}
    for key, answer in answers.items():
        effect = _EFFECTS[answer or default or "deny"]
        rule = pointer((part, key)) if answer else f"(default {effect.word})"
        said = {
            Effect.ALLOW: "is allowed",
            Effect.APPROVE: "needs a person's approval",
            Effect.DENY: "is denied",
        }
        reasons[key] = Reason(effect, rule, f"{quoted(key)} {said[effect]}")
    return reasons


def _count_predicates(document: Document) -> None:
    entries = [*document.tools.values(), *document.resources.values(), *document.prompts.values()]
    if document.all_tools is not None:
        entries.append(document.all_tools)
    count = sum(len(entry.require) + len(entry.deny_if) + len(entry.approve_if) for entry in entries)
    if count > MAX_PREDICATES:
        raise Fault(f"{count:,} predicates", (), f"write at most {MAX_PREDICATES:,} in one document")
