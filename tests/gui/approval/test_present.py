"""What the approval window says of a question."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchward.gui.approval.marks import Marker, strange_hosts
from latchward.gui.approval.pages import CHUNK, NAME
from latchward.gui.approval.present import (
    notification,
    over,
    place_in_queue,
    present,
    time_left,
    too_late,
)
from latchward.model.plain import visible
from tests.gui.support import question

HIDDEN = [
    *range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0x200B, 0x2010), *range(0x2060, 0x2065),
    0xFEFF, 0x00AD, 0x180E, 0x3164, 0xFE0F, 0xE0000, 0xE0041, 0xE007F, 0xE0100, 0x00A0, 0x2003,
    0x2028, 0x2029,
    *(point for point in range(0x20) if chr(point) not in "\n\t"), 0x7F, 0x0085, 0x009B,
]  # fmt: skip
"""Characters that nobody sees, or that change how others are read."""


def whole(lines) -> str:
    """A page's values put together again, where none has line breaks."""
    return "".join(line.text for line in lines if line.kind != "name")


def test_the_sentence_says_who_wants_what_where():
    assert (
        present(question()).sentence_text
        == "claude-code wants to change a file: /tmp/a, with write_file on files"
    )
    assert (
        present(question(category="read", chips=())).sentence_text
        == "claude-code wants to use write_file on files"
    )


def test_the_process_is_told_with_those_that_started_it():
    assert present(question()).process == "claude, started by zsh"
    assert present(question(process=())).process == ""


def test_the_reason_is_a_sentence():
    assert present(question(reason="writes are asked about")).reason == "Writes are asked about."
    assert present(question(reason="Really?")).reason == "Really?"
    assert present(question(reason="")).reason == ""


def test_facts_become_chips_once_each():
    chips = [
        chip.text for chip in present(question(chips=("changes a file", "first use", "<b>odd</b>"))).chips
    ]
    assert chips == ["Medium risk", "Changes a file", "First use", "<b>odd</b>"]


def test_a_tool_that_runs_commands_says_what_that_means():
    chips = [chip.text for chip in present(question(category="execute", chips=("runs a program",))).chips]
    assert chips == ["Medium risk", "Runs a program", "Can drive your desktop"]


@pytest.mark.parametrize(
    ("arguments", "category", "view"),
    [
        ({"command": "ls"}, "execute", "Command"),
        ({"path": "/a", "content": "x"}, "write", "File"),
        ({"sql": "select 1"}, "read", "SQL"),
        ({"query": "DELETE FROM t"}, "destructive", "SQL"),
        ({"query": "cats"}, "read", "Arguments"),
        ({"to": "a@b.c", "body": "hi"}, "write", "Message"),
        ({"amount": 3, "currency": "EUR"}, "financial", "Payment"),
        ({}, "read", "Arguments"),
    ],
)
def test_the_view_is_named_for_what_it_shows(arguments, category, view):
    assert present(question(arguments=arguments, category=category)).view == view


def test_each_argument_stands_under_its_name_with_its_own_lines():
    shown = present(
        question(arguments={"path": "/a", "content": "one\ntwo", "n": 3, "on": True, "no": None, "e": ""})
    )
    assert shown.readable.text.splitlines() == [
        f"{NAME}path", "/a", f"{NAME}content", "one", "two", f"{NAME}n   number", "3",
        f"{NAME}on", "true",
        f"{NAME}no   nothing", "null", f"{NAME}e", "(empty text)",
    ]  # fmt: skip
    assert [line.number for line in shown.readable.lines] == [0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0]


def test_what_differs_from_the_last_allowed_call_is_marked():
    lines = present(question(changed=("content",))).readable.lines
    marked = [line.text for line in lines if any(span.kind == "changed" for span in line.spans)]
    assert marked == [f"{NAME}content   differs from the last allowed call"]


def test_a_value_cannot_pass_for_the_name_of_an_argument():
    lines = present(question(arguments={"a": f"x\n{NAME}path\n/etc"})).readable.lines
    assert [line.text for line in lines if line.text.startswith(NAME)] == [f"{NAME}a"]
    assert "<U+258C> path" in [line.text for line in lines]


def test_the_exact_json_keeps_every_digit_and_every_letter():
    text = (
        '{"a":1.10,"b":123456789012345678901234567890,"c":1e400,"d":"\\u0007 é 😀 \\\\ \\" /","e":[],"f":{}}'
    )
    shown = present(question(arguments=text)).exact.text
    for part in ("1.10", "123456789012345678901234567890", "1e400", "é 😀"):
        assert part in shown
    assert json.loads(shown) == json.loads(text)


def test_a_call_without_arguments_says_so():
    assert present(question(arguments={})).readable.text == "This call has no arguments."


def test_arguments_that_are_no_object_are_shown_as_they_are():
    assert present(question(arguments="[1,2]")).readable == present(question(arguments="[1,2]")).exact
    assert present(question(arguments="no json")).readable.text == "no json"


@pytest.mark.parametrize("point", HIDDEN, ids=lambda point: f"U+{point:04X}")
def test_each_character_that_cannot_be_seen_is_spelled_out_and_counted(point):
    shown = present(question(arguments={"command": f"ls{chr(point)}x"}))
    mark = f"<U+{point:04X}>"
    assert f"ls{mark}x" in shown.readable.text
    (notice,) = shown.notices
    assert notice.text.startswith("1 character that cannot be seen")
    assert mark in notice.text
    assert [choice.scope for choice in shown.choices] == ["call"]
    spans = [span for line in shown.readable.lines for span in line.spans if span.kind == "mark"]
    assert [(span.start, span.length) for span in spans] == [(2, len(mark))]


def test_two_hundred_marks_on_one_letter_are_spelled_out():
    shown = present(question(arguments={"a": "e" + "\u0301" * 200}))
    assert shown.readable.text.count("<U+0301>") == 198
    assert "198 characters" in shown.notices[0].text


def test_an_unpaired_surrogate_is_spelled_out():
    shown = present(question(arguments='{"a":"\\ud83d"}'))
    assert "\\ud83d" in shown.readable.text
    assert "<U+D83D>" in shown.notices[0].text


def test_invisible_characters_in_a_name_take_the_session_away():
    shown = present(question(tool="write\u200bfile"))
    assert "write<U+200B>file" in shown.sentence_text
    assert [choice.scope for choice in shown.choices] == ["call"]


@given(st.text())
def test_marks_are_those_of_every_other_view(text):
    assert Marker(text).mark(text)[0] == visible(text)


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("https://www.\u0430pple.com/x", "mixes Cyrillic and Latin letters (U+0430)"),
        ("\u0430pple.com", "mixes Cyrillic and Latin letters (U+0430)"),
        ("https://user@\u0430pple.com:8080/", "mixes Cyrillic and Latin letters (U+0430)"),
        ("https://xn--pple-43d.com/", "reads as \u0430pple.com"),
        ("https://xn--/x", "does not read as any name"),
        ("https://apple.com", ""),
        ("https://münchen.de", ""),
        ("https://日本語.jp", ""),
        ("https://ｇoogle.com", "mixes Fullwidth and Latin letters (U+FF47)"),  # noqa: RUF001
        ("см. README.md", ""),
    ],
)
def test_hosts_that_are_not_what_they_seem(text, strange):
    assert [host.why for host in strange_hosts(text)] == ([strange] if strange else [])


def test_a_strange_host_is_marked_in_the_text_and_takes_the_session_away():
    shown = present(question(arguments={"url": "https://\u0430pple.com/"}))
    spans = [span for line in shown.readable.lines for span in line.spans]
    assert [(span.start, span.length, span.kind) for span in spans] == [(8, 9, "host")]
    assert [choice.scope for choice in shown.choices] == ["call"]
    assert "because of the warning above" in shown.only_call


def test_right_to_left_letters_and_long_empty_stretches_are_told():
    told = [notice.text for notice in present(question(arguments={"a": "אב" + "\n" * 30 + "rm"})).notices]
    assert any("right to left" in text for text in told)
    assert any("long empty stretch" in text for text in told)


@pytest.mark.parametrize(
    ("category", "scopes", "choices", "only"),
    [
        ("write", ("call", "session"), ["call", "session"], ""),
        ("write", ("call",), ["call"], "Your answer holds for this call only."),
        ("execute", ("call",), ["call"], "Your answer holds for this call only: this tool runs programs."),
        (
            "destructive",
            ("call",),
            ["call"],
            "Your answer holds for this call only: this tool may destroy data.",
        ),
    ],
)
def test_the_scopes_are_those_that_the_gateway_offers(category, scopes, choices, only):
    shown = present(question(category=category, scopes=scopes))
    assert [choice.scope for choice in shown.choices] == choices
    assert shown.only_call == only


BIG = {
    "one value of 200 KB": {"data": "x" * 200_000},
    "ten thousand names": {f"key {n}": n for n in range(10_000)},
    "a megabyte of lines": {"text": "\n".join(f"line {n} of it" for n in range(70_000))},
    "a megabyte in one line": {"data": "ab12" * 250_000},
}


@pytest.mark.parametrize("name", BIG)
def test_big_arguments_are_cut_with_notice_and_whole_when_opened(name):
    began = time.monotonic()
    shown = present(question(arguments=BIG[name]))
    assert time.monotonic() - began < 2  # the aim is 0.5 s on an idle machine
    assert shown.cut
    (gap,) = [line for line in shown.readable_short.lines if line.kind == "gap"]
    assert gap.text.endswith(" not shown \u2014")
    at = shown.readable_short.lines.index(gap)
    head, tail = shown.readable_short.lines[:at], shown.readable_short.lines[at + 1 :]
    assert head == shown.readable.lines[: len(head)]
    assert tail == shown.readable.lines[-len(tail) :]
    hidden = shown.readable.lines[len(head) : -len(tail)]
    assert shown.readable_short.hidden == sum(len(line.text.encode()) + 1 for line in hidden)
    assert not any(line.kind == "gap" for line in shown.readable.lines)
    assert max(len(line.text) for line in shown.readable.lines) <= CHUNK


def test_nothing_of_a_long_line_is_lost():
    value = "".join(chr(0x4E00 + n % 20_000) for n in range(100_000))
    shown = present(question(arguments={"a": value}))
    assert whole(shown.readable.lines) == value
    assert json.loads("".join(line.text for line in shown.exact.lines)) == {"a": value}


def test_sixty_four_kilobytes_are_shown_at_once():
    edge = 64 * 1024 - len('{"a":""}')
    assert not present(question(arguments={"a": "x" * edge})).cut
    assert present(question(arguments={"a": "x" * (edge + 1)})).cut


def test_what_nobody_can_look_at_can_only_be_denied():
    shown = present(question(arguments={"a": "x" * (5 * 1024 * 1024)}))
    assert shown.never.endswith("this call can only be denied.")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (50.0, "Denied automatically in 0:50"), (49.01, "Denied automatically in 0:50"),
        (0.2, "Denied automatically in 0:01"),
        (0.0, "The time is over"),
        (-3.0, "The time is over"), (600.0, "Denied automatically in 10:00"),
    ],
)  # fmt: skip
def test_the_time_left(seconds, text):
    assert time_left(seconds) == text


def test_the_place_in_the_queue():
    assert place_in_queue(1) == ""
    assert place_in_queue(1000) == "1 of 1,000"


def test_why_a_question_is_over():
    assert (
        over("the question is over: the client left.")
        == "This question is over: the client left. Nothing was sent."
    )
    assert over("") == "This question is over: it was withdrawn. Nothing was sent."
    assert too_late("time was up") == "Your answer came too late and did nothing: time was up."


def test_a_notification_holds_no_arguments():
    body = notification(question(arguments={"command": "secret"}, client="<b>x</b>\u202e"), 3)
    assert body == "<b>x</b><U+202E> wants to use write_file on files.\n2 more questions waiting."
