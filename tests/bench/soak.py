"""Everything a gateway does, over and over, for as long as one likes: does anything grow?

    python -m tests.bench.soak [--minutes 30]

Two clients, one of each era, use a server over stdio and one over HTTP: lists, calls, progress, resources,
prompts, questions in the middle of a call, streams that are opened and left, calls that are given up,
sessions that begin and end. Every half minute a line says what the gateway holds. Never a verdict; the last
lines have the state after the first minutes and at the end.
"""

import argparse
import os
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from tests.conformance.ways import POLICY
from tests.support import everything
from tests.support.everything import EverythingServer
from tests.support.gateway import Gateway
from tests.support.jr import Client, Message

LINE_EVERY: Final = 30.0
"""Seconds between two lines."""
WARM: Final = 120.0
"""Seconds after which the state is one to compare with."""
HANG_UP: Final = 0.05
"""Seconds after which a call is given up."""
ANSWERS: Final[dict[str, Message]] = {
    "elicitation/create": {"action": "accept", "content": {"name": "Ada", "email": "a@b.c"}},
    "sampling/createMessage": {
        "role": "assistant", "model": "none", "content": {"type": "text", "text": "so it is"},
    },
    "roots/list": {"roots": []},
}  # fmt: skip


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak", description="Does anything grow?")
    parser.add_argument("--minutes", type=float, default=30.0)
    seconds = parser.parse_args(argv).minutes * 60
    with ExitStack() as stack:
        web = stack.enter_context(EverythingServer())
        gateway = stack.enter_context(
            Gateway(
                {"pipe": everything.spec(), "web": {"url": web.url}},
                {"all": POLICY},
                {"old": {"pipe": "all", "web": "all"}, "new": {"pipe": "all", "web": "all"}},
            )
        )
        watch(gateway, seconds)
    return 0


def watch(gateway: Gateway, seconds: float) -> None:
    """Use it from two threads, and say what it holds."""
    assert gateway.process is not None
    over = threading.Event()
    counts = {"old": 0, "new": 0}
    users = [threading.Thread(target=use, args=(gateway, name, counts, over)) for name in counts]
    for user in users:
        user.start()
    began, warm = time.monotonic(), ""
    try:
        while (passed := time.monotonic() - began) < seconds:
            time.sleep(min(LINE_EVERY, max(0.1, seconds - passed)))
            line = held(gateway.process.pid)
            print(f"{time.monotonic() - began:6.0f} s  {sum(counts.values()):7,} rounds  {line}", flush=True)
            warm = warm or (line if time.monotonic() - began >= WARM else "")
    finally:
        over.set()
        for user in users:
            user.join()
    print(f"after {WARM:.0f} s: {warm}\nat the end:  {held(gateway.process.pid)}")


def use(gateway: Gateway, name: str, counts: dict[str, int], over: threading.Event) -> None:
    """One client, until it is over."""
    while not over.is_set():
        for server in ("pipe", "web"):
            client = Client(
                gateway.server_url(server), gateway.tokens[name], "legacy" if name == "old" else "modern"
            )
            client.capabilities = {"elicitation": {}, "sampling": {}, "roots": {}}
            if name == "old":
                client.initialize()
            round_of(client)
            counts[name] += 1
            if name == "old":
                client.delete()


def round_of(client: Client) -> None:
    """All of it once."""
    for method in ("tools/list", "prompts/list", "resources/list", "resources/templates/list"):
        assert "result" in client.request(method).answer
    for _ in range(10):
        assert client.call("test_simple_text").text
    client.call("test_tool_with_progress", meta={"progressToken": 1})
    client.call("test_error_handling")
    client.call("no_such_tool")
    client.request("prompts/get", {"name": "test_simple_prompt"})
    client.request("resources/read", {"uri": "test://static-text"})
    asked(client, "test_input_required_result_elicitation" if client.era == "modern" else "test_elicitation")
    with suppress(OSError):  # given up in the middle
        impatient = Client(
            f"http://{client.host}:{client.port}{client.path}", client.token, client.era, HANG_UP
        )
        impatient.session, impatient.version = client.session, client.version
        impatient.call("test_tool_with_progress")
    if client.era == "modern":
        wanted = {
            "notifications": {"toolsListChanged": True, "resourceSubscriptions": ["test://static-text"]}
        }
        with client.stream("subscriptions/listen", wanted) as stream:
            stream.next()
    else:
        with client.get():
            client.request("resources/subscribe", {"uri": "test://static-text"})


def asked(client: Client, tool: str) -> None:
    """A call in the middle of which the server asks."""
    params: Message = {"name": tool, "arguments": {"message": "who?"}}
    if client.era == "modern":
        result = client.request("tools/call", params).answer.get("result", {})
        if result.get("resultType") == "input_required":
            more = {key: ANSWERS[one["method"]] for key, one in result["inputRequests"].items()}
            client.request(
                "tools/call", {**params, "inputResponses": more, "requestState": result["requestState"]}
            )
        return
    with client.stream("tools/call", params) as answers:
        while (said := answers.next()) and "method" in said:
            if "id" in said:
                client.post({"jsonrpc": "2.0", "id": said["id"], "result": ANSWERS[said["method"]]})


def held(pid: int) -> str:
    """Memory, descriptors, threads and children of the gateway."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    descriptors = len(os.listdir(f"/proc/{pid}/fd"))
    states = [state_of(child) for child in children(pid)]
    return (
        f"{int(fields['VmRSS'].split()[0]) / 1024:6.1f} MiB, {descriptors} descriptors,"
        f" {fields['Threads']} threads, {len(states)} children, {states.count('Z')} zombies"
    )


def children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            found += map(int, (task / "children").read_text(encoding="utf-8").split())
    return found


def state_of(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
