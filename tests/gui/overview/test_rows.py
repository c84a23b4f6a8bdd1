"""Which rows there are, in which order, and what is counted and filtered."""

import time

import pytest

from latchward.control.messages import ClientView, ServerView
from latchward.gui.overview import rows, words
from latchward.gui.overview.rows import Filter, Row
from tests.gui.builder_support import server, tool

CLAUDE = ClientView("claude-code", "Claude Code", "protected")
CURSOR = ClientView("cursor", "Cursor", "partly", routes=("notion", "github"))
CODE = ClientView("vscode", "VS Code", "direct", routes=("github",))
FILES = server(
    "files",
    tool("read_file", effect="allow"),
    tool("delete_file", "Destructive", "hide"),
    tool("write_file", "Write", severity="High"),
    clients=("claude-code", "cursor"),
)
PAY = server("pay", tool("refund", "Financial", "allow"), tool("run", "Execute"), clients=("cursor",))


def names(found: list[Row]) -> list[str]:
    return [words.tool(row) for row in found]


def test_what_goes_round_comes_first_then_severity_then_category():
    assert names(rows.build((FILES, PAY), (CLAUDE, CURSOR, CODE))) == [
        "Unknown tools of github",
        "Unknown tools of notion",
        "refund",
        "delete_file",
        "run",
        "write_file",
        "read_file",
    ]


def test_among_equals_the_more_open_decision_comes_first():
    one = server("a", *(tool(effect, "Write", effect) for effect in ("hide", "deny", "approve", "allow")))
    assert names(rows.build((one,), ())) == ["allow", "approve", "deny", "hide"]


def test_a_server_that_two_clients_reach_directly_is_one_row():
    (github,) = [row for row in rows.build((), (CURSOR, CODE)) if row.server == "github"]
    assert github.clients == ("Cursor", "VS Code")


def test_clients_are_called_by_their_titles_and_unknown_ones_by_their_ids():
    (row,) = rows.build((server("a", tool("x"), clients=("mine", "claude-code")),), (CLAUDE,))
    assert row.clients == ("Claude Code", "mine")


def test_policies_that_agree_are_one_row_and_those_that_differ_are_two():
    def under(policy: str, client: str, effect: str) -> ServerView:
        return server("a", tool("x", effect=effect), policy=policy, clients=(client,))

    same = rows.build((under("p", "mine", "allow"), under("q", "yours", "allow")), ())
    assert [(row.decision, row.clients, row.key) for row in same] == [
        ("allow", ("mine", "yours"), ("a", "p"))
    ]
    other = rows.build((under("p", "mine", "allow"), under("q", "yours", "deny")), ())
    assert [(row.decision, row.clients) for row in other] == [("allow", ("mine",)), ("deny", ("yours",))]
    assert rows.tools(other) == 1


def test_a_held_definition_is_refused_whatever_its_policy_says():
    (row,) = rows.build((server("a", tool("x", effect="allow", held="changed")),), ())
    assert words.decision(row) == "Held: changed"


def test_counts_say_what_matters_in_words():
    silent = server("new", state="starting")
    totals = rows.count(rows.build((FILES, PAY), (CURSOR, CODE)), (FILES, PAY, silent))
    assert words.summary(totals) == (
        "5 tools · 2 can destroy or pay, 1 of them without asking you · 2 servers go round Latchward"
        " · 1 server has told no tools yet"
    )


@pytest.mark.parametrize(
    ("grave", "unasked", "told"),
    [
        (1, 1, "1 can destroy or pay, without asking you"),
        (3, 3, "3 can destroy or pay, all of them without asking you"),
        (3, 0, "3 can destroy or pay"),
    ],
)
def test_what_is_grave_says_how_much_of_it_is_unasked(grave, unasked, told):
    assert words.summary(rows.Totals(9, grave, unasked)) == f"9 tools · {told}"


def test_a_tool_that_no_client_sees_is_not_counted_as_usable_unasked():
    lonely = server("pay", tool("refund", "Financial", "allow"), clients=())
    assert rows.count(rows.build((lonely,), ()), ()).unasked == 0


def test_a_tool_under_two_policies_is_counted_once():
    views = (
        server("a", tool("x", "Financial", "allow"), policy="p"),
        server("a", tool("x", "Financial", "deny"), policy="q"),
    )
    totals = rows.count(rows.build(views, ()), ())
    assert (totals.tools, totals.grave, totals.unasked) == (1, 1, 1)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter("file DELETE"), ["delete_file"]),
        (Filter("github"), ["Unknown tools of github"]),
        (Filter("does its work run"), ["run"]),
        (Filter(decisions=frozenset({"hide", "allow"})), ["refund", "delete_file", "read_file"]),
        (Filter(decisions=frozenset({"direct"})), ["Unknown tools of github", "Unknown tools of notion"]),
        (Filter(clients=frozenset({"Claude Code"})), ["delete_file", "write_file", "read_file"]),
        (Filter(clients=frozenset({"VS Code"})), ["Unknown tools of github"]),
        (Filter("file", clients=frozenset({"Cursor"}), least="High"), ["delete_file", "write_file"]),
        (Filter("nothing"), []),
    ],
)
def test_a_filter_asks_for_all_that_it_names(wanted, found):
    assert names(rows.choose(rows.build((FILES, PAY), (CLAUDE, CURSOR, CODE)), wanted)) == found


def test_what_is_unknown_is_as_severe_as_can_be():
    found = rows.choose(rows.build((FILES,), (CODE,)), Filter(least="Critical"))
    assert names(found) == ["Unknown tools of github", "delete_file"]


def test_sorted_by_another_column_what_goes_round_stays_on_top():
    found = rows.build((FILES, PAY), (CODE,))
    rows.sort(found, "tool", descending=False)
    assert names(found) == [
        "Unknown tools of github",
        "delete_file",
        "read_file",
        "refund",
        "run",
        "write_file",
    ]
    rows.sort(found, "risk", descending=False)
    assert names(found)[:2] == ["Unknown tools of github", "read_file"]


def test_a_row_is_spoken_whole():
    direct, *_, read = rows.build((FILES,), (CLAUDE, CURSOR))
    assert words.spoken(direct) == "Unknown tools of github, directly from Cursor, not guarded"
    assert words.spoken(read) == (
        "read_file of files, reads, low risk, decision Allow, seen by Claude Code and Cursor"
    )


def test_a_hostile_name_is_spelled_out_and_takes_no_second_line():
    (row,) = rows.build((server("a", tool("x\n\u202ey")),), ())
    assert words.tool(row) == "x<U+000A><U+202E>y"
    assert words.whole(row)[0].text == "x<U+000A><U+202E>y"


def test_a_hostile_name_changes_nothing_of_the_band():
    bad = ClientView("c", "C", "direct", routes=("a`b`",))
    assert words.round_about(rows.build((), (bad,))) == (
        "1 server is reached without Latchward: a<U+0060>b<U+0060> by C."
    )


def test_twenty_thousand_rows_are_filtered_within_a_blink():
    effects = {"a": "allow", "b": "approve", "c": "deny", "d": "hide"}
    names = [f"{'delete' if n % 9 == 0 else 'get'}_{n}" for n in range(125)]
    views = [
        server(
            f"server-{at}",
            *(tool(name, effect=effect, description="words " * 30) for name in names),
            policy=f"{at}-{client}",
            clients=(client,),
        )
        for at in range(40)
        for client, effect in effects.items()
    ]
    every = rows.build(views, ())
    assert len(every) == 20_000
    started = time.perf_counter()
    found = rows.choose(every, Filter("delete"))
    took = time.perf_counter() - started
    assert len(found) == 4 * 40 * 14
    assert took < 0.2
