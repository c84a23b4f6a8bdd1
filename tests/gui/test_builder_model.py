"""The model of the builder: what it shows, filters, sorts and speaks."""

import time

import pytest
from PySide6.QtCore import QModelIndex, Qt

from latchward.control.messages import ServerView
from latchward.gui.policy.draft import Draft
from latchward.gui.policy.model import EFFECT, NAME, RISK, ToolModel
from latchward.gui.policy.rows import Filter
from tests.gui.builder_support import FILES, GIT, server, tool

SPOKEN = Qt.ItemDataRole.AccessibleTextRole


def model_of(*servers: ServerView) -> ToolModel:
    draft = Draft()
    draft.take(servers or (FILES, GIT))
    model = ToolModel(draft)
    model.set_servers(draft.views)
    return model


def shown(model: ToolModel) -> dict[str, list[str]]:
    return {one.view.name: [row.tool.name for row in one.shown] for one in model.sections}


def many() -> tuple[ServerView, ...]:
    kinds = ("Read", "Write", "Execute", "Destructive", "Financial")
    return tuple(
        server(
            f"server-{at}",
            *(
                tool(f"{'delete' if n % 9 == 0 else 'get'}_{n}", kinds[n % 5], description="words " * 30)
                for n in range(125)
            ),
        )
        for at in range(40)
    )


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (
            Filter(),
            {
                "files": ["delete_file", "move_file", "read_file", "write_file"],
                "git": ["git_commit", "git_log", "git_reset"],
            },
        ),
        (Filter("WRITE"), {"files": ["write_file"]}),
        (Filter("git log"), {"git": ["git_log"]}),
        (Filter("files move"), {"files": ["move_file"]}),
        (Filter("does its work delete"), {"files": ["delete_file"]}),
        (Filter(categories=frozenset({"Destructive"})), {"files": ["delete_file"], "git": ["git_reset"]}),
        (Filter(effects=frozenset({"hide"})), {"files": ["delete_file"]}),
        (
            Filter("file", frozenset({"Write"}), frozenset({"approve"})),
            {"files": ["move_file", "write_file"]},
        ),
        (Filter("no such thing"), {}),
    ],
)
def test_filter_shows_what_matches_all_of_it(wanted: Filter, names: dict[str, list[str]]) -> None:
    model = model_of()
    model.set_filter(wanted)
    assert shown(model) == names


def test_filter_of_held_and_unsaved() -> None:
    model = model_of(server("s", tool("a", held="new"), tool("b"), tool("c")))
    model.draft.set([(("s", "s"), "b")], "deny")
    model.set_filter(Filter(only="held"))
    assert shown(model) == {"s": ["a"]}
    model.set_filter(Filter(only="changed"))
    assert shown(model) == {"s": ["b"]}


def test_choice_does_not_take_a_row_from_under_the_pointer() -> None:
    model = model_of()
    model.set_filter(Filter(effects=frozenset({"hide"})))
    model.choose([model.find(("files", "files"), "delete_file")], "deny")
    assert shown(model) == {"files": ["delete_file"]}


@pytest.mark.parametrize(
    ("column", "order", "first"),
    [
        (NAME, Qt.SortOrder.AscendingOrder, "delete_file"),
        (NAME, Qt.SortOrder.DescendingOrder, "write_file"),
        (RISK, Qt.SortOrder.DescendingOrder, "delete_file"),
        (EFFECT, Qt.SortOrder.AscendingOrder, "read_file"),
    ],
)
def test_sorting_is_within_each_server(column: int, order: Qt.SortOrder, first: str) -> None:
    model = model_of()
    model.sort(column, order)
    assert list(shown(model)) == ["files", "git"]
    assert shown(model)["files"][0] == first


def test_screen_reader_hears_name_risk_and_decision() -> None:
    model = model_of()
    at = model.find(("files", "files"), "write_file")
    assert at.data(SPOKEN) == "write_file, risk Write medium, decision Ask"
    assert at.siblingAtColumn(EFFECT).data(SPOKEN) == "decision Ask"
    model.choose([at], "deny")
    assert at.data(SPOKEN) == "write_file, risk Write medium, decision Deny, not saved, was Ask"


def test_screen_reader_hears_what_is_special() -> None:
    model = model_of(server("s", tool("a", held="changed", custom=True), tool("b", fixed="a rule")))
    assert model.find(("s", "s"), "a").data(SPOKEN) == (
        "a, risk Read low, decision Ask, with conditions, definition changed, refused until you accept it"
    )
    assert model.find(("s", "s"), "b").data(SPOKEN) == "b, risk Read low, decision Ask, cannot be set here"


def test_screen_reader_hears_how_much_of_a_server_is_shown() -> None:
    model = model_of()
    model.set_filter(Filter("write"))
    assert model.find(("files", "files")).data(SPOKEN) == "server files, running, 1 of 4 tools shown, Ask 1"


def test_choice_on_a_server_reaches_only_what_is_shown_and_says_so() -> None:
    model = model_of()
    said: list[str] = []
    model.chosen.connect(said.append)
    model.set_filter(Filter("e_file", frozenset({"Write", "Destructive"})))
    model.choose([model.find(("files", "files"))], "deny")
    assert said == ["Deny for the 3 shown of 4 of files"]
    assert model.draft.changes(("files", "files")) == dict.fromkeys(
        ("write_file", "move_file", "delete_file"), "deny"
    )


def test_server_under_two_policies_is_shown_twice() -> None:
    model = model_of(server("s", tool("a")), server("s", tool("a"), policy="strict", clients=("Cursor",)))
    assert [one.key for one in model.sections] == [("s", "s"), ("s", "strict")]
    assert all(one.shared for one in model.sections)


def test_every_index_leads_back_to_its_parent() -> None:
    model = model_of()
    for at in range(model.rowCount()):
        parent = model.index(at, 0)
        assert model.parent(parent) == QModelIndex()
        for row in range(model.rowCount(parent)):
            for column in range(model.columnCount()):
                assert model.parent(model.index(row, column, parent)) == parent
        assert model.rowCount(model.index(0, 0, parent)) == 0


def test_five_thousand_tools_are_filtered_in_the_model() -> None:
    model = model_of(*many())
    assert model.totals == (5000, 5000)
    started = time.perf_counter()
    model.set_filter(Filter("delete"))
    took = (time.perf_counter() - started) * 1000
    print(f"filter of 5,000 tools: {took:.1f} ms")
    assert model.totals == (40 * 14, 5000)
    assert model.headerData(NAME, Qt.Orientation.Horizontal) == "Tool · 560 of 5,000 tools shown"


@pytest.mark.parametrize(
    "name",
    [
        "x" * 300,
        "🦊" * 40,
        "\u202egnp.exe",
        "<b>bold</b><img src=x>",
        "a\nb\tc",
        "&Allow",
        "\u200b",
        "e" + "\u0301" * 50,
    ],
)
def test_hostile_name_is_shown_on_one_line_with_nothing_hidden(name: str) -> None:
    model = model_of(server("s", tool(name, title=name, description=name)))
    at = model.find(("s", "s"), name)
    text = at.data(Qt.ItemDataRole.DisplayRole)
    assert len(text) <= 120
    assert "\n" not in text
    assert not {"\u202e", "\u200b"} & set(text + at.data(SPOKEN))
