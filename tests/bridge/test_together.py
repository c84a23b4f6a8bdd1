"""The endpoint of all servers: whose prompt a name is, whose resource an address is."""

from collections.abc import Iterator

import pytest

from tests.bridge.house import House
from tests.bridge.house import house as build
from tests.support.scripted import SHARED
from tests.support.talker import Kind, Message, Said, Talker
from tests.support.waiting import wait_for

KINDS: list[Kind] = ["legacy", "modern"]
BOTH = ("new", "old")
"""The two servers here, in their order."""


@pytest.fixture(scope="module")
def whole() -> Iterator[House]:
    policies = {
        name: {"version": "1", "default": "allow", "resources": {f"res://{name}/secret": {"action": "hide"}}}
        for name in BOTH
    }
    with build(*BOTH, policies=policies) as made:
        yield made


@pytest.fixture(params=[(way, kind) for way in ("http", "socket") for kind in KINDS], ids="-".join)
def talker(request: pytest.FixtureRequest, house: House) -> Iterator[Talker]:
    """A client of all servers, over each way."""
    way, kind = request.param
    if way == "http":
        yield house.web(None, kind)
        return
    made = house.wire(kind)
    yield made
    made.close()


def listed(talker: Talker, method: str, key: str) -> list[str]:
    [entries] = [value for value in talker.request(method).result.values() if isinstance(value, list)]
    return [entry[key] for entry in entries]


def read(talker: Talker, uri: str) -> str:
    [content] = talker.request("resources/read", {"uri": uri}).result["contents"]
    return str(content["text"])


def test_prompts_stand_under_the_names_of_their_servers(talker: Talker) -> None:
    names = listed(talker, "prompts/list", "name")
    assert names == [
        f"{server}__{name}" for server in BOTH for name in ("greeting", "asking", "secret", "denied")
    ]


@pytest.mark.parametrize("server", BOTH)
def test_a_prompt_is_got_from_its_server_under_its_own_name(
    house: House, talker: Talker, server: str
) -> None:
    said = talker.request("prompts/get", {"name": f"{server}__greeting", "arguments": {"name": "Ada"}})
    assert said.result["messages"][0]["content"]["text"] == f"greeting of {server} for Ada"
    [got] = house.arrived(server, "prompts/get")
    assert got["params"]["name"] == "greeting"


@pytest.mark.parametrize(
    "name", ["greeting", "old__", "__greeting", "old__old__greeting", "none__greeting", "old_greeting"]
)
def test_a_name_that_is_not_listed_is_no_prompt(house: House, talker: Talker, name: str) -> None:
    answer = talker.leg("prompts/get", {"name": name}, Said())
    assert answer["error"] == {"code": -32602, "message": f"Unknown prompt: {name}"}
    assert [house.arrived(server, "prompts/get") for server in BOTH] == [[], []]


@pytest.mark.parametrize("server", BOTH)
def test_an_argument_is_completed_by_the_server_of_the_prompt_or_resource(
    talker: Talker, server: str
) -> None:
    refs: list[tuple[Message, str]] = [
        ({"type": "ref/prompt", "name": f"{server}__greeting"}, "greeting"),
        ({"type": "ref/resource", "uri": f"item://{server}/{{id}}"}, f"item://{server}/{{id}}"),
    ]
    for ref, own in refs:
        said = talker.request("completion/complete", {"ref": ref, "argument": {"name": "n", "value": "A"}})
        assert said.result["completion"]["values"] == [f"{server} {own} n=A"]


def test_addresses_stay_what_they_are_and_only_one_that_another_has_gets_a_prefix(talker: Talker) -> None:
    uris = listed(talker, "resources/list", "uri")
    assert len(uris) == len(set(uris))
    assert [uri for uri in uris if uri.startswith("res://new/")] == [
        f"res://new/{x}" for x in ("one", "two", "denied")
    ]
    assert SHARED in uris
    assert [uri for uri in uris if uri.startswith("latchward://")] == [f"latchward://old/{SHARED}"]


@pytest.mark.parametrize("server", BOTH)
def test_a_resource_is_read_from_the_server_that_lists_it(house: House, talker: Talker, server: str) -> None:
    assert read(talker, f"res://{server}/one") == f"res://{server}/one of {server}"
    other = next(one for one in BOTH if one != server)
    assert house.arrived(other, "resources/read") == []


def test_of_two_with_one_address_each_is_read_from_its_own_server(talker: Talker) -> None:
    assert read(talker, SHARED) == f"{SHARED} of new"
    assert read(talker, f"latchward://old/{SHARED}") == f"{SHARED} of old"


@pytest.mark.parametrize("server", BOTH)
def test_a_resource_of_a_template_is_read_from_the_server_of_the_template(
    talker: Talker, server: str
) -> None:
    assert read(talker, f"item://{server}/42") == f"item://{server}/42 of {server}"


@pytest.mark.parametrize("server", BOTH)
def test_a_link_in_a_result_leads_to_the_server_that_gave_it(
    house: House, talker: Talker, server: str
) -> None:
    link = f"link://{server}/{talker.era}/{type(talker).__name__}"
    before = talker.leg("resources/read", {"uri": link}, Said())
    assert before["error"]["code"] == (-32002 if talker.era == "legacy" else -32602)
    said = talker.call(f"{server}__links", {"uris": [link]})
    assert [block["uri"] for block in said.result["content"]] == [link]
    assert read(talker, link) == f"{link} of {server}"
    other = next(one for one in BOTH if one != server)
    assert house.arrived(other, "resources/read") == []


def test_a_link_that_another_client_was_given_leads_nowhere(house: House) -> None:
    link = "link://the-others"
    house.web(None, who="other").call("old__links", {"uris": [link]})
    answer = house.web(None).leg("resources/read", {"uri": link}, Said())
    assert answer["error"]["code"] == -32602
    assert read(house.web(None, who="other"), link) == f"{link} of old"


def test_a_link_counts_more_than_a_template_that_it_happens_to_fit(house: House) -> None:
    """The template is of the server that comes first."""
    entry = {"uriTemplate": "link://wide/{x}", "name": "wide"}
    house.order("new", "add", kind="resourceTemplates", entry=entry)
    talker = house.web(None)
    wait_for(
        lambda: "link://wide/{x}" in listed(talker, "resources/templates/list", "uriTemplate"), "template"
    )
    assert read(talker, "link://wide/1") == "link://wide/1 of new"
    talker.call("old__links", {"uris": ["link://wide/2"]})
    assert read(talker, "link://wide/2") == "link://wide/2 of old"


def test_a_link_in_a_prompt_leads_to_the_server_that_gave_it(house: House) -> None:
    talker, link = house.web(None), "link://in-a-prompt"
    talker.request("prompts/get", {"name": "old__greeting", "arguments": {"link": link}})
    assert read(talker, link) == f"{link} of old"


def test_a_template_that_two_servers_have_can_be_filled_for_either(house: House) -> None:
    entry = {"uriTemplate": "link://twice/{x}", "name": "twice"}
    for server in BOTH:
        house.order(server, "add", kind="resourceTemplates", entry=entry)
    talker, prefixed = house.web(None), "latchward://old/link://twice/{x}"
    wait_for(lambda: prefixed in listed(talker, "resources/templates/list", "uriTemplate"), "template")
    filled = prefixed.replace("{x}", "a%20b")
    assert read(talker, filled) == "link://twice/a%20b of old"
    assert read(talker, "link://twice/a%20b") == "link://twice/a%20b of new"


@pytest.mark.parametrize(
    "uri",
    ["latchward://old/", "latchward://none/res://old/one", "latchward://", "latchward://old/res://old/none"],
)
def test_a_prefixed_address_of_nothing_is_not_found(talker: Talker, uri: str) -> None:
    error = talker.leg("resources/read", {"uri": uri}, Said())["error"]
    assert error["code"] == (-32002 if talker.era == "legacy" else -32602)


def test_a_prefix_does_not_lead_around_a_rule(house: House, talker: Talker) -> None:
    for uri in ("res://old/secret", "latchward://old/res://old/secret"):
        answer = talker.leg("resources/read", {"uri": uri}, Said())
        assert answer["error"]["message"] == "Resource not found"
    assert house.arrived("old", "resources/read") == []


def test_a_change_is_told_under_the_address_that_the_client_knows(house: House) -> None:
    talker, uri = house.web(None), f"latchward://old/{SHARED}"
    with talker.hearing(resourceSubscriptions=[uri]) as heard:
        house.order("new", "updated", uri=SHARED)
        house.order("old", "updated", uri=SHARED)
        [update] = heard.wait("notifications/resources/updated")
        assert update["params"]["uri"] == uri


def test_the_capabilities_of_all_are_those_of_any(talker: Talker) -> None:
    if talker.era == "legacy":
        greeting = talker.leg("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}}, Said())
        told = greeting["result"]["capabilities"]
    else:
        told = talker.request("server/discover").result["capabilities"]
    changes = {"listChanged": True}
    assert told == {
        "tools": changes,
        "prompts": changes,
        "resources": {**changes, "subscribe": True},
        "completions": {},
        "logging": {},
    }
