"""Which programs come in as which client: a new one is asked about once.

A name on a command line proves nothing. The program that started our bridge is looked up through the
kernel and remembered for each client; until the person knows it, it sees no tools and calls none.
"""

from collections.abc import Callable

from latchward.clients.known import CLIENTS
from latchward.control import messages as say
from latchward.model.peer import ProcessChain
from latchward.storage.accepted import Accepted

UNKNOWN = "an unknown program"


class Peers:
    """`changed` is called when somebody new waits, or was answered."""

    def __init__(self, accepted: Accepted, changed: Callable[[], None]) -> None:
        self._accepted = accepted
        self._changed = changed
        self._waiting: dict[tuple[str, str], ProcessChain] = {}
        self._refused: set[tuple[str, str]] = set()

    def stranger(self, client: str, chain: ProcessChain | None) -> str:
        """Why this peer may not call yet; "" where it may. A peer over HTTP has shown its token: no chain."""
        if chain is None:
            return ""
        program = program_of(chain)
        if program in self._accepted.peers(client):
            return ""
        key = (client, program)
        if key in self._refused:
            return f"the user does not want {program} to come in as {client}"
        if key not in self._waiting:
            self._waiting[key] = chain
            self._changed()
        return f"{program} has not come in as {client} before; the user is asked about it in Latchward"

    def held(self) -> tuple[say.Held, ...]:
        """Those who wait for the person's look."""
        return tuple(
            say.Held(
                key=f"peer:{client}:{program}",
                digest=program,
                sort="peer",
                what=f"{program} wants to come in as {title_of(client)}",
                lines=(f"started by: {chain}",),
            )
            for (client, program), chain in self._waiting.items()
        )

    def answer(self, key: str, *, accept: bool) -> None:
        """Let the program in from now on, or keep it out until the next start."""
        _, client, program = key.split(":", 2)
        if self._waiting.pop((client, program), None) is None:
            return
        if accept:
            self._accepted.accept_peer(client, program)
        else:
            self._refused.add((client, program))
        self._changed()


def title_of(client: str) -> str:
    """What a client is called; its own name where it is none that we know."""
    return CLIENTS[client].title if client in CLIENTS else client


def program_of(chain: ProcessChain) -> str:
    """The program that started the bridge: the second of the chain, for the first is the bridge itself."""
    return next(iter(chain.behind), UNKNOWN)
