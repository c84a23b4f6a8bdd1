"""What the states of a server mean, in plain English. No Qt."""

import re
from collections.abc import Iterable
from typing import Final

from latchward.control.messages import ServerView
from latchward.gui.text import counted
from latchward.gui.tokens import Look
from latchward.model.plain import one_line

LOOKS: Final = {
    "consent": Look("Needs your approval", "ask", "caution"),
    "starting": Look("Starting", "clock", "info"),
    "running": Look("Running", "check", "good"),
    "failed": Look("Failed", "warning", "danger"),
    "disabled": Look("Off", "pause", "quiet"),
}

CONSENT: Final = (
    "A server is a program that runs as you. Once started it can read and change whatever you can, "
    "before any tool of it is called. Start it only if you know where it comes from."
)
CONSENT_URL: Final = (
    "A server at a URL is somebody's computer. Once connected it is told what agents ask of it. "
    "Connect only if you know whose it is."
)
DISGUISED: Final = "This line may be disguised. Remove it unless you know why."
INVISIBLE: Final = (
    "It holds characters that cannot be seen or that turn the text around. They are spelled out in it."
)
START_ANYWAY: Final = (
    "The line holds characters that hide what it says. Nobody needs them in a command. "
    "Start it only if you know who put them there, and why."
)
CHANGED: Final = "Whenever this line changes, you are asked again."
REMOVED: Final = (
    "It is stopped, and no client sees it any more. Its policy is kept: if you add a server "
    "of the same name again, your decisions are back."
)


_ADDRESS: Final = re.compile(r"https?://\S+( \S+: (…|(\$\{secret:[^}]*\})+))*")
"""An address, and the names of headers that go with it."""


def is_url(view: ServerView) -> bool:
    """Whether a server is reached at a URL instead of started."""
    return bool(_ADDRESS.fullmatch(view.command))


_PIPED: Final = re.compile(r"\b(curl|wget|fetch)\b.*\|\s*(sudo\s+)?(ba|z|da|k)?sh\b", re.DOTALL)
_FETCHES: Final = re.compile(
    r"(?:^|[\s/'\"])(npx|uvx|bunx|pnpx|pipx run|pnpm dlx|yarn dlx|uv tool run|docker run|podman run)\s+(.*)",
    re.DOTALL,
)
_VALUED: Final = frozenset(
    "-p --package -e --env -v --volume --mount --name --network --from --with --python -w --user -u".split()
)
_CAN_CHANGE: Final = "The code can change without this line changing."


def loose(command: str) -> str:
    """Why the same line may run other code tomorrow, in a sentence; "" where nothing tells."""
    if _PIPED.search(command):
        return f"It downloads a script and runs it at once. {_CAN_CHANGE}"
    found = _FETCHES.search(command)
    if found is None or _is_fixed(found[1], found[2].split()):
        return ""
    what = "image" if found[1].startswith(("docker", "podman")) else "package"
    return f"It fetches its {what} when it starts, and no version of it is fixed. {_CAN_CHANGE}"


def _is_fixed(runner: str, words: list[str]) -> bool:
    """Whether the package or image that is fetched names one version for good."""
    skip, named = False, ""
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-"):
            if word in ("-p", "--package", "--from"):
                continue
            skip = word in _VALUED
        else:
            named = word.strip("'\"")
            break
    if runner.startswith(("docker", "podman")):
        return "@sha256:" in named
    return bool(re.search(r"(?<!^)(@|==)v?\d+\.\d+(\.\d+)?[\w.+-]*$", named))


def one_each(servers: Iterable[ServerView]) -> list[tuple[ServerView, ...]]:
    """Each server once, with its views under all policies; what waits comes first, then failures."""
    found: dict[str, list[ServerView]] = {}
    for view in servers:
        found.setdefault(view.name, []).append(view)
    rank = {"consent": 0, "failed": 1}
    ordered = sorted(found.values(), key=lambda views: rank.get(views[0].state, 2))
    return [tuple(views) for views in ordered]


def clients(views: Iterable[ServerView]) -> str:
    """Who sees a server: `Seen by Claude Code and Cursor`."""
    names = list(dict.fromkeys(one_line(client, 60) for view in views for client in view.clients))
    if not names:
        return "No client sees it yet: give it to one under Clients"
    return f"Seen by {', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else f"Seen by {names[0]}"


def tools(view: ServerView) -> str:
    """`14 tools, 2 to look at`."""
    held = sum(1 for tool in view.tools if tool.held)
    told = counted(len(view.tools), "tool")
    return f"{told}, {held} to look at" if held else told
