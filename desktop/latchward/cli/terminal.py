"""The approval question on a terminal: the same facts as anywhere, in plain text, no default.

The terminal's own escape codes are never passed through. What was typed
before the question stood there is thrown away, and only the whole word
`allow` is a yes.
"""

import asyncio
import contextlib
import os
import sys
from typing import Final

import msgspec

from latchward.model.approval import Answer, ApprovalRequest
from latchward.model.call import Aspect, ToolCall
from latchward.model.deeds import deed
from latchward.model.plain import one_line, visible

MAX_SHOWN: Final = 64 * 1024
"""Bytes of arguments that a terminal can show in full; what cannot be shown cannot be allowed here."""


class TerminalApprover:
    """Implements `model.ports.Approver` on the process's controlling terminal. One question at a time."""

    def __init__(self, by: str = "terminal") -> None:
        self._by = by
        self._one = asyncio.Lock()

    async def ask(self, request: ApprovalRequest) -> Answer | None:
        async with self._one:
            try:
                terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
            except OSError:
                return None
            try:
                return await self._ask(request, terminal)
            finally:
                os.close(terminal)

    async def _ask(self, request: ApprovalRequest, terminal: int) -> Answer | None:
        can_allow = len(request.call.payload) <= MAX_SHOWN
        _say(terminal, question(request, can_allow=can_allow))
        forget_typed(terminal)
        closed = True
        try:
            while True:
                typed = await _line(terminal)
                if typed is None:
                    return None
                word = typed.strip().lower()
                if word in ("deny", "allow") and (can_allow or word == "deny"):
                    closed = False
                    return Answer(request.nonce, request.binding, word == "allow", self._by)
                _say(terminal, "Type the whole word: " + ("allow or deny: " if can_allow else "deny: "))
        finally:
            if closed:
                _say(terminal, "\nThe question is closed; the call was refused.\n")


def question(request: ApprovalRequest, *, can_allow: bool = True) -> str:
    """The whole question as text: who, what, why, the exact arguments, how long."""
    call = request.call
    asked = call.aspect is Aspect.QUESTION
    one, what = ("question", "It says") if asked else ("call", "Arguments")
    size = len(call.payload)
    if can_allow:
        arguments = visible(msgspec.json.format(call.payload, indent=2).decode())
        choice = "allow or deny: "
    else:
        arguments = f"({size} bytes: too long to be shown here, so it can only be denied)"
        choice = "deny: "
    return (
        "\n--- Latchward asks ------------------------------------------\n"
        f"Client:    {one_line(call.grant)}\n"
        f"{_wanted(call)}\n"
        f"Asked by:  rule {one_line(request.rule)}: {one_line(request.reason, 500)}\n"
        f"Holds for: this {one} alone; no answer within {request.deadline:.0f} s is a no\n"
        f"{what}:\n{arguments}\n"
        f"{choice}"
    )


def _wanted(call: ToolCall) -> str:
    """What the client wants, or what the server asks of it."""
    server, words = one_line(call.tool.upstream), deed(call.method)
    if words.by_server:
        before, after = words.did
        return f"Asks:      the server {server} {before} {one_line(call.grant)} {after}".rstrip()
    if call.aspect is Aspect.TOOL:
        return f"Wants:     {one_line(call.tool.name)} on the server {server}"
    return f"Wants:     to {words.do[0]} {one_line(call.tool.name)} of the server {server}"


async def _line(terminal: int) -> str | None:
    """The next line typed, or None at the end of input."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def readable() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(terminal, readable)
    try:
        await ready
    finally:
        loop.remove_reader(terminal)
    typed = os.read(terminal, 4096)
    return typed.decode("utf-8", "replace") if typed else None


def _say(terminal: int, text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(terminal, text.encode())


def forget_typed(terminal: int) -> None:
    """Throw away what was typed and not read yet: it answers no question that was not there."""
    if sys.platform != "win32":
        import termios

        with contextlib.suppress(termios.error):
            termios.tcflush(terminal, termios.TCIFLUSH)
