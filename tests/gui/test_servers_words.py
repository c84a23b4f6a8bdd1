"""What the page of servers says of a server, as functions of what it is told."""

import pytest

from latchward.control.messages import ServerView
from latchward.gui.servers.words import is_url
from latchward.model.upstream import UpstreamSpec
from latchward.storage.in_force import command_line


def view(spec: UpstreamSpec) -> ServerView:
    return ServerView("a", "a", "", command_line(spec), "", "consent", "", (), ())


@pytest.mark.parametrize("headers", [{}, {"Authorization": "x"}, {"Authorization": "x", "X-Key": "y"}])
def test_an_address_is_one_with_its_headers_too(headers: dict[str, str]) -> None:
    assert is_url(view(UpstreamSpec("a", url="https://example.com/mcp", headers=headers)))


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("https://example.com/mcp", ()),
        ("https://example.com/mcp", ("Authorization:", "…")),
        ("http:", ()),
        ("/bin/cat", ("https://example.com/mcp",)),
    ],
)
def test_a_program_that_is_called_like_an_address_is_none(command: str, args: tuple[str, ...]) -> None:
    assert not is_url(view(UpstreamSpec("a", command=command, args=args)))
