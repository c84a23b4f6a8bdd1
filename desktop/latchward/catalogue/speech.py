"""The deed that a name or a description names: the verb, and how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from latchward.model.risk import Category, Evidence, Where

from .facts import Facts
from .lexicon import Verb, is_noun, lexicon, verb, written_verb
from .words import Word

_NOT: Final = frozenset(
    "no not never without cannot don doesn won nor dont doesnt non avoid instead rather".split()
)
_AND: Final = frozenset("and or und et y e i of oder ou o lub en".split())
_SURE_TAILS: Final = frozenset("preview estimate quote dryrun impact simulation forecast eligibility".split())
_TAKEN: Final = frozenset("the a an all every any each it them its their this that one".split())
_ADDING: Final = frozenset("and then also will automatically permanently und et y e".split())
_CLAUSES: Final = 6
_LEAD_REACH: Final = 7


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done, in whose words, and what it is done to (`objects`: the words after the verb)."""

    category: Category
    firm: bool
    verb: str
    evidence: Evidence
    objects: tuple[str, ...] = ()


def of_name(facts: Facts) -> Deed | None:
    """The deed that the name says."""
    inside = facts.name_words
    found = [(index, known) for index, word in enumerate(inside) if (known := _verb_at(inside, index))]
    chosen = _choose(found, len(inside), _joins(inside))
    if chosen is None:
        return _in_script(facts.name, Where.NAME) or _grown_together(facts)
    index, known = chosen
    word = inside[index]
    objects = tuple(other.text for other in inside[index + 1 :]) or tuple(
        other.text for other in inside[:index]
    )
    if _is_report(inside, index, known):
        tail = inside[-1]
        sure = tail.text in _SURE_TAILS
        return Deed(Category.READ, sure, tail.text, facts.name_quote(tail.start, tail.end), objects)
    return Deed(known.category, known.firm, known.word, facts.name_quote(word.start, word.end), objects)


def _verb_at(inside: Sequence[Word], index: int) -> Verb | None:
    """The verb that a word of a name is; `requests` at the end is things, not a deed."""
    known = verb(inside[index].text, bent=False)
    if known is None or index == 0 or index < len(inside) - 1:
        return known
    return None if known.nounlike and inside[index].text != known.word else known


def _joins(inside: Sequence[Word]) -> bool:
    """`get_or_create`, `search_and_replace`: two deeds in one name."""
    for index, word in enumerate(inside[1:-1], 1):
        after = verb(inside[index + 1].text, bent=False)
        if word.text in ("or", "and") and after is not None and not after.nounlike:
            return True
    return False


def _choose(found: Sequence[tuple[int, Verb]], length: int, either: bool) -> tuple[int, Verb] | None:
    """The verb that speaks: the first firm one, unless it may be a thing and another one is not."""
    if not found:
        return None
    if either:
        return max(found, key=lambda one: one[1].category)
    first_index, first = found[0]
    if first.firm and (first_index == 0 or not first.nounlike):
        return found[0]
    for index, known in found:
        if not known.firm or (first.firm and known.category < first.category and known.nounlike):
            continue
        if not known.nounlike or (index == length - 1 and first_index > 0):
            return index, known
    last_index, last = found[-1]
    if first_index == 0 and last.firm and last_index == length - 1 and (first.nounlike or not last.nounlike):
        return last_index, last
    return found[0]


def _is_report(inside: Sequence[Word], index: int, known: Verb) -> bool:
    """`payment_history`, `delete_impact_preview`: a thing to be read that is named after a deed."""
    tail = inside[-1].text
    if index == len(inside) - 1 or known.category is Category.READ:
        return False
    if tail in _SURE_TAILS:
        return known.word not in ("create", "update", "send", "add", "submit", "accept")
    return index == 0 and known.word in lexicon().nounable and is_noun(tail, "report_tail")


def _grown_together(facts: Facts) -> Deed | None:
    """`deletefile`: a firm verb of five letters or more at the beginning of a word that is none."""
    for word in facts.name_words:
        for length in range(min(len(word.text) - 2, 12), 3, -1):
            known = lexicon().verbs.get(word.text[:length])
            if known is not None and known.firm and not known.nounlike:
                rest = (word.text[length:],)
                return Deed(known.category, False, known.word, facts.name_quote(word.start, word.end), rest)
    return None


def of_title(facts: Facts) -> Deed | None:
    """The deed that the title says."""
    found = _leading(facts.title_words[:12]) if facts.title_words else None
    if found is None:
        return _in_script(facts.title, Where.TITLE)
    word, known, after = found
    quote = Evidence(facts.title[word.start : word.end], Where.TITLE)
    return Deed(known.category, known.firm, known.word, quote, tuple(other.text for other in after[:4]))


def of_text(facts: Facts) -> Deed | None:
    """The deed that the description begins with; the worst one where it lists several."""
    for clause in facts.clauses[:_CLAUSES]:
        found = _leading(clause)
        if found is not None:
            return _worst_listed(facts, clause, *found)
    return _in_script(facts.text[:400], Where.DESCRIPTION)


def anywhere_in_text(facts: Facts) -> Deed | None:
    """A verb that stands further inside of the first clauses, and cannot be taken for a thing."""
    for clause in facts.clauses[:4]:
        for index, word in enumerate(clause[:40]):
            known = verb(word.text)
            if known is None or not known.firm or _negated(clause, index):
                continue
            if known.nounlike and known.category is not Category.READ:
                continue
            objects = tuple(other.text for other in clause[index + 1 : index + 6])
            return Deed(known.category, False, known.word, facts.text_quote(word.start, word.end), objects)
    return None


def _leading(clause: Sequence[Word]) -> tuple[Word, Verb, Sequence[Word]] | None:
    """The verb that a clause begins with, past words that say nothing."""
    fillers = lexicon().fillers
    for index, word in enumerate(clause[:_LEAD_REACH]):
        known = verb(word.text)
        if word.text == "read" and clause[index + 1 : index + 2] and clause[index + 1].text == "only":
            return None  # a claim, not a deed
        if known is not None and word.text not in fillers:
            return None if _negated(clause, index) else (word, known, clause[index + 1 :])
        if word.text not in fillers:
            return None
    return None


def _worst_listed(
    facts: Facts, clause: Sequence[Word], word: Word, known: Verb, after: Sequence[Word]
) -> Deed:
    """`Create, update or delete labels`: verbs in a row are one deed, and the worst of them counts."""
    chosen, quoted, rest = known, word, after
    for index, other in enumerate(after[:12]):
        next_one = verb(other.text)
        if other.text in _AND:
            continue
        if next_one is None or _negated(after, index):
            break
        if not _follows(facts, after[index - 1] if index else word, other):
            break
        if known.word == "add" and next_one.word == "remove":
            continue  # each undoes the other
        if next_one.firm and (next_one.category > chosen.category or not chosen.firm):
            chosen, quoted, rest = next_one, other, after[index + 1 :]
    objects = tuple(other.text for other in rest[:6])
    return Deed(
        chosen.category, chosen.firm, chosen.word, facts.text_quote(quoted.start, quoted.end), objects
    )


def _follows(facts: Facts, before: Word, after: Word) -> bool:
    """Whether two verbs belong to one row: `and`, a comma or a slash stands between them."""
    return before.text in _AND or any(sign in facts.text[before.end : after.start] for sign in ",/&+")


def _negated(clause: Sequence[Word], index: int) -> bool:
    return any(word.text in _NOT for word in clause[max(0, index - 3) : index])


def deeds_in(facts: Facts, *, clauses: int) -> list[Deed]:
    """Every firm deed of the first clauses that stands where verbs stand."""
    found = []
    for clause in facts.clauses[:clauses]:
        for index, word in enumerate(clause[:60]):
            known = verb(word.text)
            if known is None or not known.firm or _negated(clause, index):
                continue
            if known.nounlike and index > 0:
                continue
            objects = tuple(other.text for other in clause[index + 1 : index + 4])
            found.append(
                Deed(known.category, False, known.word, facts.text_quote(word.start, word.end), objects)
            )
    return found


def added_later(facts: Facts) -> Deed | None:
    """`Lists the files and deletes the old ones`: the worst that a later verb of the first lines adds."""
    found = []
    for clause in facts.clauses[:3]:
        for index, word in enumerate(clause[1:60], 1):
            known = verb(word.text)
            if known is None or not known.firm or known.category is Category.READ:
                continue
            objects = tuple(other.text for other in clause[index + 1 : index + 4])
            grave = known.category >= Category.DESTRUCTIVE and not known.nounlike
            if clause[index - 1].text in _ADDING and (grave or takes(objects)) and _is_now(clause, index):
                quote = facts.text_quote(word.start, word.end)
                found.append(Deed(known.category, True, known.word, quote, objects))
    return max(found, key=lambda deed: deed.category, default=None)


def takes(objects: Sequence[str]) -> bool:
    """Whether what follows a word shows that it is a verb: `charges the card`."""
    return bool(objects) and objects[0] in _TAKEN


def _is_now(clause: Sequence[Word], index: int) -> bool:
    return not clause[index].text.endswith("ed") and not _negated(clause, index)


def _in_script(text: str, where: Where) -> Deed | None:
    found = written_verb(text)
    if found is None:
        return None
    known, start, end = found
    return Deed(known.category, True, known.word, Evidence(text[start:end], where))
