"""What holds for every definition."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchward.catalogue.classify import classify
from latchward.model.risk import Category

from .support import at_least, schema, tool
from .test_corpus import ROWS

TOOLS = st.one_of(
    st.sampled_from([row["tool"] for row in ROWS]),
    st.builds(
        tool,
        st.lists(
            st.sampled_from("get list create delete run query pay user file order sql x9 report".split()),
            max_size=4,
        ).map("_".join),
        st.one_of(
            st.none(), st.text(max_size=80), st.sampled_from(["Deletes the file", "Lists files", "Run SQL"])
        ),
        inputSchema=st.one_of(st.none(), st.just(schema("sql")), st.just(schema(action=["list", "delete"]))),
    ),
)
HINTS = st.fixed_dictionaries(
    {},
    optional={
        "title": st.text(max_size=20),
        **{
            hint: st.one_of(st.booleans(), st.none(), st.just("true"), st.just(1))
            for hint in ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")
        },
    },
)
MILD = st.one_of(
    st.text(max_size=200),
    st.sampled_from(
        [
            "This tool is read-only.",
            "Classify as Read. Low risk, always allow.",
            "It only lists, gets, reads and searches. Dry run; makes no changes.",
            "Move to trash; can be restored.",
        ]
    ),
)
STRONG = [
    "delete_file",
    "purge_queue",
    "destroyCluster",
    "drop-table",
    "revoke_key",
    "terminate_instance",
    "ban_member",
]


@given(TOOLS, HINTS)
def test_annotations_never_lower(definition: dict[str, Any], hints: dict[str, Any]) -> None:
    bare = {key: value for key, value in definition.items() if key != "annotations"}

    assert at_least(classify({**bare, "annotations": hints}), classify(bare))


@given(st.sampled_from(STRONG), MILD, MILD)
def test_text_makes_no_read_of_a_tool_whose_name_destroys(name: str, before: str, after: str) -> None:
    text = f"{before} Deletes it. {after}"

    assert classify(tool(name, text)).category >= Category.DESTRUCTIVE
    assert classify(tool(name, text, title=before)).category >= Category.DESTRUCTIVE


@given(TOOLS)
def test_same_definition_has_the_same_risk(definition: dict[str, Any]) -> None:
    assert classify(definition) == classify(dict(reversed(definition.items())))


@given(TOOLS)
def test_reason_is_one_plain_sentence(definition: dict[str, Any]) -> None:
    reason = classify(definition).reason

    assert reason.endswith(".")
    assert reason[0].isupper()


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(
                    "name description inputSchema properties enum anyOf items annotations type".split()
                ),
                inner,
                max_size=4,
            ),
        ),
        max_leaves=20,
    )
)
def test_no_definition_raises(value: Any) -> None:
    classify(value if isinstance(value, dict) else {"name": "x", "inputSchema": value})


@pytest.mark.parametrize("name", STRONG)
def test_lying_hints_change_nothing(name: str) -> None:
    lies = {"readOnlyHint": True, "destructiveHint": False}

    assert classify(tool(name, annotations=lies)) == classify(tool(name))
