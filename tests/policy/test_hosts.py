"""The host of a URL, where programs disagree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchward.policy.hosts import host_of, host_within, normal_host

READ = [
    ("https://example.com/x", "example.com"),
    ("HTTPS://EXAMPLE.COM", "example.com"),
    ("https://example.com.:443/?q#f", "example.com"),
    ("https://good@evil/", "evil"),
    ("https://good:pw@evil:80/", "evil"),
    ("https://a@b@evil/", "evil"),
    ("https://good#@evil/", "good"),
    ("https://good?@evil/", "good"),
    ("https://good/@evil/", "good"),
    ("https:evil", "evil"),
    ("https:/evil/x", "evil"),
    ("https:////evil", "evil"),
    ("  https://evil  ", "evil"),
    ("https://%65vil.com/", "evil.com"),
    ("https://\uff45vil.com/", "evil.com"),
    ("https://evil\u3002com/", "evil.com"),
    ("https://b\u00fccher.de/", "xn--bcher-kva.de"),
    ("https://XN--BCHER-KVA.de/", "xn--bcher-kva.de"),
    ("http://127.1/", "127.0.0.1"),
    ("http://0x7f.1/", "127.0.0.1"),
    ("http://0x7f000001/", "127.0.0.1"),
    ("http://2130706433/", "127.0.0.1"),
    ("http://0177.0.0.01/", "127.0.0.1"),
    ("http://127.0.0.1./", "127.0.0.1"),
    ("http://[::1]:8080/", "::1"),
    ("http://[0:0::1]/", "::1"),
    ("http://[::ffff:127.0.0.1]/", "127.0.0.1"),
    ("ftp://example.com:/", "example.com"),
    ("ssh://git@example.com/x", "example.com"),
]
UNREAD = [
    "", "example.com", "//example.com", "/x", "https://", "https:///", "https://?x", "mailto:a@example.com",
    "file:///etc", "javascript:alert(1)", "data:text/html,x", "https://go\\od/", "https://good\t.com/",
    "https://good\n/", "https://good\x85/", "https://a b/", "https://good:x/", "https://good:99999/", "https://[::1/",
    "https://[::1]x/", "https://[fe80::1%25eth0]/", "https://1.2.3.4.5/", "https://256.1.1.1/", "https://1.2.3.08/",
    "https://0xg.1/", "https://4294967296/", "https://a..b/", "https://.a/", "https://a<b/", "https://%00/",
    "https://fa\u00df.de/", "https://a\u200db/", "https://xn--\u00fc/", "https://%ff/", "1https://x/", "https://x|y/",
    "https://" + "a" * 9000,
]  # fmt: skip


@pytest.mark.parametrize(("url", "host"), READ)
def test_a_host_is_read_as_browsers_read_it(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize("url", UNREAD)
def test_what_programs_read_differently_has_no_host(url: str) -> None:
    assert host_of(url) is None


@pytest.mark.parametrize(
    ("host", "allowed", "within"),
    [
        ("example.com", "example.com", True),
        ("a.b.example.com", "example.com", True),
        ("badexample.com", "example.com", False),
        ("com", "example.com", False),
        ("9.127.0.0.1", "127.0.0.1", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("a.::1", "::1", False),
    ],
)
def test_subdomains_are_within_a_name_but_not_within_an_address(
    host: str, allowed: str, within: bool
) -> None:
    assert host_within(host, (allowed,)) is within


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Example.COM.", "example.com"),
        ("[::1]", "::1"),
        ("::1", "::1"),
        ("0x7f.1", "127.0.0.1"),
        ("a:80", None),
        ("a/b", None),
    ],
)
def test_the_host_of_a_rule_has_the_same_normal_spelling(text: str, host: str | None) -> None:
    assert normal_host(text) == host


@given(st.text(max_size=40))
def test_a_host_never_holds_what_a_host_cannot_hold(text: str) -> None:
    host = host_of("https://" + text)

    assert host is None or (host.isascii() and host == host.lower() and not set(host) & set(" @/\\?#%"))
