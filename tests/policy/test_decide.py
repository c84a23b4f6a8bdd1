"""The decision itself: what the corpus cannot say in one row."""

# ruff: noqa: E501  # tables read better with one row to a line

import itertools
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from latchward.model.decision import Effect, LimitKey, Reservation
from latchward.policy.decide import decide

from .support import NOON, Used, call, decided, policy

ACTIONS = {"allow": Effect.ALLOW, "approve": Effect.APPROVE, "deny": Effect.DENY, "hide": Effect.HIDE}


@pytest.mark.parametrize("order", list(itertools.permutations(ACTIONS)))
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_most_restrictive_action_wins_in_every_order(order: tuple[str, ...], count: int) -> None:
    keys = ["tool", "t*", "*", "to?l"]
    chosen = order[:count]
    document = policy(tools={key: {"action": action} for key, action in zip(keys, chosen, strict=False)})

    assert decided(document, "tool").effect == max(ACTIONS[action] for action in chosen)


def test_a_reservation_names_server_scope_entry_counter_and_window() -> None:
    document = policy(tools={"t": {"limits": [{"counter": "c", "window": 90, "max": 5, "increment": 2}]}})

    key = LimitKey("server", "grant:g", "/tools/t", "c", "90")
    assert decided(document, "t").reservations == (Reservation(key, Decimal(2)),)


def test_decide_only_reads_the_usage() -> None:
    document = policy(tools={"t": {"limits": [{"window": "day", "max": 1}]}})

    assert decided(document, "t") == decided(document, "t")


def test_retry_after_is_the_longest_wait_of_the_limits_that_refuse() -> None:
    limits = [{"window": "minute", "max": 1}, {"window": 600, "max": 1}]
    used = Used({"grant:g /tools/t minute minute": "1", "grant:g /tools/t 600 600": "1"})

    assert decide(policy(tools={"t": {"limits": limits}}), call("t"), used, NOON).retry_after == 600


def test_retry_after_is_at_least_a_second() -> None:
    used = Used({"grant:g /tools/t minute minute": "1"})
    document = policy(tools={"t": {"limits": [{"window": "minute", "max": 1}]}})

    assert decide(document, call("t"), used, NOON + timedelta(seconds=59.99)).retry_after == 1


def test_a_counter_that_has_room_by_now_says_to_come_back_in_a_second() -> None:
    class JustFreed(Used):
        def free_at(self, key: LimitKey, now: datetime) -> datetime:
            return now

    used = JustFreed({"grant:g /tools/t minute minute": "1"})
    document = policy(tools={"t": {"limits": [{"window": "minute", "max": 1}]}})

    assert decide(document, call("t"), used, NOON).retry_after == 1


def test_nothing_is_said_of_retrying_where_another_rule_denies_too() -> None:
    used = Used({"grant:g /tools/t minute minute": "1"})
    document = policy(tools={"t": {"action": "deny", "limits": [{"window": "minute", "max": 1}]}})

    assert decide(document, call("t"), used, NOON).retry_after is None


MESSAGES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"action": "approve", "reason": "merging is a release here"}, {}, "`t` needs a person's approval: merging is a release here"),
    ({"action": "deny"}, {}, "`t` is denied"),
    ({"require": [{"path": "args.a", "op": "lte", "value": 5}]}, {"a": 6}, "`args.a` must be at most `5`"),
    ({"require": [{"path": "args.a", "op": "lte", "value": 5}]}, {}, "`args.a` must be at most `5`, but it is missing or not a number"),
    ({"deny_if": [{"path": "args.a", "op": "exists", "value": True}]}, {"a": 1}, "`args.a` must not be present"),
    ({"deny_if": [{"path": "args.a", "op": "in", "value": ["x", 1]}]}, {"a": "x"}, "`args.a` must not be one of `[\"x\", 1]`"),
    ({"approve_if": [{"path": "args.a", "op": "under", "value": "b"}]}, {"a": "b/c"}, "a person is asked where `args.a` lies under `b`"),
    ({"reason": "why", "deny_if": [{"path": "args.a", "op": "eq", "value": 1}]}, {"a": 1}, "`args.a` must not equal `1`: why"),
    ({"limits": [{"counter": "c", "window": "hour", "max": 0, "on_deny": "wait"}]}, {}, "at most 0 an hour may be used of `c`, and 0 is used: wait"),
    ({"schedule": {"days": ["tue"], "to": "18:00"}}, {}, "outside of the hours (tue from 00:00 to 18:00)"),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "arguments", "message"), MESSAGES)
def test_a_refusal_is_a_plain_sentence(
    entry: dict[str, Any], arguments: dict[str, Any], message: str
) -> None:
    assert decided(policy(tools={"t": entry}), "t", arguments).message == message


def test_a_hidden_tool_answers_as_one_that_does_not_exist() -> None:
    document = policy(tools={"t": {"action": "hide", "reason": "the payroll"}})

    assert decided(document, "t").message == "there is no such tool"


def test_a_name_with_half_a_character_is_denied_whatever_the_default() -> None:
    document = policy(default="allow", tools={"x*": {"action": "deny"}})

    assert decided(document, "x\ud800").effect is Effect.DENY


def test_text_with_half_a_character_counts_against_the_call() -> None:
    document = policy(tools={"t": {"deny_if": [{"path": "args.a", "op": "regex", "value": "secret"}]}})

    assert decided(document, "t", {"a": "secret\ud800"}).effect is Effect.DENY


def test_ten_thousand_names_do_not_fill_the_memory() -> None:
    document = policy(default="allow", hide=["x9*"])
    for at in range(10_000):
        decided(document, f"x{at}")

    assert len(document.tools._plans) <= 4_096
    assert decided(document, "x9").effect is Effect.HIDE
