"""The scripted server that has everything, and does its tool `job` as a task where it may.

    python tasked.py --name NAME --era legacy|modern|dual --record FILE --orders FILE

`job` takes `seconds`, `text`, `ttl` (milliseconds), `error` (a JSON-RPC error to fail with) and `ask`,
questions by key. The ids of tasks are counted from 1 in each process, as a careless server does it: whoever
could send one of another would be answered.
"""

import argparse
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

if __package__:
    from . import scripted
else:
    sys.path.insert(0, str(Path(__file__).parent))
    import scripted

Message = dict[str, Any]
EXTENSION: Final = "io.modelcontextprotocol/tasks"
RELATED: Final = "io.modelcontextprotocol/related-task"
FIRST: Final = "task-000001"
NOT_FOUND: Final = "Failed to retrieve task: Task not found"
ENDED: Final = ("completed", "failed", "cancelled")


@dataclass
class Job:
    """One task."""

    identity: str
    arguments: Message
    session: Any
    ends_at: float
    answers: dict[str, Message] = field(default_factory=dict)
    cancelled: bool = False

    @property
    def open(self) -> Message:
        """The questions that were not answered."""
        asked: Message = self.arguments.get("ask") or {}
        return {key: one for key, one in asked.items() if key not in self.answers}

    @property
    def status(self) -> str:
        if self.cancelled:
            return "cancelled"
        if self.open:
            return "input_required"
        if time.monotonic() < self.ends_at:
            return "working"
        return "failed" if "error" in self.arguments else "completed"

    @property
    def result(self) -> Message:
        return {
            "content": [{"type": "text", "text": str(self.arguments.get("text", "done"))}],
            "structuredContent": {"answers": self.answers},
        }


class Tasked(scripted.Everything):
    """The server."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.jobs: dict[str, Job] = {}
        tool = {"name": "job", "description": "Does a job.", "inputSchema": {"type": "object"}}
        self.lists["tools"].append({**tool, "execution": {"taskSupport": "optional"}})

    @property
    def capabilities(self) -> Message:
        legacy = {"tasks": {"list": {}, "cancel": {}, "requests": {"tools": {"call": {}}}}}
        return {**super().capabilities, **legacy, "extensions": {EXTENSION: {}, "io.example/other": {}}}

    def answer(self, method: str, request: Any) -> Message:
        if not method.startswith("tasks/"):
            return super().answer(method, request)
        if request.modern:
            self.check_envelope(request)
        handler = {
            "tasks/get": self.get,
            "tasks/cancel": self.cancel,
            **({"tasks/update": self.update} if request.modern else {"tasks/result": self.payload}),
        }.get(method)
        if handler is None:
            raise scripted.Failure(scripted.METHOD_NOT_FOUND, f"Method not found: {method}")
        job = self.jobs.get(str(request.params.get("taskId")))
        if job is None:
            raise scripted.Failure(scripted.INVALID_PARAMS, NOT_FOUND)
        return handler(job, request)

    def call(self, request: Any) -> Message:
        arguments = request.params.get("arguments") or {}
        if request.params.get("name") != "job":
            return super().call(request)
        if not self.may(request):
            request.wait(float(arguments.get("seconds", 0)))
            return Job("", arguments, None, 0.0).result
        with self._lock:
            identity = f"task-{len(self.jobs) + 1:06}"
            ends_at = time.monotonic() + float(arguments.get("seconds", 0))
            job = self.jobs[identity] = Job(identity, arguments, request.session, ends_at)
        threading.Thread(target=self.watch, args=(job,), daemon=True).start()
        if request.modern:
            return {"resultType": "task", **self.shape(job, request), "vendor": 2**70}
        return {"task": {**self.shape(job, request), "vendor": 2**70}}

    def obey(self, order: Message) -> None:
        if order["do"] == "exit":
            threading.Timer(0.1, os._exit, (1,)).start()
            return
        super().obey(order)

    def may(self, request: Any) -> bool:
        if not request.modern:
            return "task" in request.params
        declared = request.meta.get(scripted.META + "clientCapabilities") or {}
        return EXTENSION in (declared.get("extensions") or {})

    def shape(self, job: Job, request: Any) -> Message:
        ms = "Ms" if request is None or request.modern else ""
        at = "2026-01-01T00:00:00Z"
        shape = {"taskId": job.identity, "status": job.status, "createdAt": at, "lastUpdatedAt": at}
        return {**shape, f"ttl{ms}": job.arguments.get("ttl"), f"pollInterval{ms}": 50}

    def get(self, job: Job, request: Any) -> Message:
        return self.detailed(job, request) if request.modern else self.shape(job, request)

    def detailed(self, job: Job, request: Any) -> Message:
        more: Message = {}
        if job.status == "completed":
            more = {"result": {**job.result, "big": 2**70}}
        elif job.status == "failed":
            more = {"error": job.arguments["error"]}
        elif job.status == "input_required":
            more = {"inputRequests": job.open}
        return {**self.shape(job, request), **more}

    def cancel(self, job: Job, request: Any) -> Message:
        if not request.modern and job.status in ENDED:
            words = f"Cannot cancel task {job.identity} in terminal status"
            raise scripted.Failure(scripted.INVALID_PARAMS, words)
        job.cancelled = True
        self.note("cancelled", task=job.identity)
        return {} if request.modern else self.shape(job, request)

    def update(self, job: Job, request: Any) -> Message:
        given = request.params.get("inputResponses") or {}
        self.note("update", task=job.identity, given=given)
        job.answers.update({key: one for key, one in given.items() if key in job.open})
        return {}

    def payload(self, job: Job, request: Any) -> Message:
        """The result, once there is one; what the task asks is asked on the way."""
        related = {RELATED: {"taskId": job.identity}}
        asked = {
            key: {**one, "params": {**one.get("params", {}), "_meta": related}}
            for key, one in job.open.items()
        }
        if asked:
            job.answers.update(request.ask(asked))
        while job.status not in ENDED:
            request.wait(0.02)
        if job.status == "failed":
            error = job.arguments["error"]
            raise scripted.Failure(error["code"], error["message"])
        return {**job.result, "_meta": {**related, "vendor": 1}, "big": 2**70}

    def watch(self, job: Job) -> None:
        """Tell of each status that the task comes to."""
        last = "working"
        while last not in ENDED:
            if (status := job.status) != last:
                last = status
                self.tell(job)
            time.sleep(0.01)

    def tell(self, job: Job) -> None:
        session = job.session
        if session.era == "legacy" and session.standing is not None:
            legacy = {"taskId": job.identity, "status": job.status, "ttl": None}
            legacy["_meta"] = {RELATED: {"taskId": job.identity}, "vendor": 1}
            note = {"method": "notifications/tasks/status", "params": {**legacy, **_WHEN}}
            session.standing.send({"jsonrpc": "2.0", **note})
        for listener in list(self.listeners):
            if job.identity in listener.wanted.get("taskIds", ()):
                stamp = {scripted.META + "subscriptionId": listener.identity}
                params = {**self.detailed(job, None), "_meta": stamp}
                listener.way.send({"jsonrpc": "2.0", "method": "notifications/tasks", "params": params})


_WHEN: Final = {"createdAt": "2026-01-01T00:00:00Z", "lastUpdatedAt": "2026-01-01T00:00:00Z"}


def spec(name: str, era: str, record: Path, orders: Path) -> Message:
    """An entry of `mcpServers` that starts this server."""
    entry = scripted.spec(name, era, record, orders)
    own = [__file__ if argument == scripted.__file__ else argument for argument in entry["args"]]
    return {**entry, "args": own}


def main() -> None:
    parser = argparse.ArgumentParser(prog="tasked", allow_abbrev=False)
    parser.add_argument("--name", required=True)
    parser.add_argument("--era", choices=("legacy", "modern", "dual"), required=True)
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--orders", type=Path, required=True)
    options = parser.parse_args()
    server = Tasked(options.name, options.era, scripted.events_of(options.record), options.orders)
    threading.Thread(target=server.follow_orders, daemon=True).start()
    scripted.serve_stdio(server, options.record)


if __name__ == "__main__":
    main()
