"""Whom the mock may call."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.core.target import (
    NotAllowed,
    Target,
    allowed_addresses,
    read_allowed,
    read_target,
    without_credentials,
)


@pytest.mark.parametrize(
    "url, target, authority",
    [
        ("http://127.0.0.1:9000/a?b=c", Target("http", "127.0.0.1", 9000, "/a?b=c"), "127.0.0.1:9000"),
        ("http://LocalHost", Target("http", "localhost", 80, "/"), "localhost"),
        ("https://example.com:443/", Target("https", "example.com", 443, "/"), "example.com"),
        ("http://example.com.:80/x#y", Target("http", "example.com", 80, "/x"), "example.com"),
        ("http://[::1]:80/", Target("http", "::1", 80, "/"), "[::1]"),
        ("http://x/a b?é=%20&{}", Target("http", "x", 80, "/a%20b?%C3%A9=%20&%7B%7D"), "x"),
        ("http://bücher.example/", Target("http", "xn--bcher-kva.example", 80, "/"), "xn--bcher-kva.example"),
        ("http://x/a\r\nb", Target("http", "x", 80, "/ab"), "x"),
    ],
)
def test_a_url_is_taken_apart(url: str, target: Target, authority: str) -> None:
    assert read_target(url) == target
    assert read_target(url).authority == authority


@pytest.mark.parametrize(
    "url, why",
    [
        ("", "'' is no absolute http or https URL"),
        ("/relative", "'/relative' is no absolute http or https URL"),
        ("//host/x", "'//host/x' is no absolute http or https URL"),
        ("ftp://host/x", "'ftp://host/x' is no absolute http or https URL"),
        ("file:///etc/passwd", "'file:///etc/passwd' is no absolute http or https URL"),
        ("http:///x", "'http:///x' is no absolute http or https URL"),
        ("http://me:pw@host/", "the URL holds credentials; send them as a header"),
        ("http://me@host/", "the URL holds credentials; send them as a header"),
        ("http://host:99999/", "'http://host:99999/' is no URL: Port out of range 0-65535"),
        ("http://host:0/", "'http://host:0/' names no host"),
        ("http://a b/", "'http://a b/' names no host"),
        ("http://-a/", "'http://-a/' names no host"),
        ("http://[::1/", "'http://[::1/' is no URL: Invalid IPv6 URL"),
        ("http://[fe80::1%25eth0]/", "'http://[fe80::1%25eth0]/' names no host"),
        ("http://x/" + "a" * 9_000, "the URL is longer than 8192 characters"),
    ],
)
def test_a_url_that_is_never_called_says_why(url: str, why: str) -> None:
    with pytest.raises(NotAllowed) as caught:
        read_target(url)
    assert str(caught.value) == why


@given(st.sampled_from(["", "http://", "http://host/"]), st.text(max_size=40))
def test_any_text_is_a_target_or_refused(start: str, text: str) -> None:
    try:
        target = read_target(start + text)
    except NotAllowed:
        return
    assert target.path.isascii()
    assert target.path.isprintable()
    assert " " not in target.path + target.host


ANYWHERE = (read_allowed("*"), read_allowed("0.0.0.0/0"), read_allowed("::/0"))
NEVER = [
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "febf::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "fd20:ce::254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "0.0.0.0",
    "0.1.2.3",
    "::",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "240.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::169.254.169.254",
    "64:ff9b::169.254.169.254",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:5601:5601",
    "::ffff:100.100.100.200",
    "::ffff:0.0.0.0",
]


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_called_whatever_is_allowed(address: str) -> None:
    with pytest.raises(NotAllowed, match="which is never called"):
        allowed_addresses(read_target("http://example.com/"), [address], ANYWHERE)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_always_allowed(address: str) -> None:
    assert allowed_addresses(read_target("http://localhost:1/"), [address], ()) == [address]


@pytest.mark.parametrize(
    "entry, url, address, covered",
    [
        ("*", "http://any.example/", "203.0.113.1", True),
        ("*:443", "http://any.example/", "203.0.113.1", False),
        ("*:443", "https://any.example/", "203.0.113.1", True),
        ("example.com", "http://example.com/", "203.0.113.1", True),
        ("Example.com.", "http://EXAMPLE.com./", "203.0.113.1", True),
        ("example.com", "http://www.example.com/", "203.0.113.1", False),
        ("example.com", "http://example.com.evil.example/", "203.0.113.1", False),
        ("example.com:8080", "http://example.com:8080/", "203.0.113.1", True),
        ("example.com:8080", "http://example.com/", "203.0.113.1", False),
        ("*.example.com", "http://a.b.example.com/", "203.0.113.1", True),
        ("*.example.com", "http://example.com/", "203.0.113.1", False),
        ("*.example.com", "http://badexample.com/", "203.0.113.1", False),
        ("10.0.0.0/8", "http://inner.example/", "10.1.2.3", True),
        ("10.0.0.0/8", "http://inner.example/", "11.1.2.3", False),
        ("10.0.0.0/8", "http://inner.example/", "::ffff:10.1.2.3", True),
        ("10.0.0.0/8:80", "http://inner.example/", "10.1.2.3", True),
        ("10.0.0.0/8:81", "http://inner.example/", "10.1.2.3", False),
        ("10.0.0.7", "http://10.0.0.7/", "10.0.0.7", True),
        ("10.0.0.7", "http://10.0.0.8/", "10.0.0.8", False),
        ("[2001:db8::1]:80", "http://[2001:db8::1]/", "2001:db8::1", True),
        ("2001:db8::/32", "http://six.example/", "2001:db8::9", True),
        ("2001:db8::/32", "http://six.example/", "10.0.0.1", False),
    ],
)
def test_an_entry_of_the_allow_list_covers_this(entry: str, url: str, address: str, covered: bool) -> None:
    target = read_target(url)
    if covered:
        assert allowed_addresses(target, [address], [read_allowed(entry)]) == [address]
    else:
        with pytest.raises(NotAllowed, match="is not this machine; allow it with --allow-callbacks"):
            allowed_addresses(target, [address], [read_allowed(entry)])


def test_only_the_allowed_of_several_addresses_are_called() -> None:
    found = ["203.0.113.1", "127.0.0.1", "10.0.0.1"]
    assert allowed_addresses(read_target("http://mixed.example/"), found, [read_allowed("10.0.0.0/8")]) == found[1:]


def test_a_name_without_an_address_is_refused() -> None:
    with pytest.raises(NotAllowed):
        allowed_addresses(read_target("http://empty.example/"), [], ANYWHERE)


@pytest.mark.parametrize(
    "text", ["", "a b", "http://x", "x:0", "x:70000", "x:y", "*.*", "**", "10.0.0.0/99", "x/y", ":80"]
)
def test_an_entry_that_names_no_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"names no host|after the colon comes a port"):
        read_allowed(text)


def test_credentials_are_not_shown() -> None:
    assert without_credentials("http://a:b@c/x?y=z@w") == "http://***@c/x?y=z@w"
    assert without_credentials("http://c/x?y=z@w") == "http://c/x?y=z@w"
    with pytest.raises(NotAllowed) as caught:
        read_target("ftp://me:secret@host/")
    assert "secret" not in str(caught.value)
