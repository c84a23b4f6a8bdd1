"""Whether one document lets through more than another.

Decided from what the documents do, not from their text. Restrictions add
up, so a document is at most as open as another where, for every tool, its plain
effect is as strict and every condition, limit and schedule of the other still
stands. Of prompts and resources the defaults are compared, and entries as a whole; of
what a server may ask and of other methods each answer. Whatever is not plainly
stricter counts as looser: it only means that a person is asked to look.
"""

from collections.abc import Iterable

from pydantic import BaseModel

from latchward.model.decision import Effect

from .compiled import Policy
from .form import EntryForm
from .globs import compile_name_glob, is_glob
from .shown import shown

_ANY = "any other tool"
_FRESH = "\N{BULLET} no such tool"


def loosened(old: Policy | None, new: Policy | None, tools: Iterable[str]) -> tuple[str, ...]:
    """A sentence for each tool, and each other part, that `new` lets more of through than `old`."""
    if new is None:
        return ()
    names = sorted({*tools, *_named(old), *_named(new)})
    sentences = [sentence for name in names if (sentence := _tool(old, new, name, f"`{name}`"))]
    if sentence := _tool(old, new, _FRESH, _ANY):
        sentences.append(sentence)
    return (*sentences, *_listed(old, new), *_asked(old, new), *_methods(old, new))


def _listed(old: Policy | None, new: Policy) -> Iterable[str]:
    """What is said of prompts and resources."""
    before = Effect.DENY if old is None else old.prompts.default.effect
    after = new.prompts.default.effect
    if after < before:
        yield f"any other prompt or resource: {before.word} becomes {after.word}"
    for part in ("resources", "prompts"):
        was = getattr(old.document, part) if old else {}
        now = getattr(new.document, part)
        # Without entries the default speaks alone; where that denies, nothing is left to be let through.
        if now != was and (now or after < Effect.DENY):
            yield f"what it says of {part} is another"


def _asked(old: Policy | None, new: Policy) -> Iterable[str]:
    """What the server may ask of the client: one sentence for all that change alike."""
    changes: dict[tuple[Effect, Effect], list[str]] = {}
    for kind, reason in new.server_requests.items():
        before = Effect.DENY if old is None else old.server_requests[kind].effect
        if reason.effect < before:
            changes.setdefault((before, reason.effect), []).append(f"`{kind}`")
    for (before, after), kinds in changes.items():
        yield f"{', '.join(kinds)} asked for by the server: {before.word} becomes {after.word}"


def _methods(old: Policy | None, new: Policy) -> Iterable[str]:
    """The methods that only a policy knows; one that none names does not exist."""
    for name, reason in new.methods.items():
        known = old.methods.get(name) if old else None
        before = Effect.HIDE if known is None else known.effect
        if reason.effect < before:
            yield f"the method `{name}`: {before.word} becomes {reason.effect.word}"


def _tool(old: Policy | None, new: Policy, name: str, called: str) -> str:
    before, after = shown(old, name), shown(new, name)
    if after.effect < before.effect:
        return f"{called}: {before.effect.word} becomes {after.effect.word}"
    if after.effect >= Effect.DENY or old is None:
        return ""
    if _restrictions(old, name) - _restrictions(new, name):
        return f"{called}: a condition, limit or schedule is gone or is another"
    return ""


def _restrictions(policy: Policy, name: str) -> set[str]:
    """Everything that can stop a call of this tool, as text that is equal where it is the same rule."""
    document = policy.document
    entries = [
        (key, entry)
        for key, entry in document.tools.items()
        if key == name or (is_glob(key) and compile_name_glob(key)(name))
    ]
    if document.all_tools is not None:
        entries.append(("", document.all_tools))
    found = {f"{key}:{part}" for key, entry in entries for part in _parts(entry)}
    if document.schedule is not None:
        found.add(_text("schedule", document.schedule))
    return found


def _parts(entry: EntryForm) -> Iterable[str]:
    for kind in ("require", "deny_if", "approve_if", "limits"):
        for part in getattr(entry, kind):
            yield _text(kind, part)
    for kind in ("schedule", "rate_limit"):
        if getattr(entry, kind) is not None:
            yield _text(kind, getattr(entry, kind))


def _text(kind: str, part: BaseModel | str) -> str:
    plain = part if isinstance(part, str) else part.model_dump_json(exclude={"description", "on_deny"})
    return f"{kind} {plain}"


def _named(policy: Policy | None) -> set[str]:
    """The names that a document speaks of, and for each glob two names that it would match."""
    if policy is None:
        return set()
    names: set[str] = set()
    for key in (*policy.document.tools, *policy.document.hide):
        if is_glob(key):
            names.update(key.replace("?", "x").replace("*", filling) for filling in ("", "x"))
        else:
            names.add(key)
    return names
