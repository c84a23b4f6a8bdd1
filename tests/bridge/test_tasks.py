"""Tasks, in the form of either era: begun, asked about, told of, and never another's.

The servers count the ids of tasks from 1: whatever reached the wrong one would be answered.
"""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.bridge.house import NEW, OLD, OPEN, SERVERS, House
from tests.bridge.house import house as build
from tests.support.jr import META
from tests.support.scripted import FORM
from tests.support.talker import ALL, Kind, Message, Said, Talker, WebTalker, for_a_while, meanwhile
from tests.support.tasked import EXTENSION, FIRST, RELATED
from tests.support.waiting import wait_for

KINDS: list[Kind] = ["legacy", "modern"]
DECLARED: Final[Message] = {**ALL, "extensions": {EXTENSION: {}}}
"""What a client of the envelope era declares; one of the handshake era asks for tasks as it likes."""
LONG: Final = 30.0
SAMPLING: Final[Message] = {
    "method": "sampling/createMessage",
    "params": {"messages": [{"role": "user", "content": {"type": "text", "text": "hm"}}], "maxTokens": 1},
}
BLUE: Final[Message] = {"action": "accept", "content": {"colour": "blue"}}
TOOLS_ONLY: Final[Message] = {"version": "1", "default": "allow"}


@pytest.fixture(scope="module")
def whole() -> Iterator[House]:
    """A gateway before servers with tasks, one of each era over each way."""
    with build(tasks=True) as made:
        yield made


@pytest.fixture
def house(whole: House) -> House:
    whole.fresh()
    return whole


class Client:
    """A client of one era, at the endpoint of one server, or of all."""

    def __init__(self, talker: Talker, tool: str = "job") -> None:
        self.talker = talker
        self.era = talker.era
        self.tool = tool

    def call(self, **arguments: Any) -> Said:
        params: Message = {"name": self.tool, "arguments": arguments}
        if self.era == "legacy":
            params["task"] = {"ttl": 60000}
        return self.talker.request("tools/call", params)

    def begin(self, **arguments: Any) -> str:
        """Have the job done as a task; the id that the client gets."""
        result = self.call(**arguments).result
        identity: str = (result["task"] if self.era == "legacy" else result)["taskId"]
        return identity

    def ask(self, method: str, identity: str, **more: Any) -> Said:
        return self.talker.request(method, {"taskId": identity, **more})

    def get(self, identity: str) -> Message:
        return self.ask("tasks/get", identity).result

    def wait(self, identity: str, status: str) -> Message:
        """The task, once it has come to this."""

        def look() -> Message | None:
            found = self.get(identity)
            return found if found["status"] == status else None

        return wait_for(look, f"a task that is {status}")

    def unknown(self, identity: str) -> None:
        """Every request about it says that there is no such task."""
        methods = ("tasks/get", "tasks/cancel", "tasks/result" if self.era == "legacy" else "tasks/update")
        for method in methods:
            more = {"inputResponses": {}} if method == "tasks/update" else {}
            error = self.ask(method, identity, **more).error
            assert error == {"code": -32602, "message": f"Unknown task: {identity}"}


def client(house: House, server: str | None, kind: Kind = "legacy", **more: Any) -> Client:
    if server in NEW or kind == "modern":
        kind = "modern"
    declared = more.pop("capabilities", DECLARED if kind == "modern" else ALL)
    return Client(house.web(server, kind, capabilities=declared, **more))


@pytest.fixture(params=SERVERS)
def leg(request: pytest.FixtureRequest, house: House) -> tuple[House, str, Client]:
    """A client of a server's own era before it."""
    return house, request.param, client(house, request.param)


Leg = tuple[House, str, Client]


# one task


def test_a_task_is_begun_followed_and_its_result_fetched(leg: Leg) -> None:
    _, _, agent = leg
    identity = agent.begin(seconds=0.2, text="at last")
    assert agent.get(identity)["status"] == "working"
    done = agent.wait(identity, "completed")
    result = done["result"] if agent.era == "modern" else agent.ask("tasks/result", identity).result
    assert result["content"] == [{"type": "text", "text": "at last"}]
    assert result["big"] == 2**70


def test_the_client_knows_a_task_by_an_id_of_ours_alone(leg: Leg) -> None:
    house, server, agent = leg
    said = agent.call(seconds=0)
    task = said.result if agent.era == "modern" else said.result["task"]
    assert len(task["taskId"]) == 32
    assert (task["vendor"], task["status"]) == (2**70, "completed")
    assert agent.get(task["taskId"])["taskId"] == task["taskId"]
    if agent.era == "legacy":
        meta = agent.ask("tasks/result", task["taskId"]).result["_meta"]
        assert meta == {RELATED: {"taskId": task["taskId"]}, "vendor": 1}
    else:
        assert said.result["resultType"] == "task"
        assert agent.get(task["taskId"])["resultType"] == "complete"
    assert task["taskId"].encode() not in house.sent(server)
    [asked, *_] = house.arrived(server, "tasks/get")
    assert asked["params"]["taskId"].startswith("task-")


def test_a_task_is_cancelled(leg: Leg) -> None:
    house, server, agent = leg
    identity = agent.begin(seconds=LONG)
    result = agent.ask("tasks/cancel", identity).result
    assert result.get("taskId", identity) == identity
    assert agent.get(identity)["status"] == "cancelled"
    assert len(house.events(server, "cancelled")) == 1


def test_an_error_that_ends_a_task_comes_as_it_is(leg: Leg) -> None:
    _, _, agent = leg
    error = {"code": -32602, "message": "it broke"}
    identity = agent.begin(seconds=0, error=error)
    failed = agent.wait(identity, "failed")
    assert (failed if agent.era == "modern" else agent.ask("tasks/result", identity).answer)["error"] == error


def test_a_legacy_servers_error_shows_no_id_of_its_own(house: House) -> None:
    agent = client(house, "old")
    identity = agent.begin(seconds=0)
    assert agent.get(identity)["status"] == "completed"
    error = agent.ask("tasks/cancel", identity).error
    assert error["code"] == -32602
    assert error["message"] == f"Cannot cancel task {identity} in terminal status"


def test_the_result_of_a_task_that_is_not_done_is_waited_for(house: House) -> None:
    for server in OLD:
        agent = client(house, server)
        result = agent.ask("tasks/result", agent.begin(seconds=0.3, text="waited")).result
        assert result["content"][0]["text"] == "waited"


def test_where_all_servers_are_together_each_task_goes_to_its_own(house: House) -> None:
    for kind, servers in (("legacy", OLD), ("modern", ("new", "bothweb"))):
        talker = house.web(None, kind, capabilities=DECLARED if kind == "modern" else ALL)  # type: ignore[arg-type]
        agents = [Client(talker, f"{server}__job") for server in servers]
        begun = [agent.begin(seconds=0, text=server) for agent, server in zip(agents, servers, strict=True)]
        for agent, server, identity in zip(agents, servers, begun, strict=True):
            done = agent.wait(identity, "completed")
            result = done["result"] if kind == "modern" else agent.ask("tasks/result", identity).result
            assert result["content"][0]["text"] == server


def test_a_client_over_the_socket_has_tasks_too(house: House) -> None:
    for kind in KINDS:
        talker = house.wire(kind, capabilities=DECLARED if kind == "modern" else ALL)
        agent = Client(talker, "old__job" if kind == "legacy" else "new__job")
        assert agent.wait(agent.begin(seconds=0.1), "completed")


# who has tasks


def test_a_server_is_told_of_tasks_where_it_and_the_client_have_them(leg: Leg) -> None:
    house, server, agent = leg
    agent.call(seconds=0)
    [call] = house.arrived(server, "tools/call")
    if agent.era == "legacy":
        assert call["params"]["task"] == {"ttl": 60000}
    else:
        capabilities = call["params"]["_meta"][META + "clientCapabilities"]
        assert capabilities["extensions"] == {EXTENSION: {}}


@pytest.mark.parametrize("server", SERVERS)
def test_across_the_eras_neither_side_is_told_of_tasks(house: House, server: str) -> None:
    kind: Kind = "modern" if server in OLD else "legacy"
    declared = {**DECLARED, "tasks": {"list": {}, "requests": {"sampling": {"createMessage": {}}}}}
    talker = house.web(server, kind, capabilities=declared)
    if kind == "modern":
        told = talker.request("server/discover").result["capabilities"]
    else:
        told = talker.client.initialize().result["capabilities"]
    assert "tasks" not in told
    assert EXTENSION not in told.get("extensions", {})
    params = {"name": "job", "arguments": {"text": "at once"}, "task": {"ttl": 1}}
    result = talker.request("tools/call", params).result
    assert result["content"] == [{"type": "text", "text": "at once"}]
    assert EXTENSION.encode() not in house.sent(server)
    assert b'"task"' not in house.sent(server)
    assert b'"tasks"' not in house.sent(server)
    for method in ("tasks/get", "tasks/result", "tasks/update", "tasks/cancel", "tasks/list"):
        error = talker.request(method, {"taskId": FIRST, "inputResponses": {}}).error
        assert error == {"code": -32601, "message": "Method not found"}


@pytest.mark.parametrize("server", SERVERS)
def test_a_client_is_told_of_tasks_of_servers_of_its_era(house: House, server: str) -> None:
    if server in OLD:
        told = house.web(server, "legacy").client.initialize().result["capabilities"]
        assert told["tasks"] == {"list": {}, "cancel": {}, "requests": {"tools": {"call": {}}}}
        assert EXTENSION not in told["extensions"]
    else:
        told = house.web(server, "modern").request("server/discover").result["capabilities"]
        assert "tasks" not in told
        assert told["extensions"] == {EXTENSION: {}, "io.example/other": {}}


@pytest.mark.parametrize("server", NEW)
def test_a_modern_client_that_does_not_declare_them_has_no_tasks(house: House, server: str) -> None:
    agent = client(house, server, capabilities={"extensions": {"io.example/other": {}}})
    assert agent.call(seconds=0, text="at once").text == "at once"
    for method in ("tasks/get", "tasks/update", "tasks/cancel"):
        error = agent.ask(method, "x", inputResponses={}).error
        assert error["code"] == -32021
        assert error["data"] == {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}
    error = agent.talker.request("subscriptions/listen", {"notifications": {"taskIds": ["x"]}}).error
    assert error["code"] == -32021


@pytest.mark.parametrize("kind", KINDS)
def test_each_era_has_its_own_requests_about_tasks(house: House, kind: Kind) -> None:
    agent = client(house, "old" if kind == "legacy" else "new")
    for method in ("tasks/update",) if kind == "legacy" else ("tasks/result", "tasks/list"):
        assert agent.ask(method, "x").error == {"code": -32601, "message": "Method not found"}


@pytest.mark.parametrize("task", [5, [], {"ttl": "1"}, {"ttl": True}, {"ttl": -1}, {"ttl": 1.5}])
def test_a_wish_for_a_task_that_makes_no_sense_is_refused(house: House, task: object) -> None:
    params = {"name": "job", "arguments": {}, "task": task}
    assert house.web("old", "legacy").request("tools/call", params).error["code"] == -32602
    assert house.arrived("old", "tools/call") == []


def test_no_more_of_a_wish_goes_on_than_the_protocol_knows(house: House) -> None:
    params = {"name": "job", "arguments": {}, "task": {"ttl": 5, "secret": "x"}}
    house.web("old", "legacy").request("tools/call", params)
    assert house.arrived("old", "tools/call")[0]["params"]["task"] == {"ttl": 5}


@pytest.mark.parametrize("server", ["old", "new"])
def test_a_server_without_tasks_hears_of_none(server: str) -> None:
    with build(server) as house:
        agent = client(house, server)
        assert agent.talker.request("tools/call", {"name": "echo", "task": {"ttl": 5}}).text == "echo"
        assert b'"task"' not in house.sent(server)
        assert EXTENSION.encode() not in house.sent(server)
        assert agent.ask("tasks/get", "x").error == {"code": -32601, "message": "Method not found"}


# whose they are


@pytest.mark.parametrize("server", SERVERS)
def test_a_task_of_another_client_is_one_that_never_was(house: House, server: str) -> None:
    owner, other = client(house, server), client(house, server, who="other")
    identity = owner.begin(seconds=LONG)
    before = len(house.arrived(server, "tasks/get", "tasks/cancel", "tasks/update", "tasks/result"))
    for guess in (identity, identity[:-1] + ("A" if identity[-1] != "A" else "B"), FIRST, "x"):
        other.unknown(guess)
    assert len(house.arrived(server, "tasks/get", "tasks/cancel", "tasks/update", "tasks/result")) == before
    assert owner.get(identity)["status"] == "working"
    owner.ask("tasks/cancel", identity)


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_s_own_id_means_nothing_to_a_client(house: House, server: str) -> None:
    agent = client(house, server)
    agent.begin(seconds=0)
    agent.unknown(FIRST)


@pytest.mark.parametrize("server", ["old", "new"])
def test_a_task_is_of_the_endpoint_where_it_was_begun(house: House, server: str) -> None:
    agent = client(house, server)
    identity = agent.begin(seconds=0)
    kind: Kind = "legacy" if server in OLD else "modern"
    elsewhere = Client(house.web(None, kind, capabilities=DECLARED if kind == "modern" else ALL))
    elsewhere.unknown(identity)


@pytest.mark.parametrize("capabilities", [{}, ALL])
def test_a_task_is_asked_about_on_the_connection_where_it_was_begun(
    house: House, capabilities: Message
) -> None:
    """Two processes of one server give the same ids."""
    asked, unasked = client(house, "old", capabilities=ALL), client(house, "old", capabilities={})
    of_one, of_both = asked.begin(seconds=0, text="asked"), unasked.begin(seconds=0, text="unasked")
    again = client(house, "old", capabilities=capabilities)
    assert again.ask("tasks/result", of_one).text == "asked"
    assert again.ask("tasks/result", of_both).text == "unasked"


# the list


def test_a_client_of_the_handshake_era_lists_its_own_tasks(house: House) -> None:
    for server in OLD:
        owner, other = client(house, server), client(house, server, who="other")
        mine = [owner.begin(seconds=LONG), owner.begin(seconds=0)]
        theirs = other.begin(seconds=0)
        listed = owner.talker.request("tasks/list").result["tasks"]
        found = {task["taskId"]: task["status"] for task in listed}
        assert {key: found[key] for key in mine} == dict(zip(mine, ("working", "completed"), strict=True))
        assert theirs not in found
        owner.ask("tasks/cancel", mine[0])


def test_the_list_has_pages(house: House) -> None:
    agent = client(house, "old", who="other")
    mine = {agent.begin(seconds=0) for _ in range(25)}
    first = agent.talker.request("tasks/list").result
    assert len(first["tasks"]) == 20
    second = agent.talker.request("tasks/list", {"cursor": first["nextCursor"]}).result
    listed = [task["taskId"] for page in (first, second) for task in page["tasks"]]
    assert len(set(listed)) == len(listed)
    assert mine <= set(listed)
    assert agent.talker.request("tasks/list", {"cursor": "x"}).error["code"] == -32602


def test_a_task_of_a_hidden_tool_is_not_listed(house: House, ruled: Any) -> None:
    agent = client(house, "old")
    identity = agent.begin(seconds=0)
    ruled("old", hide=["job"])
    assert identity not in [task["taskId"] for task in agent.talker.request("tasks/list").result["tasks"]]


# what the policy says since


@pytest.fixture
def ruled(house: House) -> Iterator[Any]:
    """Have this be in a server's policy for one test."""
    changed: list[str] = []

    def rule(server: str, **members: Any) -> None:
        changed.append(server)
        house.policy(server, {**OPEN, **members})

    yield rule
    for server in changed:
        house.open(server)


RULES: dict[str, Message] = {
    "hidden": {"hide": ["job"]},
    "denied": {"tools": {"job": {"action": "deny"}}},
    "denied with these arguments": {
        "tools": {"job": {"deny_if": [{"path": "args.text", "op": "eq", "value": "secret"}]}}
    },
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("server", SERVERS)
def test_a_task_of_a_tool_that_is_denied_since_is_one_that_never_was(
    house: House, ruled: Any, server: str, rule: Message
) -> None:
    agent = client(house, server)
    identity = agent.begin(seconds=0, text="secret")
    before = len(house.arrived(server, "tasks/get", "tasks/cancel", "tasks/update", "tasks/result"))
    ruled(server, **rule)
    agent.unknown(identity)
    assert len(house.arrived(server, "tasks/get", "tasks/cancel", "tasks/update", "tasks/result")) == before
    house.open(server)
    assert agent.get(identity)["status"] == "completed"


def test_a_result_that_is_waited_for_is_not_given_once_the_tool_is_denied(house: House, ruled: Any) -> None:
    agent = client(house, "old")
    identity = agent.begin(seconds=0.5, text="secret")
    with meanwhile(lambda: agent.ask("tasks/result", identity)) as waiting:
        house.wait_arrived("old", "tasks/result")
        ruled("old", hide=["job"])
    assert waiting.result.error == {"code": -32602, "message": f"Unknown task: {identity}"}


@pytest.mark.parametrize("server", ["old", "new"])
def test_limits_count_the_call_and_not_what_is_asked_about_its_task(
    house: House, ruled: Any, server: str
) -> None:
    ruled(server, tools={"job": {"rate_limit": {"max": 1, "window": 3600}}})
    agent = client(house, server)
    identity = agent.begin(seconds=0)
    for _ in range(3):
        assert agent.get(identity)["status"] == "completed"
    refused = agent.call(seconds=0).result
    assert refused["isError"]


@pytest.mark.parametrize("server", ["old", "new"])
def test_each_request_about_a_task_is_recorded_under_the_tool_that_began_it(
    house: House, server: str
) -> None:
    agent = client(house, server)
    identity = agent.begin(seconds=LONG)
    agent.get(identity)
    agent.ask("tasks/cancel", identity)
    agent.ask("tasks/get", "nonsense")
    rows = [row for row in house.rows() if row["kind"] == "decided"]
    told = [(row["method"], row["tool"], row["verdict"]) for row in rows]
    assert told == [
        ("tools/call", "job", "allow"),
        ("tasks/get", "job", "allow"),
        ("tasks/cancel", "job", "allow"),
        ("tasks/get", "tasks/get", "denied-by-rule"),
    ]
    assert all(identity.encode() in bytes(_bytes(row["arguments"])) for row in rows[1:3])


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


@pytest.mark.parametrize("server", ["old", "new"])
def test_revoking_ends_a_clients_tasks(house: House, server: str) -> None:
    agent = client(house, server, who="other")
    identity = agent.begin(seconds=LONG)
    with meanwhile(lambda: agent.talker.call("slow", {"seconds": LONG})):
        house.wait_arrived(server, "tools/call", 2)
        taken = house.revoke("other")
        house.wait_given_up(server)
    house.grant("other", taken)
    again = wait_for(lambda: _let_in(house, server), "grant")
    again.unknown(identity)


def _let_in(house: House, server: str) -> Client | None:
    try:
        agent = client(house, server, who="other")
        return agent if "error" in agent.ask("tasks/get", "x").answer else None
    except (AssertionError, KeyError):
        return None


def test_a_grant_that_lost_the_server_has_no_task_there(house: House) -> None:
    for server in ("old", "new"):
        kind: Kind = "legacy" if server in OLD else "modern"
        talker = house.web(None, kind, who="other", capabilities=DECLARED if kind == "modern" else ALL)
        agent = Client(talker, f"{server}__job")
        identity = agent.begin(seconds=0)
        servers = dict.fromkeys(SERVERS)

        def lose(settings: Message, server: str = server) -> None:
            del settings["grants"]["other"]["servers"][server]

        def give(settings: Message, server: str = server) -> None:
            settings["grants"]["other"]["servers"][server] = server

        assert server in servers
        house.gateway.edit_settings(lose)
        try:
            agent.unknown(identity)
        finally:
            house.gateway.edit_settings(give)
        assert agent.get(identity)["status"] == "completed"


# what a task asks


@pytest.mark.parametrize("server", OLD)
def test_what_a_legacy_task_asks_is_put_where_its_result_is_waited_for(house: House, server: str) -> None:
    agent = client(house, server)
    identity = agent.begin(ask={"q": FORM})
    assert agent.get(identity)["status"] == "input_required"
    said = agent.ask("tasks/result", identity)
    assert said.result["structuredContent"]["answers"] == {"q": {"result": BLUE}}
    assert said.asked[0]["params"]["_meta"] == {RELATED: {"taskId": identity}}


@pytest.mark.parametrize("server", NEW)
def test_what_a_modern_task_asks_comes_with_it_and_is_replied_to(house: House, server: str) -> None:
    agent = client(house, server)
    identity = agent.begin(ask={"a": FORM, "b": FORM})
    asked = agent.wait(identity, "input_required")
    assert asked["inputRequests"] == {"a": FORM, "b": FORM}
    result = agent.ask("tasks/update", identity, inputResponses={"a": BLUE}).result
    assert result["resultType"] == "complete"
    assert agent.get(identity)["inputRequests"] == {"b": FORM}
    agent.ask("tasks/update", identity, inputResponses={"b": BLUE})
    done = agent.wait(identity, "completed")["result"]
    assert done["structuredContent"]["answers"] == {"a": BLUE, "b": BLUE}


@pytest.mark.parametrize("server", NEW)
def test_a_question_of_a_task_is_judged_and_recorded_once(house: House, server: str) -> None:
    agent = client(house, server)
    identity = agent.begin(ask={"a": FORM})
    for _ in range(3):
        agent.wait(identity, "input_required")
    methods = [row["method"] for row in house.rows() if row["kind"] == "decided"]
    assert methods.count("elicitation/create") == 1
    agent.ask("tasks/cancel", identity)


@pytest.mark.parametrize("server", ["new", "newweb"])
def test_a_form_that_the_policy_denies_is_declined_and_never_shown(
    house: House, ruled: Any, server: str
) -> None:
    ruled(server, server_requests={"elicitation": "deny"})
    agent = client(house, server)
    identity = agent.begin(ask={"a": FORM, "b": SAMPLING})
    asked = agent.wait(identity, "input_required")
    assert asked["inputRequests"] == {"b": SAMPLING}
    assert house.events(server, "update")[0]["given"] == {"a": {"action": "decline"}}
    rows = [(row["method"], row["verdict"]) for row in house.rows() if row["kind"] == "decided"]
    assert ("tasks/update", "allow") in rows
    agent.ask("tasks/cancel", identity)


@pytest.mark.parametrize("server", ["new", "newweb"])
def test_a_task_whose_question_the_policy_denies_otherwise_is_cancelled(
    house: House, ruled: Any, server: str
) -> None:
    ruled(server, server_requests={"sampling": "deny"})
    agent = client(house, server)
    identity = agent.begin(ask={"b": SAMPLING})
    assert agent.get(identity).get("inputRequests", {}) == {}
    assert agent.get(identity)["status"] == "cancelled"


@pytest.mark.parametrize("server", ["new", "newweb"])
def test_no_reply_goes_to_a_question_that_was_not_put(house: House, server: str) -> None:
    agent = client(house, server)
    identity = agent.begin(ask={"a": FORM})
    agent.ask("tasks/update", identity, inputResponses={"a": BLUE, "z": BLUE})
    assert house.events(server, "update")[-1]["given"] == {}
    agent.wait(identity, "input_required")
    agent.ask("tasks/update", identity, inputResponses={"a": BLUE, "z": BLUE})
    assert house.events(server, "update")[-1]["given"] == {"a": BLUE}


@pytest.mark.parametrize("server", ["new"])
def test_no_reply_goes_to_a_question_that_is_denied_since_it_was_put(
    house: House, ruled: Any, server: str
) -> None:
    agent = client(house, server)
    identity = agent.begin(ask={"b": SAMPLING})
    agent.wait(identity, "input_required")
    ruled(server, server_requests={"sampling": "deny"})
    agent.ask("tasks/update", identity, inputResponses={"b": {"role": "assistant"}})
    assert house.events(server, "update")[-1]["given"] == {}
    agent.get(identity)
    assert agent.get(identity)["status"] == "cancelled"


def test_what_does_not_belong_to_a_request_about_a_task_stays_here(house: House) -> None:
    agent = client(house, "new")
    identity = agent.begin(seconds=0)
    agent.ask("tasks/get", identity, secret="x", arguments={"path": "y"})
    assert set(house.arrived("new", "tasks/get")[-1]["params"]) == {"taskId", "_meta"}


# what clients hear


@pytest.mark.parametrize("server", OLD)
@pytest.mark.parametrize("capabilities", [{}, ALL], ids=["shared", "own"])
def test_a_legacy_client_hears_of_its_task_and_no_other_does(
    house: House, server: str, capabilities: Message
) -> None:
    owner = house.web(server, "legacy", capabilities=capabilities)
    other = house.web(server, "legacy", who="other", capabilities=capabilities)
    with owner.hearing() as mine, other.hearing() as theirs:
        Client(other).begin(seconds=0.2)
        theirs.wait("notifications/tasks/status")
        identity = Client(owner).begin(seconds=0.2)
        [told] = [
            note["params"]
            for note in mine.wait("notifications/tasks/status")
            if note["params"]["taskId"] == identity
        ]
        assert (told["status"], told["_meta"]["vendor"]) == ("completed", 1)
        assert identity not in [note["params"]["taskId"] for note in theirs.messages]
        assert b"task-" not in str(mine.messages).encode()


@pytest.mark.parametrize("server", NEW)
def test_a_modern_client_hears_of_the_tasks_that_it_names_and_owns(house: House, server: str) -> None:
    owner, other = client(house, server), client(house, server, who="other")
    first, second = owner.begin(seconds=LONG), other.begin(seconds=LONG)
    assert isinstance(owner.talker, WebTalker)
    with owner.talker.hearing(taskIds=[first, second, FIRST]) as heard:
        [acknowledged] = heard.of("notifications/subscriptions/acknowledged")
        assert acknowledged["params"]["notifications"] == {"taskIds": [first]}
        other.ask("tasks/cancel", second)
        owner.ask("tasks/cancel", first)
        [note] = heard.wait("notifications/tasks")
        assert (note["params"]["taskId"], note["params"]["status"]) == (first, "cancelled")
        assert META + "subscriptionId" in note["params"]["_meta"]
    listens = house.arrived(server, "subscriptions/listen")
    with_tasks = [one["params"] for one in listens if "taskIds" in one["params"]["notifications"]]
    assert with_tasks[0]["_meta"][META + "clientCapabilities"] == {"extensions": {EXTENSION: {}}}

    def ended() -> bool:
        last = house.arrived(server, "subscriptions/listen")[-1]
        return "taskIds" not in last["params"]["notifications"]

    wait_for(ended, "end of the listening")


@pytest.mark.parametrize("server", ["new", "newweb"])
def test_what_is_told_of_a_task_has_its_result_and_the_questions_that_may_be_put(
    house: House, ruled: Any, server: str
) -> None:
    ruled(server, server_requests={"elicitation": "deny"})
    agent = client(house, server)
    identity = agent.begin(seconds=0.4, ask={"a": FORM, "b": SAMPLING}, text="told")
    assert isinstance(agent.talker, WebTalker)
    with agent.talker.hearing(taskIds=[identity]) as heard:
        agent.wait(identity, "input_required")
        agent.ask("tasks/update", identity, inputResponses={"b": {"role": "assistant"}})
        wait_for(
            lambda: [n for n in heard.of("notifications/tasks") if n["params"]["status"] == "completed"],
            "notice of the end",
        )
        told = [note["params"] for note in heard.of("notifications/tasks")]
    assert all("a" not in one.get("inputRequests", {}) for one in told)
    assert told[-1]["result"]["content"][0]["text"] == "told"


@pytest.mark.parametrize("server", ["old", "new"])
def test_nothing_is_told_of_a_task_whose_tool_is_denied_since(house: House, ruled: Any, server: str) -> None:
    agent = client(house, server, capabilities=DECLARED if server == "new" else {})
    assert isinstance(agent.talker, WebTalker)
    identity = agent.begin(seconds=0.4)
    with agent.talker.hearing(**({"taskIds": [identity]} if server == "new" else {})) as heard:
        ruled(server, hide=["job"])
        for_a_while(0.7, lambda: heard.of("notifications/tasks") + heard.of("notifications/tasks/status"))


# their ends


@pytest.mark.parametrize("server", SERVERS)
def test_a_task_whose_time_is_over_is_one_that_never_was(house: House, server: str) -> None:
    agent = client(house, server)
    identity = agent.begin(seconds=0, ttl=150)
    wait_for(lambda: "error" in agent.ask("tasks/get", identity).answer, "end of the task")
    agent.unknown(identity)


@pytest.mark.parametrize("server", ["oldweb", "newweb"])
def test_a_server_that_forgot_its_tasks_has_none(house: House, server: str) -> None:
    agent = client(house, server)
    identity = agent.begin(seconds=LONG)
    house.webs[server].server.jobs.clear()  # type: ignore[attr-defined]
    agent.ask("tasks/get", identity)
    agent.unknown(identity)


@pytest.mark.parametrize("server", ["oldweb", "newweb"])
def test_an_id_that_a_server_gives_again_is_of_the_new_task_alone(house: House, server: str) -> None:
    declared = {} if server in OLD else DECLARED
    owner, other = (client(house, server, who=who, capabilities=declared) for who in ("agent", "other"))
    house.webs[server].server.jobs.clear()  # type: ignore[attr-defined]
    earlier = owner.begin(seconds=0, text="mine")
    house.webs[server].server.jobs.clear()  # type: ignore[attr-defined]
    assert other.get(other.begin(seconds=0, text="theirs"))["status"] == "completed"
    owner.unknown(earlier)


def test_a_task_of_a_server_whose_entry_was_edited_is_one_that_never_was() -> None:
    with build("old", tasks=True) as house:
        agent = client(house, "old")
        identity = agent.begin(seconds=LONG)
        house.gateway.edit_settings(lambda settings: settings["mcpServers"]["old"].update(env={"X": "1"}))
        wait_for(lambda: _begun(agent), "new start of the server")
        agent.unknown(identity)


@pytest.mark.parametrize("server", ["old", "new"])
@pytest.mark.parametrize("capabilities", [{}, ALL], ids=["shared", "own"])
def test_after_a_new_start_of_a_server_an_old_id_is_of_no_new_one(server: str, capabilities: Message) -> None:
    with build(server, tasks=True) as house:
        declared = {**capabilities, "extensions": {EXTENSION: {}}}
        owner, other = (client(house, server, who=who, capabilities=declared) for who in ("agent", "other"))
        identity = owner.begin(seconds=LONG)
        _begun(other)
        house.fresh()
        house.order(server, "exit")

        def anew() -> str | None:
            begun = _begun(other)
            return begun if house.arrived(server, "initialize", "server/discover") else None

        theirs = wait_for(anew, "new start of the server")
        assert other.get(theirs)["status"] == "completed"
        owner.unknown(identity)


def _begun(agent: Client) -> str | None:
    result = agent.call(seconds=0).result
    task = result.get("task", result)
    return task.get("taskId")


@pytest.mark.parametrize("server", ["oldweb", "newweb"])
def test_after_a_new_start_of_the_gateway_no_task_is_known(server: str) -> None:
    with build(server, tasks=True) as house:
        identity = client(house, server).begin(seconds=LONG)
        house.gateway.stop()
        house.gateway.start()
        agent = wait_for(lambda: client(house, server), "gateway")
        wait_for(lambda: _begun(agent), "server")
        agent.unknown(identity)


@pytest.mark.parametrize("server", ["old", "new"])
def test_a_client_keeps_so_many_tasks_and_no_more(server: str) -> None:
    with build(server, tasks=True, limits={"gateway.tasks.MAX_TASKS": 3}) as house:
        owner, other = client(house, server), client(house, server, who="other")
        theirs = other.begin(seconds=0)
        mine = [owner.begin(seconds=0) for _ in range(4)]
        owner.unknown(mine[0])
        for identity in mine[1:]:
            assert owner.get(identity)["status"] == "completed"
        assert other.get(theirs)["status"] == "completed"
