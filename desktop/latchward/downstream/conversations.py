"""The conversations of the handshake era over HTTP: an `Mcp-Session-Id`, bound to its client.

An id that we do not know is opened anew, with no capabilities assumed: some clients never initialize a
second time, and an id gives them nothing that their token does not.
"""

import secrets
from collections import OrderedDict

from .limits import SESSION_ID, SESSIONS_EACH
from .peer import Conversation


class Conversations:
    """All of them, by client and session. No client can push out another one's."""

    def __init__(self) -> None:
        self._known: dict[str, OrderedDict[str, Conversation]] = {}

    def open(self, client: str) -> str:
        """A new session of the client: its id."""
        session = secrets.token_hex(16)
        self.of(client, session)
        return session

    def of(self, client: str, session: str) -> Conversation:
        """The conversation of a session. Without an id every request is a conversation of its own, that
        nothing outlives.
        """
        if not session or len(session) > SESSION_ID:
            return Conversation(is_over=True)
        own = self._known.setdefault(client, OrderedDict())
        found = own.get(session)
        if found is None:
            found = own[session] = Conversation()
        own.move_to_end(session)
        if len(own) > SESSIONS_EACH:
            _, oldest = own.popitem(last=False)
            oldest.close()
        return found

    def clients(self) -> set[str]:
        """Who has any."""
        return set(self._known)

    def end(self, client: str, session: str) -> None:
        """Forget a session; what is under way in it goes on."""
        ended = self._known.get(client, OrderedDict()).pop(session, None)
        if ended is not None:
            ended.close()

    def forget(self, client: str) -> None:
        """Forget every session of a client."""
        for ended in self._known.pop(client, OrderedDict()).values():
            ended.close()
