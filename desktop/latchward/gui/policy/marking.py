"""The difference of a definition, with the words marked that came or went. No Qt."""

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from typing import Final, NamedTuple

from latchward.gui.text import Run
from latchward.model.plain import visible

MAX_WORDS: Final = 4_000
"""Words on one side that are compared one by one; of more, every word counts as changed."""

_WORD: Final = re.compile(r"<U\+[0-9A-F]{4,6}>|\n|[^\S\n]+|\w+|[^\w\s]")


class Marked(NamedTuple):
    """One line: its sign, and its text in runs; what differs from the other side is `mark`."""

    sign: str
    runs: tuple[Run, ...]


def marked_lines(difference: Iterable[str]) -> tuple[Marked, ...]:
    """Lines that begin with `-` or `+` are compared, block by block; others stay as they are."""
    found: list[Marked] = []
    removed: list[str] = []
    for sign, lines in groupby(difference, key=lambda line: line[:1] if line[:1] in ("-", "+") else ""):
        block = [visible(line[len(sign) :]) for line in lines]
        if sign == "-":
            found += _unpaired(removed, "-")
            removed = block
        elif sign == "+" and removed:
            found += _compared(removed, block)
            removed = []
        else:
            found += [*_unpaired(removed, "-"), *_unpaired(block, sign)]
            removed = []
    return (*found, *_unpaired(removed, "-"))


def _unpaired(lines: Sequence[str], sign: str) -> list[Marked]:
    style = "mark" if sign else "plain"
    return [Marked(sign, (Run(f"{sign}{line[:1]}"), Run(line[1:], style))) for line in lines]


def _compared(before: Sequence[str], after: Sequence[str]) -> list[Marked]:
    old, new = (_WORD.findall("\n".join(lines)) for lines in (before, after))
    if max(len(old), len(new)) > MAX_WORDS:
        return [*_unpaired(before, "-"), *_unpaired(after, "+")]
    same_old, same_new = set[int](), set[int]()
    for match in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        same_old.update(range(match.a, match.a + match.size))
        same_new.update(range(match.b, match.b + match.size))
    return [*_lines(old, same_old, "-"), *_lines(new, same_new, "+")]


def _lines(words: Sequence[str], same: set[int], sign: str) -> list[Marked]:
    lines: list[list[Run]] = [[Run(sign)]]
    for at, word in enumerate(words):
        if word == "\n":
            lines.append([Run(sign)])
        else:
            lines[-1].append(Run(word, "plain" if at in same else "mark"))
    return [Marked(sign, _joined(line)) for line in lines]


def _joined(runs: Iterable[Run]) -> tuple[Run, ...]:
    return tuple(
        Run("".join(run.text for run in group), style)
        for style, group in groupby(runs, key=lambda run: run.style)
    )
