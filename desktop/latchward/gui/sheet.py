"""The style sheet of the whole application, written from the tokens.

Widgets choose a look by the property `look`: `primary`, `quiet`, `card` or `footer`.
"""

from string import Template
from typing import Final

from .tokens import FOCUS, RADIUS, RADIUS_LARGE, Colours

_SHEET: Final = Template("""
QPushButton {
  background: $raised; color: $text; border: 1px solid $edge_strong; border-radius: ${radius}px;
  padding: 6px 14px; min-height: 18px;
}
QPushButton:hover { background: $hover; }
QPushButton:pressed, QPushButton:checked { background: $selection; color: $on_selection; }
QPushButton:focus { border: ${focus}px solid $accent; padding: 5px 13px; }
QPushButton:disabled { color: $edge_strong; border-color: $edge; background: $window; }
QPushButton[look="primary"] { background: $accent; color: $on_accent; border-color: $accent; }
QPushButton[look="primary"]:focus { border-color: $text; }
QPushButton[look="primary"]:disabled { color: $edge_strong; border-color: $edge; background: $window; }
QPushButton[look="quiet"] {
  background: transparent; border-color: transparent; color: $accent; padding: 4px 8px;
}
QPushButton[look="quiet"]:hover { background: $hover; }
QPushButton[look="quiet"]:focus { border: ${focus}px solid $accent; padding: 3px 7px; }
QPushButton[look="quiet"]:disabled { color: $edge_strong; }
QLineEdit {
  background: $surface; color: $text; border: 1px solid $edge_strong; border-radius: ${radius}px;
  padding: 5px 8px; min-height: 18px; selection-background-color: $selection; selection-color: $on_selection;
}
QLineEdit:focus { border: ${focus}px solid $accent; padding: 4px 7px; }
QLineEdit:disabled { color: $edge_strong; border-color: $edge; background: $window; }
QPlainTextEdit, QTreeView, QListView, QTableView {
  background: $surface; color: $text; border: 1px solid $edge; border-radius: ${radius}px;
  selection-background-color: $selection; selection-color: $on_selection;
}
QPlainTextEdit:focus, QTreeView:focus, QListView:focus, QTableView:focus { border: 1px solid $accent; }
QHeaderView::section {
  background: $window; color: $muted; border: 0; border-bottom: 1px solid $edge; padding: 5px 8px;
}
QFrame[look="card"] { background: $surface; border: 1px solid $edge; border-radius: ${radius_large}px; }
QFrame[look="footer"] { background: $surface; border: 0; border-top: 1px solid $edge; }
QScrollArea { border: 0; background: transparent; }
QScrollArea > QWidget > QWidget[look="page"] { background: $window; }
QTabBar { qproperty-drawBase: 0; }
QTabBar::tab {
  background: transparent; color: $muted; border: 0; border-bottom: 2px solid transparent;
  padding: 5px 2px; margin-right: 18px;
}
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:focus { color: $accent; }
QRadioButton, QCheckBox { color: $text; spacing: 8px; padding: 3px 4px; border: ${focus}px solid transparent;
  border-radius: ${radius}px; }
QRadioButton:focus, QCheckBox:focus { border-color: $accent; }
QRadioButton:disabled, QCheckBox:disabled { color: $edge_strong; }
QRadioButton::indicator { width: 14px; height: 14px; border: 1px solid $edge_strong; border-radius: 8px;
  background: $surface; }
QRadioButton::indicator:checked {
  width: 6px; height: 6px; border: 5px solid $accent; background: $on_accent;
}
QRadioButton::indicator:disabled { border-color: $edge; background: $window; }
QRadioButton::indicator:checked:disabled { border-color: $edge_strong; }
QScrollBar { background: transparent; border: 0; }
QScrollBar:vertical { width: 12px; margin: 2px; }
QScrollBar:horizontal { height: 12px; margin: 2px; }
QScrollBar::handle { background: $edge_strong; border-radius: 4px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QMenu { background: $raised; color: $text; border: 1px solid $edge; padding: 4px; }
QMenu::item { padding: 6px 26px 6px 26px; border-radius: 4px; }
QMenu::item:selected { background: $selection; color: $on_selection; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $edge; margin: 4px 8px; }
QListView#sidebar { border: 0; border-right: 1px solid $edge; border-radius: 0; padding: 12px 0; }
QListView#sidebar:focus { border: 0; border-right: 1px solid $edge; }
QTreeView#tools, QTreeView#tools:focus, QTableView#overview, QTableView#overview:focus {
  border: 0; border-top: 1px solid $edge; border-radius: 0;
}
QTableView#overview QHeaderView::section:first { padding-left: 16px; }
QSplitter::handle { background: $edge; }
QPushButton[on="true"] { background: $selection; color: $on_selection; border-color: $accent; }
QPushButton::menu-indicator { image: none; width: 0; }
QComboBox {
  background: $surface; color: $text; border: 1px solid $edge_strong; border-radius: ${radius}px;
  padding: 2px 8px;
}
QComboBox:focus { border: ${focus}px solid $accent; padding: 1px 7px; }
QComboBox::drop-down { border: 0; width: 24px; }
QComboBox::down-arrow { image: none; }
QComboBox QAbstractItemView { background: $raised; color: $text; border: 1px solid $edge; }
QLineEdit, QPlainTextEdit { placeholder-text-color: $muted; }
""")


def sheet(colours: Colours) -> str:
    """The style sheet for one set of colours."""
    return _SHEET.substitute(
        window=colours.window,
        surface=colours.surface,
        raised=colours.raised,
        hover=colours.hover,
        text=colours.text,
        muted=colours.muted,
        edge=colours.edge,
        edge_strong=colours.edge_strong,
        accent=colours.accent,
        on_accent=colours.on_accent,
        selection=colours.selection,
        on_selection=colours.on_selection,
        radius=RADIUS,
        radius_large=RADIUS_LARGE,
        focus=FOCUS,
    )
