"""The composition root: builds the house, serves, and takes it down in the right order.

Nothing else knows which class implements which port.
"""

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Final

import uvicorn

from latchward import endpoint
from latchward.downstream import local
from latchward.downstream.dispatch import Dispatcher
from latchward.downstream.hearing import Hearing
from latchward.downstream.http import Front
from latchward.downstream.judged import Judged
from latchward.downstream.lines import Lines
from latchward.downstream.listener import listen, server
from latchward.downstream.listening import Listening
from latchward.downstream.targets import Targets
from latchward.downstream.tasking import Tasking
from latchward.gateway.approvals import DEADLINE, Approvals
from latchward.gateway.changes import Changes
from latchward.gateway.enforce import Enforcer
from latchward.gateway.entries import Entries
from latchward.gateway.gate import Gate
from latchward.gateway.listing import Listing
from latchward.gateway.sessions import Sessions
from latchward.gateway.tasks import Tasks
from latchward.model.approval import Answer, ApprovalRequest
from latchward.model.errors import LatchwardError, ProfileError
from latchward.model.grant import Grant
from latchward.model.ports import Approver
from latchward.protocol.strict import serialise
from latchward.storage import settings as settings_file
from latchward.storage.accepted import Accepted
from latchward.storage.audit import SqliteAudit
from latchward.storage.counters import MemoryCounters
from latchward.storage.glance import Glance
from latchward.storage.greetings import Greetings
from latchward.storage.in_force import InForce
from latchward.storage.lock import GatewayLock, write_lock
from latchward.storage.paths import Profile
from latchward.storage.policies import PolicyBook
from latchward.storage.secrets import KeyringSecrets, service_of
from latchward.storage.settings import SettingsBook
from latchward.upstream.environment import PLAIN, Birth

from .nursery import Nursery
from .office import Office
from .peers import Peers
from .pins import pin_first_list
from .recent import Recent
from .upstreams import UpstreamSet
from .views import Risks

LOOK_EVERY: Final = 0.5
"""Seconds between two looks for edits, so that lists change and streams end without a call."""
STOP_LIMIT: Final = 6.0
"""Seconds for everything under way to end when the gateway stops."""
SHOW: Final = "SIGUSR1"
"""What a second start sends to the first, so that its window is raised."""

log = logging.getLogger(__name__)


class Nobody:
    """The approver of a gateway with no one to ask: every question is answered with none."""

    async def ask(self, request: ApprovalRequest) -> Answer | None:
        return None


@dataclass(frozen=True, slots=True)
class Plan:
    """How to run.

    `port` is that of HTTP on loopback (0: any free one; None: none). `approver` answers
    questions; None means the person at the tray, which is then kept running. Questions stay open for
    `deadline` seconds. `birth` is what servers' processes get besides. `nursery` starts trays.
    """

    port: int | None
    approver: Approver | None
    deadline: float = DEADLINE
    birth: Birth = PLAIN
    nursery: Nursery | None = None


Ready = Callable[["House"], Awaitable[None]]
"""Called once when the doors are open."""


def ignore_show() -> None:
    """Survive what a second start sends, until there is a window to raise."""
    if sys.platform != "win32":
        signal.signal(getattr(signal, SHOW), signal.SIG_IGN)


async def run(profile: Profile, plan: Plan, ready: Ready, lock: GatewayLock | None = None) -> None:
    """Serve until a signal comes, or the person quits. Raises `LatchwardError` where it cannot start.

    `lock` is that of the profile, where the caller has it already.
    """
    for repaired in profile.prepare():
        log.warning("%s", repaired)
    ignore_show()
    with lock or GatewayLock(profile):
        try:
            socket = listen(plan.port) if plan.port is not None else None
        except OSError as error:
            raise ProfileError(
                f"port {plan.port} cannot be used ({error.strerror}); quit the program that has it, "
                "or choose another with --port"
            ) from None
        with closing(local.listen(profile.runtime / endpoint.NAME)) as beside:
            house = House(profile, plan, socket.getsockname()[1] if socket is not None else 0)
            await house.serve(socket, beside, ready)


class House:
    """Every part of one running gateway. `url` is the address over HTTP, "" where there is none."""

    def __init__(self, profile: Profile, plan: Plan, port: int) -> None:
        self._profile = profile
        self.url = f"http://127.0.0.1:{port}/mcp" if port else ""
        self.socket = str(profile.runtime / endpoint.NAME)
        self.settings = SettingsBook(profile)
        self.policies = PolicyBook(profile)
        self.accepted = Accepted(profile)
        self.in_force = InForce(self.settings, self.policies, self.accepted, self._tools_under)
        self._glance = Glance(self.in_force)
        self.audit = SqliteAudit(profile.audit_db)
        self.gate = Gate(self.accepted.blocked(), self._changed)
        self.peers = Peers(self.accepted, self._changed)
        self.risks = Risks()
        self.secrets = KeyringSecrets(service_of(profile))
        hearing, tasks = Hearing(), Tasks()
        self.upstreams = UpstreamSet(
            lambda: self.in_force.last().servers,
            self._tools_changed,
            plan.birth,
            self.secrets,
            hearing.heard,
            Greetings(profile),
            tasks.told,
        )
        self.listing = Listing(self.upstreams, self._glance, self.accepted)
        entries = Entries(self.upstreams, self._glance)
        self.changes = Changes(self.listing, entries, self.grants, serialise)
        self.office = Office(self, profile, plan.nursery) if plan.approver is None else None
        self.approvals = Approvals(
            self.office.desk if self.office is not None else plan.approver or Nobody(),
            deadline=plan.deadline,
            scopes=self.risks.scopes,
            changed=self._changed,
        )
        self.recent = Recent(self.audit, self.upstreams.masked, self._tell_calls)
        enforcer = Enforcer(
            self._glance,
            MemoryCounters(),
            self.approvals,
            self.recent,
            self.gate,
            only_reads=self.risks.only_reads,
        )
        tasking = Tasking(tasks, entries, enforcer, self._glance, self.grants, hearing)
        judged = Judged(
            Targets(self.listing, entries, tasks),
            entries,
            enforcer,
            self._glance,
            Sessions(),
            self.grants,
            self.peers.stranger,
            tasks,
            tasking,
        )
        listening = Listening(entries, judged, self.changes, hearing)
        self.dispatcher = Dispatcher(
            self.listing, entries, judged, listening, self.changes, self.peers.stranger
        )
        self.front = Front(self.dispatcher, self.grants, port, self._leaked)
        self.lines = Lines(self.dispatcher, self.grants)
        self._leaked_hashes: set[str] = set()
        self._stop = asyncio.Event()

    def grants(self) -> Mapping[str, Grant]:
        """The grants in force at this moment."""
        grants = self._glance.settings().grants
        if not self._leaked_hashes:
            return grants
        return {name: grant for name, grant in grants.items() if grant.token_hash not in self._leaked_hashes}

    def stop(self) -> None:
        """Close everything, from the inside."""
        self._stop.set()

    def settle(self) -> None:
        """Something may be in force that was not before, or the other way round: act on it."""
        self.in_force.forget()
        self._glance.forget()
        self.front.end_revoked()
        self.lines.end_revoked()
        self.dispatcher.end_revoked()
        self.upstreams.settle()
        self._changed()

    async def serve(self, socket: object, beside: local.LocalSocket, ready: Ready) -> None:
        """Open the doors, wait for the signal to stop, close everything."""
        self._stop_on_signals()
        http = server(self.front) if socket is not None else None
        works = [self.changes.run(), self._look(), self.lines.serve(beside)]
        working = [asyncio.create_task(work) for work in works]
        serving = asyncio.create_task(http.serve(sockets=[socket])) if http else None  # type: ignore[list-item]
        self.upstreams.settle()
        try:
            await _started(http, serving)
            if self.office is not None:
                self.office.open()
            await ready(self)
            stop = asyncio.create_task(self._stop.wait())
            await asyncio.wait({stop, serving} if serving else {stop}, return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
        finally:
            for task in working:
                task.cancel()
            beside.close()
            self.lines.end_all()
            self.front.end_all()
            await self.dispatcher.close()
            if http is not None:
                http.should_exit = True
            await self._ended(serving)
            self.audit.close()

    async def _ended(self, serving: "asyncio.Task[None] | None") -> None:
        endings: list[Awaitable[object]] = [self.upstreams.stop()]
        if serving is not None:
            endings.append(serving)
        if self.office is not None:
            endings.append(self.office.close())
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_LIMIT):
                await asyncio.gather(*endings, return_exceptions=True)

    def _stop_on_signals(self) -> None:
        loop = asyncio.get_running_loop()
        names = ["SIGINT", "SIGTERM", "SIGHUP"] if sys.platform != "win32" else []
        for name in names:
            loop.add_signal_handler(getattr(signal, name), self._stop.set)
        if self.office is not None and sys.platform != "win32":
            loop.add_signal_handler(getattr(signal, SHOW), self.office.show_window)

    async def _look(self) -> None:
        """Notice edits between calls. No call waits for this: each looks for edits itself."""
        shown: object = None
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                if self.in_force.poll():
                    self.settle()
            except LatchwardError as error:  # a copy cannot be read: calls are refused until it can
                log.error("%s", error)
                self._tell()
            now = (self.problems(), self.upstreams.troubles())
            if shown != now:
                shown = now
                self._tell()

    def problems(self) -> tuple[str, ...]:
        """What is wrong with our own files, a sentence each."""
        found = (self.settings.problem, *self.policies.problems.values(), self.audit.problem)
        return tuple(dict.fromkeys(problem for problem in found if problem))

    def _tools_changed(self) -> None:
        """A server lists other tools than before. Its first list is part of what the person agreed to."""
        for name in self.in_force.settings().servers:
            upstream = self.upstreams.get(name)
            if upstream is not None and pin_first_list(self.accepted, name, upstream.listed()):
                self.in_force.forget()  # which edits loosen is judged for the tools that are known
                self._glance.forget()
        self._changed()

    def _changed(self) -> None:
        self.changes.trigger()
        self._tell()

    def _tell(self) -> None:
        if self.office is not None:
            self.office.tell()

    def _tell_calls(self) -> None:
        if self.office is not None:
            self.office.tell_calls()

    def _tools_under(self, policy: str) -> Iterable[str]:
        """The names of the tools for which a policy holds."""
        for grant in self.settings.current().grants.values():
            for name, named in grant.servers.items():
                if named == policy:
                    yield from self.accepted.tools(name)

    def _leaked(self, client: str) -> None:
        """A token stood in a URL, where logs and histories keep it: it is worth nothing from now on."""
        self._leaked_hashes.add(self.grants()[client].token_hash)  # at once, whatever becomes of the file
        log.error(
            "the token of `%s` was sent in a URL and is revoked; make another: `latchward grant new %s`",
            client,
            client,
        )
        try:
            with write_lock(self._profile):
                current = settings_file.load(self._profile)
                settings_file.save(self._profile, settings_file.remove_grant(current, client))
        except LatchwardError as error:
            log.error("the token could not be revoked: %s", error)
        self.front.end_revoked()
        self.lines.end_revoked()
        self.dispatcher.end_revoked()


async def _started(http: uvicorn.Server | None, serving: "asyncio.Task[None] | None") -> None:
    """Wait until the server over HTTP accepts connections."""
    while http is not None and serving is not None and not http.started and not serving.done():
        await asyncio.sleep(0.005)
