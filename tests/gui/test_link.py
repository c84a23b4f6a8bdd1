"""The tray's end of the private link, against a scripted gateway on a real socketpair."""

import socket

import pytest

from latchward.control import messages as say
from latchward.control.wire import line
from latchward.gui.link import NoLink, open_link

from .support import question

SERVERS = say.Servers(())
TEMPORARY = say.TemporaryList((say.Temporary("k", "c", "s", "t", True, "this session"),))


def test_hello_is_answered_with_ready(ends, qtbot):
    link, gateway = ends
    with qtbot.waitSignal(link.greeted):
        gateway.greet()
    assert gateway.hear(1) == [say.Ready(say.VERSION)]


@pytest.mark.parametrize(
    ("message", "signal"),
    [
        (say.Status("trouble", ("a server does not start",), 3), "status"),
        (say.Asked(question()), "asked"),
        (say.Closed("n1", "the client went away"), "closed"),
        (SERVERS, "servers"),
        (say.HeldList(()), "held"),
        (TEMPORARY, "temporary"),
        (say.Preview(1, (), ""), "preview"),
    ],
)
def test_each_message_has_its_signal(ends, qtbot, message, signal):
    link, gateway = ends
    gateway.greet()
    with qtbot.waitSignal(getattr(link, signal)) as caught:
        gateway.say(message)
    assert caught.args == [message]


def test_a_message_may_come_byte_by_byte(ends, qtbot):
    link, gateway = ends
    gateway.greet()
    with qtbot.waitSignal(link.closed) as caught:
        for byte in line(say.Closed("n1", "ü\u202e")):
            gateway.raw(bytes((byte,)))
    assert caught.args == [say.Closed("n1", "ü\u202e")]


def test_a_message_of_megabytes_arrives_whole(ends, qtbot):
    link, gateway = ends
    gateway.greet()
    big = say.Asked(question(arguments={"data": "x" * 6_000_000}))
    with qtbot.waitSignal(link.asked, timeout=10_000) as caught:
        gateway.say(big)
    assert caught.args == [big]


def test_the_last_of_a_kind_is_there_for_a_late_window(ends, qtbot):
    link, gateway = ends
    gateway.greet()
    with qtbot.waitSignal(link.temporary):
        gateway.say(SERVERS, TEMPORARY)
    assert link.latest(say.Servers) == SERVERS
    assert link.latest(say.TemporaryList) == TEMPORARY
    assert link.latest(say.HeldList) is None


def test_a_request_hears_that_it_was_done_or_why_not(ends, qtbot):
    link, gateway = ends
    gateway.greet()
    gateway.hear(1)
    told = []
    link.request(say.Block(link.serial(), True), lambda: told.append("done"), told.append)
    link.request(say.Block(link.serial(), False), lambda: told.append("done"), told.append)
    first, second = gateway.hear(2)
    gateway.say(say.Failed(second.serial, "no"), say.Done(first.serial))
    qtbot.waitUntil(lambda: told == ["no", "done"])


def test_what_is_said_to_a_slow_gateway_waits_and_arrives_in_order(ends):
    link, gateway = ends
    said = [say.Answered(str(n), "b", False, reason="r" * 500) for n in range(5_000)]
    for message in said:
        link.send(message)
    assert gateway.hear(5_000) == said


def test_stop_ends_the_link_without_a_reason(ends, qtbot):
    link, gateway = ends
    gateway.greet()
    with qtbot.waitSignal(link.lost) as caught:
        gateway.say(say.Stop())
    assert caught.args == [""]
    assert not link.is_open


def test_a_gateway_that_dies_ends_the_link_with_a_reason(ends, qtbot):
    link, gateway = ends
    gateway.greet()
    with qtbot.waitSignal(link.lost) as caught:
        gateway.hear(1)
        gateway.close()
    assert caught.args == ["the gateway ended"]
    link.send(say.Quit())  # late: nothing happens


@pytest.mark.parametrize(
    "data",
    [
        b"not json\n",
        line(say.Status("normal")),  # before `Hello`
        line(say.Hello(say.VERSION + 1, 1, "", "", "")),
        line(say.Ready(say.VERSION)),  # what only the tray says
        b'{"kind":"status","mode":"normal","surprise":1}\n',
    ],
)
def test_what_no_gateway_of_ours_says_ends_the_link(ends, qtbot, data):
    link, gateway = ends
    with qtbot.waitSignal(link.lost) as caught:
        gateway.raw(data)
    assert caught.args[0]


def test_what_is_no_socket_is_refused_with_a_sentence(tmp_path):
    with (tmp_path / "file").open("w") as file, pytest.raises(NoLink, match="is no socket"):
        open_link(file.fileno())
    with pytest.raises(NoLink, match="is not open"):
        open_link(9_999)


def test_an_inherited_socket_is_taken(qapp):
    ours, theirs = socket.socketpair()
    with open_link(theirs.detach()) as end:
        ours.send(b"x")
        assert end.recv(1) == b"x"
    ours.close()
