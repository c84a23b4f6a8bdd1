"""An edit of a policy holds for the next call of every client; a broken one leaves the old one in force."""

from collections.abc import Iterator

import pytest

from tests.support.jr import Era, Message, Reply
from tests.support.scene import OPEN, SERVER, Scene, scene, wait_until

ERAS: list[Era] = ["modern", "legacy"]
DENY: Message = {"version": "1", "default": "deny"}


@pytest.fixture(scope="module")
def shared() -> Iterator[Scene]:
    """Two clients under one policy, and a third under one of its own."""
    with scene(clients=("agent", "other", "third")) as house:
        house.gateway.write_policy("own", OPEN)
        house.gateway.edit_settings(
            lambda settings: settings["grants"]["third"]["servers"].update({SERVER: "own"})
        )
        yield house


@pytest.fixture
def house(shared: Scene) -> Iterator[Scene]:
    """The same, with the policy that allows everything."""
    shared.fresh()
    yield shared
    shared.gateway.write_policy(SERVER, OPEN)
    assert code(shared.client(server=SERVER).call("echo", {"text": "x"})) == ""


def code(reply: Reply) -> str:
    found: str = reply.result.get("_meta", {}).get("latchward/refusal", {}).get("code", "")
    return found


def broken(house: Scene, text: bytes) -> None:
    """Write what is no policy in its place."""
    path = house.gateway.home / "policies" / f"{SERVER}.json"
    path.write_bytes(text)


@pytest.mark.parametrize("era", ERAS)
def test_an_edit_holds_for_the_next_call_of_every_client(house: Scene, era: Era) -> None:
    clients = [house.client(era, server=SERVER, who=who) for who in ("agent", "other")]
    assert [code(client.call("echo", {"text": "1"})) for client in clients] == ["", ""]
    house.gateway.write_policy(SERVER, DENY)
    assert [code(client.call("echo", {"text": "2"})) for client in clients] == ["denied-by-rule"] * 2
    house.gateway.write_policy(SERVER, OPEN)
    assert [code(client.call("echo", {"text": "3"})) for client in clients] == ["", ""]
    assert [call["arguments"]["text"] for call in house.calls()] == ["1", "1", "3", "3"]


def test_every_one_of_many_edits_holds_at_once(house: Scene) -> None:
    client = house.client(server=SERVER)
    told = []
    for number in range(40):
        house.gateway.write_policy(SERVER, DENY if number % 2 else OPEN)
        told.append(code(client.call("echo", {"text": str(number)})))
    assert told == ["", "denied-by-rule"] * 20


def test_an_edit_holds_for_whom_it_was_made_alone(house: Scene) -> None:
    house.gateway.write_policy(SERVER, DENY)
    assert code(house.client(server=SERVER, who="third").call("echo", {"text": "x"})) == ""


def test_an_edit_that_hides_a_tool_takes_it_from_the_next_list(house: Scene) -> None:
    client = house.client(server=SERVER)
    assert "delete" in [tool["name"] for tool in client.tools()]
    house.gateway.write_policy(SERVER, {**OPEN, "hide": ["delete"]})
    assert "delete" not in [tool["name"] for tool in client.tools()]


BROKEN = {
    "half": b'{"version": "1", "default": "allow"',
    "empty": b"",
    "no policy": b"[]",
    "another version": b'{"version": "9", "default": "allow"}',
    "an unknown key": b'{"version": "1", "default": "allow", "deny_iff": []}',
    "a key that stands twice": b'{"version": "1", "default": "deny", "default": "allow"}',
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize(("before", "told"), [(DENY, "denied-by-rule"), (OPEN, "")], ids=["denying", "open"])
def test_a_broken_edit_leaves_the_old_policy_in_force(
    house: Scene, text: bytes, before: Message, told: str
) -> None:
    client = house.client(server=SERVER)
    house.gateway.write_policy(SERVER, before)
    assert code(client.call("echo", {"text": "x"})) == told
    broken(house, text)
    assert code(client.call("echo", {"text": "x"})) == told
    assert code(house.client(who="other", server=SERVER).call("echo", {"text": "x"})) == told


def test_a_broken_edit_is_told_with_its_place(house: Scene) -> None:
    broken(house, b'{\n "version": "1",\n "default": "alow"\n}')
    house.client(server=SERVER).call("echo", {"text": "x"})
    wait_until(lambda: f"{SERVER}.json:3:13: " in house.gateway.stderr)
    assert "the last good one stays in force" in house.gateway.stderr


def test_a_good_edit_after_a_broken_one_holds(house: Scene) -> None:
    client = house.client(server=SERVER)
    broken(house, b"{")
    client.call("echo", {"text": "x"})
    house.gateway.write_policy(SERVER, DENY)
    assert code(client.call("echo", {"text": "x"})) == "denied-by-rule"


def test_broken_settings_leave_the_old_grants_in_force(house: Scene) -> None:
    path = house.gateway.home / "settings.json"
    good = path.read_bytes()
    path.write_bytes(good[:-10])
    try:
        assert code(house.client(server=SERVER).call("echo", {"text": "x"})) == ""
        stranger = house.client(server=SERVER)
        stranger.token = "nobody's"
        assert stranger.discover().status == 403
    finally:
        path.write_bytes(good)
