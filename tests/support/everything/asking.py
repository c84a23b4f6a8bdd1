"""The tools that ask something: where the connection is of the older era on the way, else in their result."""

import json
from typing import Any, Final

import mcp_types as types
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata

from .parts import (
    ASK_NAME,
    ASK_OK,
    ASK_ROOTS,
    INVALID_PARAMS,
    STRING,
    Json,
    answers,
    ask,
    ask_model,
    form,
    needs,
    signed,
    text,
)
from .tools import MISSING_CAPABILITY, MODERN, Context, content, tool

_ASKED_OF: Final[dict[str, tuple[str, Any, Any]]] = {
    "elicitation/create": ("elicitation", types.ElicitRequest, types.ElicitResult),
    "sampling/createMessage": ("sampling", types.CreateMessageRequest, types.CreateMessageResult),
    "roots/list": ("roots", types.ListRootsRequest, types.ListRootsResult),
}


async def told(context: Context, params: Any, asked: Json, state: str = "") -> Json | None:
    """The answers to what is asked, by its keys; None where they are still to come, with this state.

    Raises `MCPError` where the client does not offer what they would need.
    """
    for request in asked.values():
        require(context, _ASKED_OF[request["method"]][0])
    if context.protocol_version == MODERN:
        given = answers(params)
        return given if signed(params) == state and not asked.keys() - given.keys() else None
    return {key: await _on_the_way(context, request) for key, request in asked.items()}


def offers(context: Context, capability: str) -> bool:
    """Whether the client has declared it."""
    declared = context.session.client_capabilities
    return declared is not None and getattr(declared, capability) is not None


def require(context: Context, capability: str) -> None:
    """Raise what the era says of a client that does not offer this."""
    if offers(context, capability):
        return
    words = f"the client does not offer {capability}"
    if context.protocol_version != MODERN:
        raise MCPError(INVALID_PARAMS, words)
    raise MCPError(MISSING_CAPABILITY, words, {"requiredCapabilities": {capability: {}}})


async def _on_the_way(context: Context, request: Json) -> Any:
    _, request_type, result_type = _ASKED_OF[request["method"]]
    answer = await context.session.send_request(
        request_type.model_validate(request, by_name=False),
        result_type,
        metadata=ServerMessageMetadata(related_request_id=context.request_id),
    )
    return answer.model_dump(mode="json", by_alias=True, exclude_none=True)


# what the older era's scenarios ask for


@tool("test_sampling", "Asks the client's model.", form(prompt=STRING))
async def asks_model(context: Context, params: Any) -> Json:
    asked = {"answer": ask_model(params.arguments["prompt"], 100)}
    given = await told(context, params, asked)
    if given is None:
        return needs(**asked)
    return content(text(f"LLM response: {given['answer']['content']['text']}"))


async def elicit(context: Context, params: Any, message: str, before: str, **properties: Json) -> Json:
    asked = {"answer": ask(message, **properties)}
    given = await told(context, params, asked)
    if given is None:
        return needs(**asked)
    answer = given["answer"]
    return content(text(f"{before}: action={answer['action']}, content={json.dumps(answer.get('content'))}"))


@tool("test_elicitation", "Asks the person.", form(message=STRING))
async def asks_person(context: Context, params: Any) -> Json:
    return await elicit(
        context,
        params,
        params.arguments["message"],
        "User response",
        username={**STRING, "description": "User's response"},
        email={**STRING, "description": "User's email address"},
    )


@tool("test_elicitation_sep1034_defaults", "Asks the person, with an answer already filled in.")
async def elicitation_sep1034_defaults(context: Context, params: Any) -> Json:
    return await elicit(
        context,
        params,
        "Please check",
        "Elicitation completed",
        name={**STRING, "default": "John Doe"},
        age={"type": "integer", "default": 30},
        score={"type": "number", "default": 95.5},
        status={**STRING, "enum": ["active", "inactive", "pending"], "default": "active"},
        verified={"type": "boolean", "default": True},
    )


@tool("test_elicitation_sep1330_enums", "Lets the person choose, in each way there is.")
async def elicitation_sep1330_enums(context: Context, params: Any) -> Json:
    names = ["option1", "option2", "option3"]
    titled = [{"const": f"value{number}", "title": f"Option {number}"} for number in (1, 2, 3)]
    spelt = ["Option One", "Option Two", "Option Three"]
    return await elicit(
        context,
        params,
        "Please choose",
        "Elicitation completed",
        untitledSingle={**STRING, "enum": names},
        titledSingle={**STRING, "oneOf": titled},
        legacyEnum={**STRING, "enum": ["opt1", "opt2", "opt3"], "enumNames": spelt},
        untitledMulti={"type": "array", "items": {**STRING, "enum": names}},
        titledMulti={"type": "array", "items": {"anyOf": titled}},
    )


# what the newer era's scenarios ask for


@tool("test_input_required_result_elicitation", "Asks for a name.")
async def input_required_result_elicitation(context: Context, params: Any) -> Json:
    given = await told(context, params, {"user_name": ASK_NAME})
    if given is None:
        return needs(user_name=ASK_NAME)
    answer = given["user_name"]
    if not isinstance(answer, dict) or answer.get("action") != "accept":
        raise MCPError(INVALID_PARAMS, "user_name is no answer to what was asked")
    return content(text(f"Hello, {answer['content']['name']}!"))


@tool("test_input_required_result_sampling", "Asks a model.")
async def input_required_result_sampling(context: Context, params: Any) -> Json:
    asked = {"capital_question": ask_model("What is the capital of France?", 100)}
    given = await told(context, params, asked)
    if given is None:
        return needs(**asked)
    return content(text(f"The model said: {json.dumps(given['capital_question']['content'])}"))


@tool("test_input_required_result_list_roots", "Asks for the roots.")
async def input_required_result_list_roots(context: Context, params: Any) -> Json:
    given = await told(context, params, {"client_roots": ASK_ROOTS})
    if given is None:
        return needs(client_roots=ASK_ROOTS)
    return content(text(" ".join(root["uri"] for root in given["client_roots"]["roots"])))


@tool("test_input_required_result_request_state", "Asks, and gives state along.")
async def input_required_result_request_state(context: Context, params: Any) -> Json:
    if await told(context, params, {"confirm": ASK_OK}, "confirming") is None:
        return needs("confirming", confirm=ASK_OK)
    return content(text("state-ok"))


@tool("test_input_required_result_tampered_state", "Asks, and takes its state back only as it was.")
async def input_required_result_tampered_state(context: Context, params: Any) -> Json:
    if await told(context, params, {"confirm": ASK_OK}, "guarded") is None:
        return needs("guarded", confirm=ASK_OK)
    return content(text("state-ok"))


@tool("test_input_required_result_multiple_inputs", "Asks three things at once.")
async def input_required_result_multiple_inputs(context: Context, params: Any) -> Json:
    asked = {
        "user_name": ASK_NAME,
        "greeting": ask_model("Generate a greeting", 50),
        "client_roots": ASK_ROOTS,
    }
    given = await told(context, params, asked, "three")
    return needs("three", **asked) if given is None else content(text(json.dumps(given)))


@tool("test_input_required_result_multi_round", "Asks twice.")
async def input_required_result_multi_round(context: Context, params: Any) -> Json:
    first = {"step1": ask("Step 1: What is your name?", name=STRING)}
    second = {"step2": ask("Step 2: What is your favorite color?", color=STRING)}
    named = await told(context, params, first, "round-1")
    coloured = await told(context, params, second, "round-2")
    if coloured is not None:
        return content(text("done"))
    return needs("round-1", **first) if named is None else needs("round-2", **second)


@tool("test_input_required_result_capabilities", "Asks only what the client can answer.")
async def input_required_result_capabilities(context: Context, params: Any) -> Json:
    asked = {"user_name": ASK_NAME} if offers(context, "elicitation") else {}
    if offers(context, "sampling"):
        asked["greeting"] = ask_model("Generate a greeting", 50)
    given = await told(context, params, asked)
    return needs(**asked) if given is None else content(text(json.dumps(given)))


@tool("test_streaming_elicitation", "Tells how far it is, then asks.")
async def streaming_elicitation(context: Context, params: Any) -> Json:
    await context.session.report_progress(1, 2)
    return await input_required_result_elicitation(context, params)


@tool("test_missing_capability", "Needs a client with sampling.")
async def missing_capability(context: Context, _: Any) -> Json:
    require(context, "sampling")
    return content(text("done"))
