"""Review and save over a real socketpair: nothing is lost, whatever the gateway answers."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from latchward.control.messages import Done, Failed, Preview, Propose, Save
from latchward.gui.policy.page import BuilderPage
from latchward.gui.policy.review import Review
from tests.gui.builder_support import FILES, GIT, Gateway, open_window

F, G = ("files", "files"), ("git", "git")


@pytest.fixture
def gateway(qtbot: Any) -> Iterator[Gateway]:
    made = Gateway(qtbot)
    yield made
    made.close()


@pytest.fixture
def page(qtbot: Any, gateway: Gateway) -> BuilderPage:
    return open_window(qtbot, gateway, FILES, GIT).tools


def review_of(page: BuilderPage) -> Review:
    page.open_review()
    assert page.review is not None
    return page.review


def texts(review: Review) -> str:
    found = [w.text() for w in review.findChildren(object) if hasattr(w, "text") and not w.isHidden()]
    spoken = [w.accessibleName() for w in review.findChildren(QWidget)]
    plain = [w.toPlainText() for w in review.findChildren(QPlainTextEdit)]
    return "\n".join(map(str, (*found, *spoken, *plain)))


def preview(gateway: Gateway, qtbot: Any, review: Review, *words: str, difference: str = "+ x") -> Propose:
    asked = gateway.hears(Propose)
    gateway.say(Preview(asked.serial, words, difference))
    qtbot.waitUntil(lambda: all(word in texts(review) for word in words))
    return asked


def test_review_shows_words_and_difference_and_saves(qtbot: Any, gateway: Gateway, page: BuilderPage) -> None:
    page.draft.set([(F, "write_file")], "deny")
    review = review_of(page)
    asked = preview(gateway, qtbot, review, "write_file: Ask becomes Deny", difference='+ "action": "deny"')
    assert asked.effects == {"write_file": "deny"}
    assert '"action": "deny"' in texts(review)
    assert review._save.text() == "Save 1 change"
    review.save()
    sent = gateway.hears(Save)
    assert (sent.server, sent.policy, sent.revision, sent.effects) == (
        "files",
        "files",
        "r1",
        {"write_file": "deny"},
    )
    gateway.say(Done(sent.serial))
    qtbot.waitUntil(lambda: not review.isVisible())
    assert page.draft.count == 0
    assert page.bar.note.text() == "Saved the policy of files"


def test_nothing_can_be_saved_before_it_was_shown(gateway: Gateway, page: BuilderPage) -> None:
    page.draft.set([(F, "write_file")], "deny")
    review = review_of(page)
    assert not review._save.isEnabled()
    review.save()
    assert gateway.heard_nothing_of(Save)


def test_failed_save_shows_its_sentence_and_keeps_the_change(
    qtbot: Any, gateway: Gateway, page: BuilderPage
) -> None:
    page.draft.set([(F, "write_file")], "deny")
    review = review_of(page)
    preview(gateway, qtbot, review, "in such words")
    review.save()
    gateway.say(
        Failed(gateway.hears(Save).serial, "the policy was changed meanwhile; look at it again, then save")
    )
    qtbot.waitUntil(lambda: "The policy was changed meanwhile; look at it again, then save." in texts(review))
    assert review.isVisible()
    assert page.draft.changes(F) == {"write_file": "deny"}
    assert review._save.isEnabled()


def test_one_failing_server_does_not_hold_up_the_other(
    qtbot: Any, gateway: Gateway, page: BuilderPage
) -> None:
    page.draft.set([(F, "write_file"), (G, "git_commit")], "deny")
    review = review_of(page)
    preview(gateway, qtbot, review, "first")
    preview(gateway, qtbot, review, "second")
    review.save()
    for _ in range(2):
        sent = gateway.hears(Save)
        gateway.say(Done(sent.serial) if sent.server == "git" else Failed(sent.serial, "no"))
    qtbot.waitUntil(lambda: page.draft.changed() == (F,) and "Not saved" in texts(review))
    assert review.isVisible()


def test_preview_that_fails_says_why_and_saves_nothing(
    qtbot: Any, gateway: Gateway, page: BuilderPage
) -> None:
    page.draft.set([(F, "write_file")], "deny")
    review = review_of(page)
    gateway.say(Failed(gateway.hears(Propose).serial, "`write_file` stays at allow: edit that rule first"))
    qtbot.waitUntil(lambda: "edit that rule first" in texts(review))
    assert not review._save.isEnabled()


def test_new_revision_while_reviewing_asks_for_a_new_preview(
    qtbot: Any, gateway: Gateway, page: BuilderPage
) -> None:
    page.draft.set([(F, "write_file")], "deny")
    review = review_of(page)
    preview(gateway, qtbot, review, "the old words")
    gateway.tell(msgspec.structs.replace(FILES, revision="r2"), GIT)
    preview(gateway, qtbot, review, "the new words")
    review.save()
    assert gateway.hears(Save).revision == "r2"


def test_rebase_is_said_in_a_banner(qtbot: Any, gateway: Gateway, page: BuilderPage) -> None:
    page.draft.set([(F, "write_file")], "deny")
    gateway.tell(msgspec.structs.replace(FILES, revision="r2"), GIT)
    qtbot.waitUntil(lambda: bool(page._banners))
    assert page._banners[0].label.text() == (
        "The policy of files was changed elsewhere. Your 1 unsaved change was kept."
    )
    assert page.draft.changes(F) == {"write_file": "deny"}


def test_own_save_is_not_said_in_a_banner(qtbot: Any, gateway: Gateway, page: BuilderPage) -> None:
    page.draft.set([(F, "write_file")], "deny")
    review = review_of(page)
    preview(gateway, qtbot, review, "in such words")
    review.save()
    sent = gateway.hears(Save)
    tools = tuple(
        msgspec.structs.replace(one, effect="deny") if one.name == "write_file" else one
        for one in FILES.tools
    )
    gateway.tell(msgspec.structs.replace(FILES, revision="r2", tools=tools), GIT)
    gateway.say(Done(sent.serial))
    qtbot.waitUntil(lambda: not review.isVisible())
    assert page._banners == []


def test_lost_link_keeps_the_draft_and_says_that_nothing_can_be_saved(
    qtbot: Any, gateway: Gateway, page: BuilderPage
) -> None:
    page.draft.set([(F, "write_file")], "deny")
    review = review_of(page)
    preview(gateway, qtbot, review, "in such words")
    gateway._end.close()
    qtbot.waitUntil(lambda: "The gateway is gone" in texts(review))
    assert page.draft.count == 1
    assert not review._save.isEnabled()


def test_review_that_waits_for_an_answer_is_kept(qtbot: Any, gateway: Gateway, page: BuilderPage) -> None:
    page.draft.set([(F, "write_file")], "deny")
    review = review_of(page)
    preview(gateway, qtbot, review, "in such words")
    review.save()
    review.reject()
    assert review_of(page) is review
    gateway.say(Done(gateway.hears(Save).serial))
    qtbot.waitUntil(lambda: page.draft.count == 0)


def test_preset_goes_out_by_its_name(qtbot: Any, gateway: Gateway, page: BuilderPage) -> None:
    page.use_preset(F, "read_only")
    review = review_of(page)
    asked = preview(gateway, qtbot, review, "in such words")
    assert asked.preset == "read_only"
    assert asked.effects == dict.fromkeys(("write_file", "move_file", "delete_file"), "deny")
