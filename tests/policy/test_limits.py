"""Windows and amounts."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchward.policy.limits import ALIGNED, amount_of, is_sliding, total, window_end, window_start

THURSDAY = datetime(2026, 1, 15, 13, 37, 42, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "start", "end"),
    [
        ("minute", (2026, 1, 15, 13, 37), (2026, 1, 15, 13, 38)),
        ("hour", (2026, 1, 15, 13), (2026, 1, 15, 14)),
        ("day", (2026, 1, 15), (2026, 1, 16)),
        ("week", (2026, 1, 12), (2026, 1, 19)),
        ("month", (2026, 1, 1), (2026, 2, 1)),
    ],
)
def test_aligned_windows_begin_and_end_in_utc(
    window: str, start: tuple[int, ...], end: tuple[int, ...]
) -> None:
    assert window_start(window, THURSDAY) == datetime(*start, tzinfo=UTC)  # type: ignore[misc, arg-type]
    assert window_end(window, THURSDAY) == datetime(*end, tzinfo=UTC)  # type: ignore[misc, arg-type]


def test_a_sliding_window_reaches_back_by_its_seconds() -> None:
    assert window_start("60", THURSDAY) == THURSDAY - timedelta(seconds=60)


def test_a_charge_in_a_sliding_window_leaves_after_its_seconds() -> None:
    assert window_end("60", THURSDAY) == THURSDAY + timedelta(seconds=60)


@pytest.mark.parametrize("window", [*ALIGNED, "90"])
def test_an_offset_is_turned_into_utc_first(window: str) -> None:
    there = THURSDAY.astimezone(timezone(timedelta(hours=14)))

    assert window_start(window, there) == window_start(window, THURSDAY)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.sampled_from(ALIGNED))
def test_now_lies_within_its_window(moment: datetime, window: str) -> None:
    now = moment.replace(tzinfo=UTC)

    assert window_start(window, now) <= now < window_end(window, now)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.sampled_from(ALIGNED))
def test_one_window_begins_where_the_other_ends(moment: datetime, window: str) -> None:
    end = window_end(window, moment.replace(tzinfo=UTC))

    assert window_start(window, end) == end


def test_only_seconds_slide() -> None:
    assert [is_sliding(window) for window in (*ALIGNED, "1")] == [False] * 5 + [True]


@pytest.mark.parametrize(
    "value",
    [
        -1,
        True,
        False,
        None,
        "1",
        [],
        {},
        float("inf"),
        float("nan"),
        Decimal("-0.1"),
        10**30,
        Decimal("1e-31"),
        10**400,
    ],
)
def test_what_is_no_amount_cannot_be_charged(value: Any) -> None:
    assert amount_of(value) is None


@pytest.mark.parametrize(
    ("value", "amount"),
    [(0, "0"), (3, "3"), (0.1, "0.1"), (Decimal("1e-30"), "1E-30"), (10**30 - 1, "9" * 30)],
)
def test_an_amount_keeps_its_digits(value: Any, amount: str) -> None:
    assert str(amount_of(value)) == amount


def test_amounts_add_up_without_rounding() -> None:
    assert str(total(Decimal(10**29), Decimal("1e-30"))) == "1" + "0" * 29 + "." + "0" * 29 + "1"
