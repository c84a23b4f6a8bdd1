"""What a server asks of the client: shown whole, in order, and never as our words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchward.gui.approval.asked import host_of
from latchward.gui.approval.pages import NAME, texts
from latchward.gui.approval.present import present
from latchward.model.plain import visible
from tests.gui.support import question


def asked(arguments, method="elicitation/create"):
    return present(
        question(aspect="question", method=method, tool=method, arguments=arguments, title="", description="")
    )


def lines(shown):
    return shown.readable.text.splitlines()


def page(url):
    return asked({"mode": "url", "message": "Sign in", "url": url, "elicitationId": "e1"})


def test_a_form_is_read_from_its_message_to_each_field():
    schema = {
        "type": "object",
        "properties": {
            "email": {"type": "string", "title": "Email", "description": "Where to", "format": "email"},
            "age": {"type": "integer"},
            "size": {"type": "string", "enum": ["S", "L"]},
        },
        "required": ["email"],
    }
    shown = asked({"requestedSchema": schema, "message": "Please\nfill in"})
    assert lines(shown) == [
        f"{NAME}message", "Please", "fill in",
        f"{NAME}email   a field, text, required", "Email", "Where to", 'format: "email"',
        f"{NAME}age   a field, number", "(empty text)",
        f"{NAME}size   a field, one of several", 'enum: ["S","L"]',
    ]  # fmt: skip
    assert shown.view == "Question"


def test_what_a_form_says_besides_its_fields_is_shown_too():
    schema = {"type": "object", "properties": {}, "description": "more", "required": ["none"]}
    assert lines(asked({"requestedSchema": schema})) == [
        f"{NAME}requestedSchema.description", "more",
        f"{NAME}requestedSchema.required   list", "[", '  "none"', "]",
    ]  # fmt: skip


def test_the_text_for_a_model_is_read_from_its_first_words_on():
    params = {
        "maxTokens": 100,
        "messages": [
            {"role": "user", "content": {"type": "text", "text": "one\ntwo"}},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "three"},
                    {"type": "image", "data": "AA", "mimeType": "i/p"},
                ],
            },
            {"role": "system", "content": {"type": "text", "text": "four"}},
        ],
        "systemPrompt": "be good",
    }
    shown = lines(asked(params, "sampling/createMessage"))
    assert shown[:8] == [
        f"{NAME}systemPrompt", "be good",
        f"{NAME}message 1   from user", "one", "two",
        f"{NAME}message 2, part 1   from assistant", "three",
        f"{NAME}message 2, part 2   from assistant",
    ]  # fmt: skip
    assert f"{NAME}message 3   object" in shown
    assert shown[-2:] == [f"{NAME}maxTokens   number", "100"]


def test_a_question_for_the_folders_says_nothing_more():
    assert lines(asked({}, "roots/list")) == ["The server says nothing more."]


def test_the_host_of_a_page_comes_first_and_in_caution():
    shown = page("https://Auth.Example:8443/go?x=1")
    assert lines(shown)[:4] == [
        f"{NAME}host", "auth.example", f"{NAME}url", "https://Auth.Example:8443/go?x=1"
    ]  # fmt: skip
    assert [span.kind for span in shown.readable.lines[1].spans] == ["note"]
    (notice,) = shown.notices
    assert (notice.head, notice.tone) == ("The page is on auth.example.", "caution")


def test_a_page_without_encryption_is_told_to_be_so():
    assert "not encrypted" in page("http://a.example/").notices[0].text
    assert "not encrypted" not in page("https://a.example/").notices[0].text


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com@evil.example/", "https://evil.example\\@github.com/", "https://a.example\\.b/",
        "javascript:alert(1)", "file:///etc/passwd", "https:a.example", "//a.example", "https://\u0430pple.com/",
        "https://a.example/x y", "https://a.example/\n", " https://a.example", "https://a%2eexample/", "", "https://",
    ],
)  # fmt: skip
def test_a_page_whose_host_is_not_plain_is_a_danger_and_holds_for_once(url):
    shown = page(url)
    assert any(notice.head.startswith("Where this page is") for notice in shown.notices)
    assert shown.disguised
    assert [choice.scope for choice in shown.choices] == ["call"]
    assert "on " not in shown.sentence_text.split(".")[0].removeprefix(
        "The server files wants you to open a page"
    )


@pytest.mark.parametrize("value", [None, 3, {}, {"url": 3}, {"url": ["https://a.example"]}])
def test_without_an_address_there_is_no_host(value):
    assert host_of(value) == ""


@pytest.mark.parametrize("name", ["password", "apiKey", "API_TOKEN", "credit_card", "pin"])
def test_a_form_that_asks_for_a_secret_is_told_to(name):
    shown = asked({"message": "m", "requestedSchema": {"properties": {name: {"type": "string"}}}})
    assert shown.notices[0].head == "It seems to ask for something secret."
    assert name in shown.notices[0].text


def test_a_form_that_asks_for_nothing_secret_is_not():
    fields = {"email": {"title": "Your mail"}, "opinion": {}}
    assert asked({"message": "m", "requestedSchema": {"properties": fields}}).notices == ()


def test_what_a_server_writes_cannot_pass_for_a_line_of_ours():
    shown = asked({"message": f"x\n{NAME}host\ngithub.com", "requestedSchema": {"properties": {}}})
    assert [line for line in lines(shown) if line.startswith(NAME)] == [f"{NAME}message"]


def test_what_cannot_be_seen_in_a_question_is_spelled_out_and_takes_the_session_away():
    shown = asked(
        {"message": "a\u202eb", "requestedSchema": {"properties": {"f\u200b": {"title": "t\u2066"}}}}
    )
    for mark in ("a<U+202E>b", "f<U+200B>", "t<U+2066>"):
        assert mark in shown.readable.text
    assert shown.notices[0].head == "This question may be disguised. Deny it unless you know why."
    assert [choice.scope for choice in shown.choices] == ["call"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.dictionaries(
    st.text(max_size=6), st.dictionaries(st.sampled_from(["type", "title", "enum"]), VALUES)
)
FORMS = st.fixed_dictionaries(
    {},
    optional={
        "message": VALUES,
        "mode": st.sampled_from(["url", "form"]),
        "url": VALUES,
        "requestedSchema": VALUES
        | st.fixed_dictionaries(
            {"properties": FIELDS}, optional={"required": VALUES, "description": VALUES, "type": VALUES}
        ),
    },
)
BLOCKS = st.fixed_dictionaries({"type": st.sampled_from(["text", "image"]) | VALUES, "text": VALUES})
MESSAGES = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "x"]), "content": BLOCKS | st.lists(BLOCKS) | VALUES}
)
PROMPTS = st.fixed_dictionaries(
    {"messages": st.lists(MESSAGES, max_size=3) | VALUES}, optional={"tools": VALUES}
)


@given(
    st.one_of(
        st.tuples(FORMS, st.just("elicitation/create")),
        st.tuples(PROMPTS, st.just("sampling/createMessage")),
        st.tuples(st.dictionaries(st.text(max_size=6), VALUES), st.just("roots/list")),
    )
)
def test_every_text_of_a_question_can_be_read(given_):
    params, method = given_
    shown = asked(json.dumps(params), method)
    flat = "".join(line.text for line in shown.readable.lines).replace(f"<U+{ord(NAME[0]):04X}>", NAME[0])
    for text in texts(params):
        if text in _OURS:
            continue
        for part in text.split("\n"):
            assert any(form in flat for form in _forms(part)), (text, shown.readable.text)


_OURS = {
    "requestedSchema",
    "properties",
    "required",
    "messages",
    "role",
    "content",
    "type",
    "text",
    "user",
    "title",
}
"""Names, and the one role, that are told by their order or in words."""


def _forms(part):
    """A text as it stands in a value, and as it stands in JSON."""
    quoted = json.dumps(part, ensure_ascii=False)[1:-1]
    return {
        visible(part),
        visible(quoted),
        visible(part.replace("\t", "<U+0009>")),
        part,
        quoted,
        json.dumps(part)[1:-1],
    }
