"""A server's process gets what it needs to run, its own values, and nothing that opens doors."""

from hypothesis import given
from hypothesis import strategies as st

from latchward.upstream import environment
from latchward.upstream.environment import for_server

NAME = st.text(st.characters(codec="ascii", exclude_characters="=\0"), min_size=1, max_size=12)
VALUE = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)

OPENS_DOORS = {
    "AWS_SECRET_ACCESS_KEY": "canary",
    "ANTHROPIC_API_KEY": "canary",
    "GITHUB_TOKEN": "canary",
    "SSH_AUTH_SOCK": "/run/canary",
    "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/canary",
    "XDG_RUNTIME_DIR": "/run/canary",
    "HTTPS_PROXY": "http://user:canary@proxy",
    "http_proxy": "http://user:canary@proxy",
    "LD_PRELOAD": "/canary.so",
    "PYTHONPATH": "/canary",
    "NODE_OPTIONS": "--require=/canary",
    "BASH_ENV": "/canary",
    "LATCHWARD_HOME": "/canary",
    "DISPLAY": ":canary",
    "WAYLAND_DISPLAY": "canary",
    "XAUTHORITY": "/canary",
}


def test_nothing_that_opens_doors_is_handed_on() -> None:
    assert for_server({}, OPENS_DOORS) == {}


def test_what_a_program_needs_to_run_is_handed_on() -> None:
    needed = {"PATH": "/bin", "HOME": "/home/me", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    assert for_server({}, needed) == needed


def test_a_shell_function_is_no_value() -> None:
    assert for_server({}, {"LC_X": "() { :; }; echo canary", "HOME": "/home/me"}) == {"HOME": "/home/me"}


@given(st.dictionaries(NAME, VALUE), st.dictionaries(NAME, VALUE))
def test_the_servers_own_values_are_all_there_and_win(own: dict[str, str], ours: dict[str, str]) -> None:
    made = for_server(own, ours | {"PATH": "/bin"})
    assert made.items() >= own.items()


@given(st.dictionaries(NAME, VALUE))
def test_only_names_of_the_list_come_from_us(ours: dict[str, str]) -> None:
    assert all(name in environment._KEEP or name.startswith("LC_") for name in for_server({}, ours))
