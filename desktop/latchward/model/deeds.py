"""What a request does, in words, by its method: for the log, the tray and the terminal.

A client does something with what bears a name; a server asks a client. Names are foreign and stand between
the words, so that each place can show them as it shows such names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .call import TOOLS_CALL


@dataclass(frozen=True, slots=True)
class Deed:
    """`do` (after "may" or "wants to") and `did` are the words before and after the object.

    A client does it with something of a server's; with `by_server` a server does it, and the client is the
    object.
    """

    do: tuple[str, str]
    did: tuple[str, str]
    by_server: bool = False


_DEEDS: Final[Mapping[str, Deed]] = {
    TOOLS_CALL: Deed(("use", ""), ("called", "")),
    "prompts/get": Deed(("use the prompt", ""), ("used the prompt", "")),
    "resources/read": Deed(("read the resource", ""), ("read the resource", "")),
    "resources/subscribe": Deed(
        ("follow changes of the resource", ""), ("followed changes of the resource", "")
    ),
    "completion/complete": Deed(("look up values for", ""), ("looked up values for", "")),
    "elicitation/create": Deed(
        ("ask you questions through", ""), ("asked you a question through", ""), by_server=True
    ),
    "sampling/createMessage": Deed(
        ("have", "run its text through the model"),
        ("asked", "to run its text through the model"),
        by_server=True,
    ),
    "roots/list": Deed(
        ("ask which folders", "works in"), ("asked which folders", "works in"), by_server=True
    ),
}
_OTHER: Final = Deed(("use the method", ""), ("used the method", ""))


def deed(method: str) -> Deed:
    """The words for a method; one that we do not know is named as such."""
    return _DEEDS.get(method, _OTHER)
