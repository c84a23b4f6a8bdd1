"""What clients hear outside calls: resources that change, lists that change, the log of a server."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.bridge.house import NEW, OLD, SERVERS, House
from tests.bridge.house import house as build
from tests.bridge.schema import VERSIONS, check_notes
from tests.support.scripted import META
from tests.support.talker import Heard, Kind, Message, Said, WebTalker, WireTalker, for_a_while
from tests.support.waiting import wait_for

KINDS: list[Kind] = ["legacy", "modern"]
UPDATED = "notifications/resources/updated"
ACKNOWLEDGED = "notifications/subscriptions/acknowledged"
QUICK = {"upstream.kept.REFRESH_EVERY": 0.2}

Subscribe = Callable[..., tuple[WebTalker, Heard]]


@pytest.fixture
def listening(house: House) -> Iterator[Subscribe]:
    """A client that hears what changes: of these resources of a server, or of the lists of these kinds."""
    with ExitStack() as stack:

        def listen(server: str | None, kind: Kind, *uris: str, who: str = "agent", lists: str = "") -> object:
            talker = house.web(server, kind, who=who, capabilities={})
            if kind == "legacy":
                stack.callback(talker.client.delete)
            wanted: Message = {f"{name}ListChanged": True for name in lists.split()}
            if uris:
                wanted["resourceSubscriptions"] = list(uris)
            heard = stack.enter_context(talker.hearing(**wanted))
            if kind == "legacy":
                for uri in uris:
                    assert talker.request("resources/subscribe", {"uri": uri}).result == {}
            return talker, heard

        yield listen  # type: ignore[misc]


def uris(heard: Heard) -> list[str]:
    return [message["params"]["uri"] for message in heard.of(UPDATED)]


def subscribed(house: House, server: str) -> set[str]:
    """The resources that a server is to tell of now, as far as its record shows."""
    if server in OLD:
        on: list[str] = []
        for message in house.arrived(server, "resources/subscribe", "resources/unsubscribe"):
            uri = message["params"]["uri"]
            (on.append if message["method"] == "resources/subscribe" else on.remove)(uri)
        return set(on)
    listens = house.arrived(server, "subscriptions/listen")
    wanted = listens[-1]["params"]["notifications"] if listens else {}
    return set(wanted.get("resourceSubscriptions", []))


# resources that change


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", SERVERS)
def test_a_client_hears_of_a_resource_that_it_subscribed_to_and_of_no_other(
    house: House, listening: Subscribe, server: str, kind: Kind
) -> None:
    one, two = f"res://{server}/one", f"res://{server}/two"
    talker, heard = listening(server, kind, one)
    house.order(server, "updated", uri=two)
    house.order(server, "updated", uri=one)
    heard.wait(UPDATED)
    assert uris(heard) == [one]
    check_notes([message for message in heard.messages if "method" in message], VERSIONS[talker.era])


@pytest.mark.parametrize("server", SERVERS)
def test_a_client_of_the_handshake_era_hears_no_more_once_it_said_so(
    house: House, listening: Subscribe, server: str
) -> None:
    one, two = f"res://{server}/one", f"res://{server}/two"
    talker, heard = listening(server, "legacy", one, two)
    assert talker.request("resources/unsubscribe", {"uri": one}).result == {}
    wait_for(lambda: subscribed(house, server) == {two}, "end of the subscription")
    house.order(server, "updated", uri=one)
    house.order(server, "updated", uri=two)
    heard.wait(UPDATED)
    assert uris(heard) == [two]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", SERVERS)
def test_a_server_tells_of_a_resource_for_as_long_as_any_client_wants_it(
    house: House, server: str, kind: Kind
) -> None:
    one = f"res://{server}/one"

    def heard_by(who: str) -> WebTalker:
        return house.web(server, kind, who=who, capabilities={})

    first, second = heard_by("agent"), heard_by("other")
    with ExitStack() as stack:
        theirs = stack.enter_context(second.hearing(resourceSubscriptions=[one]))
        with first.hearing(resourceSubscriptions=[one]):
            if kind == "legacy":
                for talker in (first, second):
                    assert talker.request("resources/subscribe", {"uri": one}).result == {}
            wait_for(lambda: subscribed(house, server) == {one}, "subscription")
            asked = len(house.arrived(server, "resources/subscribe", "subscriptions/listen"))
            if kind == "legacy":
                first.request("resources/unsubscribe", {"uri": one})
        house.order(server, "updated", uri=one)
        theirs.wait(UPDATED)
        assert asked == 1
        assert subscribed(house, server) == {one}
        if kind == "legacy":
            second.request("resources/unsubscribe", {"uri": one})
    wait_for(lambda: subscribed(house, server) == set(), "end of the subscription")


@pytest.mark.parametrize("server", ["old", "new"])
def test_a_client_that_ends_its_session_ends_its_subscriptions(house: House, server: str) -> None:
    one = f"res://{server}/one"
    talker = house.web(server, "legacy", capabilities={})
    talker.request("resources/subscribe", {"uri": one})
    wait_for(lambda: subscribed(house, server) == {one}, "subscription")
    assert talker.client.delete() == 200
    wait_for(lambda: subscribed(house, server) == set(), "end of the subscription")


@pytest.mark.parametrize("server", ["old", "new"])
def test_a_client_without_a_session_leaves_no_subscription(house: House, server: str) -> None:
    """It could not hear of anything, and could not end it either."""
    one = f"res://{server}/one"
    talker = house.web(server, "legacy", capabilities={})
    talker.client.session = None
    talker.request("resources/subscribe", {"uri": one})
    wait_for(lambda: house.arrived(server, "resources/subscribe", "subscriptions/listen"), "subscription")
    wait_for(lambda: subscribed(house, server) == set(), "end of the subscription")


def test_a_client_at_the_socket_hears_and_ends_its_subscriptions_by_going(house: House) -> None:
    talker: WireTalker = house.wire("legacy", capabilities={})
    assert talker.request("resources/subscribe", {"uri": "res://old/one"}).result == {}
    house.order("old", "updated", uri="res://old/one")
    talker.heard.wait(UPDATED)
    talker.close()
    wait_for(lambda: subscribed(house, "old") == set(), "end of the subscription")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", ["old", "newweb"])
def test_many_changes_of_a_resource_are_told_as_few(
    house: House, listening: Subscribe, server: str, kind: Kind
) -> None:
    one, two = f"res://{server}/one", f"res://{server}/two"
    _, heard = listening(server, kind, one, two)
    for _ in range(50):
        house.order(server, "updated", uri=one)
    wait_for(lambda: uris(heard).count(one) == 2, "two notices: at once, and of all that came after it")
    house.order(server, "updated", uri=two)
    wait_for(lambda: two in uris(heard), "notice of the other")
    assert uris(heard).count(one) == 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", SERVERS)
def test_only_resources_that_the_policy_lets_can_be_subscribed_to(
    house: House, server: str, kind: Kind
) -> None:
    hidden, denied, one = (f"res://{server}/{name}" for name in ("secret", "denied", "one"))
    rules = {hidden: {"action": "hide"}, denied: {"action": "deny"}}
    house.policy(server, {"version": "1", "default": "allow", "resources": rules})
    try:
        talker = house.web(server, kind, capabilities={})
        if kind == "legacy":
            codes = [
                talker.request("resources/subscribe", {"uri": uri}).error["code"] for uri in (hidden, denied)
            ]
            assert codes == [-32002, 403]
        else:
            with talker.hearing(resourceSubscriptions=[hidden, denied, one]) as heard:
                [acknowledged] = heard.of(ACKNOWLEDGED)
                assert acknowledged["params"]["notifications"] == {"resourceSubscriptions": [one]}
        assert hidden.encode() not in house.sent(server)
        assert denied.encode() not in house.sent(server)
    finally:
        house.open(server)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", ["old", "newweb"])
def test_a_resource_that_is_hidden_later_is_not_heard_of_any_more(
    house: House, listening: Subscribe, server: str, kind: Kind
) -> None:
    one, two = f"res://{server}/one", f"res://{server}/two"
    _, heard = listening(server, kind, one, two)
    rules = {one: {"action": "hide"}}
    house.policy(server, {"version": "1", "default": "allow", "resources": rules})
    try:
        listed = house.web(server, kind)
        wait_for(lambda: one not in str(listed.request("resources/list").result), "policy in force")
        house.order(server, "updated", uri=one)
        house.order(server, "updated", uri=two)
        wait_for(lambda: two in uris(heard), "notice of the other")
        assert uris(heard) == [two]
    finally:
        house.open(server)


@pytest.mark.parametrize("server", ["old", "new"])
def test_a_client_that_lost_the_server_hears_nothing_more_of_it(
    house: House, listening: Subscribe, server: str
) -> None:
    one = f"res://{server}/one"
    _, heard = listening(None, "legacy", one, who="other")
    _, mine = listening(server, "legacy", one)
    settings: Message = {}

    def without(edited: Message) -> None:
        settings.update(edited["grants"]["other"]["servers"])
        del edited["grants"]["other"]["servers"][server]

    house.gateway.edit_settings(without)
    try:
        wait_for(lambda: one not in _resources(house.web(None, who="other")), "grant in force")
        house.order(server, "updated", uri=one)
        mine.wait(UPDATED)
        for_a_while(0.2, lambda: uris(heard))
    finally:
        house.gateway.edit_settings(lambda edited: edited["grants"]["other"].update(servers=settings))
        wait_for(lambda: one in _resources(house.web(None, who="other")), "grant in force")


def _resources(talker: WebTalker) -> list[str]:
    return [one["uri"] for one in talker.request("resources/list").result["resources"]]


# a stream of the envelope era


def test_a_stream_says_first_what_it_will_tell_and_marks_all_that_it_tells(house: House) -> None:
    talker = house.web("new")
    wanted = {
        "toolsListChanged": True,
        "promptsListChanged": False,
        "resourceSubscriptions": ["res://new/one"],
    }
    with talker.hearing(**wanted) as heard:
        house.order("new", "updated", uri="res://new/one")
        heard.wait(UPDATED)
        first, second = heard.messages
    assert first["method"] == ACKNOWLEDGED
    assert first["params"]["notifications"] == {
        "toolsListChanged": True,
        "resourceSubscriptions": ["res://new/one"],
    }
    identity = first["params"]["_meta"][META + "subscriptionId"]
    assert second["params"]["_meta"] == {META + "subscriptionId": identity}


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        5,
        [],
        {"resourceSubscriptions": "res://new/one"},
        {"resourceSubscriptions": [5]},
        {"resourceSubscriptions": [""]},
    ],
)
def test_a_stream_that_cannot_be_read_is_refused(house: House, wanted: object) -> None:
    answer = house.web("new").leg("subscriptions/listen", {"notifications": wanted}, Said())
    assert answer["error"]["code"] == -32602


def test_a_stream_at_the_socket_is_ended_by_a_cancellation(house: House) -> None:
    talker: WireTalker = house.wire("modern")
    wanted = {"notifications": {"resourceSubscriptions": ["res://new/one"]}}
    identity = talker.send("subscriptions/listen", wanted, "stream")
    talker.heard.wait(ACKNOWLEDGED)
    house.order("new", "updated", uri="res://new/one")
    [update] = talker.heard.wait(UPDATED)
    assert update["params"]["_meta"] == {META + "subscriptionId": identity}
    talker.notify("notifications/cancelled", {"requestId": identity})
    wait_for(lambda: subscribed(house, "new") == set(), "end of the subscription")


# lists that change


@pytest.fixture
def quick() -> Iterator[House]:
    """A gateway of its own, whose servers' lists this test may change, and that looks soon."""
    policies = {
        name: {
            "version": "1",
            "default": "allow",
            "prompts": {"hidden*": {"action": "hide"}},
            "resources": {"res://hidden/**": {"action": "hide"}},
        }
        for name in ("old", "newweb")
    }
    with build("old", "newweb", policies=policies, limits=QUICK) as made:
        made.fresh()
        yield made


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("server", ["old", "newweb"])
def test_a_client_hears_that_a_list_changed_where_its_own_did(quick: House, server: str, kind: Kind) -> None:
    talker = quick.web(server, kind)
    for method in ("prompts/list", "resources/list", "resources/templates/list"):
        talker.request(method)
    lists = {"promptsListChanged": True, "resourcesListChanged": True, "toolsListChanged": True}
    with talker.hearing(**lists) as heard:
        quick.order(server, "add", kind="prompts", entry={"name": "hidden-one"})
        quick.order(server, "add", kind="resources", entry={"uri": "res://hidden/x", "name": "x"})
        quick.order(server, "changed", kind="tools")
        wait_for(lambda: _seen(quick, server, "prompts/list") >= 2, "second look at the prompts")
        wait_for(lambda: _seen(quick, server, "resources/list") >= 2, "second look at the resources")
        for_a_while(0.4, lambda: [message for message in heard.messages if message["method"] != ACKNOWLEDGED])
        quick.order(server, "add", kind="prompts", entry={"name": "fresh"})
        heard.wait("notifications/prompts/list_changed")
        quick.order(
            server, "add", kind="resourceTemplates", entry={"uriTemplate": "more://{x}", "name": "more"}
        )
        heard.wait("notifications/resources/list_changed")
        methods = {message["method"] for message in heard.messages} - {ACKNOWLEDGED}
    assert methods == {"notifications/prompts/list_changed", "notifications/resources/list_changed"}
    names = [prompt["name"] for prompt in talker.request("prompts/list").result["prompts"]]
    assert "fresh" in names
    assert "hidden-one" not in names


def _seen(house: House, server: str, method: str) -> int:
    """How often a server was asked for the first page of a list."""
    return len([one for one in house.arrived(server, method) if "cursor" not in (one.get("params") or {})])


def test_a_client_of_the_envelope_hears_of_the_lists_that_it_asked_for_alone(quick: House) -> None:
    talker = quick.web("old")
    for method in ("prompts/list", "resources/list"):
        talker.request(method)
    with talker.hearing(resourcesListChanged=True) as heard:
        quick.order("old", "add", kind="prompts", entry={"name": "fresh"})
        quick.order("old", "add", kind="resources", entry={"uri": "res://fresh", "name": "fresh"})
        heard.wait("notifications/resources/list_changed")
        for_a_while(0.4, lambda: heard.of("notifications/prompts/list_changed"))


@pytest.mark.parametrize("kind", KINDS)
def test_an_edited_policy_changes_the_lists_of_those_that_it_holds_for(quick: House, kind: Kind) -> None:
    talker, other = quick.web("old", kind), quick.web("newweb", kind)
    for one in (talker, other):
        one.request("prompts/list")
        one.request("resources/list")
    lists = {"promptsListChanged": True, "resourcesListChanged": True}
    with talker.hearing(**lists) as heard, other.hearing(**lists) as elsewhere:
        quick.policy("old", {"version": "1", "default": "allow", "prompts": {"greeting": {"action": "hide"}}})
        heard.wait("notifications/prompts/list_changed")
        for_a_while(0.4, lambda: heard.of("notifications/resources/list_changed"))
        assert [message for message in elsewhere.messages if message["method"] != ACKNOWLEDGED] == []


# a server's log, outside calls


def said(house: House, server: str, level: str, data: str) -> None:
    params = {"level": level, "logger": server, "data": data}
    house.order(server, "say", method="notifications/message", params=params)


@pytest.mark.parametrize("server", OLD)
def test_outside_calls_a_client_hears_the_level_that_it_wants(house: House, server: str) -> None:
    talker = house.web(server, "legacy", capabilities={})
    with talker.hearing() as heard:
        said(house, server, "emergency", "before")
        talker.request("logging/setLevel", {"level": "warning"})
        said(house, server, "info", "quiet")
        said(house, server, "error", "loud")
        [line] = heard.wait("notifications/message")
    assert line["params"] == {"level": "error", "logger": server, "data": "loud"}


def told_level(house: House) -> str:
    """The level that the server was told last."""
    told = house.arrived("old", "logging/setLevel")
    return str(told[-1]["params"]["level"]) if told else ""


def test_each_session_has_its_own_level_and_the_server_is_told_the_most_verbose(house: House) -> None:
    loud, quiet = (house.web("old", "legacy", capabilities={}) for _ in range(2))
    with loud.hearing() as all_, quiet.hearing() as some:
        loud.request("logging/setLevel", {"level": "debug"})
        quiet.request("logging/setLevel", {"level": "error"})
        wait_for(lambda: told_level(house) == "debug", "level at the server")
        said(house, "old", "info", "one")
        said(house, "old", "alert", "two")
        assert len(all_.wait("notifications/message", 2)) == 2
        [line] = some.wait("notifications/message")
        assert line["params"]["data"] == "two"
        assert quiet.client.delete() == 200
        said(house, "old", "debug", "three")
        all_.wait("notifications/message", 3)
        assert told_level(house) == "debug"
    assert loud.client.delete() == 200
    wait_for(lambda: told_level(house) != "debug", "level that nobody wants any more")


def test_a_client_of_the_envelope_hears_no_log_outside_its_calls(house: House) -> None:
    talker, other = house.web("old"), house.web("old", "legacy", capabilities={})
    with talker.hearing(toolsListChanged=True) as heard, other.hearing() as theirs:
        other.request("logging/setLevel", {"level": "debug"})
        said(house, "old", "error", "x")
        theirs.wait("notifications/message")
        assert heard.of("notifications/message") == []


@pytest.mark.parametrize("level", ["loud", "", None, 5, ["debug"], "DEBUG"])
def test_a_level_that_is_none_is_refused(house: House, level: object) -> None:
    answer = house.web("old", "legacy").request("logging/setLevel", {"level": level})
    assert answer.error["code"] == -32602


def test_the_envelope_wants_its_level_in_each_call(house: House) -> None:
    for server in NEW:
        talker = house.web(server)
        talker.log_level = "critical"
        talker.call("log")
        [call] = house.arrived(server, "tools/call")
        assert call["params"]["_meta"][META + "logLevel"] == "critical"
        talker.log_level = ""
        assert talker.call("log").notes == []
        assert META + "logLevel" not in house.arrived(server, "tools/call")[-1]["params"]["_meta"]
