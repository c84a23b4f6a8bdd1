"""The switchboard: one command, its verbs imported when they are called."""

import sys


def main() -> None:
    """Run the verb on the command line; exits with its status."""
    if sys.argv[1:2] == ["connect"]:  # before the parser is imported: every agent runs one of these
        from latchward.bridge.connect import main as connect

        sys.exit(connect(sys.argv[2:]))
    from latchward.cli.parser import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
