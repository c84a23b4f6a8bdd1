"""Which words of a definition changed, and what a save opens or closes."""

from hypothesis import given
from hypothesis import strategies as st

from latchward.gui.policy.marking import marked_lines
from latchward.gui.policy.moves import read, total
from latchward.model.plain import visible


def marks(*lines: str) -> list[str]:
    return [run.text for line in marked_lines(lines) for run in line.runs if run.style == "mark"]


def test_only_the_words_that_differ_are_marked() -> None:
    assert marks("- Moves files.", "+ Moves files. Sends them away.") == [" Sends them away."]


def test_a_line_that_only_comes_is_marked_whole() -> None:
    assert marks("+ note: string") == ["note: string"]


def test_what_cannot_be_seen_is_spelled_out_and_marked() -> None:
    assert marks("- a b", "+ a\u202e b") == ["<U+202E>"]


@given(st.lists(st.tuples(st.sampled_from("-+ "), st.text(st.characters(exclude_characters="\n")))))
def test_nothing_of_a_difference_is_lost_and_its_order_stays(pairs: list[tuple[str, str]]) -> None:
    lines = [sign + text for sign, text in pairs]
    shown = ["".join(run.text for run in line.runs) for line in marked_lines(lines)]
    assert shown == [visible(line) for line in lines]


def test_what_opens_stands_first_and_is_counted() -> None:
    moves, rest = read(
        ("a: Allow becomes Deny", "b: x: Hide becomes Ask", "c: Ask becomes Hide", "other words")
    )
    assert [(move.tool, move.opens) for move in moves] == [("b: x", True), ("a", False), ("c", False)]
    assert rest == ("other words",)
    assert total(moves, 2) == "In 2 servers: 1 becomes more open, 2 stricter."
    assert total(moves[1:2], 1) == "In 1 server: 1 becomes stricter."
    assert total((), 1) == "In 1 server: no decision changes."
