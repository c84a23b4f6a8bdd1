"""The proof that a call may be sent."""

from collections.abc import Callable
from typing import Final

from .errors import NotSent, Withdrawn

ROUNDS: Final = 10
"""How often one call may be sent again with answers to what its server asked."""

_MINT: Final = object()


class Allow:
    """A one-time permission to send exactly one call.

    Only `gateway/enforce.py` mints one (a test reads the tree to hold this),
    and only with the number of a durable audit row in hand, so that sending
    without a record cannot be written down. `spend` is called by the upstream at the
    moment of writing, and asks once more, through `holds`, whether what was
    judged is still so: a server may have been waited for in between.
    """

    __slots__ = ("_digest", "_holds", "_rounds", "_spent", "_spent_again", "revision", "row")

    def __init__(
        self, mint: object, *, digest: str, revision: str, row: int, holds: Callable[[], bool]
    ) -> None:
        if mint is not _MINT:
            raise TypeError("an Allow is minted by the decision path alone")
        if row < 1:
            raise ValueError("an Allow needs a durable audit row")
        self._digest = digest
        self._holds = holds
        self._spent = False
        self._spent_again = False
        self._rounds = 0
        self.revision = revision
        self.row = row

    def spend(self, digest: str) -> None:
        """Use the permission for the call with this digest, once.

        Raises `NotSent` for another call and for a second use, `Withdrawn`
        where what was judged is no longer so.
        """
        if self._spent or digest != self._digest:
            raise NotSent("this permission is for another call, or was used; nothing was sent")
        self._spent = True
        self._must_hold()

    def spend_again(self, digest: str) -> None:
        """Use a spent permission for the same call a last time: for one that the server turned away unread.

        Raises as `spend`.
        """
        if not self._spent or self._spent_again or digest != self._digest:
            raise NotSent("this permission is for another call, or was used; nothing was sent")
        self._spent_again = True
        self._must_hold()

    def spend_round(self, digest: str) -> None:
        """Use a spent permission to send the same call again with answers to what its server asked.

        That goes `ROUNDS` times. Raises as `spend`.
        """
        if not self._spent or self._rounds >= ROUNDS or digest != self._digest:
            raise NotSent("this permission is for another call, or was used up; nothing was sent")
        self._rounds += 1
        self._must_hold()

    @property
    def is_spent(self) -> bool:
        """Whether it was used, so that the call may have left."""
        return self._spent

    def _must_hold(self) -> None:
        if not self._holds():
            raise Withdrawn("the policy, the tool's definition or the grant changed; nothing was sent")


def mint_allow(*, digest: str, revision: str, row: int, holds: Callable[[], bool]) -> Allow:
    """Make the proof for the call with `digest`, decided under `revision`, recorded as `row`."""
    return Allow(_MINT, digest=digest, revision=revision, row=row, holds=holds)
