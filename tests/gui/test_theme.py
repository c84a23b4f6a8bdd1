"""The design system: everything can be read, in light and dark, and nothing is told by colour alone."""

import pytest

from latchward.gui import icons, tokens
from latchward.gui.preferences import place, preferences
from latchward.gui.theme import Appearance, Theme
from latchward.gui.tokens import CATEGORIES, DARK, EFFECTS, LIGHT, SEVERITIES, contrast

READABLE = 4.5
SEEN = 3.0


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_everywhere(colours):
    for ground in (colours.window, colours.surface, colours.raised, colours.hover):
        assert contrast(colours.text, ground) >= READABLE
        assert contrast(colours.muted, ground) >= READABLE
    assert contrast(colours.on_accent, colours.accent) >= READABLE
    assert contrast(colours.on_selection, colours.selection) >= READABLE


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_tones_can_be_read_on_their_fill_and_on_the_window(colours):
    for tone in colours.tones.values():
        assert contrast(tone.text, tone.fill) >= READABLE
        assert contrast(tone.text, colours.window) >= READABLE
        assert contrast(tone.text, colours.surface) >= READABLE


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_focus_and_edges_of_controls_are_seen(colours):
    assert contrast(colours.accent, colours.window) >= SEEN
    assert contrast(colours.accent, colours.surface) >= SEEN
    assert contrast(colours.edge_strong, colours.surface) >= SEEN


def test_contrast_is_counted_as_in_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("looks", [EFFECTS, SEVERITIES, CATEGORIES])
def test_words_that_look_different_have_different_icons(looks):
    assert len({look.icon for look in looks.values()}) == len(looks)


def test_every_icon_draws_something(qapp):
    names = [look.icon for looks in (EFFECTS, SEVERITIES, CATEGORIES) for look in looks.values()]
    for name in names:
        image = icons.pixmap(name, "#000000", 16).toImage()
        drawn = sum(image.pixelColor(x, y).alpha() > 0 for x in range(16) for y in range(16))
        assert drawn > 8, name


@pytest.fixture
def path(tmp_path, theme):
    """A file for preferences; afterwards everything looks as before."""
    yield tmp_path / "window.ini"
    theme.choose(Appearance.SYSTEM)


def test_the_persons_choice_holds_and_is_remembered(qapp, path):
    theme = Theme(qapp, preferences(path))
    theme.choose(Appearance.DARK)
    assert theme.dark
    assert qapp.palette().window().color().name() == DARK.window
    assert Theme(qapp, preferences(path)).appearance is Appearance.DARK
    theme.choose(Appearance.LIGHT)
    assert qapp.palette().window().color().name() == LIGHT.window


def test_a_spoiled_preference_is_the_systems(qapp, path):
    path.write_text("[General]\nappearance=purple\n")
    assert Theme(qapp, preferences(path)).appearance is Appearance.SYSTEM


def test_the_preferences_lie_in_the_profile(tmp_path):
    assert place({"LATCHWARD_HOME": str(tmp_path)}) == tmp_path / "window.ini"


def test_the_scale_rises():
    assert sorted(tokens.SIZES.values()) == list(tokens.SIZES.values())
