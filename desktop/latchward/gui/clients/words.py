"""What the states of a client mean, in plain English. No Qt; foreign text is made visible here."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from latchward.control.messages import ClientView
from latchward.gui.policy.words import name_of, sentence
from latchward.gui.text import counted, listed
from latchward.gui.tokens import Look

LOOKS: Final[Mapping[str, Look]] = {
    "direct": Look("Goes round Latchward", "warning", "danger"),
    "partly": Look("Partly protected", "warning", "caution"),
    "unreadable": Look("Cannot be read", "warning", "caution"),
    "empty": Look("No servers", "info", "quiet"),
    "protected": Look("Protected", "shield", "good"),
    "absent": Look("Not found", "search", "quiet"),
}
"""In the order of the cards: what needs the person stands first."""
ROUND: Final = ("direct", "partly")
TITLE: Final = "Clients"
LOOKING: Final = "Looking for your AI clients"
LOOKING_MEANS: Final = "Latchward reads the files of the clients that it knows. Nothing is changed by that."
NONE_FOUND: Final = "No AI client was found"
EMPTY: Final = "It uses no server yet. Connect it, and it can use the servers that you have here."
PROTECTED: Final = "Every server that it uses goes through Latchward."
TAKES_EFFECT: Final = "To take effect"
"""The longest name of a fact; the others stand in its column."""


def ordered(clients: Iterable[ClientView]) -> list[ClientView]:
    """Those that are here, what needs the person first."""
    rank = {state: at for at, state in enumerate(LOOKS)}
    here = [client for client in clients if client.state != "absent"]
    return sorted(here, key=lambda client: rank[client.state])


def going_round(clients: Iterable[ClientView]) -> int:
    """How many reach a server without Latchward: the number in the sidebar."""
    return sum(1 for client in clients if client.state in ROUND)


def summary(clients: Sequence[ClientView]) -> str:
    """`2 of 5 clients go round Latchward`."""
    here = [client for client in clients if client.state != "absent"]
    unread = sum(1 for client in here if client.state == "unreadable")
    count = going_round(here)
    verb = "goes" if count == 1 else "go"
    if count:
        return f"{count} of {counted(len(here), 'client')} {verb} round Latchward"
    if unread:
        return f"No other client goes round Latchward; {counted(unread, 'client')} cannot be read"
    return "No client goes round Latchward"


def absent(clients: Iterable[ClientView]) -> str:
    """`Not found here: Codex, Gemini CLI`; "" where all are."""
    names = [name_of(client.title) for client in clients if client.state == "absent"]
    return f"Not found here: {', '.join(names)}" if names else ""


def looked_for(clients: Iterable[ClientView]) -> str:
    """For a machine without any client."""
    names = [name_of(client.title) for client in clients]
    told = f"Latchward looked for {listed(names, len(names))}. " if names else ""
    return f"{told}A client that is installed later is seen without a restart."


def meaning(client: ClientView) -> str:
    """What its state means, in a sentence."""
    if client.state == "empty":
        return EMPTY
    if client.state == "protected":
        return PROTECTED
    if client.routes:
        names = listed([name_of(route) for route in client.routes], len(client.routes))
        return f"Reaches {counted(len(client.routes), 'server')} without Latchward: {names}."
    return ""


def files_of(client: ClientView) -> str:
    """`file` or `files`, as many as it has."""
    return "files" if len(client.files) > 1 else "file"


def give_back(client: ClientView) -> str:
    """The button that asks what giving back would do."""
    return f"Give the {files_of(client)} back…"


def connected(client: ClientView) -> str:
    """After our entry was put in."""
    told = f"{name_of(client.title)} can use your servers through Latchward."
    return f"{told} {sentence(client.restart)}".strip()


def not_connected(client: ClientView, error: str) -> str:
    """After that failed."""
    return f"{name_of(client.title)} was not connected. {sentence(error)}"


def given_back(client: ClientView) -> str:
    """After its files were given back."""
    return f"{name_of(client.title)} has its own {files_of(client)} back. {sentence(client.restart)}".strip()
