"""The trial's gateway: a process of its own, on a profile that it makes and removes itself.

    python -m latchward.cli.trial.gateway allow|deny|terminal|dialog

Prints one JSON line, `{"home", "url", "token"}`, when it is ready, and serves
until its input ends. The approver that answers without a person exists in
here alone and takes a `TrialProfile`, which is always a new folder: there
is no way to have it answer for a profile of anyone's.
"""

import asyncio
import json
import os
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Final

from latchward import assets
from latchward.cli.loop import run_loop
from latchward.cli.terminal import TerminalApprover
from latchward.daemon.assembly import House, Plan, run
from latchward.daemon.hardening import harden
from latchward.downstream.doors import token_hash
from latchward.model.approval import Answer, ApprovalRequest
from latchward.model.errors import LatchwardError
from latchward.model.ports import Approver
from latchward.storage.accepted import Accepted
from latchward.storage.files import write_atomically
from latchward.storage.paths import Profile
from latchward.storage.settings import parse

from .plan import POLICY, SERVER

CLIENT: Final = "trial-agent"
QUESTION_SECONDS: Final = 600.0
"""How long the person may look at the one question of the trial."""


class TrialProfile:
    """A new folder with a settings file, a policy and a token in it; gone when the process ends."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="latchward-try-")
        self.home = Path(self._folder.name)
        self.profile = Profile.below(self.home / "profile")
        self.token = secrets.token_urlsafe(32)
        self.profile.prepare()
        write_atomically(self.profile.policies / f"{SERVER}.json", assets.text(POLICY).encode())
        settings = json.dumps(self._settings(), indent=2).encode()
        write_atomically(self.profile.settings, settings)
        accepted = Accepted(self.profile)
        accepted.accept_settings(parse(settings, source="the trial"))
        accepted.accept_policy(SERVER, assets.text(POLICY).encode())

    def _settings(self) -> dict[str, object]:
        notes, log = str(self.home / "notes"), str(self.home / "server.log")
        arguments = ["-m", "latchward.cli.trial.server", notes, log]
        return {
            "version": 1,
            "mcpServers": {SERVER: {"command": sys.executable, "args": arguments}},
            "grants": {CLIENT: {"token": token_hash(self.token), "servers": {SERVER: SERVER}}},
        }

    def remove(self) -> None:
        self._folder.cleanup()


class ScriptedApprover:
    """Implements `model.ports.Approver` with one answer for every question of a trial."""

    def __init__(self, made: TrialProfile, *, allow: bool) -> None:
        if not isinstance(made, TrialProfile):
            raise TypeError("answers without a person exist on a trial's own profile alone")
        self._allow = allow

    async def ask(self, request: ApprovalRequest) -> Answer | None:
        reason = "" if self._allow else "the trial answers no"
        return Answer(request.nonce, request.binding, self._allow, "trial", reason=reason)


async def _serve(made: TrialProfile, approver: Approver | None) -> None:
    """Serve until our input ends: with the process that started us, we end too."""

    async def ready(house: House) -> None:
        notes = house.upstreams.get(SERVER)
        if notes is not None:
            await notes.tools()
        print(json.dumps({"home": str(made.home), "url": house.url, "token": made.token}), flush=True)

    serving = asyncio.create_task(run(made.profile, Plan(0, approver, QUESTION_SECONDS), ready))
    ended = asyncio.create_task(_input_ended())
    await asyncio.wait({serving, ended}, return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        serving.cancel()
    await asyncio.gather(serving, return_exceptions=not serving.done())


async def _input_ended() -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(0, lambda: ended.set() if not os.read(0, 4096) else None)
    await ended.wait()
    loop.remove_reader(0)


def main(argv: list[str]) -> int:
    harden()
    made = TrialProfile()
    [answers] = argv
    approver: Approver | None = None
    if answers == "terminal":
        approver = TerminalApprover()
    elif answers != "dialog":
        approver = ScriptedApprover(made, allow=answers == "allow")
    try:
        run_loop(_serve(made, approver))
    except LatchwardError as error:
        print(f"latchward: {error}", file=sys.stderr)
        return 1
    finally:
        made.remove()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
