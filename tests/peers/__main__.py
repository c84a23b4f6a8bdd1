"""`python -m tests.peers`: the tables of what real clients and servers saw through a gateway, as Markdown."""

import sys
import time

from .journey import EFFECTS, ERAS, PATHS, PEERS, Journeys, Peer, Seen


def main() -> int:
    """Print both tables. The status is 1 where something is not as the policy says."""
    started = time.monotonic()
    wrong = 0
    with Journeys() as journeys:
        print(
            "| server | list and call: "
            + " | ".join(f"{era} {path}" for era in ERAS for path in PATHS)
            + " |"
        )
        print("|---|" + "---|" * len(ERAS) * len(PATHS))
        for peer in PEERS:
            reads = [journeys.read(peer, era, path) for era in ERAS for path in PATHS]
            wrong += sum(not _as_allowed(seen) for seen in reads)
            print(f"| {peer.name} ({journeys.era(peer)}) | " + " | ".join(map(_read, reads)) + " |")
        print("\n| server, tool | " + " | ".join(EFFECTS) + " |")
        print("|---|" + "---|" * len(EFFECTS))
        for peer in PEERS:
            cells = [_effect(journeys, peer, effect) for effect in EFFECTS]
            wrong += sum(not right for _, right in cells)
            print(f"| {peer.name}, `{peer.write}` | " + " | ".join(text for text, _ in cells) + " |")
    ways = len(ERAS) * len(PATHS)
    print(f"\nEach cell of the second table: {ways} ways (both client eras, both endpoints). ", end="")
    print(f"Wrong: {wrong}. {time.monotonic() - started:.0f} s in all.")
    return 1 if wrong else 0


def _effect(journeys: Journeys, peer: Peer, effect: str) -> tuple[str, bool]:
    """One cell, and whether it is as the policy says: every way must have seen the same."""
    cells, right = set(), True
    for era in ERAS:
        for path in PATHS:
            seen = journeys.write(peer, effect, era, path)
            if effect == "limit":
                right = right and _as_allowed(seen)
                seen = journeys.write(peer, effect, era, path)
            right = right and _RIGHT[effect](seen)
            cells.add(_cell(seen))
    return " / ".join(sorted(cells)), right and len(cells) == 1


def _as_allowed(seen: Seen) -> bool:
    return seen.listed and seen.outcome == "result" and len(seen.calls) == 1 and seen.done is not False


def _as_refused(seen: Seen) -> bool:
    return seen.listed and seen.outcome == "error result" and not seen.calls and not seen.done


def _as_hidden(seen: Seen) -> bool:
    return not seen.listed and seen.outcome == "protocol error" and not seen.calls and not seen.done


_RIGHT = {
    "allow": _as_allowed,
    "approve, allowed": _as_allowed,
    "approve, denied": _as_refused,
    "deny": _as_refused,
    "hide": _as_hidden,
    "limit": _as_refused,
}


def _read(seen: Seen) -> str:
    return "yes" if _as_allowed(seen) else f"NO: {seen.outcome}, {len(seen.calls)} calls"


def _cell(seen: Seen) -> str:
    done = {None: "", True: ", done", False: ", not done"}[seen.done]
    listed = "listed" if seen.listed else "not listed"
    return f"agent: {listed}, {seen.outcome}; server: {len(seen.calls) or 'no'} call{done}"


if __name__ == "__main__":
    sys.exit(main())
