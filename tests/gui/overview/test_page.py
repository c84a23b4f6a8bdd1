"""The page of everything that agents can do: what it says, the keyboard, and what is written to a file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from latchward.control.messages import Clients, ClientView, FoundServer, ServerView
from latchward.gui.overview.page import OverviewPage
from latchward.gui.window import CLIENTS, OVERVIEW, SERVERS, TOOLS, MainWindow
from tests.gui.builder_support import FILES, GIT, Gateway, open_window, press, server, texts, tool

CURSOR = ClientView("cursor", "Cursor", "partly", routes=("notion", "github"))
BROKEN = ClientView("windsurf", "Windsurf", "unreadable", problem="line 3 of it is no JSON; correct it")
FOUND = FoundServer("k", "notion", "npx notion", ("a file",), ("Cursor",))


@pytest.fixture
def gateway(qtbot: Any) -> Iterator[Gateway]:
    made = Gateway(qtbot)
    yield made
    made.close()


def shown(qtbot: Any, gateway: Gateway, *servers: ServerView, clients: Clients | None = None) -> MainWindow:
    window = open_window(qtbot, gateway, *servers)
    window.show_page(OVERVIEW)
    if clients is not None:
        gateway.say(clients)
        qtbot.waitUntil(lambda: window.overview._clients == clients)
    QApplication.processEvents()
    return window


def rows(page: OverviewPage) -> list[str]:
    return [page.model.index(at, 0).data() for at in range(page.model.rowCount())]


def export_to(page: OverviewPage, path: Path) -> None:
    page.export_to(str(path))
    QApplication.processEvents()


def select(page: OverviewPage, at: int) -> None:
    page.table.setCurrentIndex(page.model.index(at, 0))


def test_without_servers_it_says_what_will_be_here(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway)
    assert "Every tool that your agents can use will stand here" in texts(window.overview)
    assert "Set up…" not in texts(window.overview)
    press(window.overview, "Add a server…")
    assert window.pages.currentIndex() == SERVERS
    assert window.servers.add_dialog is not None


def test_without_servers_but_with_something_found_it_offers_the_first_run(
    qtbot: Any, gateway: Gateway
) -> None:
    window = shown(qtbot, gateway, clients=Clients((), (FOUND,)))
    press(window.overview, "Set up…")
    assert window.setup is not None
    assert window.setup.isVisible()


def test_what_goes_round_is_said_above_and_stands_first(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, FILES, clients=Clients((CURSOR,), ()))
    told = "2 servers are reached without Latchward: github by Cursor and notion by Cursor."
    assert told in texts(window.overview)
    assert rows(window.overview)[:3] == [
        "Unknown tools of github",
        "Unknown tools of notion",
        "delete_file",
    ]
    press(window.overview, "Protect…")
    assert window.setup is not None
    assert window.setup.isVisible()


def test_where_nothing_goes_round_there_is_no_band(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, FILES, clients=Clients((CURSOR,), ()))
    gateway.say(Clients((), ()))
    qtbot.waitUntil(lambda: "without Latchward" not in texts(window.overview))


def test_a_file_that_cannot_be_read_is_no_all_clear(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, FILES, clients=Clients((BROKEN,), ()))
    told = "The file of Windsurf cannot be read: what it reaches without Latchward is not known."
    assert told in texts(window.overview)
    press(window.overview, "See why")
    assert window.pages.currentIndex() == CLIENTS
    assert "Line 3 of it is no JSON; correct it." in texts(window.clients)


def test_typing_filters_and_down_goes_to_the_table(qtbot: Any, gateway: Gateway) -> None:
    page = shown(qtbot, gateway, FILES, GIT).overview
    page.filters.search.setFocus()
    QTest.keyClicks(page.filters.search, "reset")
    qtbot.waitUntil(lambda: rows(page) == ["git_reset"])
    assert page.model.headerData(0, Qt.Orientation.Horizontal) == "Tool · 1 of 7 tools shown"
    QTest.keyClick(page.filters.search, Qt.Key.Key_Down)
    assert page.table.hasFocus()
    QTest.keyClick(page.table, Qt.Key.Key_Up)
    assert page.filters.search.hasFocus()


def test_return_opens_the_tool_where_it_is_decided(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, FILES, GIT)
    window.tools.filters.search.setText("nothing like it")
    select(window.overview, 0)
    QTest.keyClick(window.overview.table, Qt.Key.Key_Return)
    assert window.pages.currentIndex() == TOOLS
    assert [index.data() for index in window.tools.tree.selected()] == ["git_reset"]


def test_double_click_opens_the_tool_where_it_is_decided(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, FILES, GIT)
    at = window.overview.table.visualRect(window.overview.model.index(1, 1)).center()
    viewport = window.overview.table.viewport()
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=at)
    assert window.pages.currentIndex() == TOOLS
    assert [index.data() for index in window.tools.tree.selected()] == ["delete_file"]


def test_return_on_what_goes_round_offers_to_protect_it(qtbot: Any, gateway: Gateway) -> None:
    window = shown(qtbot, gateway, FILES, clients=Clients((CURSOR,), ()))
    select(window.overview, 0)
    assert window.overview.footer.act.text() == "Protect…"
    QTest.keyClick(window.overview.table, Qt.Key.Key_Return)
    assert window.setup is not None
    assert window.setup.isVisible()


def test_the_selected_row_is_told_whole_below(qtbot: Any, gateway: Gateway) -> None:
    page = shown(qtbot, gateway, FILES).overview
    select(page, 0)
    assert page.footer.told.text() == (
        "delete_file of files. May destroy data, critical risk. Hide: agents do not see it. "
        "Seen by Claude Code."
    )


def test_the_selection_outlives_news_and_a_filter(qtbot: Any, gateway: Gateway) -> None:
    page = shown(qtbot, gateway, FILES, GIT).overview
    at = rows(page).index("write_file")
    select(page, at)
    gateway.tell(GIT, FILES, server("a", tool("drop", "Destructive")))
    qtbot.waitUntil(lambda: len(rows(page)) == 8)
    page.filters.search.setText("file")
    page.filters.search.returnPressed.emit()
    chosen = page.table.selected()
    assert chosen is not None
    assert chosen.tool == "write_file"


def test_a_selection_that_is_filtered_away_is_none(qtbot: Any, gateway: Gateway) -> None:
    page = shown(qtbot, gateway, FILES, GIT).overview
    select(page, rows(page).index("write_file"))
    page.filters.search.setText("reset")
    page.filters.search.returnPressed.emit()
    assert page.table.selected() is None
    assert not page.footer.act.isEnabled()


def test_choices_filter_together_and_can_be_left(qtbot: Any, gateway: Gateway) -> None:
    cursor = server("pay", tool("refund", "Financial", "allow"), clients=("cursor",))
    page = shown(qtbot, gateway, FILES, cursor, clients=Clients((CURSOR,), ())).overview
    page.filters.client.tick("Cursor")
    page.filters.risk.tick("High")
    assert rows(page) == ["Unknown tools of github", "Unknown tools of notion", "refund"]
    page.filters.decision.tick("deny")
    assert "Nothing matches" in texts(page)
    press(page, "Show everything")
    assert len(rows(page)) == 7


def test_a_client_that_is_gone_is_asked_for_no_more(qtbot: Any, gateway: Gateway) -> None:
    page = shown(qtbot, gateway, FILES, clients=Clients((CURSOR,), ())).overview
    page.filters.client.tick("Cursor")
    assert rows(page) == ["Unknown tools of github", "Unknown tools of notion"]
    gateway.say(Clients((), ()))
    qtbot.waitUntil(lambda: len(rows(page)) == 4)


def test_a_page_that_nobody_looks_at_is_worked_out_when_it_is_shown(qtbot: Any, gateway: Gateway) -> None:
    window = open_window(qtbot, gateway, FILES)
    assert rows(window.overview) == []
    window.show_page(OVERVIEW)
    assert len(rows(window.overview)) == 4


def test_servers_that_told_no_tools_are_said(qtbot: Any, gateway: Gateway) -> None:
    page = shown(qtbot, gateway, server("a", state="consent")).overview
    assert "No tools yet" in texts(page)
    assert "1 server has told no tools yet" in texts(page)
    assert not page.export.isEnabled()


# Exporting


@pytest.mark.parametrize("end", ["csv", "json", "md"])
def test_everything_is_written_whatever_is_filtered(
    qtbot: Any, gateway: Gateway, tmp_path: Path, end: str
) -> None:
    page = shown(qtbot, gateway, FILES, clients=Clients((CURSOR, BROKEN), ())).overview
    page.filters.search.setText("read")
    page.filters.search.returnPressed.emit()
    path = tmp_path / f"all.{end}"
    export_to(page, path)
    written = path.read_text().replace("\\_", "_")
    for name in ("read_file", "delete_file", "notion", "Windsurf", "test"):
        assert name in written
    assert f"Wrote 4 tools to all.{end}. The filter was left aside." in texts(page)


def test_the_file_is_one_of_the_persons_own(qtbot: Any, gateway: Gateway, tmp_path: Path) -> None:
    page = shown(qtbot, gateway, FILES).overview
    (tmp_path / "plain").touch()
    export_to(page, tmp_path / "all.json")
    assert (tmp_path / "all.json").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert sorted(one.name for one in tmp_path.iterdir() if one.is_file()) == ["all.json", "plain"]
    assert json.loads((tmp_path / "all.json").read_text())["profile"] == "test"


def test_a_name_that_tells_no_form_is_not_written(qtbot: Any, gateway: Gateway, tmp_path: Path) -> None:
    page = shown(qtbot, gateway, FILES).overview
    export_to(page, tmp_path / "all.txt")
    assert "was not written. Its name should end with .csv, .json or .md." in texts(page)
    assert not (tmp_path / "all.txt").exists()


def test_a_file_that_cannot_be_written_says_why(qtbot: Any, gateway: Gateway, tmp_path: Path) -> None:
    page = shown(qtbot, gateway, FILES).overview
    export_to(page, tmp_path / "nowhere" / "all.csv")
    assert "all.csv was not written." in texts(page)
    assert not (tmp_path / "nowhere").exists()


def test_the_dialog_writes_where_it_is_told_and_adds_the_end(
    qtbot: Any, gateway: Gateway, tmp_path: Path
) -> None:
    page = shown(qtbot, gateway, FILES).overview
    page.export.click()
    dialog = page.dialog
    assert dialog is not None
    assert dialog.isVisible()
    dialog.setDirectory(str(tmp_path))
    dialog.selectNameFilter("Markdown (*.md)")
    dialog.filterSelected.emit("Markdown (*.md)")
    dialog.selectFile("mine")
    dialog.accept()
    assert (tmp_path / "mine.md").read_text().startswith("# Everything my agents can do")
