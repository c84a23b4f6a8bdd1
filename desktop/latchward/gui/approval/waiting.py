"""The questions that wait: oldest first, the clients in turn. The shown one stays until it is over."""

from collections import deque
from typing import NamedTuple

from latchward.control.messages import Question


class Open(NamedTuple):
    """A question, and when it closes by the monotonic clock."""

    question: Question
    until: float


class Waiting:
    """Questions by client. The first of the first client is the one that is shown."""

    def __init__(self) -> None:
        self._of: dict[str, deque[Open]] = {}
        self._turn: deque[str] = deque()

    def __len__(self) -> int:
        return sum(len(questions) for questions in self._of.values())

    @property
    def current(self) -> Open | None:
        """The question to show."""
        return self._of[self._turn[0]][0] if self._turn else None

    def add(self, question: Question, now: float) -> None:
        """Let a question wait. One with a known nonce changes nothing."""
        if self.find(question.nonce) is not None:
            return
        if question.client not in self._of:
            self._of[question.client] = deque()
            self._turn.append(question.client)
        self._of[question.client].append(Open(question, now + question.seconds))

    def find(self, nonce: str) -> Open | None:
        """The question with this nonce."""
        for questions in self._of.values():
            for one in questions:
                if one.question.nonce == nonce:
                    return one
        return None

    def of(self, client: str) -> tuple[Question, ...]:
        """Everything that this client asks."""
        return tuple(one.question for one in self._of.get(client, ()))

    def remove(self, nonce: str) -> Question | None:
        """Take a question out; after the shown one the next client has its turn."""
        found = self.find(nonce)
        if found is None:
            return None
        client = found.question.client
        shown = found is self.current
        self._of[client].remove(found)
        if not self._of[client]:
            del self._of[client]
            self._turn.remove(client)
        elif shown:
            self._turn.rotate(-1)
        return found.question
