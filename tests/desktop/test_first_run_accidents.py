"""What can go wrong in a first run: a server that hangs, a kill in the middle, an edit at a bad moment."""

from typing import Final

import pytest

from tests.support.desktop import Desktop

from .newcomer import BROKEN, Person, used_machine

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(120)]

SOON: Final = 30
"""Seconds: half of what a server may take to answer."""


HANGS: Final = '"npx", "args": ["-y", "mcp-jira-of-the-last-job"]', '"sleep", "args": ["90"]'


def test_a_server_that_hangs_keeps_no_other_waiting(desktop: Desktop) -> None:
    with used_machine(desktop) as machine:
        machine.replace("cursor", *HANGS)
        person = Person(machine)
        person.click("^Protect 7 servers$")
        person.click("^Continue$")
        assert person.seconds < SOON
        assert set(machine.servers("cursor")) == {"latchward", BROKEN}
        person.click("^Read only$", "radio button")
        person.click("^Use Read only$")
        person.sees("^Waiting for the first call$")
