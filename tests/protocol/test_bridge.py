"""Results that cross from one era to the other."""

import json

import pytest

from latchward.model.era import Era
from latchward.protocol import bridge, sse

MODERN = b'{"resultType":"complete","content":[{"type":"text","text":"\\ud83d"}],"x":null,"n":1e999}'
PLAIN = b'{"content":[{"type":"text","text":"\\ud83d"}],"x":null,"n":1e999}'


@pytest.mark.parametrize("era", list(Era))
def test_a_result_of_the_clients_own_era_is_not_touched(era: Era) -> None:
    body = b' { "a" : 1 } '
    assert bridge.result(body, era, era, "tools/call") == body


def test_a_modern_result_loses_only_what_the_older_protocol_does_not_know() -> None:
    assert bridge.result(MODERN, Era.MODERN, Era.LEGACY, "tools/call") == PLAIN


def test_a_legacy_result_gains_only_its_type() -> None:
    assert bridge.result(PLAIN, Era.LEGACY, Era.MODERN, "tools/call") == MODERN


def test_a_legacy_result_with_nothing_in_it_is_complete() -> None:
    assert bridge.result(b"{}", Era.LEGACY, Era.MODERN, "prompts/get") == b'{"resultType":"complete"}'


def test_a_legacy_resource_holds_for_no_longer_than_it_is_read() -> None:
    read = bridge.result(b'{"contents":[]}', Era.LEGACY, Era.MODERN, "resources/read")
    assert read == b'{"resultType":"complete","ttlMs":0,"cacheScope":"private","contents":[]}'


def test_an_event_is_one_line_whatever_white_space_the_json_has() -> None:
    event = sse.event(b'{"a":\r\n1}')
    [data] = [line for line in event.split(b"\r\n") if line.startswith(b"data: ")]
    assert json.loads(data[6:]) == {"a": 1}
