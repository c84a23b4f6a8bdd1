"""Everything that the approval window says of a question, in words. Free of Qt.

Foreign texts are made visible here (`model.plain`), so that a widget has nothing to decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from latchward.control.messages import Question
from latchward.gui.text import Run, counted, listed, size
from latchward.gui.tokens import CATEGORIES, SEVERITIES, ToneName
from latchward.model.plain import visible

from . import asked, aspects
from .acts import one_word
from .aspects import Choice
from .marks import Host, Marker, strange_hosts
from .pages import SHOWN_WHOLE, Page, decoded, exact, readable, shortened, texts

MAX_REVIEWED: Final = 4 * 1024 * 1024
"""Bytes of arguments that a person can be asked about; more than that nobody can look at."""
LONG_GAP: Final = 20
"""Empty lines in a row that may hide what comes after them."""
WIDE_GAP: Final = 80
"""Blanks in a row that may push the rest of a line out of sight."""

_RTL: Final = range(0x0590, 0x0900)


@dataclass(frozen=True, slots=True)
class Chip:
    """A short fact, told by word, icon and tone."""

    text: str
    icon: str
    tone: ToneName


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know before answering. `head` comes first, in heavy type."""

    text: str
    icon: str
    tone: ToneName
    head: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A question in words. `*_short` are the pages to begin with; where they lack something, `cut` is True.

    `was` is the sentence once the question is over, `by` names tool and server, or says what comes of a yes.
    `said_by` stands above what the server says. `never` says why it cannot be allowed at all, or is "".
    `hears_why` is who is told the reason of a no.
    """

    sentence: tuple[Run, ...]
    was: tuple[Run, ...]
    by: tuple[Run, ...]
    process: str
    reason: str
    rule: str
    tone: ToneName
    icon: str
    chips: tuple[Chip, ...]
    notices: tuple[Notice, ...]
    view: str
    readable: Page
    exact: Page
    readable_short: Page
    exact_short: Page
    size: str
    cut: bool
    never: str
    said: str
    said_by: str
    choices: tuple[Choice, ...]
    only_call: str
    hears_why: str

    @property
    def disguised(self) -> bool:
        """Whether something in it is not what it seems."""
        return any(notice.tone == "danger" for notice in self.notices)

    @property
    def sentence_text(self) -> str:
        """The sentence, with tool and server, as one text."""
        return aspects.joined(self.sentence, self.by)


_CHIPS: Final[dict[str, tuple[str, ToneName]]] = {
    "sends one of your secrets": ("key", "danger"),
    "holds one of your secrets": ("key", "danger"),
    "runs a program": ("terminal", "danger"),
    "can drive your desktop": ("terminal", "danger"),
    "destroys data": ("trash", "danger"),
    "may destroy data": ("trash", "danger"),
    "spends money": ("coin", "danger"),
    "changes a file": ("pencil", "caution"),
    "changes data": ("pencil", "caution"),
    "outside the project": ("out", "caution"),
    "leaves this machine": ("globe", "caution"),
    "opens a web page": ("globe", "caution"),
    "the server sees your answer": ("out", "caution"),
    "the server sees the answer": ("out", "caution"),
    "wants what your client knows": ("out", "caution"),
    "brings tools of its own": ("terminal", "caution"),
    "uses your model": ("coin", "caution"),
    "tells the server your folders": ("out", "caution"),
    "reads files": ("eye", "quiet"),
    "definition changed": ("changed", "caution"),
    "first use": ("new", "info"),
    "reads": ("eye", "quiet"),
}

_MORE: Final = {"Changes data": "changes a file", "Reads": "reads files"}
"""The fact beside which a category says nothing more."""
_EMOJI: Final = {0xFE0E: None, 0xFE0F: None, 0x200D: None}
"""What an emoji is put together with: in a description it is no disguise."""


def present(question: Question) -> Shown:
    """The question in words."""
    value = decoded(question.arguments)
    everything = "\n".join(texts(value)) if value is not None else question.arguments
    names = "\n".join((question.client, question.server, question.tool))
    marker = Marker(everything)
    hidden = marker.count + Marker(names.replace("\n", " ")).count
    hosts = strange_hosts(everything)
    pages = (
        asked.page(question, value, marker, hosts)
        if question.aspect == "question"
        else readable(question.arguments, question.changed, marker, hosts),
        exact(question.arguments, marker, hosts),
    )
    bytes_of_them = len(question.arguments.encode("utf-8", "surrogatepass"))
    short = tuple(shortened(page) if bytes_of_them > SHOWN_WHOLE else page for page in pages)
    cut = any(page.hidden for page in short)
    said = _said(question)
    quoted = Marker(said.translate(_EMOJI)).count
    asking = _asking(question, value)
    warned = bool(hidden or hosts or quoted) or any(notice.tone == "danger" for notice in asking)
    disguise = _disguise(aspects.may_be_disguised(question), marker, hidden, hosts, quoted)
    severity = SEVERITIES.get(question.severity.lower())
    return Shown(
        sentence=aspects.headline(question, value),
        was=aspects.headline(question, value, past=True),
        by=aspects.by_means_of(question, value),
        process=_process(question.process),
        reason=_sentence_of(visible(question.reason)),
        rule=visible(question.rule),
        tone=severity.tone if severity is not None else "quiet",
        icon=severity.icon if severity is not None else "ask",
        chips=_chips(question),
        notices=(*disguise, *asking, *_notices(everything)),
        view=aspects.view(question, value),
        readable=pages[0],
        exact=pages[1],
        readable_short=short[0],
        exact_short=short[1],
        size=amount(pages[0], size(bytes_of_them)),
        cut=cut,
        never=_never(bytes_of_them),
        said=visible(said),
        said_by=_said_by(Marker(said).count),
        choices=aspects.choices(question, warned=warned),
        only_call=aspects.only_call(question, warned=warned),
        hears_why=aspects.hears_why(question),
    )


def time_left(seconds: float) -> str:
    """How long the question stays open."""
    whole = max(0, int(seconds + 0.999))
    return f"Denied automatically in {whole // 60}:{whole % 60:02d}" if whole else "The time is over"


def place_in_queue(total: int) -> str:
    """Where the shown question stands; "" where it is the only one."""
    return f"1 of {total:,}" if total > 1 else ""


def deny_all(count: int) -> str:
    """The words on the button that denies everything of one client."""
    return f"Deny all {count:,} from this client"


NOT_SEEN: Final = "Off until all is seen"
NEVER: Final = "Off: too much to look at"


def not_shown(count: int) -> str:
    """Said below a long page of which the middle is not shown."""
    return f"{size(count)} in the middle are not shown yet. Allow stays off until you have seen all of it."


def amount(page: Page, bytes_of_them: str) -> str:
    """How long the arguments are."""
    lines = sum(1 for line in page.lines if line.number)
    return f"{counted(lines, 'line')}, {bytes_of_them}" if lines > 1 else bytes_of_them


def over(why: str) -> str:
    """Said where a question was withdrawn before it was answered."""
    return f"This question is over: {_cause(why)}. Nothing was sent."


def over_before(why: str) -> str:
    """The same, above the next question."""
    return f"The question before this one is over: {_cause(why)}. Nothing was sent."


def too_late(why: str) -> str:
    """Said where the answer came after the end of the question."""
    return f"Your answer came too late and did nothing: {_cause(why)}."


def _cause(why: str) -> str:
    why = visible(why).strip().rstrip(".")
    return why.removeprefix("the question is over: ") or "it was withdrawn"


def notification(question: Question, total: int) -> str:
    """The body of the desktop's notification: plain text; arguments are never in it."""
    rest = f"\n{counted(total - 1, 'more question')} waiting." if total > 1 else ""
    return f"{aspects.notification(question)}.{rest}"


def _process(chain: Sequence[str]) -> str:
    """`claude, started by zsh, started by kitty`."""
    return ", started by ".join(one_word(program) for program in chain)


def _sentence_of(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text[-1:] in (".", "!", "?", "") else ".")


def _chips(question: Question) -> tuple[Chip, ...]:
    chips: dict[str, Chip] = {}
    category = CATEGORIES.get(question.category.lower())
    severity = SEVERITIES.get(question.severity.lower())
    if severity is not None:
        chips["severity"] = Chip(f"{severity.word} risk", severity.icon, severity.tone)
    plain = question.aspect == "question" or (
        category is not None and _MORE.get(category.word) in question.chips
    )
    if category is not None and not plain:
        chips[category.word.lower()] = Chip(category.word, category.icon, category.tone)
    if question.category.lower() == "execute":
        chips["can drive your desktop"] = Chip("Can drive your desktop", "terminal", "danger")
    for fact in question.chips:
        icon, tone = _CHIPS.get(fact.lower(), ("info", "quiet"))
        text = one_word(fact)
        chips.setdefault(fact.lower(), Chip(text[:1].upper() + text[1:], icon, tone))
    most = severity.tone if severity is not None else "danger"
    return tuple(Chip(chip.text, chip.icon, _milder(chip.tone, most)) for chip in chips.values())


_LOUDNESS: Final[tuple[ToneName, ...]] = ("plain", "quiet", "firm", "info", "good", "caution", "danger")


def _milder(one: ToneName, other: ToneName) -> ToneName:
    """No fact is louder than the risk of the whole."""
    return min(one, other, key=_LOUDNESS.index)


def _disguise(
    head: str, marker: Marker, hidden: int, hosts: Sequence[Host], quoted: int
) -> tuple[Notice, ...]:
    """One box for all that makes a call look like another one."""
    told = []
    if hidden:
        kinds = f", as {listed(marker.kinds)}" if marker.kinds else ""
        are = "is" if hidden == 1 else "are"
        told.append(
            f"{counted(hidden, 'character')} that cannot be seen, or change how text reads, "
            f"{are} spelled out{kinds}."
        )
    if hosts:
        named = "; ".join(f"{visible(host.text)} {host.why}" for host in hosts)
        told.append(f"An address may not be what it seems: {named}.")
    if quoted:
        told.append(f"The server's own description hides {counted(quoted, 'such character')}.")
    if not told:
        return ()
    return (Notice("\n".join(told), "warning", "danger", head),)


def _asking(question: Question, value: object) -> tuple[Notice, ...]:
    """What to know of a server's question."""
    if question.aspect != "question":
        return ()
    icon = "globe" if asked.is_page(question, value) else "key"
    return tuple(
        Notice(text, "warning", "danger", head) if grave else Notice(text, icon, "caution", head)
        for head, text, grave in asked.warnings(question, value)
    )


def _notices(everything: str) -> tuple[Notice, ...]:
    notices = []
    if any(ord(letter) in _RTL for letter in set(everything)):
        text = "Some letters are written from right to left: parts of a line may stand in another order."
        notices.append(Notice(text, "changed", "caution"))
    if "\n" * LONG_GAP in everything or " " * WIDE_GAP in everything:
        notices.append(
            Notice("There is text after a long empty stretch: look to the end.", "more-below", "caution")
        )
    return tuple(notices)


def _never(count: int) -> str:
    if count <= MAX_REVIEWED:
        return ""
    return f"{size(count)} of arguments are more than anybody can look at: this call can only be denied."


def _said(question: Question) -> str:
    """The tool's title and description, as the server gives them."""
    title, description = question.title.strip(), question.description.strip()
    return "\n".join(part for part in (title if title != question.tool else "", description) if part)


def _said_by(hidden: int) -> str:
    marked = f"; {counted(hidden, 'character')} that cannot be seen spelled out" if hidden else ""
    return f"The server's own description (not checked{marked})"
