"""How far the harm of one call may reach."""

from collections.abc import Iterable
from typing import Final

from latchward.model.risk import Category, Severity

from .facts import Facts
from .finding import Finding
from .lexicon import is_noun, singular

_LIGHT_RUNS: Final = frozenset("open navigate goto resend replay hover scroll request research".split())
_LAUNCHED: Final = frozenset("app application browser page url tab".split())
_GOING_PUBLIC: Final = frozenset("publish grant share invite approve expose broadcast migrate push".split())
_LIGHT: Final = frozenset("star unstar react unreact play wait snooze emulate".split())
_LIGHT_ON_VIEWS: Final = frozenset(
    "set toggle add remove select mark clear reset use dismiss resize switch".split()
)
_FILE_WRITING: Final = frozenset("write edit upload save patch append create_file".split())
_FETCHING: Final = frozenset("fetch crawl scrape read extract download get crawling".split())
_TELLING: Final = frozenset("get read show reveal retrieve fetch export view dump env envs".split())
_GREAT_DEEDS: Final = frozenset(
    "purge wipe truncate destroy drop restore rm rmrf nuke flushall flushdb".split()
)
_MANY: Final = frozenset("bulk batch all everything".split())
_PANES: Final = frozenset("window page viewport browser screen".split())
_MERGED: Final = frozenset("pull request change branch mr pr".split())
_ENDED: Final = frozenset("app site stream queue".split())
_URLS: Final = frozenset("url urls uri link href".split())
_NEAR: Final = 25
"""Words of the description among which `permanently` is said of the deed itself."""


def find(facts: Facts, found: Finding) -> Severity:
    """The severity of a tool of that category, from all but its annotations."""
    match found.category:
        case Category.READ:
            return _read(facts, found)
        case Category.WRITE:
            return _write(facts, found)
        case Category.EXECUTE:
            return _execute(facts, found)
        case Category.FINANCIAL:
            return _financial(facts, found)
        case Category.DESTRUCTIVE:
            return _destructive(facts, found)


def _told(facts: Facts) -> set[str]:
    return {word.text for word in facts.name_words}


def _is(words: Iterable[str], *lists: str) -> bool:
    return any(is_noun(word, *lists) for word in words)


def _begins_with(facts: Facts, *lists: str) -> bool:
    """Whether the description speaks of such a thing in its first words."""
    return _is((word.text for word in facts.opening[:12]), *lists)


def _read(facts: Facts, found: Finding) -> Severity:
    told = _told(facts)
    last = [word for word in facts.name_words if word.text not in ("value", "values")][-1:]
    if told & _TELLING and (
        _is((word.text for word in last), "secrets") or (told & {"env", "envs"} and len(told) < 3)
    ):
        return Severity.HIGH
    if found.reading or facts.says("private", within=facts.opening):
        return Severity.MEDIUM
    if _is(told, "messages") and not _is(told, "small", "mild"):
        return Severity.MEDIUM
    if told & {"read", "download", "cat", "open"} and (_is(told, "files") or _begins_with(facts, "files")):
        return Severity.MEDIUM
    named = told & {"crawl", "crawling", "scrape", "fetch"} and facts.says("url_fetch", within=facts.opening)
    if named or (found.verb in _FETCHING and any(param.name.lower() in _URLS for param in facts.params)):
        return Severity.MEDIUM
    return Severity.LOW


def _write(facts: Facts, found: Finding) -> Severity:
    about = found.objects or tuple(word.text for word in facts.name_words)
    if found.verb in _LIGHT or (found.verb in _LIGHT_ON_VIEWS and _is(about, "session")):
        return Severity.LOW
    if found.verb == "resize" and _told(facts) & _PANES:
        return Severity.LOW
    merged = found.verb == "merge" and bool(_told(facts) & _MERGED)
    if found.verb in _GOING_PUBLIC or merged or _is(about[-1:], "billable") or facts.says("access_written"):
        return Severity.HIGH
    if found.verb in ("comment", "tag", "label", "rename") or _is(about[-1:], "mild"):
        return Severity.MEDIUM
    if found.verb in _FILE_WRITING and (_is(about, "files") or _begins_with(facts, "files")):
        return Severity.HIGH
    return Severity.HIGH if _is(about, "permissions", "automation") else Severity.MEDIUM


def _execute(facts: Facts, found: Finding) -> Severity:
    if found.free:
        return Severity.CRITICAL
    told = _told(facts)
    launched = found.verb == "launch" and bool(told & _LAUNCHED)
    if found.verb in _LIGHT_RUNS or launched or "research" in told or "researcher" in told:
        return Severity.MEDIUM
    return Severity.HIGH


def _financial(facts: Facts, found: Finding) -> Severity:
    told = _told(facts)
    if found.verb not in ("pay", "process") and (_is(told, "money_documents") or {"payment", "link"} <= told):
        return Severity.HIGH
    if found.verb == "pause" or facts.says("money_record", within=facts.opening):
        return Severity.HIGH
    return Severity.CRITICAL


def _destructive(facts: Facts, found: Finding) -> Severity:
    soft = facts.says("soft") is not None
    if not soft and facts.says("permanent", within=facts.opening[:_NEAR]):
        return Severity.CRITICAL
    thing = _thing(found)
    small = _is(found.objects, "small") and not (found.verb == "cancel" and thing == "subscription")
    if small and not is_noun(thing, "containers"):
        return Severity.MEDIUM
    great = (
        is_noun(thing, "containers") and not (found.verb != "delete" and thing in _ENDED)
    ) or found.verb in _GREAT_DEEDS
    if great or _told(facts) & _MANY:
        return Severity.HIGH if soft else Severity.CRITICAL
    return Severity.MEDIUM if soft else Severity.HIGH


def _thing(found: Finding) -> str:
    """What is removed: the last word, but the first one of `remove_member_from_team`."""
    if not found.objects:
        return ""
    return singular(found.objects[0] if "from" in found.objects else found.objects[-1])
