"""What the tests of the first run share: what a gateway finds, and the dialog on a real socketpair."""

from typing import Any, TypeVar

from msgspec.structs import replace
from PySide6.QtWidgets import QApplication

from latchward.control.messages import (
    AdoptionProgress,
    AdoptionStep,
    Call,
    Clients,
    ClientView,
    FileChange,
    FilePlan,
    FoundServer,
    FromGateway,
    Held,
    Servers,
    ServerView,
    Status,
)
from latchward.gui.policy.draft import Draft
from latchward.gui.setup.dialog import SetupDialog
from tests.gui.builder_support import Gateway, one_theme, server, texts, tool

Said = TypeVar("Said")

GITHUB = FoundServer(
    "k-github",
    "github",
    "GITHUB_TOKEN=… npx -y @modelcontextprotocol/server-github@2025.4.8",
    ("Claude Desktop: /home/mara/claude_desktop_config.json",),
    ("Claude Desktop", "Cursor"),
    moved=("GITHUB_TOKEN",),
)
FILES = FoundServer("k-files", "files", "uvx mcp-server-files", ("Cursor: mcp.json",), ("Cursor",))
SENTRY = FoundServer("k-sentry", "sentry", "https://mcp.sentry.dev/mcp", (), ("VS Code",))
BRAVE = FoundServer(
    "k-brave", "brave", "BRAVE_KEY=… npx -y brave@1.0.0", (), ("VS Code",), needs=("BRAVE_KEY",), ticked=False
)
FIGMA = FoundServer(
    "k-figma", "figma", "http://127.0.0.1/sse", (), ("Cursor",), refused="it speaks SSE alone"
)
BAD = FoundServer("k-bad", "bad", "run \u202etxt.exe", (), ("Cursor",))

CURSOR = ClientView("cursor", "Cursor", "direct", restart="restart Cursor", check="see Settings, MCP")
CODE = ClientView("claude-code", "Claude Code", "direct", restart="start a new session")
PROTECTED = tuple(replace(one, state="protected", undo=True) for one in (CURSOR, CODE))

VIEWS = (
    server(
        "github", tool("get"), tool("create", "Write", recommended="limit"), tool("delete", "Destructive")
    ),
    server("files", tool("read"), tool("wipe", "Destructive", recommended="hide")),
)
MOVED = AdoptionProgress((AdoptionStep("github", "moved"), AdoptionStep("files", "moved")), over=True)
PEER = Held(
    "peer:cursor:/usr/bin/cursor", "/usr/bin/cursor", "peer", "/usr/bin/cursor wants to come in", ("x",)
)


def call(
    number: int, verdict: Any = "allowed", client: str = "claude-code", why: str = "allowed by your rule"
) -> Call:
    """One call of the tool `get` of github."""
    return Call(number, client, "github", "get", verdict, why, 1_700_000_000.0 + number)


def plan(serial: int, revision: str = "r1") -> FilePlan:
    """What one file would become."""
    change = FileChange(
        "Cursor", "/home/mara/.cursor/mcp.json", '--- a\n+++ b\n@@ -1 +1 @@\n-"github"\n+"latchward"'
    )
    return FilePlan(serial, revision, (change,), ("Cursor gets one entry",))


class Scene:
    """The dialog, its draft, and the gateway's end."""

    def __init__(self, qtbot: Any) -> None:
        self.qtbot = qtbot
        self.gateway = Gateway(qtbot)
        self.link = self.gateway.link
        self.draft = Draft()
        self.link.servers.connect(lambda told: self.draft.take(told.servers))
        self._marks = 0
        self.tell()
        self.dialog = self.another()

    def another(self) -> SetupDialog:
        """A new dialog on the same link, not yet shown."""
        made = SetupDialog(one_theme(), self.link, self.draft)
        self.qtbot.addWidget(made)
        return made

    def tell(self, *messages: FromGateway) -> None:
        """The gateway says this, and the tray has heard it all."""
        for message in messages:
            self.gateway.say(message)
        self._marks += 1
        self.gateway.say(Status("normal", waiting=self._marks))
        self.qtbot.waitUntil(lambda: getattr(self.link.latest(Status), "waiting", 0) == self._marks)
        QApplication.processEvents()

    def found(
        self, *servers: FoundServer, clients: tuple[ClientView, ...] = (CURSOR, CODE), **more: Any
    ) -> None:
        """The gateway found these."""
        self.tell(Clients(clients, servers, **more))

    def opened(self, *servers: FoundServer, **more: Any) -> SetupDialog:
        """The dialog, shown, after the gateway found these."""
        self.found(*servers, **more)
        self.dialog.show()
        QApplication.processEvents()
        return self.dialog

    def taken_in(self, *views: ServerView) -> SetupDialog:
        """The dialog at step 2, after github and files were taken in."""
        self.tell(Clients(PROTECTED, ()), Servers(views or VIEWS), MOVED)
        self.dialog.show()
        QApplication.processEvents()
        return self.dialog

    def hears(self, kind: type[Said]) -> Said:
        """The next message of a kind."""
        return self.gateway.hears(kind)

    @property
    def text(self) -> str:
        """What can be read in the dialog."""
        return texts(self.dialog)

    def close(self) -> None:
        """End it."""
        self.gateway.close()
