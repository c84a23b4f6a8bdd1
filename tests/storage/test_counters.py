"""The limits' state: windows, edges, clocks, and what is given back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchward.model.decision import LimitKey, Reservation
from latchward.storage import counters as module
from latchward.storage.counters import MemoryCounters

NOON = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)  # a Wednesday


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def key(window: str, entry: str = "/tools/a", counter: str = "calls") -> LimitKey:
    return LimitKey("github", "grant:claude", entry, counter, window)


def charge(window: str, amount: str = "1") -> list[Reservation]:
    return [Reservation(key(window), Decimal(amount))]


def standing() -> MemoryCounters:
    """Counters whose monotonic clock stands still: only the time of the wall is told."""
    return MemoryCounters(monotonic=lambda: 0.0)


def test_a_sliding_charge_counts_up_to_but_not_at_the_edge() -> None:
    counters = standing()
    counters.reserve(charge("60"), NOON)
    assert counters.used(key("60"), NOON) == 1
    assert counters.used(key("60"), NOON + seconds(59.999999)) == 1
    assert counters.used(key("60"), NOON + seconds(60)) == 0


@pytest.mark.parametrize(
    ("window", "last", "end"),
    [
        ("minute", NOON + seconds(59), datetime(2026, 3, 4, 12, 1, tzinfo=UTC)),
        ("hour", NOON + seconds(3599), datetime(2026, 3, 4, 13, tzinfo=UTC)),
        ("day", datetime(2026, 3, 4, 23, 59, 59, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC)),
        ("week", datetime(2026, 3, 8, 23, 59, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)),
        ("month", datetime(2026, 3, 31, 23, 59, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)),
    ],
)
def test_an_aligned_window_ends_where_the_calendar_says(window: str, last: datetime, end: datetime) -> None:
    counters = standing()
    counters.reserve(charge(window), NOON)
    assert counters.used(key(window), last) == 1
    assert counters.used(key(window), end) == 0
    assert counters.free_at(key(window), last) == end


def test_now_in_another_zone_is_the_same_moment() -> None:
    counters = standing()
    counters.reserve(charge("day"), NOON)
    abroad = datetime(2026, 3, 5, 1, tzinfo=UTC).astimezone(tz=datetime.strptime("-0500", "%z").tzinfo)
    assert counters.used(key("day"), abroad) == 0


def test_counters_of_other_entries_names_windows_and_scopes_are_apart() -> None:
    counters = standing()
    counters.reserve(charge("60"), NOON)
    others = (key("60", entry="/tools/b"), key("60", counter="x"), key("61"))
    assert [counters.used(other, NOON) for other in others] == [0, 0, 0]


def test_a_sliding_counter_is_free_when_its_oldest_charge_leaves() -> None:
    counters = standing()
    counters.reserve(charge("60"), NOON)
    counters.reserve(charge("60"), NOON + seconds(10))
    assert counters.free_at(key("60"), NOON + seconds(20)) == NOON + seconds(60)
    assert counters.free_at(key("60"), NOON + seconds(65)) == NOON + seconds(70)
    assert counters.free_at(key("60"), NOON + seconds(75)) == NOON + seconds(75)


@pytest.mark.parametrize("window", ["60", "minute", "day", "month"])
def test_a_clock_set_back_refills_nothing(window: str) -> None:
    counters = standing()
    counters.reserve(charge(window), NOON)
    for count, back in enumerate((seconds(1), timedelta(days=1), timedelta(days=4000))):
        assert counters.used(key(window), NOON - back) == 1 + count
        counters.reserve(charge(window), NOON - back)
    assert counters.used(key(window), NOON) == 4


def test_a_clock_that_was_years_ahead_locks_nobody_out() -> None:
    tick = [0.0]
    counters = MemoryCounters(monotonic=lambda: tick[0])
    counters.reserve(charge("minute"), NOON + timedelta(days=3650))
    tick[0] = 59.0
    assert counters.used(key("minute"), NOON) == 1
    tick[0] = 60.0
    assert counters.used(key("minute"), NOON) == 0


def test_when_the_clock_was_set_back_the_wait_is_told_by_the_callers_clock() -> None:
    counters = standing()
    counters.reserve(charge("60"), NOON)
    earlier = NOON - timedelta(days=1)
    assert counters.free_at(key("60"), earlier) == earlier + seconds(60)


def test_asking_about_another_day_changes_nothing() -> None:
    counters = standing()
    counters.reserve(charge("60"), NOON)
    assert counters.used(key("60"), NOON + timedelta(days=9)) == 0
    assert counters.used(key("60"), NOON) == 1


@pytest.mark.parametrize("window", ["60", "day"])
def test_what_is_released_is_free_again(window: str) -> None:
    counters = standing()
    counters.reserve(charge(window, "2"), NOON)
    counters.reserve(charge(window, "3"), NOON + seconds(1))
    counters.release(charge(window, "2"), NOON)
    assert counters.used(key(window), NOON + seconds(2)) == 3


@pytest.mark.parametrize("window", ["60", "minute"])
def test_a_charge_whose_window_has_passed_gives_nothing_back(window: str) -> None:
    counters = standing()
    counters.reserve(charge(window), NOON)
    counters.reserve(charge(window), NOON + seconds(61))
    counters.release(charge(window), NOON)
    assert counters.used(key(window), NOON + seconds(61)) == 1


@pytest.mark.parametrize("bad", ["-1", "NaN", "Infinity", "-0.5"])
def test_an_amount_that_is_no_amount_charges_nothing_at_all(bad: str) -> None:
    counters = standing()
    with pytest.raises(ValueError, match="cannot be charged"):
        counters.reserve([*charge("60"), *charge("day", bad)], NOON)
    assert counters.used(key("60"), NOON) == 0


def test_many_charges_are_bounded_and_leave_late_rather_than_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CHARGES", 3)
    counters = standing()
    for step in range(5):
        counters.reserve(charge("60"), NOON + seconds(step))
    assert counters.used(key("60"), NOON + seconds(61)) == 5
    assert counters.used(key("60"), NOON + seconds(62)) == 2


def test_counters_that_hold_nothing_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_COUNTERS", 10)
    counters = standing()
    for session in range(50):
        one = LimitKey("github", f"session:{session}", "/tools/a", "calls", "1")
        counters.reserve([Reservation(one, Decimal(1))], NOON + seconds(2 * session))
    assert len(counters._counters) <= 11


amounts = st.decimals(min_value=0, max_value=10**12, places=9)


@given(st.lists(st.tuples(st.integers(-90, 90), amounts), max_size=30), st.integers(1, 120))
def test_a_sliding_sum_is_that_of_the_charges_in_the_window(
    steps: list[tuple[int, Decimal]], window: int
) -> None:
    counters, now, latest, charged = standing(), NOON, NOON, []
    for step, amount in steps:
        now += seconds(step)
        latest = max(now, latest) if charged else now
        counters.reserve([Reservation(key(str(window)), amount)], now)
        charged.append((latest, amount))
        expected = sum((cost for at, cost in charged if at + seconds(window) > latest), Decimal(0))
        assert counters.used(key(str(window)), now) == expected
