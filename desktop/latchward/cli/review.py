"""`latchward review`: what waits for the person's look, asked about at a terminal.

For machines without a tray. Only the whole word `accept` counts, and only at
the terminal itself.
"""

import argparse
import os
import sys
from collections.abc import Iterator

from latchward.daemon.acceptance import Acceptance
from latchward.model.errors import LatchwardError
from latchward.model.plain import visible
from latchward.storage.accepted import Accepted
from latchward.storage.in_force import InForce, command_line, spec_digest
from latchward.storage.paths import Profile
from latchward.storage.policies import PolicyBook
from latchward.storage.settings import SettingsBook


class _Books:
    """The profile as it stands, and what was accepted of it."""

    def __init__(self, profile: Profile) -> None:
        self.live = SettingsBook(profile)
        self.accepted = Accepted(profile)
        self.in_force = InForce(self.live, PolicyBook(profile), self.accepted, self._tools)
        self.acceptance = Acceptance(profile, self.in_force, self.accepted)

    def _tools(self, policy: str) -> Iterator[str]:
        for grant in self.live.current().grants.values():
            for server, named in grant.servers.items():
                if named == policy:
                    yield from self.accepted.tools(server)


def main(parsed: argparse.Namespace) -> int:
    """Ask about each thing that waits."""
    profile = Profile.home()
    profile.prepare()
    books = _Books(profile)
    if books.live.problem:
        raise LatchwardError(books.live.problem)
    asked = 0
    for name, spec in books.live.current().servers.items():
        if name not in books.in_force.settings().servers:
            asked += 1
            lines = [visible(command_line(spec)), "It will run as you whenever an agent needs it."]
            if _accepted(f"Start the server {name}?", lines):
                books.acceptance.start_server(name, spec_digest(spec))
                books.in_force.forget()
    for edit in books.in_force.held():
        asked += 1
        if _accepted(f"{edit.what}.", list(edit.lines)):
            books.acceptance.answer(edit.key, edit.digest, accept=True)
            books.in_force.forget()
    if not asked:
        print("nothing waits for your look", file=sys.stderr)
    return 0


def _accepted(question: str, lines: list[str]) -> bool:
    """The person's word at the controlling terminal; raises where there is none."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        raise LatchwardError("there is no terminal to ask on; run `latchward review` at one") from None
    with open(terminal, "r+b", buffering=0) as tty:
        shown = "".join(f"    {visible(line)}\n" for line in lines)
        tty.write(f"\n{visible(question)}\n{shown}accept or leave: ".encode())
        while True:
            word = tty.readline().decode("utf-8", "replace")
            if word.strip().lower() in ("accept", "leave") or not word:
                return word.strip().lower() == "accept"
            tty.write(b"Type the whole word: accept or leave: ")
