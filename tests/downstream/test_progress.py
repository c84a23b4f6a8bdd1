"""What of a server's progress is passed on: what rises, under the client's own token."""

import json
from typing import Any

import pytest

from latchward.downstream.judged import _progress, _token
from latchward.downstream.rounds import Contact
from tests.support.jr import Message


class Heard:
    """Implements `Channel`: keeps what it is told."""

    streams = True

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def notify(self, message: bytes) -> None:
        self.messages.append(json.loads(message))

    def end(self) -> None: ...

    async def closed(self) -> None: ...

    @property
    def values(self) -> list[Any]:
        return [message["params"]["progress"] for message in self.messages]


def heard(*said: Message, token: int | str = "mine") -> Heard:
    channel = Heard()
    progress = _progress(Contact(channel, token))
    for one in said:
        progress(one)
    return channel


def test_only_what_rises_is_passed_on() -> None:
    said = [{"progress": value} for value in (1, 1, 0.5, 2, 2.5, 2.5, -1, 3)]
    assert heard(*said).values == [1, 2, 2.5, 3]


@pytest.mark.parametrize("value", [None, "5", True, [5], {}, float("nan")])
def test_what_is_no_number_is_not_passed_on(value: object) -> None:
    assert heard({"progress": value}, {}).values == []


def test_everything_else_of_it_is_kept() -> None:
    said = {"progress": 1, "total": 10, "message": "on the way", "vendor": {"x": None}}
    [message] = heard(said).messages
    assert message["params"] == {"progressToken": "mine", **said}


def test_the_token_is_the_clients_own() -> None:
    [message] = heard({"progress": 1}, token=7).messages
    assert message["params"]["progressToken"] == 7


@pytest.mark.parametrize(
    "meta", [None, {}, [], {"progressToken": None}, {"progressToken": True}, {"progressToken": {}}]
)
def test_what_is_no_token_asks_for_nothing(meta: object) -> None:
    assert _token({"_meta": meta}) is None


@pytest.mark.parametrize("token", ["7", 7, "", 0, 2**70])
def test_a_token_stays_what_it_is(token: int | str) -> None:
    assert repr(_token({"_meta": {"progressToken": token}})) == repr(token)


def test_the_token_of_the_moment_counts_where_the_call_came_again() -> None:
    first, second = Heard(), Heard()
    contact = Contact(first, "first")
    progress = _progress(contact)
    progress({"progress": 1})
    contact.channel, contact.token = second, 2
    progress({"progress": 1})  # does not rise
    progress({"progress": 2})
    assert first.values == [1]
    assert [message["params"] for message in second.messages] == [{"progressToken": 2, "progress": 2}]
