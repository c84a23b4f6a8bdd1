"""`latchward review`: what waits for the person's look, asked about at a terminal.

For machines without a tray.
"""

import argparse
import sys

from latchward.model.plain import visible
from latchward.storage.in_force import command_line, spec_digest
from latchward.storage.paths import Profile

from .books import Books
from .consent import accepted


def main(parsed: argparse.Namespace) -> int:
    """Ask about each thing that waits."""
    profile = Profile.home()
    profile.prepare()
    books = Books(profile)
    asked = 0
    for name, spec in books.live.current().servers.items():
        if name not in books.in_force.settings().servers:
            asked += 1
            lines = [visible(command_line(spec)), "It will run as you whenever an agent needs it."]
            if accepted(f"Start the server {name}?", lines, "review"):
                books.acceptance.start_server(name, spec_digest(spec))
                books.in_force.forget()
    for edit in books.in_force.held():
        asked += 1
        if accepted(f"{edit.what}.", edit.lines, "review"):
            books.acceptance.answer(edit.key, edit.digest, accept=True)
            books.in_force.forget()
    if not asked:
        print("nothing waits for your look", file=sys.stderr)
    return 0
