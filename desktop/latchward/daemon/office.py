"""Everything for the person at the tray: the desk, its keeper, the clerk, and what they are told."""

import asyncio
import os
from typing import TYPE_CHECKING, Final

from latchward.control import messages as say
from latchward.model.approval import ApprovalRequest, Kept
from latchward.model.errors import LatchwardError
from latchward.storage.paths import Profile

from .acceptance import Acceptance
from .clerk import Clerk
from .clients.office import ClientOffice
from .desk import Desk
from .keeper import Keeper
from .notice import notify
from .nursery import Nursery
from .views import Views

if TYPE_CHECKING:
    from .assembly import House

TELL_AFTER: Final = 0.05
"""Seconds that a change waits for others, before the tray is told of all of them."""
CALLS_AFTER: Final = 0.1
"""Seconds that a call waits for others, before the tray is told of all of them."""
BLOCKED: Final = "the user blocked everything in the tray"


class Office:
    """Reads the house's books for the tray, and writes them for it."""

    def __init__(self, house: "House", profile: Profile, nursery: Nursery | None) -> None:
        self._house = house
        self._profile = profile
        self._views = Views(
            house.settings.current,
            house.in_force,
            house.accepted,
            house.upstreams.get,
            house.risks,
            house.upstreams.masked,
        )
        acceptance = Acceptance(profile, house.in_force, house.accepted)
        self.clients = ClientOffice(
            profile=profile,
            socket=house.socket,
            settings=house.settings.current,
            acceptance=acceptance,
            keyring=house.secrets,
            answers=house.upstreams.until_listed,
            send=lambda message: self.desk.send(message),
            changed=self.tell,
            settle=house.settle,
        )
        clerk = Clerk(
            profile=profile,
            acceptance=acceptance,
            in_force=house.in_force,
            accepted=house.accepted,
            views=self._views,
            risks=house.risks,
            changed=house.settle,
            block=self._block,
            end_temporary=lambda key: house.approvals.end(key),
            answer_peer=lambda key, accept: house.peers.answer(key, accept=accept),
            retry=house.upstreams.retry,
            clients=self.clients,
        )
        self.desk = Desk(self._hello, self._question, clerk, self._everything, house.stop)
        self._keeper = Keeper(self.desk, self._give_up, nursery)
        self._working: list[asyncio.Task[None]] = []
        self._telling: asyncio.TimerHandle | None = None
        self._telling_calls: asyncio.TimerHandle | None = None
        self._notice: asyncio.Task[None] | None = None
        self._told: dict[str, say.FromGateway] = {}

    def open(self) -> None:
        """Start the tray, and keep it running."""
        self._working = [asyncio.create_task(work) for work in (self._keeper.run(), self.clients.run())]

    async def close(self) -> None:
        """End the tray: it is told that this is on purpose."""
        self.desk.send(say.Stop())
        await self._keeper.stop()
        for task in self._working:
            task.cancel()

    def _give_up(self, why: str) -> None:
        """No tray stays up: close the gate, and say so where the desktop can."""
        self._house.gate.close(why)
        self._notice = asyncio.create_task(asyncio.to_thread(notify, "Latchward refuses every call", why))

    def show_window(self) -> None:
        """Latchward was started a second time."""
        self.desk.send(say.ShowWindow())

    def tell(self) -> None:
        """Something changed that the tray may show."""
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(TELL_AFTER, self._tell)

    def _tell(self) -> None:
        self._telling = None
        if not self.desk.is_open:
            return
        for message in self._views_now():
            if self._told.get(type(message).__name__) != message:
                self._told[type(message).__name__] = message
                self.desk.send(message)

    def tell_calls(self) -> None:
        """Another call was decided. All else is as it was, and is not worked out anew for each call."""
        if self._telling_calls is None and self.desk.is_open:
            self._telling_calls = asyncio.get_running_loop().call_later(CALLS_AFTER, self._tell_calls)

    def _tell_calls(self) -> None:
        self._telling_calls = None
        self.desk.send(self._house.recent.calls())

    def _everything(self) -> list[say.FromGateway]:
        """What a new tray is told first."""
        now = self._views_now()
        self._told = {type(message).__name__: message for message in now}
        return [*now, self._house.recent.calls()]

    def _views_now(self) -> list[say.FromGateway]:
        """All of it; where a copy cannot be read only that it is so: nothing is allowed then either."""
        try:
            return self._all_views()
        except LatchwardError as error:
            return [say.Status(mode="trouble", problems=(str(error),))]

    def _all_views(self) -> list[say.FromGateway]:
        servers = self._views.servers()
        held = say.HeldList((*self._held_edits(), *self._house.peers.held()))
        kept = self._house.approvals.kept()
        answers = say.TemporaryList(tuple(_temporary(key, answer) for key, answer in kept.items()))
        told: list[say.FromGateway] = [self._status(servers, held), servers, held, answers]
        return told + self.clients.views()

    def _held_edits(self) -> tuple[say.Held, ...]:
        return tuple(
            say.Held(key=edit.key, digest=edit.digest, sort=edit.sort, what=edit.what, lines=edit.lines)
            for edit in self._house.in_force.held()
        )

    def _status(self, servers: say.Servers, held: say.HeldList) -> say.Status:
        house = self._house
        told = house.problems()
        if house.gate.reason and house.gate.reason != BLOCKED:
            told = (house.gate.reason, *told)
        mode: say.Mode = "blocked" if house.gate.reason == BLOCKED else "trouble" if told else "normal"
        consents = {view.name for view in servers.servers if view.state == "consent"}
        waiting = (
            len(held.held)
            + len(consents)
            + len({(view.name, tool.name) for view in servers.servers for tool in view.tools if tool.held})
        )
        return say.Status(mode=mode, problems=told, waiting=waiting)

    def _hello(self) -> say.Hello:
        return say.Hello(
            version=say.VERSION,
            gateway_pid=os.getpid(),
            profile=str(self._profile.settings.parent),
            endpoint=self._house.url,
            socket=self._house.socket,
        )

    def _question(self, request: ApprovalRequest) -> say.Question:
        return self._views.question(request)

    def _block(self, on: bool) -> None:
        """Close the gate first, write it down second: the other way round leaves a moment open."""
        if on:
            self._house.gate.close(BLOCKED)
        self._house.accepted.block(BLOCKED if on else "")
        if not on:
            self._house.gate.open()


def _temporary(key: str, kept: Kept) -> say.Temporary:
    return say.Temporary(
        key=key,
        client=kept.client,
        server=kept.upstream,
        tool=kept.tool,
        allowed=kept.allowed,
        holds="until the session ends: half an hour without a call",
        method=kept.method,
    )
