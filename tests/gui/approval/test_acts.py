"""The headline: it says what is known of the call, and never more."""

import pytest

from latchward.gui.approval.acts import MAX_NAMED
from latchward.gui.approval.present import present
from latchward.gui.tokens import SEVERITIES
from tests.gui.support import question


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"category": "execute", "arguments": {"command": "ls"}},
            "claude-code wants to run a command, with write_file on files",
        ),
        ({"category": "execute"}, "claude-code wants to run a program, with write_file on files"),
        (
            {"category": "destructive", "tool": "delete_file", "arguments": {"path": "/a"}},
            "claude-code wants to delete: /a, with delete_file on files",
        ),
        (
            {"category": "destructive", "tool": "deleted_items"},
            "claude-code wants to do something that may destroy data, with deleted_items on files",
        ),
        (
            {"category": "destructive", "arguments": {"sql": "DROP TABLE t"}},
            "claude-code wants to run SQL that may destroy data, with write_file on files",
        ),
        (
            {"arguments": {"to": "a@b.c", "body": "x"}},
            "claude-code wants to send a message to a@b.c, with write_file on files",
        ),
        ({"chips": ()}, "claude-code wants to use write_file on files"),
        ({"category": "read", "chips": ("reads",)}, "claude-code wants to use write_file on files"),
        ({"category": "unknown", "chips": ()}, "claude-code wants to use write_file on files"),
        ({"arguments": {"path": ["/a"]}}, "claude-code wants to change a file, with write_file on files"),
        ({"arguments": "no json"}, "claude-code wants to change a file, with write_file on files"),
    ],
)
def test_the_headline_says_what_category_facts_and_arguments_show(changes, sentence):
    assert present(question(**changes)).sentence_text == sentence


@pytest.mark.parametrize("length", [MAX_NAMED, MAX_NAMED + 1, 100_000])
def test_a_long_path_keeps_its_ends_in_the_headline_and_all_of_it_below(length):
    path = "/start" + "x" * (length - 10) + "/end"
    shown = present(question(arguments={"path": path}))
    named = shown.sentence[-1].text
    assert len(named) <= MAX_NAMED
    assert named.startswith("/start")
    assert named.endswith("/end")
    assert ("…" in named) == (length > MAX_NAMED)
    assert "".join(line.text for line in shown.readable.lines[1:]) == path


def test_what_cannot_be_seen_in_a_path_is_spelled_out_in_the_headline():
    shown = present(question(arguments={"path": "/a\u202e\n/b"}))
    assert "/a<U+202E><U+000A>/b" in shown.sentence_text


@pytest.mark.parametrize("severity", list(SEVERITIES))
def test_no_fact_is_louder_than_the_risk(severity):
    loud = ("runs a program", "destroys data", "outside the project", "first use")
    chips = present(question(severity=severity, category="execute", chips=loud)).chips
    order = ["quiet", "info", "caution", "danger"]
    assert chips[0].text.endswith("risk")
    assert max(order.index(chip.tone) for chip in chips) == order.index(chips[0].tone)


def test_what_the_description_hides_makes_the_call_disguised_but_an_emoji_does_not():
    assert present(question(description="reads \u202e this")).disguised
    plain = present(question(description="\u26a0\ufe0f careful"))
    assert not plain.disguised
    assert "1 character that cannot be seen" in plain.said_by
