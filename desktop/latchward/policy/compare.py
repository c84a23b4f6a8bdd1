"""Whether one document lets through more than another.

Decided from what the documents do to tools, not from their text. Restrictions add
up, so a document is at most as open as another where, for every tool, its plain
effect is as strict and every condition, limit and schedule of the other still
stands. Whatever is not plainly so counts as looser: it only means that a person
is asked to look.
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
    for part in ("resources", "prompts", "server_requests", "methods"):
        before = getattr(old.document, part) if old else type(getattr(new.document, part))()
        if getattr(new.document, part) and getattr(new.document, part) != before:
            sentences.append(f"what it says of {part.replace('_', ' ')} is another")
    return tuple(sentences)


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
