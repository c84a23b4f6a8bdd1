"""PySide 6.12.0 loses a reference to None with every empty value; after some thousand Python 3.11 aborts."""

import sys

import pytest
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Signal
from PySide6.QtGui import QAction

ROUNDS = 1_000
NOISE = 100
"""References that come and go for other reasons."""


class Empty(QAbstractListModel):
    said = Signal(bool)

    def rowCount(self, parent=QModelIndex()):  # noqa: B008
        return 1

    def data(self, index, role=0):
        return None


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal")
def test_no_reference_to_none_is_lost(qapp):
    model, action, plain = Empty(), QAction(), QObject()
    index = model.index(0, 0)
    before = sys.getrefcount(None)
    for _ in range(ROUNDS):
        index.data()
        action.data()
        plain.property("nothing")
    assert abs(sys.getrefcount(None) - before) < NOISE


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="True is immortal")
def test_no_reference_to_true_is_lost(qapp):
    model = Empty()
    model.said.connect(lambda _: None)
    before = sys.getrefcount(True)
    for _ in range(ROUNDS):
        model.said.emit(True)
    assert abs(sys.getrefcount(True) - before) < NOISE
