"""The main window: a sidebar, its pages, and the banners above them.

It closes into the tray. Where a desktop has no tray it says so, for then this window is the only door.
"""

from typing import Final

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from latchward.control.messages import Clients, HeldList, Hello, Servers, Status
from latchward.model.plain import visible

from . import tokens
from .clients.page import ClientsPage
from .clients.words import going_round
from .link import Link
from .nav import Sidebar
from .overview.page import OverviewPage
from .parts import Banner, Confirmation, button, column
from .policy.draft import Key
from .policy.page import BuilderPage
from .policy.words import sentence
from .servers.page import ServersPage
from .setup.dialog import SetupDialog
from .theme import Theme
from .waiting.page import WaitingPage
from .widgets import emptied

PAGES: Final = (
    ("Overview", "list"),
    ("Tools", "tool"),
    ("Servers", "server"),
    ("Clients", "client"),
    ("Waiting", "eye"),
)
OVERVIEW, TOOLS, SERVERS, CLIENTS, WAITING = range(len(PAGES))
SIZE: Final = (1220, 760)
LEAST: Final = (860, 480)
AROUND: Final = 60
"""Pixels of a small screen that the frame of the window needs."""
UNBLOCK: Final = "Let calls through again?"
UNBLOCK_MEANS: Final = "Each call is then decided by your rules, as before the block."
_GEOMETRY: Final = "window/geometry"
_PAGE: Final = "window/page"
_NAMED: Final = {title.lower(): at for at, (title, _) in enumerate(PAGES)}
"""Pages as they are remembered: by name, for their order may change."""


class MainWindow(QMainWindow):
    """Shows what the gateway tells, page by page. `hidden` comes when the person closed it."""

    hidden = Signal()

    def __init__(
        self, link: Link, theme: Theme, saved: QSettings | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._link, self._theme, self._saved = link, theme, saved
        self._status = Status("normal")
        self._said = ""
        self._lost = ""
        self._placed = False
        self.confirmation: Confirmation | None = None
        self.setup: SetupDialog | None = None
        self.setWindowTitle("Latchward")
        self.setMinimumSize(*LEAST)
        self.overview = OverviewPage(theme, link)
        self.tools = BuilderPage(theme, link)
        self.servers = ServersPage(theme, link, self.tools.draft)
        self.clients = ClientsPage(theme, link)
        self.waiting = WaitingPage(theme, link)
        self.sidebar = Sidebar(theme, PAGES)
        self._build()
        self._connect()
        self._restore()
        self._take_latest()

    # Building

    def _build(self) -> None:
        self.pages = QStackedWidget()
        for page in (self.overview, self.tools, self.servers, self.clients, self.waiting):
            self.pages.addWidget(page)
        self._banner_box = QWidget()
        self._banners = QVBoxLayout(self._banner_box)
        self._banners.setContentsMargins(tokens.L, tokens.M, tokens.L, 0)
        self._banners.setSpacing(tokens.S)
        right = QWidget()
        inner = column(right, 0)
        inner.addWidget(self._banner_box)
        inner.addWidget(self.pages, 1)
        whole = QWidget()
        layout = QHBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.sidebar)
        layout.addWidget(right, 1)
        self.setCentralWidget(whole)

    def _connect(self) -> None:
        self.sidebar.currentRowChanged.connect(self.pages.setCurrentIndex)
        self.overview.tool_wanted.connect(self.show_tools_of)
        self.overview.clients_wanted.connect(lambda: self.show_page(CLIENTS))
        for page in (self.overview, self.clients):
            page.setup_wanted.connect(self.show_setup)
        for adds in (self.overview, self.tools):
            adds.add_wanted.connect(self._add_server)
        self.servers.tools_wanted.connect(self.show_tools_of)
        self.servers.preset_used.connect(self._use_preset)
        self.waiting.definitions_wanted.connect(self.show_held)
        self.waiting.servers_wanted.connect(lambda: self.show_page(SERVERS))
        self.waiting.counted.connect(lambda count: self.sidebar.tell(WAITING, count))
        self._link.servers.connect(self._take_servers)
        self._link.clients.connect(self._take_clients)
        self._link.held.connect(self.waiting.take_held)
        self._link.status.connect(self._take_status)
        self._link.lost.connect(self._take_loss)
        for row in range(len(PAGES)):
            keys = QKeySequence(f"Ctrl+{row + 1}")
            QShortcut(
                keys, self, lambda at=row: self.show_page(at), context=Qt.ShortcutContext.WindowShortcut
            )

    def _take_latest(self) -> None:
        """What the gateway said before this window was there."""
        kinds = (Servers, Clients, HeldList, Status)
        servers, clients, held, status = (self._link.latest(kind) for kind in kinds)
        if isinstance(servers, Servers):
            self._take_servers(servers)
        if isinstance(clients, Clients):
            self._take_clients(clients)
        if isinstance(held, HeldList):
            self.waiting.take_held(held)
        self._take_status(status if isinstance(status, Status) else self._status)
        hello = self._link.latest(Hello)
        if hello is not None and hello.profile:
            self.setAccessibleDescription(f"Profile {visible(hello.profile)}")

    # Pages

    def show_page(self, page: int) -> None:
        """Turn to a page."""
        self.sidebar.setCurrentRow(page)

    def show_waiting(self) -> None:
        """Turn to what waits for a look."""
        self.show_page(WAITING)

    def show_held(self) -> None:
        """Turn to the definitions that wait for a look."""
        self.show_page(TOOLS)
        self.tools.show_held()

    def show_tools_of(self, key: Key, tool: str = "") -> None:
        """Turn to the tools of one server, or to one of them."""
        self.show_page(TOOLS)
        self.tools.show_server((key[0], key[1]), tool)

    def show_setup(self) -> None:
        """Open the first run above this window, where it was left."""
        if self.setup is None:
            self.setup = SetupDialog(self._theme, self._link, self.tools.draft, self)
            self.setup.saved.connect(self.tools.take_saved)
            self.setup.add_wanted.connect(self._add_server)
        self.setup.show()
        self.setup.raise_()
        self.setup.activateWindow()

    def _add_server(self) -> None:
        self.show_page(SERVERS)
        self.servers.open_add()

    def _use_preset(self, key: Key, preset: str) -> None:
        self.show_tools_of(key)
        self.tools.use_preset((key[0], key[1]), preset)

    # What the gateway says

    def _take_servers(self, told: Servers) -> None:
        self.tools.take(told)
        self.servers.take(told)
        self.overview.take_servers(told)
        self.waiting.take_servers(told)
        self._focus_page()
        self.sidebar.tell(
            SERVERS, len({view.name for view in told.servers if view.state in ("consent", "failed")})
        )

    def _take_clients(self, told: Clients) -> None:
        self.clients.take(told)
        self.overview.take_clients(told)
        self._focus_page()
        self.sidebar.tell(CLIENTS, going_round(told.clients), "to protect")

    def _take_status(self, status: Status) -> None:
        self._status = status
        self.tools.set_blocked(status.mode == "blocked")
        self._show_banners()

    def _take_loss(self, why: str) -> None:
        self._lost = why or "it was ended"
        self._show_banners()

    def say(self, text: str) -> None:
        """Say one sentence above the pages until the person closes it: why the window opened, say."""
        self._said = text
        self._show_banners()

    def _show_banners(self) -> None:
        emptied(self._banners)
        if self._lost:
            told = f"The gateway is gone ({visible(self._lost)}). What you see is old; nothing can be saved."
            self._banners.addWidget(Banner(self._theme, "danger", "warning", told))
        if self._status.mode == "blocked":
            end = button("Unblock calls…", self._ask_to_unblock)
            told = "Everything is blocked: no call of any agent goes through."
            self._banners.addWidget(Banner(self._theme, "danger", "pause", told, end))
        for problem in self._status.problems:
            self._banners.addWidget(Banner(self._theme, "caution", "warning", sentence(problem)))
        if self._said:
            said = Banner(self._theme, "info", "info", self._said, closable=True)
            said.dismissed.connect(lambda: self.say(""))
            self._banners.addWidget(said)
        self._banner_box.setVisible(self._banners.count() > 0)

    def _ask_to_unblock(self) -> None:
        if self.confirmation is not None:
            self.confirmation.deleteLater()
        self.confirmation = Confirmation(
            self._theme,
            "Unblock calls",
            UNBLOCK,
            UNBLOCK_MEANS,
            keep="Stay blocked",
            do="Unblock",
            parent=self,
        )
        self.confirmation.accepted.connect(lambda: self._link.block(False))
        self.confirmation.open()

    # Opening and closing

    def _restore(self) -> None:
        room = self.screen().availableSize()
        self.resize(min(SIZE[0], room.width() - AROUND), min(SIZE[1], room.height() - AROUND))
        if self._saved is not None:
            geometry = self._saved.value(_GEOMETRY)
            if geometry is not None:
                self.restoreGeometry(geometry)
            self.show_page(_NAMED.get(str(self._saved.value(_PAGE, "")), OVERVIEW))

    def showEvent(self, event: QShowEvent) -> None:
        """The first time, the focus goes where the work begins, not to the sidebar."""
        super().showEvent(event)
        self._focus_page()

    def _focus_page(self) -> None:
        begins = {
            OVERVIEW: self.overview.filters.search,
            TOOLS: self.tools.filters.search,
            SERVERS: self.servers.add_button,
            CLIENTS: self.clients.set_up,
        }
        first = begins.get(self.pages.currentIndex())
        if first is not None and first.isVisible() and not self._placed:
            self._placed = True
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Go into the tray; the gateway works on, and the draft stays."""
        if self._saved is not None:
            self._saved.setValue(_GEOMETRY, self.saveGeometry())
            self._saved.setValue(_PAGE, PAGES[self.sidebar.currentRow()][0].lower())
            self._saved.sync()
        event.ignore()
        self.hide()
        self.hidden.emit()
