"""The bench works from end to end; how fast anything is, no test says."""

import json
from pathlib import Path

import pytest

from . import peers
from .__main__ import main, run
from .figures import AT_ONCE, GROUPS, TINY
from .measure import OURS, Wanted
from .results import Report
from .setting import Setting
from .table import markdown, text

EVERYWHERE = {
    *(f"{tool} {point}" for tool in ("read", "write") for point in ("p50", "p99")),
    *(f"rate {at_once}" for at_once in AT_ONCE),
    *("list 20", "result 1 MB", "session", "start"),
}
OF_A_GATEWAY = {"cpu", "rss idle", "rss loaded"}
FASTMCP = "fastmcp"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """All of it, as short as it gets, with one peer that ends at once."""
    cache = tmp_path_factory.mktemp("cache")
    broken = cache / peers.PACKAGES[FASTMCP].replace("==", "-")
    (broken / "bin").mkdir(parents=True)
    (broken / "complete").touch()
    program = broken / "bin" / FASTMCP
    program.write_text("#!/bin/sh\necho 'the flux is out' >&2\nexit 3\n")
    program.chmod(0o700)
    wanted = Wanted(frozenset([*OURS, FASTMCP]), frozenset(GROUPS), cache)
    return run([Setting("stdio", "modern"), Setting("http", "legacy")], TINY, wanted)


@pytest.mark.parametrize("way", OURS)
def test_every_way_of_ours_has_every_figure(report: Report, way: str) -> None:
    for result in report.results:
        expected = EVERYWHERE if way == "direct" else EVERYWHERE | OF_A_GATEWAY
        if way == "direct" and result.setting.startswith("http"):
            expected = expected - {"start"}
        assert set(result.numbers[way]) >= expected, result.reasons


def test_every_number_is_above_nothing(report: Report) -> None:
    numbers = [
        (result.setting, way, name, value)
        for result in report.results
        for way, found in result.numbers.items()
        for name, value in found.items()
    ]
    assert [number for number in numbers if number[2] != "cpu" and number[3] <= 0] == []


def test_peer_that_does_not_start_is_named_with_its_reason(report: Report) -> None:
    for result in report.results:
        assert result.reasons == {FASTMCP: {"all": "ended with status 3: the flux is out"}}
    for page in (text(report), markdown(report)):
        assert page.count("fastmcp: ended with status 3: the flux is out") == len(report.results)


def test_tables_hold_every_way_and_every_bound(report: Report) -> None:
    for page in (text(report), markdown(report)):
        for words in (*OURS, "read, p99, ms", "opening a session, ms", "through `connect`", "goal"):
            assert words in page


def test_report_is_json(report: Report) -> None:
    again = json.loads(json.dumps(report.as_json()))
    assert [result["setting"] for result in again["results"]] == ["stdio-modern", "http-legacy"]


def test_unknown_name_is_answered_with_the_known_ones(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["--only", "speed", "--cache", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "`speed`" in said
    assert "stdio-modern" in said
