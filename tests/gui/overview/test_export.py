"""The overview as a document: everything is in it, and nothing foreign does anything in another program."""

import csv
import io
import json
from datetime import datetime, timedelta, timezone

import pytest

from latchward.control.messages import ClientView
from latchward.gui.overview import export, rows
from latchward.gui.overview.export import Report
from tests.gui.builder_support import server, tool

MADE = datetime(2026, 11, 24, 9, 30, 5, 7, timezone(timedelta(hours=1)))
CURSOR = ClientView("cursor", "Cursor", "partly", routes=("notion",))
FILES = server(
    "files",
    tool("delete_file", "Destructive", "approve", custom=True),
    tool("read_file", effect="allow", held="new"),
    clients=("cursor", "claude"),
)


def report(*servers, clients=(CURSOR,), unreadable=()) -> Report:
    return Report(MADE, "/home/ada/.config/latchward", rows.build(servers or (FILES,), clients), unreadable)


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_spreadsheet_has_one_line_for_each_row_with_date_and_profile():
    found = table(export.as_csv(report()))
    assert [(one["kind"], one["tool"], one["server"]) for one in found] == [
        ("not guarded", "", "notion"),
        ("tool", "delete_file", "files"),
        ("tool", "read_file", "files"),
    ]
    assert found[1] == {
        "kind": "tool",
        "tool": "delete_file",
        "title": "",
        "server": "files",
        "what it can do": "May destroy data",
        "category": "Destructive",
        "severity": "Critical",
        "decision": "Ask",
        "conditions": "yes",
        "clients": "claude; Cursor",
        "date": "2026-11-24T09:30:05+01:00",
        "profile": "/home/ada/.config/latchward",
    }
    assert found[2]["decision"] == "Held: new"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\uff1d1", " =1", "\t=1"])
def test_no_cell_of_a_spreadsheet_is_a_formula(name):
    text = export.as_csv(report(server("s", tool(name, title=f"{name} t"), clients=(name,)), clients=()))
    (found,) = table(text)
    for cell in (found["tool"], found["title"], found["clients"]):
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d"))
        assert name.strip() in cell


def test_a_spreadsheet_cell_stays_one_cell_on_one_line():
    text = export.as_csv(report(server("s", tool('a",b;\nc\r')), clients=()))
    assert text.count("\r\n") == 2
    assert table(text)[0]["tool"] == 'a",b;<U+000A>c<U+000D>'


def test_json_holds_tools_routes_and_what_could_not_be_read():
    found = json.loads(export.as_json(report(unreadable=(("Windsurf", "line 3 is no JSON"),))))
    assert found["date"] == "2026-11-24T09:30:05+01:00"
    assert found["profile"] == "/home/ada/.config/latchward"
    assert found["routes"] == [{"server": "notion", "clients": ["Cursor"]}]
    assert found["unreadable"] == [{"client": "Windsurf", "problem": "line 3 is no JSON"}]
    assert [one["tool"] for one in found["tools"]] == ["delete_file", "read_file"]
    assert found["tools"][0] == {
        "tool": "delete_file",
        "title": "",
        "server": "files",
        "category": "Destructive",
        "severity": "Critical",
        "decision": "approve",
        "held": "",
        "conditions": True,
        "clients": ["claude", "Cursor"],
    }


def test_markdown_says_first_what_is_not_guarded():
    text = export.as_markdown(report(unreadable=(("Windsurf", "line 3 is no JSON"),)))
    assert text.splitlines()[:10] == [
        "# Everything my agents can do",
        "",
        "- Date: 2026-11-24T09:30:05+01:00",
        "- Profile: /home/ada/.config/latchward",
        "- 2 tools",
        "",
        "## Not guarded",
        "",
        "- notion, directly from Cursor",
        "- Windsurf cannot be read: line 3 is no JSON",
    ]
    ask = "Ask, with conditions"
    assert f"| delete\\_file | files | May destroy data | Critical | {ask} | claude, Cursor |" in text


def test_markdown_reads_no_foreign_markup():
    bad = "![x](http://e.example/?a) | <img> `c` &lt;\n# h"
    text = export.as_markdown(report(server("s", tool(bad), clients=()), clients=()))
    (line,) = [one for one in text.splitlines() if "example" in one]
    assert line.startswith(
        r"| \!\[x\](http://e.example/?a) \| \<img\> \`c\` \&lt; | s |".replace(" | s", r"\<U+000A\>\# h | s")
    )
    assert line.endswith("| No client |")


@pytest.mark.parametrize("form", export.FORMS.values())
def test_what_cannot_be_seen_is_spelled_out_in_every_form(form):
    text = form(report(server("s", tool("a\u202eb\u200b")), clients=()))
    assert "\u202e" not in text
    assert "\u200b" not in text
    assert "U+202E" in text


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.csv", export.as_csv),
        ("/x/A.JSON", export.as_json),
        ("b.c.md", export.as_markdown),
        ("a.txt", None),
        ("csv", None),
    ],
)
def test_the_end_of_the_name_tells_the_form(name, form):
    assert export.form(name) is form
