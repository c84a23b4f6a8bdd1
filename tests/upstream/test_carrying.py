"""Lists, subscriptions, logs and own connections of a real server over stdio, in both eras."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from latchward.model.caller import NOBODY
from latchward.model.era import Era
from latchward.model.errors import NotSent, OutcomeUnknown
from latchward.model.listed import Listed
from latchward.model.outcome import Fault, ToolResult
from latchward.model.upstream import UpstreamSpec
from latchward.protocol.answer import Incoming
from latchward.upstream import kept, lists, own, pages, subscriptions
from latchward.upstream.carrying import Ties
from latchward.upstream.stdio import StdioUpstream
from tests.support import recorder

from . import resourceful
from .far import request
from .scripted import Client, Message, allowed, bounded, made_call, until
from .support import call, marked, text_of

ERAS = pytest.mark.parametrize("era", ["legacy", "modern"])


class Server:
    """One upstream, what it heard outside calls, and how often its lists were others."""

    def __init__(self, entry: Message, *, shared: bool = False) -> None:
        self.told: list[tuple[str, Mapping[str, Any], str]] = []
        self.changes = 0
        spec = UpstreamSpec("fixture", entry["command"], tuple(entry["args"]), entry["env"], shared=shared)
        self.upstream = StdioUpstream(spec, self._changed, ties=Ties(self._heard))

    def _heard(self, server: str, method: str, params: Mapping[str, Any], grant: str) -> None:
        self.told.append((method, {key: value for key, value in params.items() if key != "_meta"}, grant))

    def _changed(self) -> None:
        self.changes += 1


@asynccontextmanager
async def serving(*flags: str, shared: bool = False, **options: Any) -> AsyncIterator[Server]:
    server = Server(resourceful.spec(*flags, **options), shared=shared)
    try:
        yield server
    finally:
        await server.upstream.stop()


def rooted(name: str = "agent") -> Client:
    return Client({"roots/list": {"roots": [{"uri": f"file:///{name}"}]}}, roots={})


def messages(record: Path, method: str) -> list[Message]:
    """The params of what a recorder got under this method, without their `_meta`."""
    found = [json.loads(line) for line in recorder.received(record) if line.endswith(b"\n")]
    params = [message.get("params", {}) for message in found if message.get("method") == method]
    return [{key: value for key, value in one.items() if key != "_meta"} for one in params]


# lists


@ERAS
@pytest.mark.parametrize("kind", list(Listed))
def test_all_pages_of_a_list_come_once_and_are_kept(kind: Listed, era: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with serving("--era", era, "--ttl", "60000", record=tmp_path / "r") as server:
            assert server.upstream.entries_now(kind) is None
            found = await server.upstream.entries(kind)
            assert [entry[kind.key] for entry in found] == [
                f"x:{kind.value}-1-{number}" for number in range(4)
            ]
            assert await server.upstream.entries(kind) is found
            assert server.upstream.entries_now(kind) is found
            assert len(messages(tmp_path / "r", kind.method)) == 2

    bounded(main())


def test_everyone_who_waits_for_a_list_shares_one_fetch(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(record=tmp_path / "r") as server:
            hasty = asyncio.ensure_future(server.upstream.entries(Listed.PROMPTS))
            waiting = [asyncio.ensure_future(server.upstream.entries(Listed.PROMPTS)) for _ in range(20)]
            await asyncio.sleep(0)
            hasty.cancel()
            assert len({id(found) for found in await asyncio.gather(*waiting)}) == 1
            assert len(messages(tmp_path / "r", "prompts/list")) == 2

    bounded(main())


@ERAS
def test_a_list_that_changed_is_fetched_again_and_told_of(era: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "REFRESH_EVERY", 0.05)

    async def main() -> None:
        async with serving("--era", era, "--ttl", "60000") as server:
            await server.upstream.entries(Listed.PROMPTS)
            before = server.changes
            await call(server.upstream, "change")
            await until(lambda: server.changes > before)
            found = server.upstream.entries_now(Listed.PROMPTS)
            assert found is not None
            assert found[0]["name"] == "x:prompts-2-0"
            assert server.upstream.entries_now(Listed.RESOURCES) is None

    bounded(main())


def test_a_list_is_fetched_again_when_its_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MIN_TTL", 0.05)

    async def main() -> None:
        async with serving("--era", "modern", "--ttl", "0", record=tmp_path / "r") as server:
            await server.upstream.entries(Listed.PROMPTS)
            await asyncio.sleep(0.06)
            await server.upstream.entries(Listed.PROMPTS)
            assert len(messages(tmp_path / "r", "prompts/list")) == 4
            assert server.changes == 2  # the tools and the first prompts

    bounded(main())


@pytest.mark.parametrize(
    ("said", "seconds"),
    [(0, 1.0), (5000, 5.0), (10**400, 3600.0), (-1, None), ("5000", None), (True, None), (None, None)],
)
def test_nonsense_is_no_time_and_any_time_is_within_limits(said: Any, seconds: float | None) -> None:
    async def page(params: Message) -> Incoming:
        return Incoming(1, None, {}, json.dumps({"prompts": [], "ttlMs": said}).encode(), None)

    async def main() -> None:
        assert await pages.entries(page, Era.MODERN, Listed.PROMPTS) == ((), seconds)

    bounded(main())


def test_a_list_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_ENTRIES", 10)

    async def main() -> None:
        async with serving("--lists", "11") as server:
            with pytest.raises(Exception, match="more than 10 prompts"):
                await server.upstream.entries(Listed.PROMPTS)
            assert server.upstream.entries_now(Listed.PROMPTS) is None

    bounded(main())


def test_a_server_without_a_kind_of_list_has_an_empty_one(tmp_path: Path) -> None:
    async def main() -> None:
        server = Server(recorder.spec(record=tmp_path / "r"))
        assert await server.upstream.entries(Listed.PROMPTS) == ()
        assert server.upstream.capabilities() == {"tools": {"listChanged": True}}
        assert messages(tmp_path / "r", "prompts/list") == []
        await server.upstream.stop()

    bounded(main())


def test_lists_stay_as_they_were_while_the_server_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "BACKOFF", (60.0,))

    async def main() -> None:
        async with serving() as server:
            found = await server.upstream.entries(Listed.PROMPTS)
            with pytest.raises(OutcomeUnknown):
                await call(server.upstream, "end")
            assert await server.upstream.entries(Listed.PROMPTS) is found
            with pytest.raises(NotSent):
                await server.upstream.entries(Listed.RESOURCES)

    bounded(main())


# subscriptions


async def subscribe(server: Server, uri: str, grant: str = "agent") -> Any:
    return await request(server.upstream, "resources/subscribe", Client().caller(grant), uri=uri)


@ERAS
def test_a_change_of_a_resource_is_heard_once_it_is_subscribed_to(era: str) -> None:
    async def main() -> None:
        async with serving("--era", era) as server:
            outcome = await subscribe(server, "x:1")
            assert isinstance(outcome, ToolResult)
            assert json.loads(outcome.result).keys() <= {"resultType", "_meta"}
            await call(server.upstream, "touch", uri="x:1")
            await until(lambda: server.told == [("notifications/resources/updated", {"uri": "x:1"}, "")])

    bounded(main())


def test_a_legacy_server_hears_of_the_first_and_the_last_subscription_alone(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving("--era", "legacy", record=tmp_path / "r") as server:
            for grant in ("a", "b", "b"):
                assert isinstance(await subscribe(server, "x:1", grant), ToolResult)
            for grant in ("a", "b", "nobody"):
                server.upstream.unsubscribe(grant, "x:1")
            await subscribe(server, "x:2")
            assert messages(tmp_path / "r", "resources/subscribe") == [{"uri": "x:1"}, {"uri": "x:2"}]
            assert messages(tmp_path / "r", "resources/unsubscribe") == []
            server.upstream.unsubscribe("b", "x:1")
            await until(lambda: messages(tmp_path / "r", "resources/unsubscribe") == [{"uri": "x:1"}])

    bounded(main())


def test_a_modern_server_is_asked_for_just_what_is_subscribed_to(tmp_path: Path) -> None:
    def asked() -> list[list[str]]:
        wanted = [it["notifications"] for it in messages(tmp_path / "r", "subscriptions/listen")]
        return [it.get("resourceSubscriptions", []) for it in wanted]

    async def main() -> None:
        async with serving("--era", "modern", record=tmp_path / "r") as server:
            await subscribe(server, "x:1", "a")
            await subscribe(server, "x:2", "b")
            await subscribe(server, "x:2", "a")
            server.upstream.unsubscribe("b", "x:2")
            server.upstream.unsubscribe("a", "x:1")
            await until(lambda: asked() == [[], ["x:1"], ["x:1", "x:2"], ["x:2"]])
            await until(lambda: len(messages(tmp_path / "r", "notifications/cancelled")) == 3)
            assert messages(tmp_path / "r", "resources/subscribe") == []

    bounded(main())


@ERAS
def test_a_subscription_that_the_server_refuses_is_none(era: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with serving("--era", era, record=tmp_path / "r") as server:
            assert isinstance(await subscribe(server, "x:refused"), Fault)
            assert server.upstream.subscribed() == frozenset()
            assert isinstance(await subscribe(server, "x:refused"), Fault)

    bounded(main())


@ERAS
def test_every_subscription_spends_its_proof(era: str) -> None:
    async def main() -> None:
        async with serving("--era", era) as server:
            await subscribe(server, "x:1")
            made = made_call("resources/subscribe", {"uri": "x:1"})
            with pytest.raises(NotSent):
                await server.upstream.send(allowed(made, holds=lambda: False), made, NOBODY)
            server.upstream.unsubscribe("agent", "x:1")
            assert server.upstream.subscribed() == frozenset()

    bounded(main())


@ERAS
def test_subscriptions_are_made_anew_after_a_restart(era: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with serving("--era", era, record=tmp_path / "r") as server:
            await subscribe(server, "x:1")
            with pytest.raises(OutcomeUnknown):
                await call(server.upstream, "end")
            # It comes back although nobody calls, and what was missed may have been a change.
            await until(lambda: server.told == [("notifications/resources/updated", {"uri": "x:1"}, "")])
            if era == "legacy":
                assert messages(tmp_path / "r", "resources/subscribe") == [{"uri": "x:1"}] * 2
            await call(server.upstream, "touch", uri="x:1")
            await until(lambda: len(server.told) == 2)

    bounded(main())


def test_subscriptions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MAX_SUBSCRIPTIONS", 2)

    async def main() -> None:
        async with serving() as server:
            await subscribe(server, "x:1")
            await subscribe(server, "x:1")
            with pytest.raises(NotSent, match="more than 2 subscriptions"):
                await subscribe(server, "x:2")

    bounded(main())


# the log


def test_a_legacy_server_is_told_the_most_verbose_level_that_anyone_wants(tmp_path: Path) -> None:
    def levels() -> list[str]:
        return [it["level"] for it in messages(tmp_path / "r", "logging/setLevel")]

    async def main() -> None:
        async with serving("--era", "legacy", record=tmp_path / "r") as server:
            server.upstream.want_log("a", "warning")
            await server.upstream.tools()
            await until(lambda: levels() == ["warning"])
            server.upstream.want_log("b", "debug")
            server.upstream.want_log("a", "error")
            await until(lambda: levels() == ["warning", "debug"])
            server.upstream.want_log("b", "")
            await until(lambda: levels() == ["warning", "debug", "error"])
            server.upstream.want_log("a", "")
            await until(lambda: levels() == ["warning", "debug", "error", "emergency"])
            with pytest.raises(OutcomeUnknown):
                await call(server.upstream, "end")

    bounded(main())


def test_a_modern_server_is_told_no_level(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving("--era", "modern", record=tmp_path / "r") as server:
            server.upstream.want_log("a", "debug")
            await call(server.upstream, "echo")
            assert messages(tmp_path / "r", "logging/setLevel") == []

    bounded(main())


# own connections


def test_a_client_that_can_be_asked_has_a_connection_of_its_own(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving("--era", "legacy", record=tmp_path / "r", MARK=str(tmp_path)) as server:
            ada, bob = rooted("ada"), rooted("bob")
            for _ in range(2):
                both = await asyncio.gather(
                    request(server.upstream, "tools/call", ada.caller("ada")),
                    request(server.upstream, "tools/call", bob.caller("bob")),
                )
                assert [json.loads(text_of(one))["roots"][0]["uri"] for one in both] == [
                    "file:///ada",
                    "file:///bob",
                ]
            assert len(marked(str(tmp_path))) == 3
            told = [it["capabilities"] for it in messages(tmp_path / "r", "initialize")]
            assert told == [{}, {"roots": {}}, {"roots": {}}]
            assert len(messages(tmp_path / "r", "tools/list")) == 1
        assert marked(str(tmp_path)) == set()

    bounded(main())


def test_clients_that_cannot_be_asked_share_one_connection(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving("--era", "legacy", MARK=str(tmp_path)) as server:
            for grant in ("ada", "bob"):
                await request(server.upstream, "tools/call", Client().caller(grant))
            assert len(marked(str(tmp_path))) == 1

    bounded(main())


@pytest.mark.parametrize(("era", "shared"), [("modern", False), ("legacy", True)])
def test_a_modern_server_and_a_shared_one_have_one_connection_for_all(
    era: str, shared: bool, tmp_path: Path
) -> None:
    async def main() -> None:
        async with serving("--era", era, shared=shared, MARK=str(tmp_path)) as server:
            for grant in ("ada", "bob"):
                await request(server.upstream, "tools/call", rooted().caller(grant))
            assert text_of(await call(server.upstream, "echo")) == "echo"
            assert len(marked(str(tmp_path))) == 1

    bounded(main())


def test_what_an_own_connection_says_is_for_its_client_alone(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving("--era", "legacy", record=tmp_path / "r") as server:
            server.upstream.want_log("ada", "debug")
            ada = rooted().caller("ada")
            await request(server.upstream, "resources/subscribe", ada, uri="x:1")
            await until(lambda: messages(tmp_path / "r", "logging/setLevel") == [{"level": "debug"}] * 2)
            touch = made_call("tools/call", {"uri": "x:1"}, tool="touch")
            await server.upstream.send(allowed(touch), touch, ada)
            await until(lambda: server.told == [("notifications/resources/updated", {"uri": "x:1"}, "ada")])
            server.upstream.unsubscribe("ada", "x:1")
            await until(lambda: messages(tmp_path / "r", "resources/unsubscribe") == [{"uri": "x:1"}])

    bounded(main())


def test_a_server_may_ask_as_soon_as_its_connection_is_open() -> None:
    async def main() -> None:
        async with serving("--era", "legacy", "--asks-at-start") as server:
            ada = rooted("ada")
            outcome = await request(server.upstream, "tools/call", ada.caller("ada"))
            assert json.loads(text_of(outcome))["roots"] == [{"uri": "file:///ada"}]
            await until(lambda: len(ada.asked) == 2)

    bounded(main())


def test_an_own_connection_that_is_idle_is_closed_and_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own, "OWN_IDLE", 0.05)

    async def main() -> None:
        async with serving("--era", "legacy", MARK=str(tmp_path)) as server:
            for _ in range(2):
                await request(server.upstream, "tools/call", rooted().caller("ada"))
                await until(lambda: len(marked(str(tmp_path))) == 1)
            await request(server.upstream, "resources/subscribe", rooted().caller("ada"), uri="x:1")
            await asyncio.sleep(0.2)
            assert len(marked(str(tmp_path))) == 2
            server.upstream.unsubscribe("ada", "x:1")
            await until(lambda: len(marked(str(tmp_path))) == 1)

    bounded(main())


def test_one_more_own_connection_than_there_may_be_closes_an_idle_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own, "MAX_OWN", 1)

    async def main() -> None:
        async with serving("--era", "legacy", MARK=str(tmp_path)) as server:
            for grant in ("ada", "bob"):
                await request(server.upstream, "tools/call", rooted().caller(grant))
            await until(lambda: len(marked(str(tmp_path))) == 2)
            await request(server.upstream, "resources/subscribe", rooted().caller("bob"), uri="x:1")
            with pytest.raises(NotSent, match="set `shared`"):
                await request(server.upstream, "tools/call", rooted().caller("ada"))

    bounded(main())


def test_an_own_connection_that_ends_in_a_call_is_begun_anew_and_no_other_is_touched(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving("--era", "legacy", MARK=str(tmp_path)) as server:
            await call(server.upstream, "echo")
            base = marked(str(tmp_path))
            end = made_call("tools/call", tool="end")
            ada = rooted().caller("ada")
            with pytest.raises(OutcomeUnknown):
                await server.upstream.send(allowed(end), end, ada)
            assert server.upstream.last_error == ""
            assert base <= marked(str(tmp_path))
            started = time.monotonic()
            assert isinstance(await request(server.upstream, "tools/call", ada), ToolResult)
            assert time.monotonic() - started < 5

    bounded(main())
