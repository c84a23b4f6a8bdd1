"""Tools that move or commit money: by the thing that is written, by the words of the text, by the choices."""

from dataclasses import replace
from typing import Final

from latchward.model.risk import Category, Evidence, Where

from . import actions
from .facts import Facts
from .finding import GUESSED, Finding, Heard
from .lexicon import is_noun, singular

_ORDERING: Final = frozenset(
    "create place submit confirm make execute replace modify buy sell process order".split()
)
_HANDING_OVER: Final = frozenset("transfer send sign order mint process swap move submit release".split())
_KEEPING: Final = frozenset("archive label tag comment import export attach upload".split())
_AMOUNTS: Final = frozenset("amount currency recipient quantity price lamports wallet payee iban".split())
_PAID: Final = frozenset("price prices plan customer payment billing quantity proration".split())


def moved(heard: Heard, found: Finding) -> Finding:
    """Raised to Financial where money is what is written, or what the text says it spends."""
    if found.category is Category.READ and not _may_pay(heard, found):
        return _by_plain_words(heard, found)
    if found.category is Category.DESTRUCTIVE and found.verb not in ("release", "void"):
        return _by_choices(heard, found)
    thing = _thing(heard, found)
    if thing is not None:
        return found.moved(Category.FINANCIAL, "it deals with money, for it says", thing)
    if found.category is not Category.READ:
        found = _by_plain_words(heard, _by_objects(found))
    return _by_choices(heard, found)


def _by_objects(found: Finding) -> Finding:
    """`Places the order`: a deed of the description whose object is money."""
    said = found.evidence and found.evidence[0].where is Where.DESCRIPTION
    if not said or found.verb not in _ORDERING | _HANDING_OVER:
        return found
    for index, word in enumerate(found.objects[:3]):
        after = found.objects[index + 1 : index + 2]
        meant = is_noun(word, "money", "coins") or word == "balance"
        if meant and not any(is_noun(one, "not_money") for one in after):
            return found.moved(Category.FINANCIAL, "it deals with money, for it says", found.evidence[0])
    return found


def _by_plain_words(heard: Heard, found: Finding) -> Finding:
    """A text that says outright that money moves; one that begins with reading is not meant."""
    facts = heard.facts
    if found.category is Category.READ and (heard.text is None or heard.text.category is Category.READ):
        return found
    spent = facts.says("money_moves", within=facts.opening)
    if spent is None or _denied(facts):
        return found
    return found.moved(Category.FINANCIAL, "it moves money, for it says", spent)


def _may_pay(heard: Heard, found: Finding) -> bool:
    """Whether what seems to read has a name that does not: a text may play `process_payment` down."""
    if heard.name is None:
        return found.confidence <= GUESSED
    return heard.name.category is not Category.READ or heard.name.verb == "capture"


def _denied(facts: Facts) -> bool:
    return not facts.instructs and facts.says("no_change", within=facts.opening) is not None


def _thing(heard: Heard, found: Finding) -> Evidence | None:
    """The money word of the name, where it is what is written rather than something about it."""
    facts = heard.facts
    if found.category is Category.READ and heard.name is not None:
        found = replace(
            found, verb=heard.name.verb, objects=heard.name.objects, evidence=(heard.name.evidence,)
        )
    things = [word for word in facts.name_words if word.text in found.objects]
    about = things and is_noun(things[-1].text, "not_money") and "credit" not in heard.told
    if found.verb in _KEEPING or about:
        return None
    for word in things:
        noun = singular(word.text)
        if noun == "order" and found.verb not in _ORDERING:
            continue
        paid = noun == "subscription" and not _is_news(facts)
        handed = found.verb in _HANDING_OVER and is_noun(noun, "coins")
        credit = noun == "credit" and "note" in heard.told
        if paid or handed or credit or is_noun(noun, "money", "advertising"):
            return facts.name_quote(word.start, word.end)
    if found.verb in _HANDING_OVER and _is_paid(facts) and facts.param_words & _AMOUNTS:
        return found.evidence[0]
    return None


def _is_news(facts: Facts) -> bool:
    """Whether a subscription is to messages, and costs nothing."""
    near = (*(word.text for word in facts.name_words), *(word.text for word in facts.opening[:25]))
    return any(is_noun(word, "unpaid_subscription") for word in near) and not facts.param_words & _PAID


def _is_paid(facts: Facts) -> bool:
    """Whether the text or the input speaks of money more than in passing."""
    near = facts.opening[:60]
    return bool(facts.param_words & _PAID) or sum(is_noun(word.text, "money_text") for word in near) >= 2


def _by_choices(heard: Heard, found: Finding) -> Finding:
    """A tool named after money that can be told to do more than read."""
    things = [
        w
        for w in heard.facts.name_words
        if is_noun(w.text, "money") or singular(w.text) in ("wallet", "subscription")
    ]
    if not things or is_noun(heard.facts.name_words[-1].text, "not_money") or things[0].text == "order":
        return found
    noun = singular(things[0].text)
    if noun == "subscription" and _is_news(heard.facts):
        return found
    made = [one for one in actions.choices(heard.facts) if one.category in (Category.WRITE, Category.EXECUTE)]
    if not made or (noun == "wallet" and made[0].words[0] not in ("send", "transfer", "sign")):
        return found
    return found.moved(Category.FINANCIAL, "it deals with money and can be told to", made[0].evidence)
