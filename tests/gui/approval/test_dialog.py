"""The approval window: it shows exactly what is asked, and is never answered by accident."""

import random

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QAccessible, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)

from latchward.gui.approval.dialog import ApprovalDialog
from tests.gui.support import Clock, question

HTML = (
    "<b>bold</b><span style='font-size:0'>hidden</span><img src=file:///etc/passwd><a href='x'>y</a>"
    "&amp;&lt;<!-- c -->{\\rtf1}**md**[l](http://e.example) &x"
)
ARMED = 2.0
KEYS = [
    Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_A, Qt.Key.Key_D, Qt.Key.Key_Y,
    Qt.Key.Key_Tab, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Select,
]  # fmt: skip
MODIFIERS = [
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
]


class Window:
    """A window with a question, its clock, and what was answered."""

    def __init__(self, theme, qtbot):
        self.clock = Clock()
        self.dialog = ApprovalDialog(theme, now=self.clock)
        qtbot.addWidget(self.dialog)
        self.answers = []
        self.denied_all = []
        self.dialog.answered.connect(lambda *answer: self.answers.append(answer))
        self.dialog.deny_all.connect(self.denied_all.append)
        self.qtbot = qtbot

    def ask(self, *, armed=True, seconds=3600.0, **changes):
        asked = question(**changes)
        self.dialog.set_queue(1, 1)
        self.dialog.ask(asked, self.clock.time + seconds)
        self.dialog.open_without_focus()
        QApplication.processEvents()
        if armed:
            self.arm()
        return asked

    def arm(self, seconds=ARMED):
        self.clock.time += seconds
        self.dialog._arming.refresh()

    def key(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        QTest.keyClick(QApplication.focusWidget() or self.dialog, key, modifier)

    def click(self, widget):
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


@pytest.fixture
def window(theme, qtbot):
    made = Window(theme, qtbot)
    made.ask(armed=False)
    return made


def every(dialog, kind):
    return dialog.findChildren(kind)


# AD-01: never by accident


@pytest.mark.parametrize("seed", range(20))
def test_no_key_and_no_click_answers_before_the_window_is_armed(window, seed):
    rng = random.Random(seed)
    for _ in range(60):
        window.clock.time = 1000.0 + rng.uniform(0.0, 0.799)
        window.dialog._arming.refresh()
        if rng.random() < 0.5:
            window.key(rng.choice(KEYS), rng.choice(MODIFIERS))
        else:
            target = rng.choice([window.dialog.allow, window.dialog.deny, window.dialog.foot.deny_all])
            window.click(target)
            target.click()
    assert window.answers == []
    assert window.denied_all == []


@pytest.mark.parametrize("seed", range(10))
def test_return_and_escape_never_allow_at_any_time(window, seed):
    rng = random.Random(seed)
    window.arm()
    places = [
        window.dialog.allow,
        window.dialog.deny,
        window.dialog.reason,
        window.dialog.content.view,
        window.dialog,
    ]
    for _ in range(20):
        rng.choice(places).setFocus()
        window.key(rng.choice([Qt.Key.Key_Return, Qt.Key.Key_Enter]), rng.choice(MODIFIERS))
    assert window.answers == []
    window.key(Qt.Key.Key_Escape)
    assert window.answers == [("n1", False, "call", "")]


def test_alt_a_moves_the_focus_and_space_presses(window):
    window.arm()
    window.key(Qt.Key.Key_A, Qt.KeyboardModifier.AltModifier)
    assert window.answers == []
    assert window.dialog.allow.hasFocus()
    window.key(Qt.Key.Key_Space)
    assert window.answers == [("n1", True, "call", "")]


def test_alt_d_moves_the_focus_and_space_presses(window):
    window.arm()
    window.key(Qt.Key.Key_D, Qt.KeyboardModifier.AltModifier)
    assert window.answers == []
    window.key(Qt.Key.Key_Space)
    assert window.answers == [("n1", False, "call", "")]


def test_a_second_click_answers_nothing(window):
    window.arm()
    window.click(window.dialog.allow)
    window.click(window.dialog.allow)
    window.dialog.allow.click()
    assert window.answers == [("n1", True, "call", "")]


def test_no_button_is_a_default(window):
    for button in every(window.dialog, QPushButton):
        assert not button.isDefault()
        assert not button.autoDefault()
        assert button.shortcut().isEmpty()


def test_allow_waits_longer_where_the_gateway_says_so(window):
    window.ask(armed=False, nonce="n2", arm_ms=1500)
    window.arm(0.9)
    assert window.dialog.deny.isEnabled()
    assert not window.dialog.allow.isEnabled()
    window.arm(0.7)
    assert window.dialog.allow.isEnabled()


def test_a_shorter_wait_than_ours_is_not_taken(window):
    window.ask(armed=False, nonce="n2", arm_ms=0)
    window.arm(0.7)
    assert not window.dialog.allow.isEnabled()


@pytest.mark.parametrize("what", ["activation", "move", "resize", "content", "show"])
def test_whatever_changes_turns_both_buttons_off_again(window, what):
    window.arm()
    assert window.dialog.allow.isEnabled()
    dialog = window.dialog
    if what == "activation":
        QApplication.sendEvent(dialog, QEvent(QEvent.Type.WindowActivate))
    elif what == "move":
        dialog.move(dialog.pos() + QPoint(5, 5))
    elif what == "resize":
        dialog.resize(dialog.width() + 10, dialog.height())
    elif what == "content":
        window.ask(armed=False, nonce="n2")
    else:
        dialog.hide()
        dialog.show()
    QApplication.processEvents()
    assert not dialog.allow.isEnabled()
    assert not dialog.deny.isEnabled()


def test_a_press_that_began_before_the_change_does_not_answer_after_it(window):
    window.arm()
    QTest.mousePress(window.dialog.allow, Qt.MouseButton.LeftButton)
    window.ask(armed=False, nonce="n2")
    window.arm()
    QTest.mouseRelease(window.dialog.allow, Qt.MouseButton.LeftButton)
    assert window.answers == []


def test_the_focus_never_stays_on_a_button_that_answers(window):
    window.arm()
    window.dialog.allow.setFocus()
    window.ask(armed=False, nonce="n2")
    assert window.dialog.content.view.hasFocus()


def test_escape_that_is_held_down_denies_one_question(window):
    for repeat in (False, True, True, True):
        event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier, "", repeat)
        QApplication.sendEvent(window.dialog, event)
        if not repeat:
            window.ask(nonce="n2")
    assert window.answers == [("n1", False, "call", "")]


def test_closing_the_window_denies_once(window):
    window.dialog.close()
    window.dialog.close()
    assert window.answers == [("n1", False, "call", "")]


def test_the_window_does_not_take_the_focus_when_it_shows(window):
    assert window.dialog.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    assert window.dialog.windowFlags() & Qt.WindowType.WindowStaysOnTopHint


# The answer


def test_the_reason_reaches_the_agent_with_a_denial_only(window):
    window.arm()
    window.dialog.reason.setText("  use the test database ")
    window.click(window.dialog.deny)
    window.ask(nonce="n2")
    assert window.dialog.reason.text() == ""
    window.dialog.reason.setText("never mind")
    window.click(window.dialog.allow)
    assert window.answers == [("n1", False, "call", "use the test database"), ("n2", True, "call", "")]


def test_the_scope_is_chosen_and_not_kept_for_the_next(window):
    window.arm()
    window.dialog.foot.radios["session"].setChecked(True)
    window.click(window.dialog.allow)
    window.ask(nonce="n2")
    assert window.dialog.foot.radios["call"].isChecked()
    window.click(window.dialog.allow)
    assert [answer[2] for answer in window.answers] == ["session", "call"]


def test_escape_denies_this_call_only_whatever_was_chosen(window):
    window.arm()
    window.dialog.foot.radios["session"].setChecked(True)
    window.key(Qt.Key.Key_Escape)
    assert window.answers == [("n1", False, "call", "")]


def test_when_the_time_is_over_nothing_can_be_answered(window):
    window.ask(nonce="n2", seconds=10.0)
    window.clock.time += 10.0
    window.dialog._tick()
    assert not window.dialog.allow.isEnabled()
    assert not window.dialog.deny.isEnabled()
    assert window.dialog.foot.countdown.text() == "The time is over"


# AD-14: over before it was answered


def test_a_late_click_does_nothing_and_is_told_why(window):
    window.arm()
    window.dialog.withdraw("This question is over: the client left. Nothing was sent.")
    window.click(window.dialog.allow)
    window.dialog.allow.click()
    window.key(Qt.Key.Key_Escape)
    window.key(Qt.Key.Key_Space)
    assert window.answers == []
    assert window.dialog.foot.over.text() == "This question is over: the client left. Nothing was sent."
    assert window.dialog.foot.currentWidget().isAncestorOf(window.dialog.foot.over)
    assert not window.dialog.foot.currentWidget().isAncestorOf(window.dialog.allow)
    assert "wanted to" in window.dialog.content.sentence.text()
    window.dialog.open_without_focus()
    window.dialog.foot.close_over.click()
    assert not window.dialog.isVisible()


# AD-03: shown as it is


@pytest.fixture
def html(window):
    window.ask(
        nonce="html", client=HTML, process=(HTML,), server=HTML, tool=HTML, title=f"{HTML}!",
        description=HTML, rule=HTML,
        reason=HTML, chips=(HTML,), category="read", arguments={HTML: HTML},
    )  # fmt: skip
    return window.dialog


def test_markup_is_shown_letter_for_letter_in_every_widget(html):
    content = html.content
    shown = [content.sentence, content.by, content.process, content.rule, content.reason]
    shown += [label for label in every(content.chips, QLabel) if "bold" in label.text()]
    assert len(shown) == 6
    for label in shown:
        assert HTML in label.text()
    assert content.sentence.text().count(HTML) == 2
    assert content.view.toPlainText().count(HTML) == 2
    assert content.said.toPlainText().count(HTML) == 2


def test_no_label_reads_markup(html):
    for label in every(html, QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText
        assert not label.openExternalLinks()


def test_what_a_screen_reader_gets_is_what_is_seen(html):
    for label in every(html, QLabel):
        spoken = QAccessible.queryAccessibleInterface(label).text(QAccessible.Text.Name)
        assert spoken == label.text()
    assert html.accessibleName() == f"{html.content.sentence.text()} {html.content.by.text()}"


def test_nothing_foreign_is_in_titles_tooltips_or_buttons(html):
    assert html.windowTitle() == "Latchward asks"
    for widget in every(html, QWidget):
        assert widget.toolTip() == ""
    for button in every(html, QAbstractButton):
        assert "bold" not in button.text()


def test_every_part_that_takes_the_focus_has_a_name(html):
    for kind in (QPushButton, QLineEdit, QPlainTextEdit):
        for widget in every(html, kind):
            if widget.isVisible():
                name = QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
                assert name, widget


def test_a_long_word_is_seen_to_its_end(window):
    window.ask(nonce="long", tool="x" * 2_000)
    label = window.dialog.content.sentence
    window.qtbot.waitUntil(lambda: label.height() >= label.heightForWidth(label.width()))


# AD-04: nothing invisible


def test_marks_are_in_the_window_and_the_session_is_not_offered(window):
    window.ask(nonce="marks", arguments={"command": "ls \u202efdp.exe"})
    assert "ls <U+202E>fdp.exe" in window.dialog.content.view.toPlainText()
    assert not window.dialog.foot.radios["session"].isVisible()
    (notice,) = every(window.dialog.content.notices, QLabel)[-1:]
    assert notice.text().startswith("This call may be disguised.")
    assert "1 character that cannot be seen" in notice.text()


def test_a_letter_beyond_the_basic_plane_does_not_shift_what_is_marked(window):
    window.ask(nonce="emoji", arguments={"command": "😀 \u200bx"})
    view = window.dialog.content.view
    block = view.document().findBlockByNumber(1)
    units = block.text().encode("utf-16-le")
    (form,) = block.layout().formats()
    assert units[2 * form.start : 2 * (form.start + form.length)].decode("utf-16-le") == "<U+200B>"


# AD-06: sizes


def test_allow_needs_everything_opened_and_its_end_reached(window):
    window.ask(nonce="big", arguments={"data": "x\n" * 100_000})
    dialog, content = window.dialog, window.dialog.content
    assert dialog.deny.isEnabled()
    assert not dialog.allow.isEnabled()
    content.view.to_end()
    window.arm()
    assert not dialog.allow.isEnabled()
    content.open_all.click()
    window.arm()
    assert not dialog.allow.isEnabled()
    content.open_all.click()
    assert not dialog.allow.isEnabled()  # it arms anew
    window.arm()
    assert dialog.allow.isEnabled()
    assert not content.gate.isVisible()
    assert content.view.toPlainText().count("x") == 100_000


def test_what_nobody_can_look_at_can_only_be_denied(window):
    window.ask(nonce="huge", arguments={"data": "x" * (5 * 1024 * 1024)})
    window.dialog.content.open_all.click()
    window.dialog.content.view.to_end()
    window.arm()
    assert not window.dialog.allow.isEnabled()
    window.click(window.dialog.deny)
    assert window.answers == [("huge", False, "call", "")]


# The queue


def test_the_queue_is_told_and_its_denial_is_armed_too(window):
    window.ask(armed=False, nonce="n2")
    window.dialog.set_queue(12, 9)
    content, foot = window.dialog.content, window.dialog.foot
    assert content.place.text() == "1 of 12"
    assert foot.deny_all.text() == "Deny all 9 from this client"
    foot.deny_all.click()
    assert window.denied_all == []
    window.arm()
    foot.deny_all.click()
    assert window.denied_all == ["claude-code"]


def test_with_the_session_chosen_allow_says_so_and_for_which_arguments(window):
    window.arm()
    window.dialog.foot.radios["session"].setChecked(True)
    assert window.dialog.allow.accessibleName() == "Allow for this session"
    assert "Any arguments" in window.dialog.foot.scope_note.text()
    assert window.dialog.deny.accessibleName() == "Deny"
    window.ask(nonce="n2")
    assert window.dialog.allow.accessibleName() == "Allow"


def test_why_allow_is_off_stands_beside_it(window):
    window.ask(nonce="big", arguments={"data": "x\n" * 100_000})
    assert window.dialog.foot.why_off.isVisible()
    window.ask(nonce="small")
    assert not window.dialog.foot.why_off.isVisible()


def test_no_row_is_cut_through_its_letters(window):
    window.ask(nonce="rows", arguments={"data": "\n".join(f"row {n}" for n in range(300))})
    view = window.dialog.content.view
    assert view.viewport().height() - view.fontMetrics().lineSpacing() - 2 <= view.whole_rows()
    assert view.whole_rows() <= view.viewport().height() + 1
