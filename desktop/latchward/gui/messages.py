"""What Qt complains of, one line each on standard error, so that nothing is overlooked in a test or a log."""

import sys

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

_WORDS = {
    QtMsgType.QtWarningMsg: "warning",
    QtMsgType.QtCriticalMsg: "critical",
    QtMsgType.QtFatalMsg: "fatal",
}

_EXPECTED = ("org.freedesktop.portal.Desktop", "AtSpiAdaptor::", "Could not find accessible on path")
"""A desktop without portals, and what a screen reader asks that Qt does not know any more, are no faults."""


def report_qt_messages() -> None:
    """From now on every warning of Qt is a line that begins `latchward: qt`."""
    qInstallMessageHandler(_report)


def _report(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    word = _WORDS.get(kind)
    if word is not None and not any(part in text for part in _EXPECTED):
        print(f"latchward: qt {word}: {text}", file=sys.stderr, flush=True)
