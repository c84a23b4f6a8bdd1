"""`latchward log`: what was decided and what came of it."""

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any

from latchward.model.call import TOOLS_CALL
from latchward.model.deeds import deed
from latchward.model.plain import one_line
from latchward.storage.log import follow, read
from latchward.storage.paths import Profile


def main(parsed: argparse.Namespace) -> int:
    """Print the record, oldest first."""
    profile = Profile.home()
    rows = follow(profile) if parsed.follow else read(profile)
    any_row = False
    for row in rows:
        any_row = True
        print(json.dumps(row) if parsed.json else line(row), flush=parsed.follow)
    if not any_row and not parsed.json:
        print("nothing has been decided yet: no call has come in", file=sys.stderr)
    return 0


def line(row: Mapping[str, Any]) -> str:
    """One row for people. What agents and servers wrote is shown as plain text."""
    at = str(row["at"]).replace("T", " ")[:19]
    if row["kind"] == "finished":
        took = f" after {row['running_ms']:.0f} ms" if row["running_ms"] else ""
        detail = f": {one_line(str(row['detail']))}" if row["detail"] else ""
        return f"{at}  {row['seq']:>6}  {'':<7}  of {row['decided']}: {row['ending']}{took}{detail}"
    verdict = "" if row["verdict"] == "allow" else f"  ({row['verdict']})"
    arguments = one_line(str(row["arguments"]), 80)
    return (
        f"{at}  {row['seq']:>6}  {row['effect']:<7}  {one_line(str(row['client']), 32)}  {_done(row)}  "
        f"{arguments}  {one_line(str(row['rule']), 60)}{verdict}"
    )


def _done(row: Mapping[str, Any]) -> str:
    """What was to be done: a tool by its name alone, all else in words. What a server asked it has asked."""
    words = deed(row["method"])
    if words.by_server:
        server, client = one_line(str(row["upstream"]), 60), one_line(str(row["client"]), 32)
        before, after = words.did
        return f"{server} {before} {client} {after}".rstrip()
    named = one_line(f"{row['upstream']}/{row['tool']}", 60)
    return named if row["method"] == TOOLS_CALL else f"{words.do[0]} {named}"
