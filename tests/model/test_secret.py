"""A secret shows itself to nobody who did not ask for it; a placeholder says where one belongs."""

import copy
import json
import logging
import pickle
import traceback
from dataclasses import asdict, dataclass

import msgspec
import pytest

from latchward.model.secret import Secret, fill, has_placeholder, is_malformed, names_in, placeholder

VALUE = "s3cr3t-v4lue"


@dataclass(frozen=True)
class Holder:
    secret: Secret


def traced() -> str:
    def fails(secret: Secret) -> None:
        raise ValueError(f"cannot use {secret}", secret)

    try:
        fails(Secret(VALUE))
    except ValueError as error:
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
        return "".join(told.format()) + str(error) + repr(error)
    raise AssertionError


def logged(caplog: pytest.LogCaptureFixture) -> str:
    logging.getLogger("test").warning("got %s %r", Secret(VALUE), [Secret(VALUE)])
    return caplog.text


@pytest.mark.parametrize(
    "shown",
    [
        lambda secret: repr(secret),
        lambda secret: str(secret),
        lambda secret: f"{secret}",
        lambda secret: f"{secret!r:>40}",
        lambda secret: f"{secret:>40}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
        lambda secret: str([secret, {secret: secret}]),
        lambda secret: repr(Holder(secret)),
        lambda secret: ascii(secret),
        lambda secret: json.dumps({"a": secret}, default=str),
    ],
)
def test_no_way_to_print_a_secret_shows_it(shown: object) -> None:
    text = shown(Secret(VALUE))  # type: ignore[operator]
    assert "•••" in text or "\\u2022" in text
    assert VALUE not in text


def test_a_traceback_with_its_locals_does_not_show_a_secret() -> None:
    assert "•••" in traced()
    assert VALUE not in traced()


def test_a_log_does_not_show_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    assert "•••" in logged(caplog)
    assert VALUE not in caplog.text


@pytest.mark.parametrize(
    "write",
    [json.dumps, msgspec.json.encode, msgspec.msgpack.encode, pickle.dumps, copy.copy, vars, asdict],
)
def test_a_secret_cannot_be_written_down(write: object) -> None:
    with pytest.raises(TypeError) as refused:
        write(Secret(VALUE))  # type: ignore[operator]
    assert VALUE not in str(refused.value)


def test_a_secret_is_revealed_to_who_asks() -> None:
    assert Secret(VALUE).reveal() == VALUE


def test_secrets_are_equal_by_their_values() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_a_placeholder_is_found_again() -> None:
    assert names_in(placeholder("GITHUB.token-1")) == ("GITHUB.token-1",)


def test_each_name_is_found_once_in_its_order() -> None:
    assert names_in("x ${secret:B} ${secret:A}${secret:B}") == ("B", "A")


def test_placeholders_are_filled_in_one_pass() -> None:
    filled = fill("Bearer ${secret:A}.${secret:B}", {"A": Secret("${secret:B}"), "B": Secret("b\\1")})
    assert filled == "Bearer ${secret:B}.b\\1"


def test_a_secret_that_is_not_given_is_no_blank() -> None:
    with pytest.raises(KeyError):
        fill("${secret:A}", {"B": Secret("b")})


@pytest.mark.parametrize(
    "text",
    ["${secret:", "${secret:}", "${secret:A", "${secret:A B}", "${secret:-A}", "${SECRET:A}", "${secret: A}",
     "${secret:A}${secret:", "${secret:" + "a" * 101 + "}"],
)  # fmt: skip
def test_what_begins_like_a_placeholder_and_is_none_is_malformed(text: str) -> None:
    assert is_malformed(text)
    assert has_placeholder(text)


@pytest.mark.parametrize("text", ["", "a", "${A}", "$secret:A", "${input:secret}", "secret:A"])
def test_other_text_is_no_placeholder(text: str) -> None:
    assert not has_placeholder(text)
    assert not is_malformed(text)


@pytest.mark.parametrize("text", ["${secret:A}", "Bearer ${secret:A}", "${secret:A}${secret:b.c-d_1}"])
def test_a_placeholder_is_well_formed(text: str) -> None:
    assert has_placeholder(text)
    assert not is_malformed(text)
