"""Keeps the tray running, as long as that makes sense.

The tray gets its end of the private link by inheritance: on Linux from the nursery, which forks it, so that
it is closed to other programs from its first instruction; elsewhere it is our child. It is
started again when it ends, after a pause that grows; when it ends five times in a
minute something is badly wrong, and the gate is closed: no call goes any more
until the person starts Latchward anew.
"""

import asyncio
import logging
import socket
import sys
from collections import deque
from collections.abc import Callable
from typing import Final

from .desk import Desk, pair
from .nursery import Forked, Nursery

PAUSES: Final = (0.1, 0.5, 1.0, 2.0)
"""Seconds before each new start of the tray."""
CRASHES: Final = 5
WITHIN: Final = 60.0
"""So many ends in so many seconds close the gate."""
GIVEN_UP: Final = (
    f"the tray ended {CRASHES} times within a minute, so every call is refused; start Latchward anew"
)
STOP_WAIT: Final = 3.0
"""Seconds that the tray has to end when it is told to."""

log = logging.getLogger(__name__)


class Keeper:
    """Starts the tray and watches it. `give_up` is called once, with the reason to close the gate for."""

    def __init__(
        self,
        desk: Desk,
        give_up: Callable[[str], None],
        nursery: Nursery | None = None,
        command: tuple[str, ...] = (),
    ) -> None:
        self._desk = desk
        self._nursery = nursery
        self._give_up = give_up
        self._command = command or program("tray")
        self._ends: deque[float] = deque(maxlen=CRASHES)
        self._stopping = False
        self._process: asyncio.subprocess.Process | Forked | None = None

    async def run(self) -> None:
        """Keep the tray running until `stop`, or until it is given up."""
        loop = asyncio.get_running_loop()
        while not self._stopping:
            await self._once()
            if self._stopping:
                return
            self._ends.append(loop.time())
            log.warning("the tray ended; what waited for you was refused, and it is started again")
            if len(self._ends) == CRASHES and self._ends[-1] - self._ends[0] < WITHIN:
                log.error("%s", GIVEN_UP)
                self._give_up(GIVEN_UP)
                return
            await asyncio.sleep(PAUSES[min(len(self._ends), len(PAUSES)) - 1])

    async def stop(self) -> None:
        """End the tray; it was told to end by `Stop` before."""
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        if not self._desk.is_open:
            process.terminate()  # it has not greeted, and heard nothing
        try:
            async with asyncio.timeout(STOP_WAIT):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _once(self) -> None:
        """One run of the tray, from its start to its end."""
        ours, theirs = pair()
        try:
            self._process = await self._started(theirs)
        except OSError as error:
            log.error("the tray could not be started: %s", error)
            ours.close()
            return
        finally:
            theirs.close()
        await self._desk.serve(ours)
        if self._process.returncode is None and not self._stopping:
            await self._ended(self._process)

    async def _started(self, link: socket.socket) -> asyncio.subprocess.Process | Forked:
        """A tray with its end of the link. Raises `OSError`."""
        if self._nursery is not None:
            return self._nursery.start(link)
        return await asyncio.create_subprocess_exec(
            *self._command,
            "--link",
            str(link.fileno()),
            pass_fds=(link.fileno(),),
            stdin=asyncio.subprocess.DEVNULL,
        )

    async def _ended(self, process: asyncio.subprocess.Process | Forked) -> None:
        """See that a tray whose link is over is gone: it must not show a question that nobody waits for."""
        try:
            async with asyncio.timeout(STOP_WAIT):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def program(*verb: str) -> tuple[str, ...]:
    """The command that starts this same program with another verb."""
    if getattr(sys, "frozen", False):
        return (sys.executable, *verb)
    # -P: what lies in the folder in which Latchward was started is not ours to import.
    return (sys.executable, "-P", "-m", "latchward", *verb)
