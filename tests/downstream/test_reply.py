"""One answer to one request, whatever happens in the middle: begun once, ended once, nothing after a cut."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from latchward.downstream import limits
from latchward.downstream.reply import Reply

ANSWER = b'{"the":"answer"}'
NOTE = b'{"a":"note"}'


class Line:
    """The server's side of one exchange, strict about ASGI. `blocked` is a client that does not read."""

    def __init__(self) -> None:
        self.status = 0
        self.kind = ""
        self.body = b""
        self.begun = self.ended = self.hung_up = False
        self.blocked = False
        self._free = asyncio.Event()
        self._gone = asyncio.Event()

    async def send(self, event: dict[str, Any]) -> None:
        while self.blocked and not self._gone.is_set():
            await self._free.wait()
        if self._gone.is_set():
            return
        if event["type"] == "http.response.start":
            assert not self.begun
            self.begun, self.status = True, event["status"]
            self.kind = dict(event["headers"]).get(b"content-type", b"").decode()
            return
        assert self.begun
        assert not self.ended
        self.body += event["body"]
        self.ended = not event.get("more_body", False)

    async def receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    def leave(self) -> None:
        self._gone.set()
        self._free.set()

    def hang_up(self) -> None:
        self.hung_up = True
        self.leave()

    def reply(self, *, streams: bool = True, modern: bool = True) -> Reply:
        return Reply(self.send, self.receive, self.hang_up, streams=streams, ends_with_client=modern, head=[])

    @property
    def whole(self) -> bool:
        """Whether the exchange is over, one way or the other."""
        return self.ended or self._gone.is_set()


Work = Callable[[Line, Reply], Awaitable[None]]


async def exchange(work: Work, *, streams: bool = True, modern: bool = True) -> Line:
    """Run `work` as a request's; everything it started is over afterwards."""
    line = Line()
    reply = line.reply(streams=streams, modern=modern)

    async def answer() -> tuple[int, bytes]:
        await work(line, reply)
        return 200, ANSWER

    await asyncio.wait_for(reply.run(answer()), 5)
    await asyncio.sleep(0)
    assert line.whole
    assert asyncio.all_tasks() == {asyncio.current_task()}
    return line


def run(work: Work, **options: bool) -> Line:
    return asyncio.run(exchange(work, **options))


async def nothing(line: Line, reply: Reply) -> None:
    pass


async def open_stream(line: Line, reply: Reply) -> None:
    reply.notify(NOTE)
    while NOTE not in line.body:
        await asyncio.sleep(0)


async def forever(line: Line, reply: Reply) -> None:
    await asyncio.get_running_loop().create_future()


def test_a_quick_answer_is_plain() -> None:
    line = run(nothing)
    assert (line.status, line.kind, line.body) == (200, "application/json", ANSWER)


def test_an_event_makes_a_stream_of_it_that_ends_with_the_answer() -> None:
    line = run(open_stream)
    assert line.kind == "text/event-stream"
    assert line.body.index(NOTE) < line.body.index(ANSWER)


def test_a_client_that_reads_no_stream_gets_no_event() -> None:
    async def work(line: Line, reply: Reply) -> None:
        reply.notify(NOTE)
        reply.open()
        await asyncio.sleep(0)

    line = run(work, streams=False)
    assert (line.kind, line.body) == ("application/json", ANSWER)


def test_nothing_follows_the_answer() -> None:
    async def scene() -> Line:
        line = Line()
        reply = line.reply()

        async def answer() -> tuple[int, bytes]:
            await open_stream(line, reply)
            return 200, ANSWER

        running = asyncio.create_task(reply.run(answer()))
        while not line.ended:
            reply.notify(NOTE)
            await asyncio.sleep(0)
        await running
        reply.notify(NOTE)
        reply.open()
        await asyncio.sleep(0)
        return line

    line = asyncio.run(scene())
    assert line.body.rstrip().endswith(ANSWER)


async def end_at_once(line: Line, reply: Reply) -> None:
    reply.end()
    await forever(line, reply)


async def end_as_the_stream_opens(line: Line, reply: Reply) -> None:
    reply.notify(NOTE)
    reply.end()
    await forever(line, reply)


async def end_in_the_stream(line: Line, reply: Reply) -> None:
    await open_stream(line, reply)
    reply.end()
    await forever(line, reply)


async def end_twice(line: Line, reply: Reply) -> None:
    reply.end()
    reply.end()
    await forever(line, reply)


async def flood(line: Line, reply: Reply) -> None:
    for _ in range(limits.STREAM_BACKLOG + 2):
        reply.notify(NOTE)
    await forever(line, reply)


async def end_before_the_last_step(line: Line, reply: Reply) -> None:
    reply.end()  # and return, before the cancellation could strike


async def end_and_return_all_the_same(line: Line, reply: Reply) -> None:
    reply.end()
    try:
        await forever(line, reply)
    except asyncio.CancelledError:
        return


ENDS = [
    end_and_return_all_the_same,
    end_at_once, end_as_the_stream_opens, end_in_the_stream, end_twice, flood, end_before_the_last_step,
]  # fmt: skip


@pytest.mark.parametrize("work", ENDS)
@pytest.mark.parametrize("streams", [True, False])
def test_a_request_that_is_given_up_is_closed_without_an_answer(work: Work, streams: bool) -> None:
    if not streams and work in (end_in_the_stream, flood):
        return  # such a client never gets that far
    line = run(work, streams=streams)
    assert line.ended
    assert ANSWER not in line.body
    assert not line.hung_up


@pytest.mark.parametrize("work", [end_at_once, end_in_the_stream])
def test_a_request_that_is_given_up_is_no_server_error_to_a_client_that_reads_streams(work: Work) -> None:
    line = run(work)
    assert (line.status, line.kind) == (200, "text/event-stream")


@pytest.mark.parametrize("begun", [True, False])
def test_a_client_that_does_not_read_loses_the_connection_when_it_is_given_up(begun: bool) -> None:
    async def work(line: Line, reply: Reply) -> None:
        if begun:
            await open_stream(line, reply)
        line.blocked = True
        reply.notify(NOTE)
        await asyncio.sleep(0)
        reply.end()
        await forever(line, reply)

    assert run(work).hung_up


def test_an_answer_of_which_half_is_written_is_not_ended_as_if_it_were_whole() -> None:
    async def scene() -> Line:
        line = Line()
        reply = line.reply()

        async def send(event: dict[str, Any]) -> None:
            await line.send(event)
            line.blocked = event["type"] == "http.response.start"

        reply._send = send

        async def answer() -> tuple[int, bytes]:
            return 200, ANSWER

        running = asyncio.create_task(reply.run(answer()))
        while not line.blocked:
            await asyncio.sleep(0)
        reply.end()
        await running
        return line

    line = asyncio.run(scene())
    assert line.hung_up
    assert not line.ended


def test_a_modern_client_that_goes_ends_the_work() -> None:
    async def work(line: Line, reply: Reply) -> None:
        reply.open()
        await asyncio.sleep(0)
        line.leave()
        await forever(line, reply)

    run(work)


def test_a_legacy_client_that_goes_does_not_end_the_work() -> None:
    done = []

    async def work(line: Line, reply: Reply) -> None:
        reply.open()
        await asyncio.sleep(0)
        line.leave()
        for _ in range(10):
            await asyncio.sleep(0)
        done.append(True)

    run(work, modern=False)
    assert done == [True]


def test_what_stands_open_ends_well_when_the_gateway_closes_it() -> None:
    async def work(line: Line, reply: Reply) -> None:
        await open_stream(line, reply)
        asyncio.get_running_loop().call_soon(reply.close)
        await reply.closed()

    assert ANSWER in run(work).body


def test_anything_else_is_given_up_when_the_gateway_closes_it() -> None:
    async def work(line: Line, reply: Reply) -> None:
        await open_stream(line, reply)
        reply.close()
        await forever(line, reply)

    assert ANSWER not in run(work).body


def test_a_cancellation_from_outside_is_passed_on() -> None:
    async def scene() -> None:
        line = Line()
        reply = line.reply()

        async def answer() -> tuple[int, bytes]:
            await forever(line, reply)
            return 200, ANSWER

        running = asyncio.create_task(reply.run(answer()))
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(scene())
