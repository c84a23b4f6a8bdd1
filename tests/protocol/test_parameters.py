"""Arguments that a tool's schema wants as headers: our rules against those of the official SDK."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.shared import inbound

from latchward.protocol import parameters, strict

NAMES = st.sampled_from(["Region", "region", "N", "x y", "", 7, "Ü", "a-b"])
KINDS = st.sampled_from(["string", "integer", "boolean", "number", "object", ["string"], None])
PLACES = st.sampled_from(["properties", "items", "anyOf", "$defs", "default", "not"])


@st.composite
def schemas(draw: st.DrawFn, depth: int = 3) -> dict[str, Any]:
    made: dict[str, Any] = {"type": draw(KINDS)}
    if draw(st.booleans()):
        made[parameters.KEY] = draw(NAMES)
    for place in draw(st.lists(PLACES, max_size=2, unique=True)) if depth else ():
        inner = [draw(schemas(depth - 1)) for _ in range(draw(st.integers(1, 2)))]
        made[place] = (
            inner
            if place == "anyOf"
            else dict(zip("ab", inner, strict=False))
            if place in ("properties", "$defs")
            else inner[0]
        )
    return made


@st.composite
def offered(draw: st.DrawFn) -> dict[str, Any]:
    """A schema that obeys the rules."""
    kinds = st.sampled_from(["string", "integer", "boolean"])
    flat = {
        name: {"type": draw(kinds), parameters.KEY: f"H-{name}"}
        for name in draw(st.sets(st.sampled_from("abc")))
    }
    deep = {"type": "object", "properties": {"n": {"type": draw(kinds), parameters.KEY: "H-deep"}}}
    return {"type": "object", "properties": {**flat, "d": deep}}


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.lists(st.integers(), max_size=1)
)


@given(schemas())
def test_a_schema_is_refused_just_where_the_sdk_refuses_it(schema: dict[str, Any]) -> None:
    if inbound.find_invalid_x_mcp_header(schema) is None:
        assert parameters.annotated(schema) == inbound.x_mcp_header_map(schema)
    else:
        with pytest.raises(parameters.InvalidAnnotation):
            parameters.annotated(schema)


@given(offered(), st.dictionaries(st.sampled_from("abcd"), SCALARS), SCALARS)
def test_the_headers_pass_the_check_of_an_sdk_server(
    schema: dict[str, Any], arguments: dict[str, Any], deep: Any
) -> None:
    body = json.dumps({**arguments, "d": {"n": deep}})
    made = parameters.headers(parameters.annotated(schema), strict.parse(body.encode()))
    assert inbound.validate_mcp_param_headers(schema, json.loads(body), made) is None


@pytest.mark.parametrize("schema", [None, True, [], "x", {}])
def test_a_schema_that_is_none_asks_for_nothing(schema: Any) -> None:
    assert parameters.annotated(schema) == {}


def test_a_header_cannot_be_split_by_its_value() -> None:
    made = parameters.headers({("a",): "A"}, {"a": "x\r\nEvil: yes"})
    assert made == {"Mcp-Param-A": "=?base64?eA0KRXZpbDogeWVz?="}
