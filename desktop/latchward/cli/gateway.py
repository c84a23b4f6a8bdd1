"""`latchward gateway`: the gateway without a tray."""

import argparse
import logging
import sys
from typing import TYPE_CHECKING

from latchward.daemon import sweeper
from latchward.daemon.hardening import harden

if TYPE_CHECKING:
    from latchward.daemon.assembly import House

LOG_FORMAT = "latchward: %(levelname)s: %(message)s"


def main(parsed: argparse.Namespace) -> int:
    """Run the gateway until a signal ends it."""
    umask = harden()
    marks = sweeper.begin()
    logging.basicConfig(format=LOG_FORMAT, level=logging.WARNING)
    # Imported after the process has closed itself to others.
    from latchward.daemon.assembly import Nobody, Plan, run
    from latchward.model.errors import ConfigError
    from latchward.storage.accepted import Accepted
    from latchward.storage.in_force import both
    from latchward.storage.paths import Profile
    from latchward.storage.settings import load
    from latchward.upstream.environment import Birth

    from .loop import run_loop
    from .terminal import TerminalApprover

    profile = Profile.home()
    by_terminal = parsed.ask == "terminal"
    if by_terminal and not both(load(profile), Accepted(profile).settings()).ask_terminal:
        raise ConfigError(
            "`--ask terminal` is not enabled; write "
            f'`"ask": {{"terminal": true}}` into `{profile.settings}`, then run `latchward review`'
        )
    approver = TerminalApprover() if by_terminal else Nobody()
    plan = Plan(port=parsed.port, approver=approver, birth=Birth(umask, marks))
    run_loop(run(profile, plan, ready))
    return 0


async def ready(house: "House") -> None:
    """Say where the gateway listens, and what waits for the person's look."""
    if house.url:
        print(f"listening on {house.url}", file=sys.stderr)
    print(f"listening on unix:{house.socket}", file=sys.stderr, flush=True)
    held = len(house.in_force.held()) + len(
        set(house.settings.current().servers) - set(house.in_force.settings().servers)
    )
    if held and house.office is None:
        print(f"{held} things wait for your look before they count: `latchward review`", file=sys.stderr)
