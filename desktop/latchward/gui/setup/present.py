"""What was found, counted and put into sentences. No Qt; foreign text is made visible here."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from latchward.control.messages import (
    AdoptionProgress,
    AdoptionStep,
    Call,
    Clients,
    ClientView,
    EffectWord,
    FoundServer,
    Held,
    ServerView,
)
from latchward.gui.policy import presets
from latchward.gui.policy.words import DONE, EFFECTS, names, sentence
from latchward.gui.servers.words import loose
from latchward.gui.text import Run, counted, listed
from latchward.gui.tokens import ToneName
from latchward.gui.waiting.words import newcomer
from latchward.model.call import TOOLS_CALL
from latchward.model.deeds import deed
from latchward.model.plain import one_line, visible

from . import words

MAX_NAME: Final = 80
"""Characters of a foreign name in one line of ours."""


def name_of(text: str) -> str:
    """A foreign name for one line of ours."""
    return one_line(text, MAX_NAME)


def client_title(told: Clients | None, named: str) -> str:
    """The title of a client that is told by its id; another name as it is."""
    known = {client.id: client.title for client in told.clients} if told is not None else {}
    return name_of(known.get(named, named))


# Step 1


class Fact(NamedTuple):
    """A short fact about a found server, with its icon and tone."""

    text: str
    icon: str
    tone: ToneName


def is_address(found: FoundServer) -> bool:
    """Whether it is reached at a URL; a program whose name begins like one stands in quotation marks."""
    return found.command.startswith(("https://", "http://"))


MOST_USERS: Final = 2
"""Clients of a server that are named in its line."""
MOST_MOVED: Final = 3
"""Secrets of a server that are named in its line."""


def facts(found: FoundServer) -> tuple[Fact, ...]:
    """What a glance should tell besides the command line."""
    told: list[Fact] = []
    if found.refused:
        return ()
    if found.moved:
        verb = "goes" if len(found.moved) == 1 else "go"
        named = listed([name_of(name) for name in found.moved], MOST_MOVED)
        told.append(Fact(f"{named} {verb} into your keyring", "key", "quiet"))
    if loose(found.command):
        told.append(Fact(words.NOT_FIXED, "changed", "caution"))
    return tuple(told)


def users(found: FoundServer, most: int = MOST_USERS) -> str:
    """The clients that use it: `Cursor and VS Code`, or the first of them and how many others."""
    return listed([name_of(client) for client in found.clients], most) if found.clients else ""


def found_title(offered: int) -> str:
    """`8 servers are used without protection`."""
    if not offered:
        return words.NONE_OFFERED
    return f"{counted(offered, 'server')} {'is' if offered == 1 else 'are'} used without protection"


def found_about(offered: Iterable[FoundServer]) -> str:
    """Who uses them, and what becomes of those that are ticked."""
    titles = list(dict.fromkeys(name_of(client) for found in offered for client in found.clients))
    if not titles:
        return words.NONE_OFFERED_WHY
    use = "uses" if len(titles) == 1 else "use"
    who = f"{listed(titles, 6)} {use} them directly. " if titles else ""
    return f"{who}What you tick moves behind Latchward, where your rules decide each call. {words.GIVEN_BACK}"


def yes(taken: Iterable[FoundServer]) -> str:
    """What a yes means for what is ticked."""
    kinds = {is_address(found) for found in taken}
    told = [words.YES_PROGRAM] if kinds != {True} else []
    return " ".join([*told, words.YES_ADDRESS] if True in kinds else told)


def protect(count: int) -> str:
    """The one button: `Protect 8 servers`."""
    return f"Protect {counted(count, 'server')}" if count else "Protect"


def nothing_found(told: Clients) -> tuple[str, str]:
    """What an empty step 1 says: a title, and what to do."""
    here = [client for client in told.clients if client.state != "absent"]
    if any(client.state in ("protected", "partly") for client in here):
        return words.ALL_TAKEN, words.ALL_TAKEN_NEXT
    if here:
        titles = listed([name_of(client.title) for client in here], 6)
        return words.NOTHING_USED, f"Found: {titles}. {words.NOTHING_USED_NEXT}"
    looked = [name_of(client.title) for client in told.clients]
    for_what = f"Latchward looked for {listed(looked, 12)}. " if looked else ""
    return words.NO_CLIENT, f"{for_what}{words.NO_CLIENT_NEXT}"


def problems(told: Clients) -> tuple[str, ...]:
    """What stands in the way, as sentences: files that cannot be read, and the keyring."""
    files = [
        f"{name_of(client.title)}: {sentence(client.problem)}" for client in told.clients if client.problem
    ]
    if told.keyring:
        files.append(f"{sentence(told.keyring)} Until then, servers with secrets stay as they are.")
    return tuple(files)


# While they are taken in

MOST_BESIDES: Final = 6
"""Servers that were not chosen, and are named in one line."""


def waiting_for(taken: Iterable[FoundServer]) -> AdoptionProgress:
    """How it stands before the gateway has told anything."""
    return AdoptionProgress(tuple(AdoptionStep(found.name, "waiting") for found in taken))


def moved(progress: AdoptionProgress | None) -> tuple[str, ...]:
    """The names of the servers that were taken in."""
    return tuple(step.name for step in progress.steps if step.state == "moved") if progress else ()


def settled(progress: AdoptionProgress) -> int:
    """How many servers have come to an end, good or not."""
    return sum(1 for step in progress.steps if step.state in ("moved", "left"))


def others(
    progress: AdoptionProgress, offered: Iterable[FoundServer], taken: Iterable[FoundServer]
) -> tuple[str, ...]:
    """The names of servers that could be taken in, and are not among these."""
    names_of_steps = {step.name for step in progress.steps}
    keys = {found.key for found in taken}
    return tuple(one.name for one in offered if one.name not in names_of_steps and one.key not in keys)


def progress_title(progress: AdoptionProgress, besides: int = 0) -> str:
    """How far it is, or how it ended: of all that were found, with those `besides` that were not chosen."""
    if not progress.over:
        return f"Protecting {counted(len(progress.steps), 'server')}…"
    count, all_of_them = len(moved(progress)), len(progress.steps) + besides
    if not count:
        return words.NONE_TAKEN
    verb = "is" if count == 1 else "are"
    if count == all_of_them:
        return f"{counted(count, 'server')} {verb} protected"
    return f"{count:,} of {counted(all_of_them, 'server')} {verb} protected"


def progress_about(progress: AdoptionProgress, besides: Sequence[str] = ()) -> str:
    """What to know meanwhile, and afterwards; `besides` were not chosen."""
    if not progress.over:
        done = f"{settled(progress):,} of {counted(len(progress.steps), 'server')} done. "
        return f"{done}{words.MAY_CLOSE}"
    left = sum(1 for step in progress.steps if step.state != "moved")
    told = words.UNTIL_THEN
    if left:
        it, them = ("it was", "it") if left == 1 else ("they were", "them")
        told = f"{counted(left, 'server')} stayed as {it}: clients reach {them} without Latchward."
    if besides:
        told += f" Not chosen: {listed([name_of(name) for name in besides], MOST_BESIDES)}."
    return told


def step_text(step: AdoptionStep) -> str:
    """The sentence of one server."""
    return sentence(step.text) if step.text else words.STEP_TEXTS[step.state]


# Step 2


def one_of_each(views: Iterable[ServerView]) -> tuple[ServerView, ...]:
    """Each server once: under another policy it has the same tools."""
    found: dict[str, ServerView] = {}
    for view in views:
        found.setdefault(view.name, view)
    return tuple(found.values())


def tally(preset: str, views: Iterable[ServerView]) -> dict[EffectWord, int]:
    """How many tools a preset allows, asks about, denies and hides; what is fixed stays as it is.

    Without a preset: how many it is now.
    """
    counts: dict[EffectWord, int] = {}
    for view in one_of_each(views):
        chosen = presets.effects(preset, view) if preset else {}
        for tool in view.tools:
            effect = chosen.get(tool.name, tool.effect)
            counts[effect] = counts.get(effect, 0) + 1
    return counts


def told_tally(counts: Mapping[EffectWord, int]) -> str:
    """`61 allowed · 23 asked · 8 hidden`."""
    return " · ".join(f"{counts[one]:,} {DONE[one]}" for one in EFFECTS if counts.get(one))


def choose_title(views: Iterable[ServerView]) -> str:
    """`What may the tools of 8 servers do?`."""
    servers = one_of_each(views)
    tools = sum(len(view.tools) for view in servers)
    of = name_of(servers[0].name) if len(servers) == 1 else counted(len(servers), "server")
    return f"What may the {counted(tools, 'tool')} of {of} do?"


def not_saved(failed: Mapping[str, str]) -> str:
    """Which servers kept the rules that they had, and why."""
    if not failed:
        return ""
    verb = "was" if len(failed) == 1 else "were"
    return f"{names(failed)} {verb} not saved. {sentence(next(iter(failed.values())))}"


# Step 3


def connected(told: Clients | None) -> tuple[ClientView, ...]:
    """The clients that reach Latchward."""
    return tuple(one for one in told.clients if one.state in ("protected", "partly")) if told else ()


def notice(client: ClientView) -> str:
    """What makes a client notice the change, and where it shows."""
    told = [sentence(client.restart) if client.restart else words.NO_RESTART, sentence(client.check)]
    return " ".join(filter(None, told))


def held_title(held: Held, told: Clients | None) -> str:
    """Who wants to come in, by the client that it says it is."""
    who = newcomer(held)
    if who is None:
        return visible(sentence(held.what))
    return f"A program calling itself {client_title(told, who.client)} wants to connect."


def left_out(held: int) -> str:
    """What becomes of programs that wait for an answer when the window goes; "" where none does."""
    if not held:
        return ""
    return f"Finish leaves {'it' if held == 1 else 'them'} out until you decide, under Waiting."


def called(call: Call, told: Clients | None) -> tuple[Run, ...]:
    """`Claude Code called github · list_issues`, or what else was done, or asked by the server."""
    words, client, server = deed(call.method), client_title(told, call.client), name_of(call.server)
    if call.method == TOOLS_CALL:
        return Run(f"{client} called "), Run(f"{server} · {name_of(call.tool)}", "strong")
    if words.by_server:
        before, after = words.did
        return Run(server, "strong"), Run(f" {before} {client} {after}".rstrip())
    did = words.did[0] if call.verdict == "allowed" else f"wanted to {words.do[0]}"
    return (
        Run(f"{client} {did} "),
        Run(name_of(call.tool), "strong"),
        Run(" of "),
        Run(server, "strong"),
    )


def text_of(sentence_: tuple[Run, ...]) -> str:
    """The same as one text."""
    return "".join(run.text for run in sentence_)


def works(call: Call, told: Clients | None) -> str:
    """`Cursor works`."""
    return f"{client_title(told, call.client)} works"


def silent(count: int) -> str:
    """`3 clients have not called yet`; "" where all have."""
    return f"{counted(count, 'client')} {'has' if count == 1 else 'have'} not called yet" if count else ""


def clock(call: Call) -> str:
    """The time of day of a call."""
    return datetime.fromtimestamp(call.at).strftime("%H:%M:%S")


def why(call: Call) -> str:
    """Why it was decided so, as a sentence."""
    return sentence(call.why) if call.why else ""


# Undo


def undoable(told: Clients | None, titles: Iterable[str] = ()) -> tuple[str, ...]:
    """The ids of the clients whose first bytes can be given back: those with these titles, or all."""
    wanted = set(titles)
    return tuple(
        client.id
        for client in (told.clients if told else ())
        if client.undo and (not wanted or client.title in wanted)
    )


def file_count(count: int) -> str:
    """`3 files would change`."""
    return f"{counted(count, 'file')} would change" if count else "No file would change"


def visible_lines(lines: Iterable[str]) -> str:
    """Foreign lines, one below the other."""
    return "\n".join(visible(line) for line in lines)
