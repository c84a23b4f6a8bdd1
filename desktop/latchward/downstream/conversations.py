"""What is under way in each conversation of the handshake era: an `Mcp-Session-Id`, bound to its client.

An id that we do not know is opened anew: some clients never initialize a
second time, and an id gives them nothing that their token does not.
"""

import secrets
from collections import OrderedDict

from latchward.protocol.envelope import RequestId

from .dispatch import Channel
from .limits import SESSION_ID, SESSIONS_EACH

UnderWay = dict[RequestId, Channel]


class Conversations:
    """The requests under way, by client and session. No client can push out another one's."""

    def __init__(self) -> None:
        self._known: dict[str, OrderedDict[str, UnderWay]] = {}

    def open(self, client: str) -> str:
        """A new session of the client: its id."""
        session = secrets.token_hex(16)
        self.of(client, session)
        return session

    def of(self, client: str, session: str) -> UnderWay:
        """What is under way in a session. Without an id every request is a conversation of its own."""
        if not session or len(session) > SESSION_ID:
            return {}
        own = self._known.setdefault(client, OrderedDict())
        found = own.setdefault(session, {})
        own.move_to_end(session)
        if len(own) > SESSIONS_EACH:
            own.popitem(last=False)
        return found

    def end(self, client: str, session: str) -> None:
        """Forget a session; what is under way in it goes on."""
        self._known.get(client, OrderedDict()).pop(session, None)

    def forget(self, client: str) -> None:
        """Forget every session of a client."""
        self._known.pop(client, None)
