"""Starting at login: what is written, where, and back."""

import pytest

from latchward.gui import autostart

GOLDEN = """\
[Desktop Entry]
Type=Application
Version=1.0
Name=Latchward
Comment=Stands between your AI agents and their MCP servers
Exec=/usr/bin/latchward
Icon=latchward
Terminal=false
X-GNOME-Autostart-enabled=true
"""


def test_the_file_is_as_agreed():
    assert autostart.entry(("/usr/bin/latchward",)) == GOLDEN


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("/opt/my apps/latchward",), 'Exec="/opt/my apps/latchward"'),
        (("/a/python", "-m", "latchward"), "Exec=/a/python -m latchward"),
        (("/a/100%/x",), "Exec=/a/100%%/x"),
        (("/a/$HOME/x",), 'Exec="/a/\\\\$HOME/x"'),
        (('/a/"q"/x',), 'Exec="/a/\\\\"q\\\\"/x"'),
        (("/a\nHidden=true",), 'Exec="/a\\nHidden=true"'),
    ],
)
def test_odd_paths_are_quoted(words, line):
    assert line in autostart.entry(words).splitlines()


def test_on_and_off_again(tmp_path):
    path = autostart.place({"XDG_CONFIG_HOME": str(tmp_path)})
    assert path == tmp_path / "autostart" / "latchward.desktop"
    assert not autostart.is_on(path)
    autostart.turn_on(path, ("/usr/bin/latchward",))
    assert path.read_text() == GOLDEN
    assert autostart.is_on(path)
    assert [found.name for found in path.parent.iterdir()] == ["latchward.desktop"]
    autostart.turn_off(path)
    autostart.turn_off(path)
    assert not autostart.is_on(path)


@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled=false", "Hidden = True"])
def test_a_file_that_says_it_is_off_is_off(tmp_path, line):
    path = tmp_path / "latchward.desktop"
    path.write_text(f"[Desktop Entry]\nType=Application\n{line}\n")
    assert not autostart.is_on(path)


def test_a_relative_config_folder_is_no_place():
    assert autostart.place({"XDG_CONFIG_HOME": "config", "HOME": "/home/ann"}).is_relative_to(
        "/home/ann/.config"
    )
