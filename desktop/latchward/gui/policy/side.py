"""The panel beside the table: one tool, several tools or a server, whatever is selected.

What a server says of itself stands in quotation, under its own heading. The panel only emits
what the person wants; the page carries it out.
"""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from latchward.control.messages import EffectWord, ServerView, ToolView
from latchward.gui import tokens
from latchward.gui.parts import Banner, Rule, Scrolled, Tinted, button, column, heading, row
from latchward.gui.text import counted
from latchward.gui.theme import Theme
from latchward.gui.widgets import Flow, PlainLabel, emptied
from latchward.model.plain import visible

from . import presets, words
from .choice import EffectRadios, PresetChoice
from .definition import TEXT, Lines
from .draft import Draft, Key, Target

WIDTH: Final = 330
MAX_LISTED: Final = 12


class Side(Scrolled):
    """Shows what is selected. Its signals carry what the person wants."""

    chosen = Signal(list, str)
    """Targets and an effect."""
    preset_used = Signal(object, str)
    """A server and a preset."""
    accept_wanted = Signal(object, object)
    """A server, and the tool whose definition is to be accepted, as it was shown."""
    kept = Signal(object)
    """The target that stays refused."""

    def __init__(self, theme: Theme, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__("Details", parent, edge=tokens.L)
        self._theme = theme
        self._draft = draft
        self._targets: list[Target] = []
        self._server: Key | None = None
        self._hidden = 0
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self.rebuild)
        self.setMinimumWidth(220)
        self.setAccessibleName("Details")

    def show_server(self, key: Key, hidden: int) -> None:
        """Show a server; `hidden` of its tools are filtered out."""
        self._targets, self._server, self._hidden = [], key, hidden
        self._timer.start()

    def show_tools(self, targets: Sequence[Target]) -> None:
        """Show one tool or several; none shows a hint."""
        self._targets, self._server = list(targets), None
        self._timer.start()

    def refresh(self) -> None:
        """The draft changed."""
        self._timer.start()

    def rebuild(self) -> None:
        """Build the panel anew, now; the focus stays where it was, by name."""
        self._timer.stop()
        focus = QApplication.focusWidget()
        named = _named(focus) if focus is not None and self.isAncestorOf(focus) else ""
        while self.column.count():
            self._drop(self.column.takeAt(0))
        tools = [(target, tool) for target in self._targets if (tool := self._draft.tool(target)) is not None]
        if self._server is not None and self._server in {(one.name, one.policy) for one in self._draft.views}:
            self._build_server(self._draft.view(self._server))
        elif len(tools) == 1:
            self._build_tool(*tools[0])
        elif tools:
            self._build_tools([target for target, _ in tools])
        else:
            self._add(
                PlainLabel(
                    self._theme,
                    _HINT,
                    colour="muted",
                )
            )
        self.settle()
        if named:
            self._focus_again(named)

    def _drop(self, item: object) -> None:
        widget = item.widget()  # type: ignore[attr-defined]
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif (layout := item.layout()) is not None:  # type: ignore[attr-defined]
            emptied(layout)

    def _focus_again(self, named: str) -> None:
        for widget in self.findChildren(QWidget):
            if widget.isVisibleTo(self) and widget.isEnabled() and _named(widget) == named:
                widget.setFocus()
                return

    def _add(self, *widgets: QWidget) -> None:
        for widget in widgets:
            self.column.addWidget(widget)
            widget.show()

    def _gap(self) -> None:
        self._add(Rule(self._theme))

    # One tool

    def _build_tool(self, target: Target, tool: ToolView) -> None:
        key, _ = target
        head = QWidget()
        top = column(head, 2)
        top.addWidget(PlainLabel(self._theme, visible(tool.name), size="lead", strong=True))
        if words.title_of(tool):
            top.addWidget(PlainLabel(self._theme, f"“{visible(tool.title)}”"))
        top.addWidget(PlainLabel(self._theme, f"on {visible(key[0])}", colour="muted"))
        self._add(head)
        if tool.held:
            self._add(self._held(target, tool))
        self._add(*self._decision([target], tool))
        self._gap()
        self._add(*self._risk(target, tool))
        if tool.description:
            self._gap()
            said = PlainLabel(self._theme, visible(tool.description))
            self._add(heading(self._theme, "The server says"), said)

    def _held(self, target: Target, tool: ToolView) -> QWidget:
        box = Tinted(self._theme, "caution" if tool.held != "gone" else "quiet")
        inner = column(box, tokens.S, tokens.M)
        inner.addWidget(PlainLabel(self._theme, TEXT[tool.held], colour=box.tone))
        if tool.difference:
            inner.addWidget(Lines(self._theme, tool.difference))
        if tool.held == "gone":
            forget = button("Forget this tool", lambda: self.accept_wanted.emit(target[0], tool))
            inner.addLayout(row(forget, None))
            return box
        keep = button("Keep refusing", lambda: self.kept.emit(target), look="primary")
        keep.setAccessibleDescription("Changes nothing, and shows the next definition that waits")
        accept = button("Accept this definition…", lambda: self.accept_wanted.emit(target[0], tool))
        buttons = QWidget()
        flow = Flow(parent=buttons)
        flow.addWidget(keep)
        flow.addWidget(accept)
        inner.addWidget(buttons)
        return box

    def _decision(self, targets: list[Target], tool: ToolView) -> list[QWidget]:
        effect = self._draft.effect(targets[0][0], tool)
        radios = EffectRadios(self._theme, {effect}, not tool.fixed)
        radios.chosen.connect(lambda word: self.chosen.emit(targets, word))
        asks = "After you accept it:" if tool.held in ("new", "changed") else "When an agent calls it"
        parts: list[QWidget] = [heading(self._theme, asks), radios]
        if tool.fixed:
            parts.append(Banner(self._theme, "info", "info", words.sentence(tool.fixed)))
        if tool.custom:
            parts.append(self._note("Custom: conditions or limits apply besides. They stay as they are."))
        if effect != tool.effect:
            parts.append(self._note(f"Not saved yet. In force: {words.EFFECT[tool.effect]}.", "info"))
        return parts

    def _risk(self, target: Target, tool: ToolView) -> list[QWidget]:
        look = tokens.SEVERITIES.get(tool.class_risk.lower(), tokens.SEVERITIES["critical"])
        badge = PlainLabel(self._theme, words.risk(tool), size="small")
        badge.dress(look.tone, look.icon, chip=True)
        chips = QWidget()
        flow = Flow(parent=chips)
        flow.addWidget(badge)
        if tool.severity.lower() != tool.class_risk.lower():
            own = tokens.SEVERITIES.get(tool.severity.lower(), look)
            exact = PlainLabel(self._theme, f"This tool: {own.word}", size="small")
            exact.dress(own.tone, own.icon, chip=True)
            flow.addWidget(exact)
        parts = [heading(self._theme, "Risk"), chips, PlainLabel(self._theme, visible(tool.reason))]
        if tool.evidence:
            quotes = "\n".join(f"“{visible(quote)}”" for quote in tool.evidence)
            quoted = PlainLabel(self._theme, quotes, size="small", mono=True)
            quoted.dress("quiet")
            parts.append(quoted)
        parts.append(self._recommended(target, tool))
        return parts

    def _recommended(self, target: Target, tool: ToolView) -> QWidget:
        box = QWidget()
        effect = presets.recommended(tool)
        word = presets.RULE_WORDS.get(tool.recommended, "Ask")
        label = PlainLabel(self._theme, f"Recommended: {word}", strong=True)
        use = button(
            "Use", lambda: self.chosen.emit([target], effect), said=f"Use the recommended rule: {word}"
        )
        same = self._draft.effect(target[0], tool) == effect
        use.setEnabled(not same and not tool.fixed)
        use.setText("In use" if same else "Use")
        line = row(label, use)
        line.setStretch(0, 1)
        line.setContentsMargins(0, 0, 0, 0)
        box.setLayout(line)
        return box

    def _note(self, text: str, colour: str = "muted") -> PlainLabel:
        return PlainLabel(self._theme, text, size="small", colour=colour)

    # Several tools

    def _build_tools(self, targets: list[Target]) -> None:
        self._add(
            PlainLabel(self._theme, f"{counted(len(targets), 'tool')} selected", size="lead", strong=True)
        )
        listed = "\n".join(words.name_of(name) for _, name in targets[:MAX_LISTED])
        more = len(targets) - MAX_LISTED
        self._add(
            PlainLabel(self._theme, f"{listed}\nand {more:,} more" if more > 0 else listed, colour="muted")
        )
        tools = [(target, tool) for target in targets if (tool := self._draft.tool(target)) is not None]
        shown: set[EffectWord] = {self._draft.effect(target[0], tool) for target, tool in tools}
        radios = EffectRadios(self._theme, shown, any(not tool.fixed for _, tool in tools))
        radios.chosen.connect(lambda word: self.chosen.emit(targets, word))
        self._add(heading(self._theme, "When an agent calls one of them"), radios)
        if len(shown) > 1:
            self._add(self._note("They differ now; a choice sets all of them."))
        fixed = sum(1 for _, tool in tools if tool.fixed)
        if fixed:
            self._add(
                self._note(f"{fixed} of them cannot be set here and {'stays' if fixed == 1 else 'stay'}.")
            )
        held = [target for target, tool in tools if tool.held]
        if held:
            self._add(self._note("To accept a definition, select that tool alone and look at it."))

    # A server

    def _build_server(self, view: ServerView) -> None:
        key = (view.name, view.policy)
        head = QWidget()
        top = column(head, 2)
        top.addWidget(PlainLabel(self._theme, visible(view.name), size="lead", strong=True))
        state = words.STATES[view.state].capitalize()
        top.addWidget(
            PlainLabel(self._theme, f"{state} · {counted(len(view.tools), 'tool')}", colour="muted")
        )
        top.addWidget(PlainLabel(self._theme, words.clients(view), colour="muted"))
        self._add(head)
        if view.error:
            self._add(Banner(self._theme, "danger", "warning", visible(view.error)))
        if not view.tools:
            self._add(self._note("Its tools appear here when it runs. See the page Servers."))
            return
        self._add(
            risk_chips(self._theme, view), Rule(self._theme), heading(self._theme, "Set all of its tools")
        )
        if self._hidden:
            self._add(
                self._note(
                    f"Reaches all {len(view.tools):,} tools, also the {self._hidden:,} that are not shown.",
                    "caution",
                )
            )
        choice = PresetChoice(self._theme, self._draft, key)
        choice.used.connect(lambda preset: self.preset_used.emit(key, preset))
        self._add(choice)


def _named(widget: QWidget) -> str:
    """What a button is called."""
    return widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")


def risk_chips(theme: Theme, view: ServerView) -> QWidget:
    """How many tools of a server have which risk, the riskiest last."""
    box = QWidget()
    flow = Flow(parent=box)
    for word in words.CATEGORIES:
        found = [tool for tool in view.tools if tool.category == word]
        if found:
            look = tokens.SEVERITIES.get(found[0].class_risk.lower(), tokens.SEVERITIES["critical"])
            chip = PlainLabel(theme, f"{len(found)} {word} · {found[0].class_risk}", size="small")
            chip.dress(look.tone, look.icon, chip=True)
            flow.addWidget(chip)
    return box


_HINT: Final = (
    "Select a tool to see what it does and to choose what may happen when an agent calls it. Select a server "
    "to set all of its tools.\n\nKeys: 1 Allow, 2 Ask, 3 Deny, 4 Hide; Ctrl+F searches, Ctrl+Z undoes."
)
