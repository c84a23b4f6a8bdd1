"""`latchward classify` as another program uses it."""

import json
import subprocess
import sys

COMMAND = [sys.executable, "-m", "latchward", "classify"]


def run(text: bytes) -> tuple[int, list[dict[str, object]]]:
    done = subprocess.run(COMMAND, input=text, capture_output=True, timeout=30, check=False)
    assert done.stderr == b""
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_one_definition_gives_one_line() -> None:
    status, answers = run(b'{"server": "s", "name": "delete_file", "description": "Deletes a file"}\n')

    assert status == 0
    (answer,) = answers
    assert list(answer) == ["category", "class_risk", "severity", "rule", "confidence", "reason", "evidence"]
    assert (answer["category"], answer["class_risk"], answer["severity"], answer["rule"]) == (
        "Destructive",
        "Critical",
        "High",
        "hide",
    )
    assert answer["evidence"] == ["name: delete", "description: Deletes"]


def test_bad_line_is_named_and_the_rest_is_done() -> None:
    lines = [
        b'{"name": "a_list"}',
        b"{",
        b"[1]",
        b'{"description": "x"}',
        b"\xff",
        b"[" * 100_000,
        b'{"name": "get"}',
    ]

    status, answers = run(b"\n".join(lines) + b"\n")

    assert status == 1
    assert ["error" in answer for answer in answers] == [False, True, True, True, True, True, False]
    assert str(answers[1]["error"]).startswith("line 2 ")


def test_each_line_is_answered_before_the_next_one_is_sent() -> None:
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for name, expected in (("get_user", "Read"), ("delete_user", "Destructive")):
            process.stdin.write(json.dumps({"name": name}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["category"] == expected
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def test_start_imports_nothing_heavy() -> None:
    script = (
        "import sys; import latchward.cli.parser, latchward.cli.classify;"
        "print(*({'asyncio', 'pydantic', 'mcp', 'msgspec', 'PySide6'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True
    )

    assert done.stdout.strip() == ""
