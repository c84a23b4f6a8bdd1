"""What the first run says, as functions of what it is told."""

import pytest
from msgspec.structs import replace

from latchward.control.messages import AdoptionProgress, AdoptionStep, Call, Clients, ClientView
from latchward.gui.setup import present
from tests.gui.builder_support import tool

from .scene import BRAVE, CURSOR, FILES, GITHUB, PROTECTED, SENTRY, VIEWS, call


def test_a_moved_secret_is_named():
    assert present.facts(GITHUB)[0].text == "GITHUB_TOKEN goes into your keyring"


def test_a_line_that_may_run_other_code_tomorrow_is_marked():
    assert [fact.text for fact in present.facts(FILES)] == ["No fixed version"]


def test_invisible_characters_of_names_are_spelled_out():
    hostile = replace(GITHUB, moved=("A\u200bB",), clients=("Cur\u202esor",))
    assert "A<U+200B>B" in present.facts(hostile)[0].text
    assert present.users(hostile) == "Cur<U+202E>sor"


def test_a_yes_speaks_of_programs_and_addresses_where_there_are_some():
    assert "URL" not in present.yes((GITHUB,))
    assert "program" not in present.yes((SENTRY,))
    assert "program" in present.yes((GITHUB, SENTRY))
    assert "URL" in present.yes((GITHUB, SENTRY))


def test_a_program_that_is_called_like_an_address_is_none():
    assert not present.is_address(replace(SENTRY, command="'https://mcp.sentry.dev/mcp'"))


def test_the_button_counts():
    assert [present.protect(count) for count in (0, 1, 8)] == [
        "Protect",
        "Protect 1 server",
        "Protect 8 servers",
    ]


def test_nothing_found_says_which_clients_were_looked_for():
    absent = Clients((ClientView("zed", "Zed", "absent"),), ())
    assert present.nothing_found(absent)[0] == "No AI client was found"
    assert "looked for Zed" in present.nothing_found(absent)[1]


def test_clients_without_servers_are_named():
    assert "Found: Cursor." in present.nothing_found(Clients((replace(CURSOR, state="empty"),), ()))[1]


def test_nothing_found_is_good_where_all_is_protected():
    assert present.nothing_found(Clients(PROTECTED, ()))[0] == "Every server is behind Latchward"


def test_the_end_counts_what_moved():
    some = AdoptionProgress((AdoptionStep("a", "moved"), AdoptionStep("b", "left")), over=True)
    assert present.progress_title(some) == "1 of 2 servers is protected"
    assert present.progress_about(some) == ("1 server stayed as it was: clients reach it without Latchward.")


def test_the_end_counts_against_all_that_were_found_and_names_the_others():
    some = AdoptionProgress((AdoptionStep("github", "moved"), AdoptionStep("files", "left")), over=True)
    besides = present.others(some, (FILES, SENTRY, BRAVE), (GITHUB, FILES))
    assert present.progress_title(some, len(besides)) == "1 of 4 servers is protected"
    assert present.progress_about(some, besides).endswith("Not chosen: sentry and brave.")


def test_a_server_that_was_taken_in_under_another_name_is_none_of_the_others():
    some = AdoptionProgress((AdoptionStep("github-2", "moved"),), over=True)
    assert present.others(some, (GITHUB, FILES), (GITHUB,)) == ("files",)


def test_a_server_under_two_policies_is_counted_once():
    twice = (VIEWS[0], replace(VIEWS[0], policy="other"))
    assert present.tally("ask_for_everything", twice) == {"approve": 3}


def test_recommended_is_counted_over_all_servers():
    assert present.told_tally(present.tally("recommended", VIEWS)) == "3 allowed · 1 asked · 1 hidden"


def test_a_tool_that_cannot_be_set_counts_as_it_is():
    fixed = replace(VIEWS[1], tools=(tool("a", fixed="a rule of yours", effect="deny"),))
    assert present.tally("recommended", (fixed,)) == {"deny": 1}


def test_a_client_that_is_told_by_its_id_gets_its_title():
    assert (
        present.text_of(present.called(call(1), Clients(PROTECTED, ()))) == "Claude Code called github · get"
    )


def test_only_clients_with_first_bytes_can_be_given_back():
    told = Clients((*PROTECTED, ClientView("zed", "Zed", "direct")), ())
    assert present.undoable(told) == ("cursor", "claude-code")
    assert present.undoable(told, ("Cursor",)) == ("cursor",)


def test_a_locked_keyring_is_a_sentence():
    (told,) = present.problems(Clients((), (BRAVE,), keyring="the keyring is locked: unlock it"))
    assert told == "The keyring is locked: unlock it. Until then, servers with secrets stay as they are."


@pytest.mark.parametrize(
    ("method", "tool", "verdict", "said"),
    [
        ("tools/call", "get", "allowed", "cursor called files · get"),
        ("tools/call", "get", "refused", "cursor called files · get"),
        ("prompts/get", "review", "allowed", "cursor used the prompt review of files"),
        ("resources/read", "file:///a", "allowed", "cursor read the resource file:///a of files"),
        ("resources/read", "file:///a", "refused", "cursor wanted to read the resource file:///a of files"),
        ("elicitation/create", "elicitation/create", "allowed", "files asked you a question through cursor"),
        ("roots/list", "roots/list", "refused", "files asked which folders cursor works in"),
    ],
)
def test_a_call_is_told_for_what_it_is(method, tool, verdict, said):
    call = Call(1, "cursor", "files", tool, verdict, "", 0.0, method)
    assert present.text_of(present.called(call, None)) == said
