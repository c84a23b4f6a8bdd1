"""Servers that need secrets: each gets its own, at its start, and nothing says what they are."""

import asyncio
import base64
import contextlib
import logging
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from latchward.daemon.upstreams import UpstreamSet
from latchward.model.errors import NotSent, OutcomeUnknown, UpstreamError
from latchward.model.upstream import UpstreamSpec
from latchward.storage import secrets
from latchward.storage.secrets import KeyringSecrets
from latchward.upstream.stdio import StdioUpstream
from tests.support import recorder
from tests.support.keyring_session import KeyringSession
from tests.support.web import Exchange, WebServer

from . import far
from .support import call, on_loop, text_of, upstream

pytestmark = pytest.mark.desktop
CANARY = "c4nary/of the+person"
OTHER = "0ther-canary-2718281828"


def ours() -> KeyringSecrets:
    return KeyringSecrets("latchward:test")


async def stored(**values: str) -> KeyringSecrets:
    """The secrets of a profile, with these in the keyring."""
    made = ours()
    for name, value in values.items():
        await made.put(name, value)
    return made


def dumping(place: Path, **env: str) -> dict[str, Any]:
    """A recorder whose process writes its own environment and command line first."""
    entry = recorder.spec()
    script = 'cat /proc/$$/environ >"$0.env" && cat /proc/$$/cmdline >"$0.args" && exec "$@"'
    return {
        "command": "/bin/sh",
        "args": ["-c", script, str(place), entry["command"], *entry["args"]],
        "env": env,
    }


def saying(what: str, **env: str) -> dict[str, Any]:
    """A program that says something on standard error and ends."""
    return {"command": "/bin/sh", "args": ["-c", f"{what} >&2; exit 3"], "env": env}


def environment_of(place: Path) -> dict[str, str]:
    pairs = Path(f"{place}.env").read_text().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if pair)


async def start_refusal(server: StdioUpstream) -> str:
    """Why it does not start; no secret may be in it."""
    with pytest.raises(UpstreamError) as refused:
        await server.tools()
    await server.stop()
    assert CANARY not in str(refused.value)
    return str(refused.value)


# over stdio


def test_a_server_gets_its_own_secrets_and_no_others(ring: KeyringSession, tmp_path: Path) -> None:
    async def main() -> None:
        held = await stored(A=CANARY, B=OTHER)
        entries = {
            "one": dumping(
                tmp_path / "one", KEY="${secret:A}", HEADERS='{"Authorization":"Bearer ${secret:A}"}'
            ),
            "two": dumping(tmp_path / "two", KEY="x${secret:B}y", PLAIN="plain"),
        }
        servers = [upstream(entry, secrets=held) for entry in entries.values()]
        await asyncio.gather(*(server.tools() for server in servers))
        await asyncio.gather(*(server.stop() for server in servers))

    on_loop(main())
    one, two = environment_of(tmp_path / "one"), environment_of(tmp_path / "two")
    assert one["KEY"] == CANARY
    assert one["HEADERS"] == f'{{"Authorization":"Bearer {CANARY}"}}'
    assert two["KEY"] == f"x{OTHER}y"
    assert two["PLAIN"] == "plain"
    assert OTHER not in str(one)
    assert CANARY not in str(two)


def test_a_server_cannot_reach_the_keyring_by_its_environment(ring: KeyringSession, tmp_path: Path) -> None:
    assert os.environ["DBUS_SESSION_BUS_ADDRESS"] == ring.address

    async def main() -> None:
        server = upstream(dumping(tmp_path / "one", KEY="${secret:A}"), secrets=await stored(A=CANARY))
        await server.tools()
        await server.stop()

    on_loop(main())
    env = environment_of(tmp_path / "one")
    assert not {"DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"} & set(env)
    assert ring.address not in str(env)


def test_a_secret_is_in_no_command_line(ring: KeyringSession, tmp_path: Path) -> None:
    async def main() -> list[bytes]:
        server = upstream(dumping(tmp_path / "one", KEY="${secret:A}"), secrets=await stored(A=CANARY))
        await server.tools()
        lines = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):  # another ended meanwhile
                lines.append(path.read_bytes())
        await server.stop()
        return lines

    lines = on_loop(main())
    lines.append(Path(f"{tmp_path}/one.args").read_bytes())
    assert any(str(tmp_path).encode() in line for line in lines)
    assert not any(CANARY.encode() in line for line in lines)


def test_the_entry_keeps_its_placeholders(ring: KeyringSession) -> None:
    async def main() -> None:
        entry = recorder.spec(KEY="${secret:A}")
        server = upstream(entry, secrets=await stored(A=CANARY))
        await server.tools()
        assert server.spec.env == {"KEY": "${secret:A}"}
        assert CANARY not in repr(server.spec)
        await server.stop()

    on_loop(main())


LAST_WORDS = {
    "as it is": 'echo "bad key $KEY"',
    "twice": 'echo "bad keys $KEY $KEY"',
    "its last word": 'echo "bad key ${KEY##* }"',
    "in a URL": 'echo "GET /?key=c4nary%2Fof%20the%2Bperson"',
    "in base64": f"echo {shlex.quote(base64.b64encode(f'me:{CANARY}'.encode()).decode())}",
    "after a long line": 'printf "%0100000d %s" 0 "$KEY"',
}


@pytest.mark.parametrize("what", LAST_WORDS.values(), ids=list(LAST_WORDS))
def test_what_a_server_says_at_its_end_is_shown_without_its_secret(
    what: str, ring: KeyringSession, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        server = upstream(saying(what, KEY="${secret:A}"), secrets=await stored(A=CANARY))
        said = await start_refusal(server)
        assert "its process ended with code 3 (it said: " in said
        for part in ("c4nary", "person", "cGVyc29u"):
            assert part not in said + caplog.text

    caplog.set_level(logging.DEBUG)
    on_loop(main())


def test_a_value_that_the_shown_end_of_a_line_cuts_in_two_is_not_shown_in_half(ring: KeyringSession) -> None:
    async def main() -> None:
        server = upstream(
            saying('printf "%s %0289d" "$KEY" 0', KEY="${secret:B}"), secrets=await stored(B=OTHER)
        )
        said = await start_refusal(server)
        assert "0" * 100 in said
        assert OTHER[-10:] not in said

    on_loop(main())


def test_a_server_that_refuses_with_its_secret_in_the_words_is_told_of_without(ring: KeyringSession) -> None:
    refusing = (
        "import json,os,sys\n"
        "for line in sys.stdin:\n"
        "    asked = json.loads(line)\n"
        "    error = {'code': -32000, 'message': 'no: ' + 'x' * 184 + os.environ['KEY']}\n"
        "    print(json.dumps({'jsonrpc': '2.0', 'id': asked['id'], 'error': error}), flush=True)\n"
    )

    async def main() -> None:
        entry = {
            "command": recorder.spec()["command"],
            "args": ["-c", refusing],
            "env": {"KEY": "${secret:A}"},
        }
        said = await start_refusal(upstream(entry, secrets=await stored(A=CANARY)))
        assert "the server refused to open: no: " in said
        assert "c4nary" not in said

    on_loop(main())


def test_a_plain_value_in_a_path_of_our_own_sentence_stays_readable() -> None:
    async def main() -> None:
        server = upstream({"command": "/nowhere/bin/server", "env": {"ROOT": "/nowhere"}})
        assert "`/nowhere/bin/server` was not found" in await start_refusal(server)

    on_loop(main())


def test_a_missing_secret_stops_the_start_before_any_process(ring: KeyringSession, tmp_path: Path) -> None:
    async def main() -> None:
        server = upstream(dumping(tmp_path / "one", KEY="${secret:A}"), secrets=ours())
        said = await start_refusal(server)
        why = "the keyring holds no secret `A`; store it: `latchward secret set A`"
        assert said == f"the server `fixture` did not start: {why}"

    on_loop(main())
    assert not Path(f"{tmp_path}/one.env").exists()


def test_a_call_that_a_missing_secret_stops_was_not_sent(ring: KeyringSession) -> None:
    async def main() -> None:
        server = upstream(recorder.spec(KEY="${secret:A}"), secrets=ours())
        with pytest.raises(NotSent, match="`latchward secret set A`"):
            await call(server, "echo", text="hi")
        await server.stop()

    on_loop(main())


def test_a_server_starts_at_once_when_the_person_wants_it_and_the_secret_is_there(
    ring: KeyringSession,
) -> None:
    async def main() -> None:
        held = ours()
        server = upstream(recorder.spec(KEY="${secret:A}"), secrets=held)
        for _ in range(4):
            server.retry()
            with pytest.raises(UpstreamError):
                await server.tools()
        await held.put("A", CANARY)
        with pytest.raises(UpstreamError, match="it may be started again in"):
            await server.tools()
        server.retry()
        assert text_of(await call(server, "echo", text="hi")) == "hi"
        assert server.last_error == ""
        await server.stop()

    on_loop(main())


def test_a_keyring_that_is_away_stops_only_those_who_need_it(no_session: None) -> None:
    async def main() -> None:
        needing = upstream(recorder.spec(KEY="${secret:A}"), secrets=ours())
        other = upstream(recorder.spec(), secrets=ours())
        assert secrets.NO_BUS in await start_refusal(needing)
        assert text_of(await call(other, "echo", text="hi")) == "hi"
        await other.stop()

    on_loop(main())


def test_a_locked_keyring_is_named_and_its_unlocking_noticed(ring: KeyringSession) -> None:
    async def main() -> None:
        server = upstream(recorder.spec(KEY="${secret:A}"), secrets=await stored(A=CANARY))
        ring.lock()
        with pytest.raises(UpstreamError, match="the keyring is locked"):
            await server.tools()
        ring.unlock()
        assert await server.tools()
        await server.stop()

    on_loop(main())


def test_without_a_keyring_in_use_a_placeholder_is_sent_to_nobody(tmp_path: Path) -> None:
    async def main() -> None:
        server = upstream(dumping(tmp_path / "one", KEY="${secret:A}"))
        assert "needs the secret `A`" in await start_refusal(server)

    on_loop(main())
    assert not Path(f"{tmp_path}/one.env").exists()


def test_a_secret_that_no_process_can_be_given_is_told_of(ring: KeyringSession) -> None:
    async def main() -> None:
        server = upstream(recorder.spec(KEY="${secret:A}"), secrets=await stored(A="x" * 200_000))
        assert "are longer than the system allows" in await start_refusal(server)

    on_loop(main())


def test_a_changed_secret_holds_from_the_next_start_on(ring: KeyringSession, tmp_path: Path) -> None:
    async def main() -> None:
        held = await stored(A="first-value")
        entry = dumping(tmp_path / "one", KEY="${secret:A}")
        entry["args"] += ["--exit-after", "3"]
        server = upstream(entry, secrets=held)
        await server.tools()
        assert environment_of(tmp_path / "one")["KEY"] == "first-value"
        await held.put("A", "second-value")
        async with asyncio.timeout(10):
            while not server.last_error:
                await asyncio.gather(call(server, "echo", text="hi"), return_exceptions=True)
        server.retry()
        async with asyncio.timeout(10):
            while environment_of(tmp_path / "one").get("KEY") != "second-value":
                await asyncio.sleep(0.01)
        await server.stop()

    on_loop(main())


# over HTTP


def test_a_header_is_sent_with_its_secret(ring: KeyringSession) -> None:
    async def main() -> None:
        headers = {"Authorization": "Bearer ${secret:A}", "X-Key": "${secret:B}", "X-Plain": "plain"}
        async with far.upstream(server.url, headers, await stored(A="first-value", B=OTHER)) as it:
            assert text_of(await call(it, "echo", text="hi")) == "hi"
            assert it.spec.headers == headers

    with WebServer() as server:
        on_loop(main())
        for request in server.requests:
            assert request.headers["authorization"] == "Bearer first-value"
            assert request.headers["x-key"] == OTHER
            assert request.headers["x-plain"] == "plain"


def test_a_header_whose_secret_is_missing_is_not_sent(ring: KeyringSession) -> None:
    async def main() -> None:
        async with far.upstream(server.url, {"Authorization": "Bearer ${secret:A}"}, ours()) as it:
            assert "cannot be used: the keyring holds no secret `A`; store it" in await far.start_refusal(it)

    with WebServer() as server:
        on_loop(main())
        assert server.requests == []


def test_a_server_that_repeats_a_secret_does_not_get_it_into_messages(
    ring: KeyringSession, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        headers = {"Authorization": "Bearer ${secret:A}"}
        async with far.upstream(server.url, headers, await stored(A=far.SECRET)) as it:
            assert "you sent Bearer •••" in await far.start_refusal(it)

    def repeat(exchange: Exchange) -> None:
        exchange.error(-32000, f"you sent {exchange.request.headers['authorization']}")

    caplog.set_level(logging.DEBUG)
    with WebServer("legacy") as server:
        server.on["initialize"] = repeat
        on_loop(main())
    assert far.SECRET not in caplog.text


@pytest.mark.parametrize("status", [302, 401, 403, 500])
def test_a_call_that_fails_is_told_of_without_the_secret(status: int, ring: KeyringSession) -> None:
    def repeat(exchange: Exchange) -> None:
        secret = exchange.request.headers["x-key"]
        exchange.reply(status, {"Location": f"/{secret}", "Content-Type": secret}, secret.encode())

    async def main() -> None:
        async with far.upstream(server.url, {"X-Key": "${secret:A}"}, await stored(A=far.SECRET)) as it:
            await it.tools()
            server.on["tools/call"] = repeat
            kind = OutcomeUnknown if status == 500 else NotSent
            await far.refusal(kind, it, text="hi")  # type: ignore[type-abstract]

    with WebServer("modern") as server:
        on_loop(main())


def test_a_token_that_was_renewed_is_read_at_the_next_start(ring: KeyringSession) -> None:
    def deny_the_first(exchange: Exchange) -> None:
        if exchange.request.headers["authorization"] == "Bearer first-value":
            exchange.reply(401)
        else:
            del server.on[exchange.request.method]
            server.handle(exchange)

    async def main() -> None:
        held = await stored(A="first-value")
        async with far.upstream(server.url, {"Authorization": "Bearer ${secret:A}"}, held) as it:
            await it.tools()
            for method in ("server/discover", "initialize", "tools/list", "tools/call"):
                server.on[method] = deny_the_first
            said = await far.refusal(NotSent, it, text="hi")
            assert "(HTTP 401): store another: `latchward secret set A`" in said
            await held.put("A", "second-value")
            assert text_of(await call(it, "echo", text="hi")) == "hi"

    with WebServer("modern") as server:
        on_loop(main())


@pytest.mark.parametrize("value", ["two\nlines", "ümlaut", "a\ttab"])
def test_a_secret_that_no_header_can_hold_is_told_of_unshown(value: str, ring: KeyringSession) -> None:
    async def main() -> None:
        async with far.upstream(server.url, {"X-Key": "${secret:A}"}, await stored(A=value)) as it:
            said = await far.start_refusal(it)
            assert "the value of its header `X-Key` holds a line end or another character" in said
            assert value not in said

    with WebServer() as server:
        on_loop(main())
        assert server.requests == []


# all servers


def test_what_the_servers_were_given_can_be_taken_out_of_any_text(ring: KeyringSession) -> None:
    async def main() -> None:
        entry = recorder.spec(KEY="Bearer ${secret:A}", PLAIN="plain-value")
        spec = UpstreamSpec("one", entry["command"], tuple(entry["args"]), entry["env"])
        specs: Mapping[str, UpstreamSpec] = {"one": spec}
        servers = UpstreamSet(lambda: specs, lambda: None, secrets=await stored(A=OTHER, B=CANARY))
        text = f"{OTHER} plain-value"
        assert servers.masked(text) == text
        server = servers.get("one")
        assert server is not None
        await server.tools()
        assert servers.masked(text) == "••• plain-value"
        await servers.stop()

    on_loop(main())


def test_a_person_can_have_one_of_the_servers_tried_again(ring: KeyringSession) -> None:
    async def main() -> None:
        entry = recorder.spec(KEY="${secret:A}")
        spec = UpstreamSpec("one", entry["command"], tuple(entry["args"]), entry["env"])
        held = ours()
        servers = UpstreamSet(lambda: {"one": spec}, lambda: None, secrets=held)
        server = servers.get("one")
        assert server is not None
        for _ in range(3):
            servers.retry("one")
            with pytest.raises(UpstreamError):
                await server.tools()
        await held.put("A", CANARY)
        servers.retry("one")
        servers.retry("of no such name")
        assert await server.tools()
        await servers.stop()

    on_loop(main())
