"""Real clients, the real gateway, real servers: what the agent saw, and what reached the server."""

import asyncio
import json
from collections.abc import Iterator

import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from .journey import ERAS, PATHS, PEERS, ClientEra, Journeys, Peer
from .pages import WORDS

PEER = pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
WAY = pytest.mark.parametrize(
    ("era", "path"),
    [(era, path) for era in ERAS for path in PATHS],
    ids=[f"{era}-{'all' if path == '/mcp' else 'one'}" for era in ERAS for path in PATHS],
)

BY_NAME = {peer.name: peer for peer in PEERS}
EXPECTED_ERAS = {
    "filesystem": "legacy",
    "everything": "legacy",
    "memory": "legacy",
    "thinking": "legacy",
    "fetch": "modern",
    "time": "modern",
    "git": "modern",
}


@pytest.fixture(scope="module")
def journeys() -> Iterator[Journeys]:
    with Journeys() as running:
        yield running
        assert "Traceback" not in running.gateway.stderr


@PEER
@WAY
def test_tools_are_listed_and_a_reading_call_is_answered(
    journeys: Journeys, peer: Peer, era: ClientEra, path: str
) -> None:
    seen = journeys.read(peer, era, path)
    assert seen.listed
    assert seen.outcome == "result"
    [call] = seen.calls
    assert call["name"] == peer.read
    assert call.get("arguments", {}) == peer.read_arguments(journeys.folder(peer))


@PEER
def test_each_server_is_spoken_to_in_the_newest_era_it_knows(journeys: Journeys, peer: Peer) -> None:
    journeys.read(peer, "legacy", "/mcp")
    assert journeys.era(peer) == EXPECTED_ERAS[peer.name]


@WAY
def test_what_a_server_fetched_reaches_the_agent(journeys: Journeys, era: ClientEra, path: str) -> None:
    assert f"{WORDS}, front" in journeys.read(BY_NAME["fetch"], era, path).text


@WAY
def test_what_a_server_remembers_is_there_at_the_next_call(
    journeys: Journeys, era: ClientEra, path: str
) -> None:
    said = [json.loads(journeys.read(BY_NAME["thinking"], era, path).text) for _ in range(2)]
    assert said[1]["thoughtHistoryLength"] == said[0]["thoughtHistoryLength"] + 1


@PEER
@WAY
@pytest.mark.parametrize("effect", ["allow", "approve, allowed"])
def test_an_allowed_call_is_done_once(
    journeys: Journeys, peer: Peer, era: ClientEra, path: str, effect: str
) -> None:
    seen = journeys.write(peer, effect, era, path)
    assert seen.listed
    assert seen.outcome == "result"
    assert [call["name"] for call in seen.calls] == [peer.write]
    assert seen.done is not False


@PEER
@WAY
@pytest.mark.parametrize(
    ("effect", "words"), [("deny", "nothing is changed here"), ("approve, denied", "The user said no")]
)
def test_a_refused_call_tells_the_agent_why_and_never_reaches_the_server(
    journeys: Journeys, peer: Peer, era: ClientEra, path: str, effect: str, words: str
) -> None:
    seen = journeys.write(peer, effect, era, path)
    assert seen.listed
    assert seen.outcome == "error result"
    assert words in seen.text
    assert f"/tools/{peer.write}/action" in seen.text
    assert seen.calls == ()
    assert not seen.done


@PEER
@WAY
def test_a_hidden_tool_is_not_there(journeys: Journeys, peer: Peer, era: ClientEra, path: str) -> None:
    seen = journeys.write(peer, "hide", era, path)
    assert not seen.listed
    assert seen.outcome == "protocol error"
    assert "Unknown tool" in seen.text
    assert seen.calls == ()
    assert not seen.done


@PEER
@WAY
def test_a_call_past_the_limit_never_reaches_the_server(
    journeys: Journeys, peer: Peer, era: ClientEra, path: str
) -> None:
    first = journeys.write(peer, "limit", era, path)
    assert first.outcome == "result"
    assert len(first.calls) == 1
    second = journeys.write(peer, "limit", era, path)
    assert second.listed
    assert second.outcome == "error result"
    assert "limit" in second.text
    assert second.calls == ()
    assert not second.done


def test_the_person_was_shown_who_asks_for_what(journeys: Journeys) -> None:
    filesystem = BY_NAME["filesystem"]
    before = len(journeys.gateway.shown)
    journeys.write(filesystem, "approve, denied", "2026-07-28", "/mcp")
    shown = journeys.gateway.shown[before:]
    assert "approve-denied-modern-all" in shown
    assert "write_file on the server filesystem" in shown
    assert "it changes something" in shown
    assert '"content": "written"' in shown
    assert str(journeys.folder(filesystem)) in shown


@pytest.mark.parametrize("era", ERAS)
def test_two_servers_are_called_at_once_on_one_endpoint(journeys: Journeys, era: ClientEra) -> None:
    async def main() -> list[str]:
        headers = {"Authorization": f"Bearer {journeys.gateway.tokens['reader']}"}
        async with (
            httpx2.AsyncClient(headers=headers, trust_env=False, timeout=20) as http,
            Client(streamable_http_client(journeys.gateway.url, http_client=http), mode=era) as client,
        ):
            listed = {tool.name.partition("__")[0] for tool in (await client.list_tools()).tools}
            assert listed == {peer.name for peer in PEERS}
            calls = [
                call
                for number in range(10)
                for call in (
                    client.call_tool("everything__get-sum", {"a": number, "b": 1000}),
                    client.call_tool("git__git_status", {"repo_path": str(journeys.root / "git")}),
                )
            ]
            return [str(result.content[0]) for result in await asyncio.gather(*calls)]

    answers = asyncio.run(main())
    assert all(f"is {1000 + number}." in answers[2 * number] for number in range(10))
    assert all("Repository status" in answer for answer in answers[1::2])


def test_no_message_of_a_client_reaches_a_server_as_it_was(journeys: Journeys) -> None:
    for peer in PEERS:
        sent = journeys.sent(peer)
        ids = [message["id"] for message in sent if "id" in message]
        assert ids == list(range(1, len(ids) + 1))
        assert not [
            message for message in sent if "mcp" in str(message.get("params", {}).get("clientInfo", ""))
        ]
