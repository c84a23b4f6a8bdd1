"""The table of tasks: whose each is, for how long, and how many."""

from typing import Any

from latchward.gateway import tasks
from latchward.gateway.tasks import Task, Tasks
from latchward.model.call import ToolCall
from latchward.model.grant import Grant
from latchward.model.ids import ToolId
from latchward.model.tool import ToolDefinition

ADA, BOB = Grant("ada", "1"), Grant("bob", "2")
PLACE = object()


class Table:
    """The table, at a time that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.tasks = Tasks(lambda: self.now)
        self.number = 0

    def add(
        self,
        grant: Grant = ADA,
        ttl: float | None = None,
        size: int = 1,
        place: object = PLACE,
        theirs: str = "",
    ) -> Task:
        self.number += 1
        call = ToolCall(grant.client, "s", ToolId("server", "job"), {}, b"x" * size, "digest")
        upstream: Any = object()
        definition = ToolDefinition("job", {}, "")
        theirs = theirs or str(self.number)
        return self.tasks.add(grant, None, upstream, call, definition, theirs=theirs, place=place, ttl=ttl)

    def has(self, task: Task) -> bool:
        return self.tasks.find(task.grant, task.endpoint, task.id) is task


def test_ids_are_long_and_of_no_order() -> None:
    table = Table()
    ids = {table.add().id for _ in range(100)}
    assert len(ids) == 100
    assert {len(identity) for identity in ids} == {32}


def test_a_task_holds_as_long_as_its_server_says() -> None:
    table = Table()
    task = table.add(ttl=60)
    table.now += 59
    assert table.has(task)
    table.now += 2
    assert not table.has(task)
    assert table.tasks.of(ADA, None) == []


def test_a_task_of_no_end_is_kept_for_a_day_after_its_last_use() -> None:
    table = Table()
    task, other = table.add(), table.add(ttl=10 * tasks.MAX_TTL)
    table.now += tasks.MAX_TTL - 1
    table.tasks.keep(task, None)
    table.now += 2
    assert table.has(task)
    assert not table.has(other)


def test_the_server_may_say_anew_how_long_a_task_holds() -> None:
    table = Table()
    task = table.add(ttl=60)
    table.tasks.keep(task, 600)
    table.now += 599
    assert table.has(task)
    table.tasks.keep(task, 5)
    assert not table.has(task)


def test_only_a_clients_own_oldest_tasks_make_room() -> None:
    table = Table()
    theirs = table.add(BOB)
    mine = [table.add() for _ in range(tasks.MAX_TASKS + 1)]
    assert [task for task in mine if not table.has(task)] == mine[:1]
    assert table.has(theirs)


def test_large_arguments_make_room_too() -> None:
    table = Table()
    small, large = table.add(), [table.add(size=tasks.MAX_BEGUN // 4) for _ in range(5)]
    assert not table.has(small)
    assert [table.has(task) for task in large] == [False, True, True, True, True]


def test_tasks_whose_time_is_over_are_not_kept() -> None:
    table = Table()
    task = table.add(ttl=1)
    heard: list[Any] = []
    task.hears[object()] = heard.append
    table.now += 2
    table.tasks.told(PLACE, {"taskId": task.theirs})
    assert heard == []
    table.add(BOB)
    table.now -= 2
    assert not table.has(task)


def test_what_is_told_goes_to_the_task_in_its_place_alone() -> None:
    table = Table()
    heard: list[str] = []
    for grant, place in ((ADA, PLACE), (BOB, "elsewhere")):
        task = table.add(grant, place=place, theirs="1")
        task.hears[object()] = lambda params, grant=grant: heard.append(grant.client)  # type: ignore[misc]
    table.tasks.told(PLACE, {"taskId": "1"})
    for nonsense in ({}, {"taskId": 1}, {"taskId": ["1"]}, {"taskId": "2"}):
        table.tasks.told(PLACE, nonsense)
    table.tasks.told("nowhere", {"taskId": "1"})
    assert heard == ["ada"]


def test_tasks_of_a_token_that_is_gone_are_forgotten() -> None:
    table = Table()
    mine, theirs = table.add(ADA), table.add(BOB)
    table.tasks.end_others({BOB.token_hash})
    assert not table.has(mine)
    assert table.has(theirs)


def test_a_new_token_has_none_of_the_old_ones_tasks() -> None:
    table = Table()
    task = table.add()
    assert table.tasks.find(Grant("ada", "3"), None, task.id) is None
    assert table.tasks.find(ADA, "server", task.id) is None
