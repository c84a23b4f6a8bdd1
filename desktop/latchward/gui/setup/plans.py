"""Asks the gateway what files would become; a newer question makes an older one's answer void."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from latchward.control.messages import FilePlan, ProposeAdoption, ProposeRestore
from latchward.gui.link import Link

Took = Callable[[FilePlan], None]
Failed = Callable[[str], None]


class Plans(QObject):
    """One question at a time."""

    def __init__(self, link: Link, parent: QObject) -> None:
        super().__init__(parent)
        self._link = link
        self._asked: tuple[int, Took, Failed] | None = None
        link.file_plan.connect(self._take)
        link.failed.connect(self._fail)

    @property
    def asking(self) -> bool:
        """Whether an answer is still to come."""
        return self._asked is not None

    def of_adoption(self, keys: tuple[str, ...], took: Took, failed: Failed) -> None:
        """What taking these in would do."""
        self._ask(ProposeAdoption(self._link.serial(), keys), took, failed)

    def of_restore(self, clients: tuple[str, ...], took: Took, failed: Failed) -> None:
        """What giving the files of these clients back would do."""
        self._ask(ProposeRestore(self._link.serial(), clients), took, failed)

    def forget(self) -> None:
        """Nobody waits for the answer any more."""
        self._asked = None

    def _ask(self, question: ProposeAdoption | ProposeRestore, took: Took, failed: Failed) -> None:
        self._asked = (question.serial, took, failed)
        self._link.send(question)

    def _take(self, plan: FilePlan) -> None:
        if self._asked is not None and self._asked[0] == plan.serial:
            took, self._asked = self._asked[1], None
            took(plan)

    def _fail(self, serial: int, error: str) -> None:
        if self._asked is not None and self._asked[0] == serial:
            failed, self._asked = self._asked[2], None
            failed(error)
