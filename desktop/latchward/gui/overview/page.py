"""The page: what goes round Latchward, the filters, the table, and the line that tells a row whole."""

from datetime import datetime
from pathlib import Path
from typing import Final

from PySide6.QtCore import QIODevice, QSaveFile, QStandardPaths, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QStackedWidget, QVBoxLayout, QWidget

from latchward.control.messages import Clients, Hello, Servers
from latchward.gui import tokens
from latchward.gui.link import Link
from latchward.gui.parts import Banner, Empty, Notes, button, column, row
from latchward.gui.theme import Theme
from latchward.gui.widgets import PlainLabel, emptied

from . import export, words
from . import rows as made
from .filters import Filters
from .model import OverviewModel
from .rows import Filter, Row
from .table import OverviewTable

FILTERS: Final = {"Table for a spreadsheet (*.csv)": "csv", "JSON (*.json)": "json", "Markdown (*.md)": "md"}


class OverviewPage(QWidget):
    """`tool_wanted` carries a server and policy, and a tool; the others ask for another page."""

    tool_wanted = Signal(object, str)
    setup_wanted = Signal()
    add_wanted = Signal()
    clients_wanted = Signal()

    def __init__(self, theme: Theme, link: Link, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._link = theme, link
        self._servers = Servers(())
        self._clients = Clients((), ())
        self._stale = False
        self.dialog: QFileDialog | None = None
        self.model = OverviewModel(self)
        self.filters = Filters(theme)
        self.table = OverviewTable(theme, self.model)
        self._build()
        self._connect()
        self._show()

    # Building

    def _build(self) -> None:
        self.summary = PlainLabel(self._theme, colour="muted")
        title = PlainLabel(self._theme, words.TITLE, size="title", strong=True)
        self.export = button("Export…", self.open_export, said="Export everything to a file")
        head = QWidget()
        top = column(head, 2)
        top.setContentsMargins(tokens.L, tokens.L, tokens.L, tokens.M)
        line = row(title, None, self.export)
        line.setStretch(0, 1)
        top.addLayout(line)
        top.addWidget(self.summary)
        self._bands = QVBoxLayout()
        self._bands.setSpacing(tokens.S)
        self._bands.setContentsMargins(tokens.L, 0, tokens.L, 0)
        self._notes = Notes(self._theme)
        self._notes.setContentsMargins(tokens.L, 0, tokens.L, 0)
        self._no_match = Empty(
            self._theme,
            "search",
            "Nothing matches",
            "Search for fewer words, or show everything again.",
            button("Show everything", self.filters.clear),
        )
        self._no_tools = Empty(
            self._theme, "tool", "No tools yet", "A server tells its tools once you let it start."
        )
        self._tables = QStackedWidget()
        for part in (self.table, self._no_match, self._no_tools):
            self._tables.addWidget(part)
        self.footer = Footer(self._theme)
        inner = QWidget()
        page = column(inner, 0)
        page.addWidget(head)
        page.addLayout(self._bands)
        page.addLayout(self._notes)
        page.addWidget(self.filters)
        page.addWidget(self._tables, 1)
        page.addWidget(self.footer)
        self._set_up = button("Set up…", self.setup_wanted.emit, look="primary")
        self._pages = QStackedWidget()
        self._pages.addWidget(
            Empty(
                self._theme,
                "list",
                "Nothing to show yet",
                "Every tool that your agents can use will stand here, the riskiest first.",
                self._set_up,
                button("Add a server…", self.add_wanted.emit),
            )
        )
        self._pages.addWidget(inner)
        column(self, 0).addWidget(self._pages)

    def _connect(self) -> None:
        self.filters.changed.connect(self._filter)
        self.filters.search.down.connect(self._to_table)
        self.table.looked_at.connect(self._show_selected)
        self.table.opened.connect(self._open)
        self.table.left.connect(self._to_search)
        self.footer.act.clicked.connect(self._open_selected)
        QShortcut(QKeySequence.StandardKey.Find, self, self._to_search)

    # What the gateway says

    def take_servers(self, told: Servers) -> None:
        """The servers are other than before."""
        self._servers = told
        self._refresh()

    def take_clients(self, told: Clients) -> None:
        """The clients, or what they reach without Latchward, are other than before."""
        self._clients = told
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """What came while nobody looked is worked out now."""
        super().showEvent(event)
        if self._stale:
            self._refresh()

    def _refresh(self) -> None:
        self._stale = not self.isVisible()
        if not self._stale:
            self._show()

    def _show(self) -> None:
        found = made.build(self._servers.servers, self._clients.clients)
        with self.table.kept():
            self.model.set_rows(found)
        self.filters.offer(made.clients_of(found))
        self.summary.say(words.summary(made.count(found, self._servers.servers)))
        self._show_bands(made.routes(found))
        self._set_up.setVisible(bool(self._clients.found))
        self._pages.setCurrentIndex(1 if found or self._servers.servers else 0)
        self._show_table()

    def _show_bands(self, round_about: list[Row]) -> None:
        emptied(self._bands)
        if round_about:
            protect = button("Protect…", self.setup_wanted.emit)
            told = words.round_about(round_about)
            self._bands.addWidget(Banner(self._theme, "danger", "warning", told, protect))
        if unread := words.unreadable(self._clients.clients):
            look = button("See why", self.clients_wanted.emit, look="quiet")
            self._bands.addWidget(Banner(self._theme, "caution", "warning", unread, look))

    def _show_table(self) -> None:
        empty = 1 if self.model.filter else 2
        self._tables.setCurrentIndex(0 if self.model.shown else empty)
        self.export.setEnabled(bool(self.model.all))

    # What the person does

    def _filter(self, wanted: Filter) -> None:
        with self.table.kept():
            self.model.set_filter(wanted)
        self._show_table()

    def _show_selected(self) -> None:
        self.footer.show_row(self.table.selected())

    def _open_selected(self) -> None:
        selected = self.table.selected()
        if selected is not None:
            self._open(selected)

    def _open(self, chosen: Row) -> None:
        if chosen.key is None:
            self.setup_wanted.emit()
        else:
            self.tool_wanted.emit(chosen.key, chosen.tool)

    def _to_search(self) -> None:
        self.filters.search.setFocus()
        self.filters.search.selectAll()

    def _to_table(self) -> None:
        if not self.table.currentIndex().isValid():
            self.table.setCurrentIndex(self.model.index(0, 0))
        self.table.setFocus()

    # Exporting

    def open_export(self) -> None:
        """Ask where to write it."""
        if self.dialog is not None:
            self.dialog.deleteLater()
        dialog = self.dialog = QFileDialog(self, "Export everything")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(list(FILTERS))
        dialog.setDefaultSuffix("csv")
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(FILTERS.get(chosen, "csv")))
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        if documents:
            dialog.setDirectory(documents)
        dialog.selectFile(f"latchward {datetime.now().date().isoformat()}.csv")
        dialog.fileSelected.connect(self.export_to)
        dialog.open()

    def export_to(self, path: str) -> None:
        """Write every row, whatever is filtered: the whole file, or none of it."""
        form = export.form(path)
        if form is None:
            self._notes.say(words.not_exported(path, "its name should end with .csv, .json or .md"), "danger")
            return
        hello = self._link.latest(Hello)
        clients = self._clients.clients
        report = export.Report(
            datetime.now().astimezone(),
            hello.profile if hello is not None else "",
            self.model.all,
            [(one.title, one.problem) for one in clients if one.state == "unreadable"],
        )
        failure = _write(path, form(report))
        if failure:
            self._notes.say(words.not_exported(path, failure), "danger")
        else:
            name = Path(path).name
            self._notes.say(words.exported(name, self.model.tools[1], bool(self.model.filter)), "good")


class Footer(QFrame):
    """The selected row, told whole: a table cuts what is long."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "footer")
        self.told = PlainLabel(theme, words.HINT, colour="muted")
        self.told.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self.act = button("Open in Tools", _nothing)
        layout = row(self.told, self.act, gap=tokens.M)
        layout.setStretch(0, 1)
        layout.setContentsMargins(tokens.L, tokens.S, tokens.L, tokens.S)
        self.setLayout(layout)
        self.show_row(None)

    def show_row(self, chosen: Row | None) -> None:
        """Tell another row; None tells how."""
        self.act.setEnabled(chosen is not None)
        self.act.setText("Protect…" if chosen is not None and chosen.key is None else "Open in Tools")
        self.told.colour_with("muted" if chosen is None else "text")
        self.told.say(words.HINT if chosen is None else words.whole(chosen))


def _write(path: str, text: str) -> str:
    """Write a file beside its place and move it there; why that failed, or ""."""
    file = QSaveFile(path)
    if not file.open(QIODevice.OpenModeFlag.WriteOnly):
        return file.errorString()
    file.write(text.encode())
    return "" if file.commit() else file.errorString()


def _nothing() -> None:
    """The page connects what this button does."""
