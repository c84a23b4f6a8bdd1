"""The tools that ask something: of the older era on the way, of the newer one in their result."""

import json
from typing import Any, Final

import mcp_types as types
from mcp.shared.exceptions import MCPError

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
from .tools import MISSING_CAPABILITY, Context, content, tool

# questions of the older era, asked on the way

_PROMPT: Final = form(prompt=STRING)
_MESSAGE: Final = form(message=STRING)


@tool("test_sampling", "Asks the client's model.", _PROMPT)
async def asks_model(context: Context, params: Any) -> Json:
    if not context.session.check_client_capability(
        types.ClientCapabilities(sampling=types.SamplingCapability())
    ):
        raise MCPError(INVALID_PARAMS, "the client does not offer sampling")
    message = types.SamplingMessage(
        role="user", content=types.TextContent(type="text", text=params.arguments["prompt"])
    )
    answer = await context.session.create_message(
        [message], max_tokens=100, related_request_id=context.request_id
    )
    return content(text(f"LLM response: {answer.content.text}"))


async def elicit(context: Context, message: str, schema: Json) -> str:
    if not context.session.check_client_capability(
        types.ClientCapabilities(elicitation=types.ElicitationCapability())
    ):
        raise MCPError(INVALID_PARAMS, "the client does not offer elicitation")
    answer = await context.session.elicit_form(message, schema, related_request_id=context.request_id)
    return f"action={answer.action}, content={json.dumps(answer.content)}"


@tool("test_elicitation", "Asks the person.", _MESSAGE)
async def asks_person(context: Context, params: Any) -> Json:
    person = form(
        username={**STRING, "description": "User's response"},
        email={**STRING, "description": "User's email address"},
    )
    return content(text(f"User response: {await elicit(context, params.arguments['message'], person)}"))


@tool("test_elicitation_sep1034_defaults", "Asks the person, with an answer already filled in.")
async def elicitation_sep1034_defaults(context: Context, _: Any) -> Json:
    filled = form(
        name={**STRING, "default": "John Doe"},
        age={"type": "integer", "default": 30},
        score={"type": "number", "default": 95.5},
        status={**STRING, "enum": ["active", "inactive", "pending"], "default": "active"},
        verified={"type": "boolean", "default": True},
    )
    filled["required"] = []
    return content(text(f"Elicitation completed: {await elicit(context, 'Please check', filled)}"))


@tool("test_elicitation_sep1330_enums", "Lets the person choose, in each way there is.")
async def elicitation_sep1330_enums(context: Context, _: Any) -> Json:
    names, titled = ["option1", "option2", "option3"], [
        {"const": f"value{number}", "title": f"Option {number}"} for number in (1, 2, 3)
    ]  # fmt: skip
    choices = form(
        untitledSingle={**STRING, "enum": names},
        titledSingle={**STRING, "oneOf": titled},
        legacyEnum={
            **STRING,
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        untitledMulti={"type": "array", "items": {**STRING, "enum": names}},
        titledMulti={"type": "array", "items": {"anyOf": titled}},
    )
    return content(text(f"Elicitation completed: {await elicit(context, 'Please choose', choices)}"))


# questions of the newer era, asked in the result


@tool("test_input_required_result_elicitation", "Asks for a name.")
async def input_required_result_elicitation(_: Context, params: Any) -> Json:
    answer = answers(params).get("user_name")
    if answer is None:
        return needs(user_name=ASK_NAME)
    if not isinstance(answer, dict) or answer.get("action") != "accept":
        raise MCPError(INVALID_PARAMS, "user_name is no answer to what was asked")
    return content(text(f"Hello, {answer['content']['name']}!"))


@tool("test_input_required_result_sampling", "Asks a model.")
async def input_required_result_sampling(_: Context, params: Any) -> Json:
    answer = answers(params).get("capital_question")
    if answer is None:
        return needs(capital_question=ask_model("What is the capital of France?", 100))
    return content(text(f"The model said: {json.dumps(answer['content'])}"))


@tool("test_input_required_result_list_roots", "Asks for the roots.")
async def input_required_result_list_roots(_: Context, params: Any) -> Json:
    answer = answers(params).get("client_roots")
    if answer is None:
        return needs(client_roots=ASK_ROOTS)
    return content(text(" ".join(root["uri"] for root in answer["roots"])))


@tool("test_input_required_result_request_state", "Asks, and gives state along.")
async def input_required_result_request_state(_: Context, params: Any) -> Json:
    if signed(params) != "confirming" or "confirm" not in answers(params):
        return needs("confirming", confirm=ASK_OK)
    return content(text("state-ok"))


@tool("test_input_required_result_tampered_state", "Asks, and takes its state back only as it was.")
async def input_required_result_tampered_state(_: Context, params: Any) -> Json:
    if signed(params) != "guarded" or "confirm" not in answers(params):
        return needs("guarded", confirm=ASK_OK)
    return content(text("state-ok"))


@tool("test_input_required_result_multiple_inputs", "Asks three things at once.")
async def input_required_result_multiple_inputs(_: Context, params: Any) -> Json:
    asked = {
        "user_name": ASK_NAME,
        "greeting": ask_model("Generate a greeting", 50),
        "client_roots": ASK_ROOTS,
    }
    if signed(params) != "three" or asked.keys() - answers(params).keys():
        return needs("three", **asked)
    return content(text(json.dumps(answers(params))))


@tool("test_input_required_result_multi_round", "Asks twice.")
async def input_required_result_multi_round(_: Context, params: Any) -> Json:
    state, given = signed(params), answers(params)
    if state == "round-1" and "step1" in given:
        return needs("round-2", step2=ask("Step 2: What is your favorite color?", color=STRING))
    if state == "round-2" and "step2" in given:
        return content(text("done"))
    return needs("round-1", step1=ask("Step 1: What is your name?", name=STRING))


@tool("test_input_required_result_capabilities", "Asks only what the client can answer.")
async def input_required_result_capabilities(context: Context, _: Any) -> Json:
    able = context.session.client_capabilities
    asked = {}
    if able is not None and able.elicitation is not None:
        asked["user_name"] = ASK_NAME
    if able is not None and able.sampling is not None:
        asked["greeting"] = ask_model("Generate a greeting", 50)
    return needs(**asked) if asked else content(text("nothing to ask"))


@tool("test_streaming_elicitation", "Tells how far it is, then asks.")
async def streaming_elicitation(context: Context, params: Any) -> Json:
    await context.session.report_progress(1, 2)
    return content(text("done")) if answers(params) else needs(user_name=ASK_NAME)


@tool("test_missing_capability", "Needs a client with sampling.")
async def missing_capability(context: Context, _: Any) -> Json:
    able = context.session.client_capabilities
    if able is None or able.sampling is None:
        data = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(MISSING_CAPABILITY, "this tool needs sampling", data)
    return content(text("done"))
