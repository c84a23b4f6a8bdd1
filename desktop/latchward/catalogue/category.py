"""Which category a tool has: the name first, then its text, then what it can be told to do; the riskier wins.

    name --------+
    title, text -+--> base --> harmless? --> text, choices, code, runs, money --> Finding

A step that makes a tool less risky stands before those that make it more so, and none of them believes a text
that tells the reader what to think.
"""

from dataclasses import replace
from typing import Final

from latchward.model.risk import Category

from . import actions, code, harmless, money, speech
from .facts import Facts
from .finding import GUESSED, NAME_ALONE, SURE, TEXT_ALONE, UNKNOWN, Finding, Heard, Step
from .lexicon import is_noun, lexicon, singular
from .speech import Deed

_MAKING: Final = frozenset("create make start initiate update modify place new request trigger".split())
_APPLIED: Final = frozenset("terraform migration migrations plan playbook deploy".split())
_DOING: Final = frozenset("transfer issue release apply order sign mint restore sync".split())
"""Loose verbs that a following `the` or `a` makes plain."""

_DELETING: Final = frozenset("delete purge wipe destroy erase".split())
_LISTING: Final = frozenset("manage handle operations organize control".split())


def find(facts: Facts) -> Finding:
    """The category of a tool from all but its annotations."""
    heard = Heard(facts, speech.of_name(facts), _believed(facts, speech.of_text(facts)))
    found = _base(heard)
    for step in _STEPS:
        found = step(heard, found)
    return found


def _base(heard: Heard) -> Finding:
    """What name and text say together."""
    facts, name, text = heard.facts, heard.name, heard.text
    if name is not None and (name.firm or text is None or not text.firm):
        return _by_name(name, text)
    if text is not None:
        return _of(text, TEXT_ALONE if text.firm else GUESSED, "its description begins with")
    title = _believed(facts, speech.of_title(facts))
    if title is not None:
        return _of(title, GUESSED, "its title says")
    deep = _believed(facts, speech.anywhere_in_text(facts))
    if deep is not None:
        return _of(deep, GUESSED, "its description says")
    return _by_noun(facts)


def _by_name(name: Deed, text: Deed | None) -> Finding:
    if text is not None and text.category is name.category:
        found = _of(name, SURE, "its name says")
        return replace(found, evidence=(*found.evidence, text.evidence))
    return _of(name, NAME_ALONE if name.firm else GUESSED, "its name says")


def _of(deed: Deed, confidence: float, how: str) -> Finding:
    return Finding(deed.category, confidence, how, (deed.evidence,), deed.verb, deed.objects)


def _believed(facts: Facts, deed: Deed | None) -> Deed | None:
    """A text that tells the reader what to think, or hides something, is not believed to only read."""
    if deed is not None and deed.category is Category.READ and (facts.instructs or facts.hides_something):
        return None
    return deed


def _by_noun(facts: Facts) -> Finding:
    """No verb at all: the name of a report reads; anything else may do whatever it likes."""
    tail = facts.name_words[-1] if facts.name_words else None
    if tail is not None and is_noun(tail.text, "report_tail") and not facts.instructs:
        quote = facts.name_quote(tail.start, tail.end)
        return Finding(Category.READ, GUESSED, "its name is that of a report,", (quote,))
    return Finding(Category.EXECUTE, UNKNOWN, "", free=True)


def _by_text(heard: Heard, found: Finding) -> Finding:
    """A name that reads, or is mild, and a text that plainly says something worse."""
    text = _worst_said(heard) if found.category is Category.READ else heard.text
    if text is None or text.category <= found.category:
        return found
    acts = speech.takes(text.objects)
    if not text.firm and not (acts and text.verb in _DOING):
        return found
    if heard.name is not None and text.verb == heard.name.verb:
        return found  # both say the same, and that was weighed
    known = lexicon().verbs.get(text.verb)
    grave = text.category >= Category.EXECUTE and known is not None and not known.nounlike
    plain = grave or acts or text.verb in lexicon().unmistakable or not text.evidence.quote.isascii()
    worse = text.category >= Category.DESTRUCTIVE or found.category is Category.READ
    if not (plain and worse) or _is_aside(found, text):
        return found
    raised = found.moved(text.category, "its description says", text.evidence)
    return replace(raised, verb=text.verb, objects=text.objects)


def _worst_said(heard: Heard) -> Deed | None:
    """What the text begins with, or what it adds where that is worse."""
    said = [deed for deed in (heard.text, speech.added_later(heard.facts)) if deed is not None]
    return max(said, key=lambda deed: deed.category, default=None)


def _is_aside(found: Finding, text: Deed) -> bool:
    """Running a query, a report or a search is still reading."""
    return text.category is Category.EXECUTE and (
        text.verb in ("run", "execute", "start") or any(is_noun(one, "report_run") for one in text.objects)
    )


def _by_choices(heard: Heard, found: Finding) -> Finding:
    """What can be chosen with an argument; for tools that manage something, what their text lists."""
    offered = actions.choices(heard.facts)
    worst = actions.worst(offered)
    if worst is None:
        return _by_flag(heard, _by_list(heard, found))
    unsure = found.confidence <= GUESSED or (found.verb in _LISTING and found.category is Category.WRITE)
    if worst.category < found.category and not (len(offered) > 1 and unsure and not heard.facts.instructs):
        return found
    moved = found.moved(worst.category, "the worst that it can be told to do is", worst.evidence)
    if worst.category is Category.DESTRUCTIVE:
        return replace(moved, verb=worst.words[0], objects=worst.words[1:] or found.objects)
    return moved if worst.category is not found.category else found


def _by_flag(heard: Heard, found: Finding) -> Finding:
    """A switch that deletes as well: `delete_after_reading`."""
    for param in heard.facts.params:
        deletes = param.is_switch and bool(param.words) and param.words[0] in _DELETING
        if deletes and found.category < Category.DESTRUCTIVE:
            return found.moved(Category.DESTRUCTIVE, "it has a switch", param.quote)
    return found


def _by_list(heard: Heard, found: Finding) -> Finding:
    if found.verb not in _LISTING:
        return found
    deeds = [one for one in speech.deeds_in(heard.facts, clauses=4) if one.category <= Category.DESTRUCTIVE]
    worst = max(deeds, key=lambda deed: deed.category, default=None)
    if worst is None or worst.category <= found.category:
        return found
    return found.moved(worst.category, "its description lists", worst.evidence)


def _by_runs(heard: Heard, found: Finding) -> Finding:
    """Making a build or a call starts it; so does giving work to an agent, or pressing keys for a person."""
    if found.category is not Category.WRITE or not found.objects:
        return found
    head = singular(found.objects[-1])
    starts = found.verb in _MAKING and is_noun(head, "runs")
    agent = found.verb in ("assign", "request", "start", "ask") and "copilot" in found.objects
    drives = (found.verb in ("handle", "send") and is_noun(head, "drives")) or (
        "browser" in heard.told and found.verb in ("handle", "select", "upload")
    )
    drives = drives or (found.verb in ("set", "lock", "toggle", "switch") and is_noun(head, "devices"))
    applied = found.verb == "apply" and bool(heard.told & _APPLIED)
    if found.verb == "push" and "force" in heard.told:
        return found.moved(
            Category.DESTRUCTIVE, "it overwrites what others wrote, for it says", found.evidence[0]
        )
    if starts or agent or drives or applied:
        return found.moved(Category.EXECUTE, "it sets something going, for it says", found.evidence[0])
    return found


_STEPS: Final[tuple[Step, ...]] = (
    harmless.taken_out,
    harmless.only_reported,
    harmless.only_told,
    _by_text,
    harmless.saved,
    _by_choices,
    code.run,
    _by_runs,
    money.moved,
)
