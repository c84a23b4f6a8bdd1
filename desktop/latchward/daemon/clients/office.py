"""What the tray asks about clients: what is there, taking servers in, connecting, giving files back."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from latchward.clients.backups import Backups
from latchward.control import messages as say
from latchward.daemon.acceptance import Acceptance
from latchward.model.errors import ConfigError, LatchwardError
from latchward.storage.paths import Profile
from latchward.storage.secrets import KeyringSecrets
from latchward.storage.settings import Settings
from latchward.storage.taken import Taken

from . import views
from .adoption import Adoption, Answers, Plan, this_home
from .giving_back import CHANGED, GivingBack
from .watch import ClientWatch

LOOK_EVERY: Final = 4.0
"""Seconds between two looks at the times of the clients' files."""
SHARE: Final = 50.0
"""How many times as long as a look took is waited for at least: large files cost what they cost."""

log = logging.getLogger(__name__)


class ClientOffice:
    """Carries out those requests, and says what there is.

    `send` tells the tray something; `changed` is called when there is something else to tell, `settle` when
    the settings are others. One taking in runs at a time; it goes on whether or not a tray is there.
    """

    def __init__(
        self,
        profile: Profile,
        socket: str,
        settings: Callable[[], Settings],
        acceptance: Acceptance,
        keyring: KeyringSecrets,
        answers: Answers,
        send: Callable[[say.FromGateway], None],
        changed: Callable[[], None],
        settle: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._keyring = keyring
        self._answers = answers
        self._send = send
        self._changed = changed
        self._settle = settle
        self._backups = Backups(profile.clients)
        self._backups.tidy()
        home, taken = this_home(), Taken(profile)
        self._adoption = Adoption(home, socket, settings, acceptance, keyring, self._backups, taken)
        self._giving_back = GivingBack(settings, acceptance, keyring, self._backups, taken)
        self._watch = ClientWatch(home, changed)
        self._asked = False
        self._running: asyncio.Task[None] | None = None
        self._progress: say.AdoptionProgress | None = None

    async def run(self) -> None:
        """Look at the clients' files, and at the keyring where it is needed, until cancelled."""
        await self._watch.look()
        await self._tidy()
        while True:
            took = await self._watch.look()
            await self._ask_keyring()
            await asyncio.sleep(max(LOOK_EVERY, took * SHARE))

    async def _tidy(self) -> None:
        """Undo what was only begun when the process before us was killed."""
        try:
            if self._watch.findings is not None and await self._giving_back.tidy(self._watch.findings):
                self._settle()
                self._changed()
        except LatchwardError as error:
            log.error("%s", error)

    async def _ask_keyring(self) -> None:
        """Whether secrets could be kept, where taking something in would need that."""
        findings, before = self._watch.findings, self._keyring.state
        if findings is None or not views.wants_keyring(findings):
            return
        if (before or not self._asked) and await self._keyring.check() != before:
            self._changed()
        self._asked = True

    def views(self) -> list[say.FromGateway]:
        """What a tray is told: the clients, and where the last taking in stands."""
        told: list[say.FromGateway] = []
        if self._watch.findings is not None:
            told.append(
                views.clients(self._watch.findings, self._settings(), self._backups, self._keyring.state)
            )
        if self._progress is not None:
            told.append(self._progress)
        return told

    async def __call__(self, request: say.FromTray) -> say.FromGateway | None:
        """The reply to a request about clients; None for any other. Raises `LatchwardError`."""
        match request:
            case say.ProposeAdoption():
                plan = await self._adoption.plan(request.keys)
                files = await asyncio.to_thread(plan.shown)
                return say.FilePlan(request.serial, plan.revision, files)
            case say.Adopt():
                await self._adopt(request)
            case say.ProposeRestore():
                proposal = await asyncio.to_thread(self._giving_back.propose, request.clients)
                return say.FilePlan(request.serial, proposal.revision, proposal.files, proposal.words)
            case say.Restore():
                await self._end_taking_in()
                try:
                    await self._giving_back.give_back(request.clients, request.revision)
                finally:  # some files may be back
                    await self._looked()
            case say.ConnectClient():
                await self._adoption.connect(request.client)
                await self._looked()
            case _:
                return None
        return say.Done(request.serial)

    async def _adopt(self, request: say.Adopt) -> None:
        if self._running is not None:
            raise ConfigError("servers are being taken in already; wait until that is done")
        plan = await self._adoption.plan(request.keys)
        if plan.revision != request.revision:
            raise ConfigError(CHANGED)
        await self._adoption.prepare(plan, request.values)
        self._settle()
        self._running = asyncio.create_task(self._move(plan))

    async def _move(self, plan: Plan) -> None:
        """Start what was taken in, and change the files of what answered."""
        problem = ""
        try:
            problem = " ".join(await self._adoption.move(plan, self._answers, self._told))
        except LatchwardError as error:
            problem = str(error)
        except Exception:
            log.exception("taking servers in failed in the middle")
            problem = "an internal error, which the gateway's log holds; look at the clients anew"
        finally:
            self._running = None
            steps = self._progress.steps if self._progress is not None else ()
            self._tell(say.AdoptionProgress(steps, over=True, problem=problem))
            await self._looked()

    async def _end_taking_in(self) -> None:
        """Wait for no server any more: what answers later must not come into a file that was given back."""
        if self._running is not None:
            self._adoption.stop()
            await asyncio.wait({self._running})

    def _told(self, steps: Sequence[say.AdoptionStep]) -> None:
        self._tell(say.AdoptionProgress(tuple(steps)))

    def _tell(self, progress: say.AdoptionProgress) -> None:
        self._progress = progress
        self._send(progress)

    async def _looked(self) -> None:
        self._settle()
        await self._watch.look(anew=True)
        self._changed()
