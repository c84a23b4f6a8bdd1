"""The fixture `asked`: Latchward on a desktop before a recording server, whose every call is asked about."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from . import recorder
from .desktop import Desktop
from .jr import Message
from .whole import ASKS, Whole

CLIENTS = ("agent", "other")


@dataclass(frozen=True)
class Asked:
    """Latchward, and what its server was asked to do."""

    whole: Whole
    record: Path

    @property
    def calls(self) -> list[Message]:
        """The arguments of each call that arrived at the server."""
        return [call.get("arguments", {}) for call in recorder.calls(self.record)]

    @property
    def verdicts(self) -> list[str]:
        """The verdict of each row, oldest first."""
        return [str(row["verdict"]) for row in self.whole.rows()]


@pytest.fixture
def asked(request: pytest.FixtureRequest, desktop: Desktop, tmp_path: Path) -> Iterator[Asked]:
    """Runs for the test; `@pytest.mark.parametrize("asked", [{...}], indirect=True)` gives `Whole` options.

    `tools` among them are the definitions that the server lists.
    """
    options: dict[str, Any] = dict(getattr(request, "param", {}))
    record = tmp_path / "record"
    flags: list[str] = []
    if tools := options.pop("tools", None):
        (tmp_path / "tools.json").write_text(json.dumps(tools), encoding="utf-8")
        flags = ["--tools", str(tmp_path / "tools.json")]
    clients = options.pop("clients", CLIENTS)
    servers = {"fixture": recorder.spec(*flags, record=record)}
    grants = {client: {"fixture": "ask"} for client in clients}
    with Whole(desktop, servers, {"ask": ASKS}, grants, **options) as whole:
        yield Asked(whole, record)
