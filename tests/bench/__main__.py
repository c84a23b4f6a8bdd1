"""`python -m tests.bench`: measure, print the table, write the JSON. Never a verdict."""

import argparse
import json
import sys
from pathlib import Path

from .load import runner
from .measure import Numbers, Size, measure
from .table import lines, render


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="What a hop through Latchward costs."
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the calls; p99 is then rough")
    parser.add_argument(
        "--era", choices=("modern", "legacy"), default="modern", help="what client and server speak"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all numbers there")
    options = parser.parse_args(argv)
    loop, run = runner()
    numbers: Numbers = run(measure(Size.of(options.quick), options.era, loop))
    print(
        f"{numbers.era} era, {numbers.calls} calls a figure, {numbers.loop}, {numbers.machine['cpus']} cpus"
    )
    print(render(lines(numbers)))
    if options.json:
        options.json.write_text(json.dumps(numbers.as_json(), indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
