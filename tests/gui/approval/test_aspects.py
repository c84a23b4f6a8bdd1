"""The words for what is no tool: prompts, resources, methods, and what a server asks."""

import pytest

from latchward.gui.approval.acts import MAX_NAMED
from latchward.gui.approval.present import notification, present
from tests.gui.support import question

PROMPT = {"aspect": "prompt", "method": "prompts/get", "tool": "review", "category": "read", "chips": ()}
READ = {**PROMPT, "aspect": "resource", "method": "resources/read", "tool": "file:///a"}
METHOD = {**PROMPT, "aspect": "method", "method": "vendor/x", "tool": "vendor/x"}
FORM = {**PROMPT, "aspect": "question", "method": "elicitation/create", "tool": "elicitation/create"}
SAMPLING = {**FORM, "method": "sampling/createMessage", "tool": "sampling/createMessage"}
ROOTS = {**FORM, "method": "roots/list", "tool": "roots/list"}
PAGE = {**FORM, "arguments": {"mode": "url", "url": "https://a.example/x"}}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (PROMPT, "claude-code wants to use the prompt review of files"),
        (READ, "claude-code wants to read the resource file:///a of files"),
        (
            {**READ, "method": "resources/subscribe"},
            "claude-code wants to follow changes of the resource file:///a of files",
        ),
        (
            {**PROMPT, "method": "completion/complete"},
            "claude-code wants to look up values for the prompt review of files",
        ),
        (
            {**READ, "method": "completion/complete"},
            "claude-code wants to look up values for the resource file:///a of files",
        ),
        (METHOD, "claude-code wants to use the method vendor/x of files"),
        (
            FORM,
            "The server files asks claude-code a question that you would answer there. If you allow it,"
            " claude-code shows you the question. What you enter there goes to files.",
        ),
        (
            PAGE,
            "The server files wants you to open a page on a.example. If you allow it, claude-code offers you"
            " the page. Neither it nor Latchward sees what you enter there.",
        ),
        (
            SAMPLING,
            "The server files wants claude-code to run its own text through the model. If you allow it,"
            " claude-code puts the text below to its model, and the answer goes to files.",
        ),
        (
            ROOTS,
            "The server files asks which folders claude-code works in. If you allow it, claude-code tells"
            " their names and paths to files, and nothing of what is in them.",
        ),
    ],
)
def test_the_headline_says_who_wants_what_and_what_comes_of_a_yes(changes, sentence):
    assert present(question(**changes)).sentence_text == sentence


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        (PROMPT, "claude-code wants to use the prompt review of files."),
        (READ, "claude-code wants to read a resource of files."),
        (
            {**READ, "method": "resources/subscribe"},
            "claude-code wants to follow changes of a resource of files.",
        ),
        (FORM, "The server files asks claude-code a question that you would answer there."),
        (PAGE, "The server files asks claude-code a question that you would answer there."),
        (SAMPLING, "The server files wants claude-code to run its own text through the model."),
        (ROOTS, "The server files asks which folders claude-code works in."),
    ],
)
def test_a_notification_names_the_sort_of_request_and_no_argument(changes, body):
    assert notification(question(**changes), 1) == body


@pytest.mark.parametrize(
    ("changes", "choices"),
    [
        (PROMPT, ["This call only", "This prompt, for this session"]),
        (READ, ["This call only", "This resource, for this session"]),
        (METHOD, ["This call only", "This method, for this session"]),
        (FORM, ["This question only", "Such questions, for this session"]),
        ({**PAGE, "scopes": ("call",)}, ["This question only"]),
    ],
)
def test_the_scopes_name_what_an_answer_holds_for(changes, choices):
    assert [choice.text for choice in present(question(**changes)).choices] == choices


def test_a_question_that_is_over_is_told_as_past():
    was = "".join(run.text for run in present(question(**ROOTS)).was)
    assert was == "The server files asked which folders claude-code worked in"


def test_the_reason_of_a_no_reaches_whoever_asked():
    assert present(question(**FORM)).hears_why == "server"
    assert present(question(**PROMPT)).hears_why == "agent"


def test_a_long_address_keeps_its_ends_in_the_headline_and_all_of_it_below():
    uri = "file:///" + "x" * 5000 + "/end"
    shown = present(question(**{**READ, "tool": uri, "arguments": {"uri": uri}}))
    named = shown.sentence[-1].text
    assert len(named) <= MAX_NAMED
    assert named.startswith("file:///")
    assert named.endswith("/end")
    assert "".join(line.text for line in shown.readable.lines[1:]) == uri


def test_what_cannot_be_seen_in_an_address_is_told_and_takes_the_session_away():
    shown = present(
        question(**{**READ, "tool": "file:///a\u202eb", "arguments": {"uri": "file:///a\u202eb"}})
    )
    assert "file:///a<U+202E>b" in shown.sentence_text
    assert shown.disguised
    assert [choice.scope for choice in shown.choices] == ["call"]


def test_what_a_server_asks_is_no_change_of_data_though_it_is_as_risky():
    chips = present(
        question(**{**FORM, "category": "Write", "chips": ("the server sees your answer",)})
    ).chips
    assert [chip.text for chip in chips] == ["Medium risk", "The server sees your answer"]


def test_a_resource_that_is_a_file_is_said_to_be_read_once():
    chips = present(question(**{**READ, "severity": "Low", "chips": ("reads files",)})).chips
    assert [chip.text for chip in chips] == ["Low risk", "Reads files"]
