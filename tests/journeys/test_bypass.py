"""No spelling, nesting, race or side door turns a no into a yes."""

import json
import os
import time
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from tests.support import raw
from tests.support.jr import Client, Era, Message, Reply, dump
from tests.support.scene import OPEN, SERVER, Scene, scene

ERAS: list[Era] = ["modern", "legacy"]
DELETE = {"version": "1", "default": "allow", "tools": {"delete": {"action": "deny"}}}


@pytest.fixture(scope="module")
def house() -> Iterator[Scene]:
    """A gateway on which `delete` is denied and all else allowed; each test may write `other`'s policy."""
    with scene(policies={SERVER: DELETE}, clients=("agent", "other")) as house:
        yield house


def refusal(reply: Reply) -> str:
    """The code of a refusal; "" where the call went, "unknown" where there is no such tool."""
    if "error" in reply.answer:
        assert reply.error["code"] == -32602
        return "unknown"
    code: str = reply.result.get("_meta", {}).get("latchward/refusal", {}).get("code", "")
    return code


def ruled(house: Scene, policy: Message | bytes, name: str) -> Client:
    """A client whose policy is this document, newly written under this name."""
    if isinstance(policy, bytes):
        path = house.gateway.home / "policies" / f"{name}.json"
        path.touch(mode=0o600)
        path.write_bytes(policy)
    else:
        house.gateway.write_policy(name, policy)
    return pinned(house, name)


def pinned(house: Scene, name: str) -> Client:
    house.gateway.edit_settings(
        lambda settings: settings["grants"]["other"]["servers"].update({SERVER: name})
    )
    return house.client(server=SERVER, who="other")


# names


def spellings(tool: str) -> list[str]:
    """Names that some parser, file system or reader would take for `tool`."""
    full = f"{SERVER}__{tool}"
    fullwidth = "".join(chr(ord(letter) + 0xFEE0) for letter in tool)
    return [
        tool.capitalize(), tool.upper(), f"{tool[:-1]}{tool[-1].upper()}", tool.swapcase(), full.upper(),
        f"{SERVER.upper()}__{tool}", f"{SERVER}__{tool.capitalize()}", full, f"{full} ", f" {full}",
        f"{tool} ", f" {tool}", f"{tool}\t", f"\n{tool}", f"{tool}\n", f"{tool}\r\n", f"{tool}\0",
        f"\0{tool}", f"{tool}\0.txt", f"{tool}\x7f", f"{tool}\u200b", f"\u200b{tool}", f"{tool}\u00ad",
        f"{tool}\ufeff", f"\ufeff{tool}", f"{tool}\u2060", f"\u202e{tool[::-1]}", f"{tool}\u00a0",
        f"{tool}\u3000", unicodedata.normalize("NFD", tool) + "\u0301", f"{tool}\u0301", fullwidth,
        tool.replace("e", "\u0435"), tool.replace("l", "\u04cf"), tool.replace("d", "\u0501"),
        tool.replace("e", "\u212e"), tool.replace("l", "I"), tool.replace("t", "\u03c4"),
        f"{SERVER}.{tool}", f"{SERVER}:{tool}", f"{SERVER}/{tool}", f"{SERVER}_{tool}", f"{SERVER}-{tool}",
        f"{SERVER}___{tool}", f"{SERVER}__{SERVER}__{tool}", f"mcp__{full}", f"mcp__{SERVER}__{tool}",
        f"{tool}/", f"/{tool}", f"./{tool}", f"../{tool}", f"x/../{tool}", f"{tool}?", f"{tool}#",
        f"{tool};", f"{tool},echo", f"echo,{tool}", f"{tool}%00", "%64elete", "d%65lete", "\\u0064elete",
        "d\\elete", f"{tool}*", "*", "del*", "delet?", f"[{tool}]", f"{{{tool}}}", f"${{{tool}}}",
        f"`{tool}`", f'"{tool}"', f"'{tool}'", f"{tool}()", f"{tool}\\", "__proto__", "constructor",
        "deleted", "delet", f"{tool}{tool}", "",
    ]  # fmt: skip


@pytest.mark.parametrize("endpoint", [SERVER, None])
@pytest.mark.parametrize("era", ERAS)
def test_no_spelling_of_a_denied_tool_is_a_tool(house: Scene, era: Era, endpoint: str | None) -> None:
    client = house.client(era, server=endpoint)
    before = house.calls()
    exact = "delete" if endpoint else f"{SERVER}__delete"
    told = {name: refusal(client.call(name, {"path": "/"})) for name in spellings("delete") if name != exact}
    assert len(told) > 70
    assert set(told.values()) == {"unknown"}
    assert refusal(client.call(exact, {"path": "/"})) == "denied-by-rule"
    assert house.calls() == before


@pytest.mark.parametrize("where", ["?name=echo", "?method=tools/list", "?server=other"])
def test_nothing_in_the_url_names_a_tool(house: Scene, where: str) -> None:
    client = house.client(server=SERVER)
    message = client.message("tools/call", {"name": "delete", "arguments": {"path": "/"}})
    lines = [f"{name}: {value}" for name, value in client.request_headers(message).items()]
    request = raw.post(house.gateway.port, client.path + where, dump(message), *lines)
    assert raw.exchange("127.0.0.1", house.gateway.port, request).status == 403


@pytest.mark.parametrize(
    "params",
    [
        {"_meta": {"name": "echo"}}, {"tool": "echo"}, {"Name_": "echo"}, {"arguments_": {}},
        {"task": {"ttl": 1}}, {"inputResponses": {"a": {"action": "accept"}}, "requestState": "x"},
        {"_meta": {"latchward/refusal": None}}, {"_meta": {"latchward/allow": True, "approved": True}},
        {"approved": True}, {"policy": "open"},
    ],
    ids=repr,
)  # fmt: skip
def test_no_other_member_changes_the_verdict(house: Scene, params: Message) -> None:
    before = house.calls()
    client = house.client("legacy", server=SERVER)
    reply = client.request("tools/call", {"name": "delete", "arguments": {"path": "/"}, **params})
    assert refusal(reply) == "denied-by-rule"
    assert house.calls() == before


def test_a_server_gets_what_was_judged_and_nothing_beside_it(house: Scene) -> None:
    params = {"name": "echo", "arguments": {"text": "only this"}, "task": {"ttl": 1}, "extra": {"x": 1}}
    assert refusal(house.client("legacy", server=SERVER).request("tools/call", params)) == ""
    arrived = house.calls()[-1]
    assert set(arrived) <= {"name", "arguments", "_meta"}
    assert arrived["arguments"] == {"text": "only this"}


# policies that say nothing

SILENT: dict[str, Message | bytes] = {
    "no rule for the tool": {"version": "1", "default": "deny", "tools": {"add": {}}},
    "no default": {"version": "1", "tools": {"add": {}}},
    "an empty list of tools": {"version": "1", "tools": {}},
    "nothing but a version": {"version": "1"},
    "an empty object": {},
    "zero bytes": b"",
    "blanks": b" \n",
    "a newer version": {"version": "2", "default": "allow"},
    "a version without quotes": {"version": 1, "default": "allow"},
    "half a document": b'{"version": "1", "default": "allow"',
    "no JSON": b"allow",
    "an array": [OPEN],  # type: ignore[dict-item]
    "null": b"null",
    "a key that stands twice": b'{"version": "1", "default": "deny", "default": "allow"}',
    "an unknown key": {"version": "1", "default": "allow", "alow": []},
    "another case": {"version": "1", "Default": "allow"},
    "an unknown default": {"version": "1", "default": "ALLOW"},
    "not UTF-8": b'{"version": "1", "default": "allow", "description": "\xff"}',
    "a byte order mark and half": b"\xef\xbb\xbf{",
}


@pytest.mark.parametrize("document", SILENT.values(), ids=SILENT)
def test_a_policy_that_does_not_allow_allows_nothing(
    house: Scene, document: Message | bytes, request: pytest.FixtureRequest
) -> None:
    name = "silent-" + str(list(SILENT).index(request.node.callspec.id))
    before = house.calls()
    assert refusal(ruled(house, document, name).call("echo", {"text": "x"})) == "denied-by-rule"
    assert house.calls() == before


@pytest.mark.parametrize("name", ["never-written", "con", "x" * 32])
def test_a_policy_that_is_not_there_allows_nothing(house: Scene, name: str) -> None:
    before = house.calls()
    reply = pinned(house, name).call("echo", {"text": "x"})
    assert reply.result["_meta"]["latchward/refusal"] == {"code": "denied-by-rule", "rule": "(no policy)"}
    assert house.calls() == before


# the strictest rule wins

RULES: dict[str, Message] = {
    "ech*": {},
    "e*": {"action": "approve"},
    "echo": {"action": "deny"},
}


@pytest.mark.parametrize("order", list(permutations(RULES)), ids=" ".join)
@pytest.mark.parametrize("left_out", [None, "echo", "e*"])
def test_the_order_of_rules_never_matters(house: Scene, order: tuple[str, ...], left_out: str | None) -> None:
    tools = {key: RULES[key] for key in order if key != left_out}
    name = f"order-{''.join(key[-1] for key in order)}-{left_out and left_out[-1]}".replace("*", "s").replace(
        "?", "q"
    )
    client = ruled(house, {"version": "1", "default": "allow", "tools": tools}, name)
    expected = "nobody-to-ask" if left_out == "echo" else "denied-by-rule"
    assert refusal(client.call("echo", {"text": "x"})) == expected


# conditions

AT_MOST_500 = {
    "version": "1",
    "default": "deny",
    "tools": {"echo": {"require": [{"path": "args.amount", "op": "lte", "value": 500}]}},
}
NO_AMOUNT: tuple[Any, ...] = (
    None, "500", True, False, [500], [], {"$gt": 0}, {}, "\uff15\uff10\uff10", " 500", "5e2", "", 501,
    500.0000001, "0x1f4",
)  # fmt: skip


@pytest.mark.parametrize("amount", NO_AMOUNT, ids=repr)
def test_a_condition_without_an_answer_denies(house: Scene, amount: Any) -> None:
    client = ruled(house, AT_MOST_500, "at-most-500")
    assert refusal(client.call("echo", {"amount": amount})) == "denied-by-rule"


@pytest.mark.parametrize(
    "arguments", [{}, {"Amount": 1}, {"args": {"amount": 1}}, {"amount ": 1}, {"amounts": [1]}]
)
def test_a_condition_on_what_is_not_there_denies(house: Scene, arguments: Message) -> None:
    client = ruled(house, AT_MOST_500, "at-most-500")
    assert refusal(client.call("echo", arguments)) == "denied-by-rule"


@pytest.mark.parametrize("amount", [b"500", b"5e2", b"500.0", b"0", b"-1", b"499.99999999999999999999999"])
def test_a_number_is_compared_as_a_number(house: Scene, amount: bytes) -> None:
    client = ruled(house, AT_MOST_500, "at-most-500")
    message = dump(client.message("tools/call", {"name": "echo", "arguments": {"amount": "HERE"}}))
    reply = client.post(message.replace(b'"HERE"', amount), {"Mcp-Method": "tools/call", "Mcp-Name": "echo"})
    assert refusal(reply) == ""


@pytest.mark.parametrize(
    "amount", [b"Infinity", b"-Infinity", b"NaN", b"1e999", b'1,"amount":501', b'501,"amount":1']
)
def test_what_is_no_number_is_not_even_judged(house: Scene, amount: bytes) -> None:
    client = ruled(house, AT_MOST_500, "at-most-500")
    message = dump(client.message("tools/call", {"name": "echo", "arguments": {"amount": "HERE"}}))
    reply = client.post(message.replace(b'"HERE"', amount), {"Mcp-Method": "tools/call", "Mcp-Name": "echo"})
    assert (reply.status, reply.error["code"]) == (400, -32700)


# paths


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "proj"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "a.txt").touch()
    evil = folder.with_name("proj-evil")
    evil.mkdir()
    (folder / "way-out").symlink_to(evil)
    (folder / "up").symlink_to("..")
    return folder


OUTSIDE = (
    "{p}/../secret", "{p}/src/../../secret", "{p}-evil", "{p}-evil/x", "{p}/way-out/x", "{p}/way-out",
    "{p}/up/secret", "~", "~/x", "$HOME/x", "${{HOME}}/x", "file://{p}/x", "{p}\0/../x", "{p}/x\0",
    "\\\\server\\share", "C:\\x", "C:/x", "{p}\\..\\x", "", ".", "..", "src/a.txt", "/", "/etc/passwd",
    "%2e%2e/x", "//{p}/../etc", "{p}/./../x", "/proc/self/root/etc", "{P}/x",
)  # fmt: skip
INSIDE = (
    "{p}",
    "{p}/src/a.txt",
    "{p}//src///a.txt",
    "{p}/./src/a.txt",
    "{p}/src/../src/a.txt",
    "{p}/not-there-yet",
)


def under(house: Scene, project: Path) -> Client:
    rule = {"require": [{"path": "args.path", "op": "under", "value": str(project)}]}
    return ruled(house, {"version": "1", "default": "deny", "tools": {"delete": rule}}, "under")


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_path_leads_out_of_the_folder(house: Scene, project: Path, path: str) -> None:
    spelt = path.format(p=project, P=str(project).upper())
    assert refusal(under(house, project).call("delete", {"path": spelt})) == "denied-by-rule"


@pytest.mark.parametrize("path", INSIDE)
def test_a_path_inside_the_folder_goes(house: Scene, project: Path, path: str) -> None:
    assert refusal(under(house, project).call("delete", {"path": path.format(p=project)})) == ""


def test_a_link_that_is_made_later_leads_nowhere(house: Scene, project: Path) -> None:
    client, path = under(house, project), project / "later"
    assert refusal(client.call("delete", {"path": str(path)})) == ""
    os.symlink("/etc", path)
    assert refusal(client.call("delete", {"path": str(path / "passwd")})) == "denied-by-rule"


# regular expressions


def matching(house: Scene, pattern: str, name: str) -> Client:
    rule = {"require": [{"path": "args.text", "op": "regex", "value": pattern}]}
    return ruled(house, {"version": "1", "default": "deny", "tools": {"echo": rule}}, name)


@pytest.mark.parametrize("text", ["ok\nrm", "rm\nok", "ok\n", "\nok", "ok ", "OK", "xok", ""])
def test_the_ends_of_a_pattern_are_the_ends_of_the_text(house: Scene, text: str) -> None:
    assert refusal(matching(house, "^ok$", "ends").call("echo", {"text": text})) == "denied-by-rule"


@pytest.mark.parametrize(
    ("name", "pattern"), list(enumerate(["^(a+)+$", "^(a|aa)+$", "^(.*)*$b", "^([a-zA-Z]+)*$"])), ids=str
)
def test_no_pattern_takes_long(house: Scene, name: int, pattern: str) -> None:
    client = matching(house, pattern, f"slow-{name}")
    assert refusal(client.call("echo", {"text": "x!"})) == "denied-by-rule"  # the document is read by now
    seconds = []
    for _ in range(3):  # the machine may be busy with other things
        began = time.monotonic()
        assert refusal(client.call("echo", {"text": "a" * 50_000 + "!"})) == "denied-by-rule"
        seconds.append(time.monotonic() - began)
    assert min(seconds) < 0.2


NO_PATTERNS = ["(", "(?=x)", "(?<!x)y", r"\1", "a{100000}", "((a{100}){100}){100}", "[z-a]", "x" * 1001]


@pytest.mark.parametrize(("name", "pattern"), list(enumerate(NO_PATTERNS)), ids=str)
def test_a_pattern_that_is_none_is_refused_with_its_document(house: Scene, name: int, pattern: str) -> None:
    client = matching(house, pattern, f"bad-{name}")
    reply = client.call("echo", {"text": "x"})
    assert reply.result["_meta"]["latchward/refusal"]["rule"] == "(no policy)"


# limits


def test_a_limit_holds_for_a_hundred_calls_at_once_on_ten_connections() -> None:
    limit = {"version": "1", "default": "deny", "tools": {"echo": {"rate_limit": {"max": 10, "window": 60}}}}
    with scene(policies={SERVER: limit}, servers=(SERVER, "healthy"), clients=("agent", "other")) as house:
        house.healthy = lambda: True  # type: ignore[method-assign]  # the limit would count the probe

        def ten(worker: int) -> list[Reply]:
            client = house.client(ERAS[worker % 2], server=SERVER if worker % 3 else None)
            name = "echo" if worker % 3 else f"{SERVER}__echo"
            return [client.call(name, {"text": f"{worker}-{number}"}) for number in range(10)]

        with ThreadPoolExecutor(10) as pool:
            replies = [reply for some in pool.map(ten, range(10)) for reply in some]
        told = [refusal(reply) for reply in replies]
        assert (told.count(""), told.count("limit-reached")) == (10, 90)
        assert len(house.calls()) == 10
        assert all("seconds" in reply.text or "try" in reply.text for reply in replies if refusal(reply))
        other = house.client(server=SERVER, who="other")
        assert refusal(other.call("echo", {"text": "mine"})) == ""  # counted for each client


def test_spellings_of_one_call_are_counted_as_one_tool(house: Scene) -> None:
    limit = {"version": "1", "default": "deny", "tools": {"echo": {"rate_limit": {"max": 2, "window": 60}}}}
    client = ruled(house, limit, "two")
    together = house.client("legacy", who="other")
    told = [
        refusal(client.call("echo", {"text": "1"})),
        refusal(together.call(f"{SERVER}__echo", {"text": "2"})),
        refusal(client.call("echo", {"text": "3"})),
        refusal(together.call(f"{SERVER}__echo", {"text": "4"})),
    ]
    assert told == ["", "", "limit-reached", "limit-reached"]


# clients and servers of their own


def test_rules_hold_for_the_client_they_were_written_for(house: Scene) -> None:
    theirs = ruled(house, {"version": "1", "default": "deny", "tools": {"delete": {}}}, "theirs")
    mine = house.client(server=SERVER)
    call: tuple[str, Message] = ("delete", {"path": "/"})
    assert [refusal(mine.call(*call)), refusal(theirs.call(*call))] == ["denied-by-rule", ""]
    echo: tuple[str, Message] = ("echo", {"text": "x"})
    assert [refusal(mine.call(*echo)), refusal(theirs.call(*echo))] == ["", "denied-by-rule"]


def test_a_policy_that_is_removed_leaves_nothing_allowed(house: Scene) -> None:
    client = ruled(house, OPEN, "short-lived")
    assert refusal(client.call("echo", {"text": "x"})) == ""
    (house.gateway.home / "policies" / "short-lived.json").unlink()
    reply = client.call("echo", {"text": "x"})
    assert reply.result["_meta"]["latchward/refusal"]["rule"] == "(no policy)"


def test_a_name_of_the_client_in_a_message_changes_nothing(house: Scene) -> None:
    client = house.client("legacy", server=SERVER)
    client.info = {"name": "other", "version": "1"}
    client.initialize()
    assert refusal(client.call("delete", {"path": "/"})) == "denied-by-rule"


def test_tools_of_two_servers_keep_their_own_names_and_rules() -> None:
    policies = {
        "one": {"version": "1", "default": "deny", "tools": {"echo": {}}},
        SERVER: OPEN,
        "two": DELETE,
    }
    with scene(policies=policies, servers=(SERVER, "one", "two")) as house:
        client = house.client()
        names = [tool["name"] for tool in client.tools()]
        assert len(names) == len(set(names))
        assert {"one__echo", "two__echo", f"{SERVER}__echo"} <= set(names)
        told = {name: refusal(client.call(f"{name}__add", {"a": 1, "b": 2})) for name in ("one", "two")}
        assert told == {"one": "denied-by-rule", "two": ""}
        assert [len(house.calls(name)) for name in ("one", "two")] == [0, 1]
        one = house.client(server="one")
        assert {refusal(one.call(name)) for name in ("two__echo", "one__echo", f"{SERVER}__echo")} == {
            "unknown"
        }


def test_a_tool_named_like_another_ones_full_name_is_not_that_one(tmp_path: Path) -> None:
    named = tmp_path / "tools.json"
    schema = {"type": "object"}
    names = ("echo", "b__echo", f"{SERVER}__echo", "a" * 60)
    named.write_text(json.dumps([{"name": name, "inputSchema": schema} for name in names]))
    with scene("--tools", str(named)) as house:
        together, alone = house.client(), house.client(server=SERVER)
        exposed = [tool["name"] for tool in together.tools()]
        assert len(set(exposed)) == len(names)
        for name in exposed:
            assert refusal(together.call(name, {"asked": name})) == ""
        assert sorted(call["name"] for call in house.calls()) == sorted(names)
        assert refusal(alone.call(f"{SERVER}__b__echo")) == "unknown"
