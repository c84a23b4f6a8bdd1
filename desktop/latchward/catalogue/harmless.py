"""Deeds that are milder than their verb, or than they look; no step here listens to a text that instructs."""

from typing import Final

from latchward.model.risk import Category

from . import code
from .finding import Finding, Heard
from .lexicon import is_noun, lexicon, singular
from .words import name_words

_TAKES_BACK: Final = frozenset("label tag reaction star assignee reviewer dependency relation".split())
_GIVES_BACK: Final = frozenset("download export capture convert save dump screenshot snapshot record".split())


def taken_out(heard: Heard, found: Finding) -> Finding:
    """Out of a list, or off the screen: what one call brings back. Resetting a machine starts it."""
    if found.category is not Category.DESTRUCTIVE or not found.objects:
        return found
    last = found.objects[-1]
    if found.verb == "remove":
        undone = "from" in found.objects or singular(found.objects[0]) in _TAKES_BACK
        if undone and not is_noun(found.objects[0], "membership"):
            return found.moved(Category.WRITE, "adding it again undoes what its name says,")
    elif found.verb == "restore" and not any(is_noun(one, "copies") for one in (*found.objects, *heard.told)):
        return found.moved(Category.WRITE, "it brings something back, for its name says")
    elif found.verb in ("clear", "reset") and any(is_noun(one, "session") for one in found.objects):
        return found.moved(Category.WRITE, "it only changes a view, for its name says")
    elif found.verb == "reset" and is_noun(last, "infrastructure"):
        return found.moved(Category.EXECUTE, "it starts something again, for its name says")
    elif found.verb == "reset" and is_noun(last, "permissions"):
        return found.moved(Category.WRITE, "it sets something anew, for its name says")
    return found


def only_reported(heard: Heard, found: Finding) -> Finding:
    """`run_audit`, `deploy_plan`: what is run computes or reports, and nothing else."""
    if found.category is not Category.EXECUTE or heard.facts.instructs:
        return found
    if found.verb in code.RUNNING:
        thing = next((one for one in found.objects if is_noun(one, "report_run")), None)
        if thing is not None and (thing != "query" or code.taken(heard) is None):
            return found.moved(Category.READ, "what it runs only reports, for its name says")
    if found.verb in lexicon().nounable:
        said = heard.facts.says("no_change", within=heard.facts.opening)
        if said is not None:
            return found.moved(Category.READ, "it changes nothing, for it says", said)
    return found


def only_told(heard: Heard, found: Finding) -> Finding:
    """`generate_summary`: what is made is text in the answer."""
    made = found.verb == "generate" or "generate" in heard.told
    if (
        found.category is not Category.WRITE
        or not made
        or heard.facts.instructs
        or not heard.facts.name_words
    ):
        return found
    if is_noun(heard.facts.name_words[-1].text, "generated_text"):
        return found.moved(Category.READ, "what it makes is text in the answer, for its name says")
    return found


def saved(heard: Heard, found: Finding) -> Finding:
    """The other way round: what is fetched and put into a file is written."""
    if found.category is not Category.READ or found.verb not in _GIVES_BACK:
        return found
    said = heard.facts.says("saves", within=heard.facts.opening)
    if said is not None:
        return found.moved(Category.WRITE, "what it gets is put into a file, for it says", said)
    if found.verb == "convert" and any(is_noun(one, "media") for one in found.objects):
        return found.moved(Category.WRITE, "it makes a file, for its name says")
    for param in heard.facts.params:
        joined = "".join(word.text for word in name_words(param.name))
        if is_noun(joined, "saved_to") or param.words[:1] in (("output",), ("save",)):
            return found.moved(Category.WRITE, "it takes the name of a file to write,", param.quote)
    return found
