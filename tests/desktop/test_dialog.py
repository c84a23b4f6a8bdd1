"""From an agent's call to the file on the disk: a real client, a real server, and a person with a mouse."""

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from mcp_types import CallToolResult

from tests import peers
from tests.support.desktop import Desktop
from tests.support.desktop_fixtures import on, on_each
from tests.support.sdk_agent import SdkAgent, words
from tests.support.waiting import wait_for
from tests.support.whole import ASKS, TITLE, Whole

pytestmark = pytest.mark.desktop

everywhere = on_each(("openbox", "sni", "dunst"), ("xfwm4", "xembed", "xfce"))
CONTENT = 'first line\n"second" <b>line</b>\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the server may write."""
    made = tmp_path / "project"
    made.mkdir()
    return made.resolve()


@pytest.fixture
def whole(desktop: Desktop, folder: Path) -> Iterator[Whole]:
    """Latchward before the filesystem server."""
    command, *rest = peers.filesystem(folder)
    servers = {"files": {"command": command, "args": rest}}
    with Whole(desktop, servers, {"ask": ASKS}, {"agent": {"files": "ask"}}) as running:
        yield running


@pytest.fixture
def agent(whole: Whole) -> Iterator[SdkAgent]:
    """A client of the SDK, behind the bridge."""
    with SdkAgent(whole.socket) as running:
        assert "files__write_file" in running.tools()
        yield running


@everywhere
def test_the_dialog_shows_the_very_call_and_allow_lets_it_through(
    whole: Whole, agent: SdkAgent, folder: Path
) -> None:
    target = folder / "a.txt"
    waiting = agent.call("files__write_file", {"path": str(target), "content": CONTENT})
    dialog = whole.dialog()
    assert dialog.sentence.startswith("agent wants to change a file: ")
    assert dialog.sentence.endswith(", with write_file on files")
    assert f"path\n{target}\n" in dialog.arguments
    assert 'content\nfirst line\n"second" <b>line</b>\n' in dialog.arguments
    assert [label for label in dialog.labels if label.startswith("Process: ")]
    assert not target.exists()
    dialog.allow()
    assert not waiting.result(10).is_error
    assert target.read_text() == CONTENT
    whole.no_dialog()
    [row] = [row for row in whole.rows() if row["tool"] == "write_file"]
    assert (row["verdict"], row["by"]) == ("allow", "dialog")


@on("xfwm4", "xembed", "xfce")
def test_denied_in_words_the_call_leaves_nothing_on_the_disk(
    whole: Whole, agent: SdkAgent, folder: Path
) -> None:
    target = folder / "a.txt"
    waiting = agent.call("files__write_file", {"path": str(target), "content": CONTENT})
    dialog = whole.dialog()
    dialog.bring_up()
    dialog.write_reason("use the other folder")
    dialog.deny()
    result = waiting.result(10)
    assert result.is_error
    assert "use the other folder" in words(result)
    assert not target.exists()
    whole.no_dialog()


@on()
def test_denied_without_a_word_the_agent_learns_that_the_user_said_no(
    whole: Whole, agent: SdkAgent, folder: Path
) -> None:
    waiting = agent.call("files__write_file", {"path": str(folder / "a.txt"), "content": CONTENT})
    whole.dialog().deny()
    result = waiting.result(10)
    assert result.is_error
    assert "the user denied this call" in words(result)
    assert list(folder.iterdir()) == []


@on("xfwm4", "xembed", "xfce")
def test_escape_and_the_close_box_deny_one_question_each(
    whole: Whole, agent: SdkAgent, folder: Path, desktop: Desktop
) -> None:
    one = agent.call("files__write_file", {"path": str(folder / "a.txt"), "content": "a"})
    whole.dialog().bring_up()
    two = agent.call("files__write_file", {"path": str(folder / "b.txt"), "content": "b"})
    whole.dialog().node.find("label", "^1 of 2$")
    desktop.key("Escape")
    assert one.result(10).is_error
    assert not two.done()
    desktop.focus(desktop.wait_window(TITLE))
    desktop.key("alt+F4")  # what the close box does
    assert two.result(10).is_error
    assert list(folder.iterdir()) == []
    whole.no_dialog()


@everywhere
def test_deny_on_the_notification_denies(
    whole: Whole, agent: SdkAgent, folder: Path, desktop: Desktop
) -> None:
    waiting = agent.call("files__write_file", {"path": str(folder / "a.txt"), "content": CONTENT})
    whole.dialog()
    [notice] = wait_for(desktop.notices, "notification")
    assert notice.actions == {"review": "Review…", "deny": "Deny"}
    assert CONTENT not in notice.body
    desktop.answer_notice("Deny")
    assert waiting.result(10).is_error
    assert list(folder.iterdir()) == []
    whole.no_dialog()


@on("xfwm4", "xembed", "xfce")
def test_an_answer_for_the_session_holds_until_the_person_ends_it(
    whole: Whole, agent: SdkAgent, folder: Path
) -> None:
    names = (f"{number}" for number in range(1000))

    def make() -> "Future[CallToolResult]":
        return agent.call("files__create_directory", {"path": str(folder / next(names))})

    first = make()
    dialog = whole.dialog()
    dialog.choose("This tool, for this session")
    dialog.click("Allow for this session")
    assert not first.result(10).is_error
    assert not make().result(10).is_error
    assert sorted(path.name for path in folder.iterdir()) == ["0", "1"]
    whole.end_temporary()
    asked = wait_for(lambda: _waits(make()), "call that is asked about again")
    there = len(list(folder.iterdir()))
    whole.dialog("create_directory").deny()
    assert asked.result(10).is_error
    assert len(list(folder.iterdir())) == there


def _waits(call: "Future[CallToolResult]") -> "Future[CallToolResult] | None":
    """The call, where it has no result in half a second."""
    try:
        call.result(0.5)
    except TimeoutError:
        return call
    return None
