"""The verbs and their arguments."""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from latchward import __version__
from latchward.model.errors import LatchwardError

DEFAULT_PORT = 7717
"""Where the gateway listens unless told otherwise; clients keep the address in their files."""


def run(arguments: Sequence[str]) -> int:
    """Run one verb. The exit status: 0 well, 1 a fault (said in one sentence), 2 wrong use."""
    parsed = _parser().parse_args(arguments)
    try:
        status: int = parsed.verb(parsed)
        return status
    except LatchwardError as error:
        print(f"latchward: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1  # whoever read our output has enough
    except KeyboardInterrupt:
        return 130


def _verb(module: str, function: str, room: str = "cli") -> Callable[[argparse.Namespace], int]:
    """A verb whose module is imported when it is run: the gateway must not pay for `try`."""

    def call(parsed: argparse.Namespace) -> int:
        status: int = getattr(import_module(f"latchward.{room}.{module}"), function)(parsed)
        return status

    return call


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="latchward",
        description="Stands between your AI agents and their MCP servers: nothing passes without your rules.",
        epilog="What an agent runs to come in: latchward connect --client NAME [--endpoint SOCKET]",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"latchward {__version__}")
    parser.set_defaults(verb=_verb("start", "main"))
    verbs = parser.add_subparsers(metavar="VERB", title="verbs (none: the gateway with its tray)")
    _try(verbs)
    _gateway(verbs)
    _server(verbs)
    _grant(verbs)
    _secret(verbs)
    _client(verbs)
    _add(verbs, "review", "Look, at this terminal, at what waits to count.", _verb("review", "main"))
    _log(verbs)
    _classify(verbs)
    _tray(verbs)
    return parser


def _add(
    verbs: Any, name: str, says: str, verb: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=says, description=says, allow_abbrev=False)
    parser.set_defaults(verb=verb)
    return parser


def _try(verbs: Any) -> None:
    says = "Run a gateway, a sample server and an agent on a profile of their own, and check what happened."
    parser = _add(verbs, "try", says, _verb("trial.run", "main"))
    parser.add_argument(
        "--answer",
        choices=("allow", "deny"),
        help="answer the one question of the trial, instead of asking in the dialog or on the terminal",
    )


def _gateway(verbs: Any) -> None:
    parser = _add(verbs, "gateway", "Run the gateway without a tray.", _verb("gateway", "main"))
    parser.add_argument(
        "--port",
        type=_port,
        default=DEFAULT_PORT,
        metavar="N",
        help=f"the port on 127.0.0.1 (default {DEFAULT_PORT}; 0 takes a free one)",
    )
    parser.add_argument(
        "--ask",
        choices=("terminal", "deny"),
        default="deny",
        help="who answers a question: this terminal (the settings must allow it), or nobody (default)",
    )


def _server(verbs: Any) -> None:
    parser: argparse.ArgumentParser = verbs.add_parser("server", help="The MCP servers behind the gateway.")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    add = _add(
        actions,
        "add",
        "Add a server: latchward server add NAME -- COMMAND [ARGUMENT ...]",
        _verb("servers", "add"),
    )
    add.add_argument("name")
    add.add_argument("--url", help="the address of a server over HTTP, instead of a command")
    add.add_argument(
        "--env", action="append", default=[], metavar="KEY=VALUE", help="for the server's process"
    )
    add.add_argument("--header", action="append", default=[], metavar="NAME: VALUE", help="for --url")
    add.add_argument("command", nargs="*", help="after --, the command that starts the server")
    _add(actions, "list", "List the servers.", _verb("servers", "show"))
    remove = _add(actions, "remove", "Remove a server; its policy stays.", _verb("servers", "remove"))
    remove.add_argument("name")


def _grant(verbs: Any) -> None:
    parser: argparse.ArgumentParser = verbs.add_parser("grant", help="The agents that may come in.")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    new = _add(
        actions,
        "new",
        "Let a client in: prints its token, this once. An existing client gets a new token.",
        _verb("grants", "new"),
    )
    new.add_argument("client")
    new.add_argument(
        "--server",
        action="append",
        metavar="NAME[=POLICY]",
        help="a server it may see, with the policy that holds there (default: all servers, each with the"
        " policy of its own name)",
    )
    _add(actions, "list", "List the clients and what they may see.", _verb("grants", "show"))
    revoke = _add(actions, "revoke", "Shut a client out, at once.", _verb("grants", "revoke"))
    revoke.add_argument("client")


def _client(verbs: Any) -> None:
    parser: argparse.ArgumentParser = verbs.add_parser("client", help="The AI clients and their own files.")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = _add(
        actions, "list", "List the clients, and the servers they use without us.", _verb("clients", "show")
    )
    listing.add_argument("--json", action="store_true", help="one JSON object")
    adopt = _add(
        actions,
        "adopt",
        "Take the servers of clients in, and let the clients reach them through Latchward.",
        _verb("clients", "adopt"),
    )
    adopt.add_argument("name", nargs="*", help="servers, as `client list` names them (default: all)")
    adopt.add_argument("--client", action="append", metavar="ID", help="those of this client alone")
    for one in (listing, adopt):
        one.add_argument(
            "--project",
            action="append",
            default=[],
            type=Path,
            metavar="DIR",
            help="look into this folder too",
        )
    connect = _add(
        actions,
        "connect",
        "Put our entry into a client's file; it sees every server.",
        _verb("clients", "connect"),
    )
    connect.add_argument("client")
    restore = _add(actions, "restore", "Give clients their files back.", _verb("clients", "restore"))
    restore.add_argument("client", nargs="*")
    restore.add_argument("--all", action="store_true", help="all whose files were changed")
    for one in (adopt, connect, restore):
        one.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")


def _secret(verbs: Any) -> None:
    parser: argparse.ArgumentParser = verbs.add_parser("secret", help="The secrets in your keyring.")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    put = _add(
        actions,
        "set",
        "Keep a secret in your keyring, for `${secret:NAME}` in a server's `env` or `headers`. Its value is"
        " typed, unseen, or comes on standard input; never as an argument, which other programs could read.",
        _verb("secrets", "put"),
    )
    put.add_argument("name", metavar="NAME")
    _add(actions, "list", "List the secrets that servers want.", _verb("secrets", "show"))
    remove = _add(actions, "remove", "Remove a secret from your keyring.", _verb("secrets", "remove"))
    remove.add_argument("name", metavar="NAME")


def _log(verbs: Any) -> None:
    parser = _add(verbs, "log", "Show what was decided and what came of it.", _verb("log", "main"))
    parser.add_argument("--json", action="store_true", help="one JSON object a line, whole")
    parser.add_argument("--follow", action="store_true", help="go on with what comes")


def _classify(verbs: Any) -> None:
    says = "Say what tools may do at worst: definitions as JSON on standard input, one a line."
    _add(verbs, "classify", says, _verb("classify", "main"))


def _tray(verbs: Any) -> None:
    """What the gateway starts; without a help text it is not in the list of verbs."""
    parser: argparse.ArgumentParser = verbs.add_parser("tray", allow_abbrev=False)
    parser.set_defaults(verb=_verb("app", "main", room="gui"))
    parser.add_argument("--link", type=int, required=True, metavar="FD")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"`{text}` is no port; use 0 to 65535")
    return int(text)
