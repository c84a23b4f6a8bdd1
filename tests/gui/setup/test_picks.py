"""What the person ticked and typed, without a window."""

from latchward.control.messages import Clients
from latchward.gui.setup.picks import Picks

from .scene import BAD, BRAVE, FIGMA, FILES, GITHUB


def picks(*found, keyring=""):
    made = Picks()
    made.take(Clients((), found, keyring=keyring))
    return made


def test_what_is_told_as_ticked_is_taken():
    assert picks(GITHUB, FILES).taken == (GITHUB, FILES)


def test_what_is_refused_is_never_taken():
    made = picks(FIGMA)
    made.choose(FIGMA, True)
    assert made.taken == ()


def test_an_unticked_server_is_not_taken():
    made = picks(GITHUB, FILES)
    made.choose(GITHUB, False)
    assert made.taken == (FILES,)


def test_a_server_that_needs_a_value_is_taken_once_it_has_it():
    made = picks(BRAVE)
    assert made.why_not(BRAVE) == "Give BRAVE_KEY first"
    made.give("BRAVE_KEY", "s3cret")
    assert made.taken == (BRAVE,)
    assert made.values() == {"BRAVE_KEY": "s3cret"}


def test_a_value_of_an_unticked_server_is_not_sent():
    made = picks(BRAVE)
    made.give("BRAVE_KEY", "s3cret")
    made.choose(BRAVE, False)
    assert made.values() == {}


def test_without_a_keyring_servers_with_secrets_wait():
    made = picks(GITHUB, BRAVE, FILES, keyring="the keyring is locked")
    made.give("BRAVE_KEY", "s3cret")
    assert made.taken == (FILES,)
    assert made.why_not(GITHUB) == made.why_not(BRAVE) == "Waits for your keyring"


def test_a_disguised_server_is_taken_only_by_its_own_tick():
    made = picks(BAD, FILES)
    made.choose_all(True)
    assert made.taken == (FILES,)
    made.choose(BAD, True)
    assert made.taken == (BAD, FILES)


def test_ticks_and_values_survive_what_is_told_anew():
    made = picks(GITHUB, BRAVE)
    made.choose(GITHUB, False)
    made.give("BRAVE_KEY", "s3cret")
    made.take(Clients((), (GITHUB, BRAVE, FILES)))
    assert made.taken == (BRAVE, FILES)


def test_a_value_that_nobody_needs_any_more_is_forgotten():
    made = picks(BRAVE)
    made.give("BRAVE_KEY", "s3cret")
    made.take(Clients((), (FILES,)))
    assert made.value("BRAVE_KEY") == ""
