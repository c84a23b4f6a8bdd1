"""The recommended policy of one tool, the presets, the chips, the word lists."""

import json

import pytest

from latchward import assets
from latchward.catalogue.advice import policy_for
from latchward.catalogue.chips import Chip, chips
from latchward.catalogue.classify import classify
from latchward.catalogue.presets import PRESETS, ask_for_everything, read_only, recommended
from latchward.model.risk import Category, Rule, Severity
from latchward.policy.document import load

from .support import schema, tool
from .test_corpus import ROWS

CANCEL = tool(
    "cancel_job",
    "Cancel a queued or running job. Allows the AI to cancel jobs that are no longer needed.",
)
SOME = [
    (one["name"], classify(one))
    for one in (
        tool("list_files", "Lists files"),
        tool("read_file", "Reads a file"),
        tool("create_issue", "Creates an issue"),
        tool("restart_server", "Restarts a server"),
        tool("get_secret", "Returns the value of a secret"),
        CANCEL,
    )
]


def test_cancelling_a_job_is_destructive_and_hidden() -> None:
    risk = classify(CANCEL)

    assert (risk.category, risk.class_risk, risk.rule) == (Category.DESTRUCTIVE, Severity.CRITICAL, Rule.HIDE)
    assert policy_for("cancel_job", risk) == {"version": "1", "default": "deny", "hide": ["cancel_job"]}


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['tool']['name']}-{row['category']}" for row in ROWS])
def test_recommended_policy_is_a_document_that_loads(row: dict[str, dict[str, str]]) -> None:
    document = policy_for(row["tool"]["name"], classify(row["tool"]))

    load(json.dumps(document), source="policy.json")


@pytest.mark.parametrize("name", ["*", "get_*", "a?", "", " a", "a\u202eb", "a\nb", "x" * 2_000])
def test_name_that_a_document_cannot_hold_gets_no_entry(name: str) -> None:
    assert policy_for(name, SOME[0][1]) == {"version": "1", "default": "deny"}


def test_recommended_preset_follows_the_rules() -> None:
    assert recommended(SOME) == {
        "list_files": ("allow", None),
        "read_file": ("allow", {"max": 60, "window": "minute"}),
        "create_issue": ("allow", {"max": 30, "window": "minute"}),
        "restart_server": ("allow", {"max": 10, "window": "minute"}),
        "get_secret": ("approve", None),
        "cancel_job": ("hide", None),
    }


def test_read_only_preset_denies_what_writes_and_what_gives_away_secrets() -> None:
    assert {name: setting.action for name, setting in read_only(SOME).items()} == {
        "list_files": "allow",
        "read_file": "allow",
        "create_issue": "deny",
        "restart_server": "deny",
        "get_secret": "deny",
        "cancel_job": "deny",
    }


def test_ask_preset_asks_for_every_tool() -> None:
    assert set(ask_for_everything(SOME).values()) == {("approve", None)}
    assert len(PRESETS) == 3


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (tool("list_issues", "Lists issues"), set()),
        (tool("delete_file", "Deletes a file"), {Chip.DELETES, Chip.FILE}),
        (tool("run_command", "Runs a shell command", inputSchema=schema("command")), {Chip.RUNS}),
        (tool("write_file", "Writes a file", inputSchema=schema("path")), {Chip.FILE}),
        (tool("read_file", "Reads a file", inputSchema=schema("path")), {Chip.READS_FILE}),
        (tool("pay_invoice", "Pays an invoice"), {Chip.SPENDS}),
        (tool("browser_click", "Clicks on a page"), {Chip.DESKTOP}),
        (tool("send_email", "Sends an email"), {Chip.MESSAGE, Chip.OUTWARD}),
        (tool("restart_server", "Restarts a server"), {Chip.STARTS}),
        (tool("get_secret", "Returns a secret"), {Chip.SECRETS}),
        (tool("fetch", "Fetches a URL", inputSchema=schema("url")), {Chip.OUTWARD}),
        (tool("grant_access", "Gives a user access"), {Chip.ACCESS}),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_chips_tell_the_facts_of_a_tool(definition: dict[str, object], expected: set[Chip]) -> None:
    assert set(chips(definition, classify(definition))) == expected


def test_verb_stands_in_one_list_only() -> None:
    verbs = json.loads(assets.text("catalogue/verbs.json"))
    listed = [word for group in ("firm", "loose") for text in verbs[group].values() for word in text.split()]

    assert sorted(listed) == sorted(set(listed))
    assert set(verbs["nounlike"].split()) <= set(listed)
