"""What is said to one server over HTTP, from its greeting until it is lost: era, lists, calls, notices.

The modern era sends each request alone: the answer, and the progress on the
way to it, come in the reply, and closing the reply cancels. The legacy era
has a session, an id that each request repeats; what is not part of an answer
comes on a stream of its own; a reply that breaks can be taken up again where
its events had ids, without sending the request anew.
"""

import asyncio
import contextlib
import re
from collections.abc import Mapping
from typing import Any, Final

from latchward.model.call import ToolCall
from latchward.model.era import Era
from latchward.model.errors import NotSent, OutcomeUnknown, UpstreamError
from latchward.protocol import answer, envelope, legacy, modern
from latchward.protocol.versions import LATEST_MODERN

from . import talk
from .conversation import Behind
from .watching import SessionGone, Watching, rejected
from .wire import Rejected, Reply, Unreachable, Wire

PROBE_WAIT: Final = 10.0
"""Seconds that a server has to answer `server/discover` before `initialize` is tried."""
GREETING_LIMIT: Final = 30.0
"""Seconds that a server has to answer `initialize`."""
FAREWELL_LIMIT: Final = 2.0
"""Seconds for a message whose answer says nothing: a cancellation, the end of a session."""
RESUMES: Final = 3
"""How often in a row a broken reply is taken up again without a new event."""
RESUME_PAUSE: Final = 1.0
"""Seconds before that where the server names none."""
ANSWER_WAIT: Final = 30.0
"""Seconds for our answer to a question of the server."""
MAX_ASIDES: Final = 64
"""Such answers that may be on their way at one time; more are dropped."""

_SESSION_ID = re.compile(r"[\x21-\x7e]{1,1024}")


class Remote(Watching):
    """One conversation."""

    def __init__(self, wire: Wire, behind: Behind) -> None:
        super().__init__(behind)
        self._wire = wire
        self._version = ""
        self._session = ""
        self._asides: set[asyncio.Task[None]] = set()

    async def open(self, *, probe: bool = True) -> None:
        """Find the era and greet. Without `probe` the legacy one is tried first. Raises `UpstreamError`."""
        if probe:
            if not await self._discover():
                await self._initialize()
            return
        try:
            await self._initialize()
        except Unreachable:
            raise
        except UpstreamError:
            self._session = ""
            if not await self._discover():  # what was known of it is no longer so
                raise

    async def _initialize(self) -> None:
        self._version = ""
        try:
            async with asyncio.timeout(GREETING_LIMIT):
                greeting = talk.greeted(
                    await self._ask("initialize", legacy.initialize_params(self._behind.declared))
                )
        except TimeoutError:
            raise UpstreamError(
                f"the server did not answer `initialize` within {GREETING_LIMIT:.0f} seconds"
            ) from None
        self._take(greeting)
        await self._tell("POST", envelope.notification("notifications/initialized"))

    async def _discover(self) -> bool:
        """Whether the server is a modern one. No answer, and any that is not one, means that it is not."""
        self.era, self._version = Era.MODERN, LATEST_MODERN
        try:
            async with asyncio.timeout(PROBE_WAIT):
                said = await self._ask("server/discover", {"_meta": modern.our_meta()})
                if talk.wants_version(said, LATEST_MODERN):  # it refused the very version that it wants
                    said = await self._ask("server/discover", {"_meta": modern.our_meta()})
                greeting = talk.discovered(said)
        except Rejected as error:
            if error.status in (401, 403) or error.status < 400:
                raise
            greeting = None
        except NotSent:
            raise
        except (UpstreamError, TimeoutError):
            greeting = None
        self.era = Era.LEGACY
        if greeting is not None:
            self._take(greeting)
        return greeting is not None

    def _take(self, greeting: talk.Greeting) -> None:
        self.greeting = greeting
        self.era = greeting.era
        self._version = greeting.version

    async def _open_stream(self, body: bytes | None) -> Reply:
        own = self._headers()
        if body is None:
            reply = await self._wire.request("GET", None, own | {"Accept": "text/event-stream"})
        else:
            reply = await self._wire.request("POST", body, own | {"Mcp-Method": "subscriptions/listen"})
        if reply.status < 300 and reply.is_stream:
            return reply
        reply.close()
        if reply.status >= 300:
            raise self._rejected(reply)
        raise Rejected("the server opens no stream of notices", reply.status)

    def drop(self) -> None:
        """The conversation is over. What is under way has a stream of its own, and goes on."""

    async def farewell(self) -> None:
        """Wait for what is still to be told, and end the session at the server."""
        if self._session:
            self._aside("DELETE", None)
        if self._asides:
            await asyncio.wait(self._asides, timeout=FAREWELL_LIMIT)

    # what goes out

    def _headers(self) -> dict[str, str]:
        made = {"MCP-Protocol-Version": self._version} if self._version else {}
        if self._session:
            made["Mcp-Session-Id"] = self._session
        return made

    async def _ask(self, method: str, params: dict[str, Any]) -> answer.Incoming:
        number = self._next_id()
        own = self._headers()
        if self.era is Era.MODERN:
            own["Mcp-Method"] = method
        return await self._post(number, envelope.request(number, method, params), own)

    async def _exchange(
        self, number: int, line: bytes, call: ToolCall, parameters: Mapping[str, str]
    ) -> answer.Incoming:
        own = self._headers()
        if self.era is Era.MODERN:
            own |= talk.routing(call)
            own |= parameters
        return await self._post(number, line, own)

    async def _post(self, number: int, body: bytes, own: Mapping[str, str]) -> answer.Incoming:
        """Send a request once; its answer, whatever else comes on the way to it dealt with."""
        reply = await self._wire.request("POST", body, own)
        try:
            if reply.status >= 300:
                return await self._refusal(reply, number)
            if not self._version:
                self._keep_session(reply)
            said = await self._answer(reply, number)
        except BaseException:
            reply.close()
            raise
        reply.finish()
        return said if said is not None else await self._resume(reply, number)

    async def _answer(self, reply: Reply, number: int) -> answer.Incoming | None:
        """The answer in `reply`; None where a stream ended without it. Raises `OutcomeUnknown`."""
        async for data in reply.messages():
            try:
                said = answer.read(data)
            except UpstreamError as error:
                raise OutcomeUnknown(str(error)) from None
            if said.method is not None:
                self._beside(said, number)
            elif said.id != number:
                raise OutcomeUnknown("the server answered under an id that is not the call's")
            else:
                return said
        if not reply.is_stream:
            raise OutcomeUnknown("the server's reply holds no answer")
        return None

    async def _resume(self, reply: Reply, number: int) -> answer.Incoming:
        """Take up a stream that ended without the answer, where the server numbered its events."""
        last, left = reply.last_id, RESUMES
        while self.era is Era.LEGACY and last and left:
            await asyncio.sleep(RESUME_PAUSE if reply.retry is None else reply.retry)
            resumed = {**self._headers(), "Last-Event-ID": last}
            left -= 1
            try:
                reply = await self._wire.request("GET", None, resumed)
            except UpstreamError:
                continue
            try:
                if reply.status != 200 or not reply.is_stream:
                    break
                if (said := await self._answer(reply, number)) is not None:
                    return said
            finally:
                reply.close()
            if reply.last_id and reply.last_id != last:
                last, left = reply.last_id, RESUMES
        raise OutcomeUnknown("the connection to the server ended before the answer came")

    async def _refusal(self, reply: Reply, number: int) -> answer.Incoming:
        """The JSON-RPC error that came with an HTTP error under our id. Raises `UpstreamError` for others."""
        refused = self._rejected(reply)
        if isinstance(refused, SessionGone):
            raise refused
        with contextlib.suppress(UpstreamError):
            said = answer.read(await reply.body())
            if said.id == number and said.error is not None:
                return said
        raise refused

    def _rejected(self, reply: Reply) -> UpstreamError:
        """What a status that is no success means for what was sent."""
        return rejected(reply.status, has_session=bool(self._session))

    async def _tell(self, method: str, message: bytes | None) -> None:
        """Send what wants no answer. Raises `UpstreamError` where it did not arrive."""
        reply = await self._wire.request(method, message, self._headers())
        reply.finish()
        if reply.status >= 400:
            raise self._rejected(reply)

    def _aside(self, method: str, message: bytes | None, seconds: float = FAREWELL_LIMIT) -> None:
        """`_tell` beside everything else, bounded; whether it arrives changes nothing."""
        task = asyncio.ensure_future(self._tell_in_time(method, message, seconds))
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    async def _tell_in_time(self, method: str, message: bytes | None, seconds: float) -> None:
        with contextlib.suppress(UpstreamError, TimeoutError):
            async with asyncio.timeout(seconds):
                await self._tell(method, message)

    def _cancel(self, number: int, reason: str) -> None:
        """Tell a legacy server; a modern one sees that its reply is closed."""
        if self.era is Era.LEGACY:
            params = {"requestId": number, "reason": reason}
            self._aside("POST", envelope.notification("notifications/cancelled", params))

    def _say(self, line: bytes) -> None:
        if len(self._asides) < MAX_ASIDES:
            self._aside("POST", line, ANSWER_WAIT)

    # what comes in beside answers

    def _asked(self, said: answer.Incoming, number: int | None) -> None:
        if self.era is Era.LEGACY:
            super()._asked(said, number)

    def _keep_session(self, reply: Reply) -> None:
        if reply.session is not None:
            if not _SESSION_ID.fullmatch(reply.session):
                raise UpstreamError("the server gave our session an id that no header can hold")
            self._session = reply.session
