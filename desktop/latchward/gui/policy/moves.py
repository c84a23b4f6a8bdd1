"""The words of a preview as moves from one effect to another, the loosening ones first. No Qt."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from latchward.control.messages import EffectWord
from latchward.gui.text import counted

from . import words

_MOVE: Final = re.compile(r"(.*): (Allow|Ask|Deny|Hide) becomes (Allow|Ask|Deny|Hide)", re.DOTALL)
_EFFECTS: Final[dict[str, EffectWord]] = {word: effect for effect, word in words.EFFECT.items()}


class Move(NamedTuple):
    """One tool, and its effects before and after."""

    tool: str
    was: EffectWord
    becomes: EffectWord

    @property
    def opens(self) -> bool:
        """Whether agents may do more afterwards."""
        return words.EFFECTS.index(self.becomes) < words.EFFECTS.index(self.was)


def read(told: Iterable[str]) -> tuple[tuple[Move, ...], tuple[str, ...]]:
    """The moves that are told, those that open first, and the words that are none."""
    moves, rest = [], []
    for word in told:
        found = _MOVE.fullmatch(word)
        if found:
            moves.append(Move(found[1], _EFFECTS[found[2]], _EFFECTS[found[3]]))
        else:
            rest.append(word)
    return tuple(sorted(moves, key=lambda move: not move.opens)), tuple(rest)


def total(moves: Iterable[Move], servers: int) -> str:
    """`In 2 servers: 3 become more open, 36 stricter.`"""
    listed = list(moves)
    opens = sum(1 for move in listed if move.opens)
    stricter = len(listed) - opens
    open_words = f"{opens:,} {'becomes' if opens == 1 else 'become'} more open"
    told = [open_words] if opens else []
    if stricter:
        verb = "" if opens else f"{'becomes' if stricter == 1 else 'become'} "
        told.append(f"{stricter:,} {verb}stricter")
    where = counted(servers, "server")
    return f"In {where}: {', '.join(told)}." if told else f"In {where}: no decision changes."
