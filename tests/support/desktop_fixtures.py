"""The pytest fixtures over a desktop. A conftest imports `desktop` and `desktops`; then a module says

    pytestmark = pytest.mark.desktop

    @on("xfwm4", "xembed", "xfce")
    def test_it(desktop): ...

`desktops` starts each combination once in a run; `desktop` is the one that the test asks for (openbox, sni
and dunst, where it does not), empty again afterwards. After a failure the screen is in the test's `tmp_path`,
as `screen.png`, and what the programs have printed is in the report.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from .desktop import Desktop, Notify, Tray, Wm

Desktops = Callable[..., Desktop]


def on(wm: Wm = "openbox", tray: Tray = "sni", notify: Notify = "dunst", **more: Any) -> pytest.MarkDecorator:
    """The desktop that a test runs on."""
    return on_each((wm, tray, notify), **more)


def on_each(*kinds: tuple[Wm, Tray, Notify], **more: Any) -> pytest.MarkDecorator:
    """The desktops that a test runs on, one after the other."""
    name = "".join(f"-{option}{value:g}" for option, value in more.items())
    return pytest.mark.parametrize(
        "desktop",
        [pytest.param((kind, more), id="-".join(kind) + name) for kind in kinds],
        indirect=True,
    )


@pytest.fixture(scope="session")
def desktops() -> Iterator[Desktops]:
    """A desktop as `Desktop(...)` makes it, the same one for the same arguments; all end with the run."""
    running: dict[tuple[Any, ...], Desktop] = {}
    with ExitStack() as stack:

        def get(wm: Wm = "openbox", tray: Tray = "sni", notify: Notify = "dunst", **more: Any) -> Desktop:
            key = (wm, tray, notify, *sorted(more.items()))
            if key not in running:
                running[key] = stack.enter_context(Desktop(wm, tray, notify, **more))
            return running[key]

        yield get


@pytest.fixture
def desktop(request: pytest.FixtureRequest, desktops: Desktops, tmp_path: Path) -> Iterator[Desktop]:
    """The desktop of this test, with nothing on it."""
    if sys.platform != "linux":
        pytest.skip("the desktop of the tests is an X server")
    kind, more = getattr(request, "param", ((), {}))
    found = desktops(*kind, **more)
    failed = request.session.testsfailed
    yield found
    # A test that fails counts before its fixtures end.
    if request.session.testsfailed > failed:
        found.screenshot(tmp_path / "screen.png")
        print(f"the screen: {tmp_path / 'screen.png'}\n{found.printed}")
    found.clear()
