"""Prompts, resources, completion and logging, and the server over all of it."""

import json
import re
from typing import Any, Final

from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.models import InitializationOptions
from mcp.server.subscriptions import ListenHandler
from mcp.shared.exceptions import MCPError

from .asking import told  # its tools join the table
from .parts import IMAGE, INVALID_PARAMS, PNG, STRING, Json, ask, embedded, needs, text
from .tools import BUS, GONE, LEVEL_OF, MODERN, TOOLS, Context, session_of

RESOURCE_NOT_FOUND: Final = -32002
PAGE: Final = {"resultType": "complete", "ttlMs": 1000, "cacheScope": "private"}
"""What the newer era adds to a list."""

# prompts


def _prompt(name: str, description: str, *arguments: str) -> Json:
    return {
        "name": name,
        "description": description,
        "arguments": [
            {"name": argument, "description": f"The {argument}.", "required": True} for argument in arguments
        ],
    }


PROMPTS: Final = [
    _prompt("test_simple_prompt", "A prompt."),
    _prompt("test_prompt_with_arguments", "A prompt with two arguments.", "arg1", "arg2"),
    _prompt("test_prompt_with_embedded_resource", "A prompt with a resource in it.", "resourceUri"),
    _prompt("test_prompt_with_image", "A prompt with an image in it."),
    _prompt("test_input_required_result_prompt", "A prompt that asks first."),
    _prompt("test_dynamic_prompt", "A prompt that is there, or is not."),
]


def _messages(*parts: Json) -> Json:
    return {"messages": [{"role": "user", "content": part} for part in parts]}


async def get_prompt(context: Context, params: Any) -> Json:
    return complete_in(context, await prompt(context, params))


async def prompt(context: Context, params: Any) -> Json:
    given = params.arguments or {}
    match params.name:
        case "test_simple_prompt" | "test_dynamic_prompt" if params.name not in GONE:
            return _messages(text("This is a simple prompt for testing."))
        case "test_prompt_with_arguments":
            words = f"Prompt with arguments: arg1='{given['arg1']}', arg2='{given['arg2']}'"
            return _messages(text(words))
        case "test_prompt_with_embedded_resource":
            resource = embedded(given["resourceUri"], "Embedded resource content for testing.")
            return _messages(resource, text("Please process the embedded resource above."))
        case "test_prompt_with_image":
            return _messages(IMAGE, text("Please analyze the image above."))
        case "test_input_required_result_prompt":
            asked = {"user_context": ask("What context should the prompt use?", context=STRING)}
            given = await told(context, params, asked)
            if given is None:
                return needs(**asked)
            return _messages(text(f"Use this: {given['user_context']['content']['context']}"))
    raise MCPError(INVALID_PARAMS, f"Unknown prompt: {params.name}")


async def complete(context: Context, params: Any) -> Json:
    words = [word for word in ("paris", "park", "party", "test") if word.startswith(params.argument.value)]
    return complete_in(context, {"completion": {"values": words, "total": len(words), "hasMore": False}})


# resources

WATCHED: Final = "test://watched-resource"
CONTENTS: Final[dict[str, Json]] = {
    "test://static-text": {
        "mimeType": "text/plain",
        "text": "This is the content of the static text resource.",
    },
    "test://static-binary": {"mimeType": "image/png", "blob": PNG},
    WATCHED: {"mimeType": "text/plain", "text": "Watch this."},
}
RESOURCES: Final = [
    {
        "uri": uri,
        "name": uri.rpartition("/")[2],
        "description": "A resource.",
        "mimeType": contents["mimeType"],
    }
    for uri, contents in CONTENTS.items()
]
TEMPLATE: Final = {
    "uriTemplate": "test://template/{id}/data",
    "name": "template",
    "description": "Data of an id.",
    "mimeType": "application/json",
}


async def read(context: Context, params: Any) -> Json:
    uri = str(params.uri)
    contents = CONTENTS.get(uri)
    if match := re.fullmatch(r"test://template/([^/]+)/data", uri):
        data = {"id": match[1], "templateTest": True, "data": f"Data for ID: {match[1]}"}
        contents = {"mimeType": "application/json", "text": json.dumps(data)}
    if contents is None:
        code = INVALID_PARAMS if context.protocol_version == MODERN else RESOURCE_NOT_FOUND
        raise MCPError(code, "Resource not found", {"uri": uri})
    return page(context, contents=[{"uri": uri, **contents}])


async def subscribe(_: Context, params: Any) -> Json:
    if str(params.uri) not in CONTENTS:
        raise MCPError(RESOURCE_NOT_FOUND, "Resource not found", {"uri": str(params.uri)})
    return {}


# the rest


def complete_in(context: Context, result: Json) -> Json:
    """The result as its era writes it."""
    return {"resultType": "complete", **result} if context.protocol_version == MODERN else result


def page(context: Context, **members: Any) -> Json:
    return {**members, **PAGE} if context.protocol_version == MODERN else members


async def list_tools(context: Context, _: Any) -> Json:
    return page(context, tools=[definition for name, (definition, _) in TOOLS.items() if name not in GONE])


async def call_tool(context: Context, params: Any) -> Json:
    if params.name not in TOOLS or params.name in GONE:
        raise MCPError(INVALID_PARAMS, f"Unknown tool: {params.name}")
    return complete_in(context, await TOOLS[params.name][1](context, params))


async def list_prompts(context: Context, _: Any) -> Json:
    return page(context, prompts=[prompt for prompt in PROMPTS if prompt["name"] not in GONE])


async def list_resources(context: Context, _: Any) -> Json:
    return page(context, resources=RESOURCES)


async def list_templates(context: Context, _: Any) -> Json:
    return page(context, resourceTemplates=[TEMPLATE])


async def set_level(context: Context, params: Any) -> Json:
    LEVEL_OF[session_of(context)] = params.level
    return {}


class Telling(Server[Any]):
    """A server that tells when its lists change, in the older era too."""

    def create_initialization_options(self, *_: Any, **__: Any) -> InitializationOptions:
        changes = NotificationOptions(prompts_changed=True, resources_changed=True, tools_changed=True)
        return super().create_initialization_options(changes)


server: Final = Telling(
    "everything",
    version="1",
    on_list_tools=list_tools,
    on_call_tool=call_tool,
    on_list_prompts=list_prompts,
    on_get_prompt=get_prompt,
    on_list_resources=list_resources,
    on_list_resource_templates=list_templates,
    on_read_resource=read,
    on_subscribe_resource=subscribe,
    on_unsubscribe_resource=subscribe,
    on_subscriptions_listen=ListenHandler(BUS),
    on_completion=complete,
    on_set_logging_level=set_level,
)
