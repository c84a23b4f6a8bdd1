"""The first list of a server is what the person agreed to when they agreed to its start.

From then on every tool that is new or another is held until they have looked.
"""

from collections.abc import Mapping

from latchward.model.tool import ToolDefinition
from latchward.storage.accepted import Accepted


def pin_first_list(accepted: Accepted, server: str, listed: Mapping[str, ToolDefinition] | None) -> bool:
    """Accept what a server lists, where nothing of it was ever accepted; whether that was so."""
    if listed is None or accepted.has_tools(server):
        return False
    accepted.accept_tools(server, listed)
    return True
