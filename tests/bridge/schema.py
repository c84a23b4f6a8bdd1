"""What goes over either leg must be of the schema of its era; the SDK's types say what that is."""

import json
from collections.abc import Iterable
from typing import Any, Final

from mcp_types import methods

from tests.bridge.house import SERVERS, House
from tests.support.scripted import LEGACY, META, MODERN
from tests.support.talker import Message, Said, Talker

VERSIONS: Final = {"legacy": LEGACY, "modern": MODERN}
_OF_LEGACY: Final = ("resultType", "ttlMs", "cacheScope", "inputRequests", "requestState")
"""What no result of the handshake era has. Its schema says nothing of members that it does not know."""


def check_said(talker: Talker, method: str, said: Said) -> None:
    """Everything that a client was told for one request is of its era."""
    version = VERSIONS[talker.era]
    if "result" in said.answer:
        methods.validate_server_result(method, version, said.result)
        if talker.era == "legacy":
            assert not said.result.keys() & set(_OF_LEGACY)
        else:
            assert said.result["resultType"] == "complete"
    for question in said.asked:
        check_question(question, LEGACY if talker.era == "legacy" else MODERN)
    check_notes(said.notes, version)


def check_question(question: Message, version: str) -> None:
    """A question to a client is of its era."""
    if version == LEGACY:
        methods.parse_server_request(question["method"], version, question.get("params"))
    else:
        asks: Any = {"resultType": "input_required", "requestState": "x", "inputRequests": {"one": question}}
        methods.validate_server_result("tools/call", version, asks)


def check_notes(notes: Iterable[Message], version: str) -> None:
    for note in notes:
        methods.parse_server_notification(note["method"], version, note.get("params"))


def check_server(house: House, server: str) -> None:
    """Everything that a server got is of one era, and of its own where it speaks one alone."""
    own, _ = SERVERS[server]
    for line in house.sent(server).splitlines():
        message = json.loads(line)
        if "method" not in message or message["method"] in ("server/discover", "vendor/thing"):
            continue
        params = message.get("params")
        if "id" in message:
            modern = META + "protocolVersion" in (params or {}).get("_meta", {})
            methods.validate_client_request(message["method"], MODERN if modern else LEGACY, params)
            assert message["method"] == "initialize" or own in ("dual", "modern" if modern else "legacy")
        else:
            methods.validate_client_notification(message["method"], LEGACY, params)
