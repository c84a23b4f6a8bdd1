"""The proof that a call may be sent: once; again only where its server did not read it, or asks."""

import pytest

from latchward.model.allow import ROUNDS, Allow, mint_allow
from latchward.model.errors import NotSent, Withdrawn


def minted(holds: bool = True) -> Allow:
    return mint_allow(digest="this call", revision="1", row=1, holds=lambda: holds)


def test_it_is_good_for_one_call_once() -> None:
    allow = minted()
    allow.spend("this call")
    with pytest.raises(NotSent, match="was used"):
        allow.spend("this call")


def test_it_is_good_for_no_other_call() -> None:
    allow = minted()
    with pytest.raises(NotSent, match="another call"):
        allow.spend("another")
    allow.spend("this call")
    with pytest.raises(NotSent, match="another call"):
        allow.spend_again("another")


def test_it_is_good_a_last_time_only_once_it_was_spent() -> None:
    allow = minted()
    with pytest.raises(NotSent):
        allow.spend_again("this call")
    allow.spend("this call")
    allow.spend_again("this call")
    with pytest.raises(NotSent):
        allow.spend_again("this call")


def test_it_is_good_for_nothing_once_what_was_judged_is_no_longer_so() -> None:
    holding = [True]
    allow = mint_allow(digest="this call", revision="1", row=1, holds=lambda: holding[0])
    allow.spend("this call")
    holding[0] = False
    with pytest.raises(Withdrawn):
        allow.spend_again("this call")
    with pytest.raises(Withdrawn):
        minted(holds=False).spend("this call")


def test_it_is_good_for_a_round_of_questions_only_once_it_was_spent() -> None:
    allow = minted()
    with pytest.raises(NotSent):
        allow.spend_round("this call")
    allow.spend("this call")
    with pytest.raises(NotSent, match="another call"):
        allow.spend_round("another")
    allow.spend_round("this call")


def test_it_is_good_for_so_many_rounds_and_no_more() -> None:
    allow = minted()
    allow.spend("this call")
    for _ in range(ROUNDS):
        allow.spend_round("this call")
    with pytest.raises(NotSent, match="used up"):
        allow.spend_round("this call")


def test_it_is_good_for_no_round_once_what_was_judged_is_no_longer_so() -> None:
    holding = [True]
    allow = mint_allow(digest="this call", revision="1", row=1, holds=lambda: holding[0])
    allow.spend("this call")
    holding[0] = False
    with pytest.raises(Withdrawn):
        allow.spend_round("this call")
