"""The gate: while it is closed nothing reaches a server, whatever the rules say."""

from collections.abc import Callable


class Gate:
    """Open, or closed for a reason that is a sentence. `changed` is called when it becomes the other."""

    def __init__(self, reason: str = "", changed: Callable[[], None] = lambda: None) -> None:
        self._reason = reason
        self._changed = changed

    @property
    def reason(self) -> str:
        """Why it is closed; "" while it is open."""
        return self._reason

    def close(self, reason: str) -> None:
        if reason != self._reason:
            self._reason = reason
            self._changed()

    def open(self) -> None:
        self.close("")
