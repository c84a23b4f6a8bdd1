"""One run of a server: its process, and what is said to it from its start to its end."""

from collections.abc import Callable, Mapping
from typing import Final

from latchward.model.errors import UpstreamError
from latchward.model.plain import one_line
from latchward.model.tool import ToolDefinition
from latchward.model.upstream import UpstreamSpec

from .conversation import Behind
from .environment import PLAIN, Birth
from .process import Process
from .session import Session

_LOOK: Final = "see in a terminal what its command does"

MAX_WORDS: Final = 300
"""Characters of a server's last line on standard error that are shown."""


class Run:
    """Made, opened once, stopped once. `on_end` hears that it is over, and why, once.

    `words` takes the server's own values out of what it said.
    """

    def __init__(
        self,
        spec: UpstreamSpec,
        words: Callable[[str], str],
        behind: Behind,
        on_end: Callable[["Run", str], None],
        birth: Birth = PLAIN,
    ) -> None:
        self._spec = spec
        self._words = words
        self._birth = birth
        self._on_end = on_end
        self._over = ""
        self.session = Session(self._write, behind)
        self._process = Process(self.session.receive, self._ended)

    async def open(
        self, env: Mapping[str, str], *, probe: bool, lists: bool
    ) -> dict[str, ToolDefinition] | None:
        """Start the process with these variables of its own, greet it, and list its tools where `lists`.

        Raises `UpstreamError`; `stop` it then.
        """
        await self._process.start(self._spec, env, self._birth)
        await self.session.open(probe=probe)
        tools = await self.session.list_tools() if lists else None
        if self._over:  # the last answer may come with the end
            raise UpstreamError(self._over)
        return tools

    async def stop(self) -> None:
        """End the process and all it started; returns when it is gone."""
        await self._process.stop()

    def explain(self, reason: str) -> str:
        """`reason`, or why the process ended, with what it said last and what to do."""
        words = self._last_words()
        said = f" (it said: {words})" if words else ""
        why = self._over or reason
        if ";" in why:  # it says what to do
            return why + said
        ended = why.startswith("it")
        return f"{why}{said}; {_LOOK if ended else 'look for a newer version of it, or disable it'}"

    def _last_words(self) -> str:
        """The last line on standard error, safe to show."""
        lines = self._process.stderr.strip().splitlines()
        # Masked before it is cut: half of a value would not be known again.
        return one_line(self._words(lines[-1])[-MAX_WORDS:], MAX_WORDS) if lines else ""

    def _write(self, line: bytes) -> None:
        self._process.write(line)

    def _ended(self, reason: str) -> None:
        self._over = reason
        self.session.close(reason)
        self._on_end(self, reason)
