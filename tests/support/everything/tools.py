"""The tools that ask nothing, and the table of all of them."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

import anyio
from mcp.server.subscriptions import InMemorySubscriptionBus, PromptsListChanged, ToolsListChanged

from .parts import AUDIO, IMAGE, STRING, Json, embedded, text

Context = Any

MODERN: Final = "2026-07-28"
MISSING_CAPABILITY: Final = -32021
PAUSE_SECONDS: Final = 0.05
LEVELS: Final = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")

Tool = Callable[[Context, Any], Awaitable[Json]]
TOOLS: dict[str, tuple[Json, Tool]] = {}
NO_ARGUMENTS: Final = {"type": "object", "properties": {}}


def tool(name: str, description: str, schema: Json = NO_ARGUMENTS) -> Callable[[Tool], Tool]:
    """Offer a function as a tool."""

    def offer(function: Tool) -> Tool:
        TOOLS[name] = ({"name": name, "description": description, "inputSchema": schema}, function)
        return function

    return offer


def content(*parts: Json) -> Json:
    return {"content": list(parts)}


def fixed(name: str, description: str, *parts: Json, schema: Json = NO_ARGUMENTS) -> None:
    """Offer a tool that always answers the same."""

    @tool(name, description, schema)
    async def answer(_: Context, __: Any) -> Json:
        return content(*parts)


MIXED: Final = json.dumps({"test": "data", "value": 123})
fixed("test_simple_text", "Says one thing.", text("This is a simple text response for testing."))
fixed("test_image_content", "Shows an image.", IMAGE)
fixed("test_audio_content", "Plays a sound.", AUDIO)
fixed(
    "test_embedded_resource",
    "Shows a resource.",
    embedded("test://embedded-resource", "This is an embedded resource content."),
)
fixed(
    "test_multiple_content_types",
    "Shows three kinds.",
    text("Multiple content types test:"),
    IMAGE,
    embedded("test://mixed-content-resource", MIXED, "application/json"),
)
fixed(
    "json_schema_2020_12_tool",
    "Has a schema with much in it.",
    text("taken"),
    schema={
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": {"street": STRING, "city": STRING},
            }
        },
        "properties": {
            "name": STRING,
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": STRING,
            "email": STRING,
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": False,
    },
)

fixed(
    "test_custom_header",
    "Has an argument that a header repeats.",
    text("taken"),
    schema={"type": "object", "properties": {"region": {**STRING, "x-mcp-header": "Region"}}},
)


@tool("test_error_handling", "Always fails.")
async def error_handling(_: Context, __: Any) -> Json:
    return {**content(text("This tool intentionally returns an error for testing")), "isError": True}


LEVEL_OF: Final[dict[str, str]] = {}
"""The least level that a session of the older era wants; the newer era says it with each request."""


def session_of(context: Context) -> str:
    """The session of a request; "" over stdio, where there is one."""
    return (context.request.headers.get("mcp-session-id") or "") if context.request else ""


async def log(context: Context, level: str, words: str) -> None:
    """A line for the client, where it wants one of this level."""
    wanted = LEVEL_OF.get(session_of(context), LEVELS[0])
    if context.protocol_version == MODERN or LEVELS.index(level) >= LEVELS.index(wanted):
        await context.session.send_log_message(level, words, related_request_id=context.request_id)


@tool("test_tool_with_progress", "Tells how far it is.")
async def tool_with_progress(context: Context, _: Any) -> Json:
    for progress in (0, 50, 100):
        await context.session.report_progress(progress, 100)
        await anyio.sleep(PAUSE_SECONDS)
    return content(text("done"))


@tool("test_tool_with_logging", "Logs what it does.")
async def tool_with_logging(context: Context, _: Any) -> Json:
    for words in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await log(context, "info", words)
        await anyio.sleep(PAUSE_SECONDS)
    return content(text("done"))


@tool("test_logging_tool", "Logs a line, where the client wants any.")
async def logging_tool(context: Context, _: Any) -> Json:
    await log(context, "info", "logged")
    return content(text("done"))


# lists that change

BUS: Final = InMemorySubscriptionBus()
GONE: set[str] = set()
"""The tools and prompts that are not there at present."""

fixed("test_dynamic_tool", "Is there, or is not.", text("here"))


def toggle(name: str) -> None:
    GONE.symmetric_difference_update({name})


@tool("test_trigger_tool_change", "Takes `test_dynamic_tool` away, or brings it back.")
async def trigger_tool_change(context: Context, _: Any) -> Json:
    toggle("test_dynamic_tool")
    await BUS.publish(ToolsListChanged())
    if context.protocol_version != MODERN:
        await context.session.send_tool_list_changed()
    return content(text("changed"))


@tool("test_trigger_prompt_change", "Takes `test_dynamic_prompt` away, or brings it back.")
async def trigger_prompt_change(context: Context, _: Any) -> Json:
    toggle("test_dynamic_prompt")
    await BUS.publish(PromptsListChanged())
    if context.protocol_version != MODERN:
        await context.session.send_prompt_list_changed()
    return content(text("changed"))
