"""A server whose era is remembered is greeted in it at once, and asked anew where that is no longer so."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from latchward.model.era import Era
from latchward.model.upstream import UpstreamSpec
from latchward.storage.greetings import Greeted, Greetings
from latchward.storage.paths import Profile
from latchward.upstream import session
from latchward.upstream.carrying import Ties
from latchward.upstream.http import HttpUpstream
from latchward.upstream.stdio import StdioUpstream
from tests.support import recorder
from tests.support.web import WebServer

from . import bad_server
from .scripted import bounded
from .support import call, text_of

ABLE = {"tools": {"listChanged": True}}


@pytest.fixture
def known(tmp_path: Path) -> Greetings:
    profile = Profile.below(tmp_path / "home")
    profile.prepare()
    return Greetings(profile)


def spec_of(entry: dict[str, Any]) -> UpstreamSpec:
    return UpstreamSpec("fixture", entry["command"], tuple(entry["args"]), entry["env"])


@asynccontextmanager
async def started(spec: UpstreamSpec, known: Greetings) -> AsyncIterator[StdioUpstream | HttpUpstream]:
    ties = Ties(known=known)
    kind = HttpUpstream if spec.url else StdioUpstream
    made = kind(spec, lambda: None, ties=ties)
    try:
        yield made
    finally:
        await made.stop()


def asked(record: Path) -> list[str]:
    return [json.loads(line)["method"] for line in recorder.received(record)]


def test_a_legacy_server_is_not_asked_for_the_newer_era_again(tmp_path: Path, known: Greetings) -> None:
    spec = spec_of(recorder.spec("--era", "legacy", record=tmp_path / "r"))

    async def main() -> None:
        for _ in range(2):
            async with started(spec, known) as server:
                await server.tools()

    bounded(main())
    assert known.get(spec) == Greeted(Era.LEGACY, ABLE)
    assert [it for it in asked(tmp_path / "r") if it != "notifications/initialized"] == [
        "server/discover",
        "initialize",
        "tools/list",
        "initialize",
        "tools/list",
    ]


def test_a_server_that_answers_no_unknown_method_starts_fast_the_second_time(
    tmp_path: Path, known: Greetings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "PROBE_WAIT", 30.0)
    spec = spec_of(bad_server.spec("dies-at-unknown", record=tmp_path / "r"))

    async def main() -> None:
        for _ in range(2):
            async with started(spec, known) as server:
                await server.tools()

    bounded(main())
    assert asked(tmp_path / "r").count("server/discover") == 1


def test_what_a_server_can_do_is_known_before_it_is_started(tmp_path: Path, known: Greetings) -> None:
    spec = spec_of(recorder.spec(record=tmp_path / "r"))
    known.note(spec, Era.MODERN, ABLE)

    async def main() -> None:
        async with started(spec, known) as server:
            assert server.capabilities() == ABLE
            assert asked(tmp_path / "r") == []

    bounded(main())


def test_a_server_that_has_become_a_modern_one_is_found_out(tmp_path: Path, known: Greetings) -> None:
    spec = spec_of(recorder.spec("--era", "modern", record=tmp_path / "r"))
    known.note(spec, Era.LEGACY, {})

    async def main() -> None:
        started_at = time.monotonic()
        async with started(spec, known) as server:
            assert text_of(await call(server, "echo", text="hi")) == "hi"
        assert time.monotonic() - started_at < 5

    bounded(main())
    assert asked(tmp_path / "r")[:2] == ["initialize", "server/discover"]
    assert known.get(spec) == Greeted(Era.MODERN, ABLE)


def test_a_server_that_has_become_a_legacy_one_is_found_out(tmp_path: Path, known: Greetings) -> None:
    spec = spec_of(recorder.spec("--era", "legacy", record=tmp_path / "r"))
    known.note(spec, Era.MODERN, {})

    async def main() -> None:
        async with started(spec, known) as server:
            assert text_of(await call(server, "echo", text="hi")) == "hi"

    bounded(main())
    assert known.get(spec) == Greeted(Era.LEGACY, ABLE)


@pytest.mark.parametrize(("era", "first"), [("legacy", "initialize"), ("modern", "initialize")])
def test_a_server_at_a_url_is_greeted_in_the_era_that_it_had(era: Any, first: str, known: Greetings) -> None:
    async def main() -> None:
        async with started(spec, known) as server:
            assert text_of(await call(server, "echo", text="hi")) == "hi"

    with WebServer(era) as server:
        spec = UpstreamSpec("far", url=server.url)
        known.note(spec, Era.LEGACY, {})
        bounded(main())
        assert server.requests[0].method == first
        assert len(server.sent("server/discover")) == (1 if era == "modern" else 0)
        assert known.get(spec) == Greeted(Era(era), ABLE)
