"""`latchward try` where there is a display: the one question of the trial is asked in the real dialog."""

import sys

import pytest

from tests.support.desktop import Desktop
from tests.support.whole import Dialog

pytestmark = pytest.mark.desktop


@pytest.mark.parametrize(
    ("button", "decided"), [("Allow", "ask: allowed"), ("Deny", "ask: denied-by-person")]
)
def test_the_trial_asks_in_the_dialog_and_tells_what_became_of_it(
    desktop: Desktop, button: str, decided: str
) -> None:
    trial = desktop.run([sys.executable, "-m", "latchward", "try"])
    dialog = Dialog(desktop, desktop.tree.app("Latchward").find("dialog", "wants to"))
    assert "name\nshopping\n" in dialog.arguments
    dialog.click(button)
    assert trial.wait(30) == 0, trial.printed
    assert decided in trial.printed
    assert "Everything went as the policy says" in trial.printed
