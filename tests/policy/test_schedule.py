"""Days and hours on the wall clock."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from latchward.model.decision import Effect, Reason
from latchward.policy.schedule import Schedule, minutes_of

CLOSED = Reason(Effect.DENY, "/schedule", "closed")
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def open_minutes(days: set[int], start: int, end: int) -> list[int]:
    """The minutes of a week, from Monday 00:00, in which the schedule is open."""
    schedule = Schedule(frozenset(days), start, end, CLOSED)
    return [at for at in range(7 * 1440) if schedule.is_open(MONDAY + timedelta(minutes=at))]


def test_hours_of_one_day() -> None:
    assert open_minutes({1}, 600, 660) == list(range(1440 + 600, 1440 + 660))


def test_hours_over_midnight_belong_to_the_day_they_began() -> None:
    assert open_minutes({0}, 1320, 360) == list(range(1320, 1440 + 360))


def test_sunday_runs_into_monday() -> None:
    assert open_minutes({6}, 1430, 10) == [*range(10), *range(7 * 1440 - 10, 7 * 1440)]


def test_the_whole_day_is_open_to_its_end() -> None:
    assert len(open_minutes({2}, 0, 1440)) == 1440


@pytest.mark.parametrize(
    ("clock", "minutes"),
    [
        ("00:00", 0),
        ("09:30", 570),
        ("24:00", 1440),
        ("24:01", None),
        ("25:00", None),
        ("9:00", None),
        ("09:60", None),
        ("\u0660\u0669:00", None),
        ("09:00\n", None),
    ],
)
def test_a_time_of_day_is_two_digits_and_two(clock: str, minutes: int | None) -> None:
    assert minutes_of(clock) == minutes
