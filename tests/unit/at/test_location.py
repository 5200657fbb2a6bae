# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Which URLs AT+QFOTADL takes."""

from __future__ import annotations

import pytest

from dfota.at import FTP_SCHEMES, LOCATION_MAX_BYTES, Location, parse_location
from dfota.errors import LocationError


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port", "path"),
    [
        ("https://www.quectel.com:100/update.zip", "https", "www.quectel.com", 100, "/update.zip"),
        ("HTTP://example.com/a", "http", "example.com", 80, "/a"),
        ("Https://example.com/a", "https", "example.com", 443, "/a"),
        ("http://10.0.0.1:1/a?b=c&d=e/f", "http", "10.0.0.1", 1, "/a?b=c&d=e/f"),
        ("http://[2001:db8::1]:65535/a", "http", "2001:db8::1", 65535, "/a"),
        ("http://[::1]/a", "http", "::1", 80, "/a"),
        ("http://h/", "http", "h", 80, "/"),
        ("http://h/A;b,c@d", "http", "h", 80, "/A;b,c@d"),
    ],
)
def test_a_url_is_taken_apart(text: str, scheme: str, host: str, port: int, path: str) -> None:
    assert parse_location(text) == Location(scheme, host, port, path, text)


def test_the_port_of_https_can_be_that_of_the_guide() -> None:
    assert parse_location("https://h/a", default_https_port=80).port == 80
    assert parse_location("http://h/a", default_https_port=8443).port == 80


def test_a_url_may_have_255_bytes_and_no_more() -> None:
    head = "http://h/"
    longest = head + "x" * (LOCATION_MAX_BYTES - len(head))
    assert parse_location(longest).text == longest
    with pytest.raises(LocationError, match="256 bytes"):
        parse_location(longest + "x")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("ftp://h/a", "http:// or https://"),
        ("h/a", "http:// or https://"),
        ("", "http:// or https://"),
        ("http:///a", "no host"),
        ("http://:80/a", "no host"),
        ("http://h", "no path"),
        ("http://h?a=b", "no path"),
        ("http://h:/a", "port"),
        ("http://h:0/a", "port"),
        ("http://h:65536/a", "port"),
        ("http://h:+80/a", "port"),
        ("http://h:8O/a", "port"),
        ("http://h/a b", "blank"),
        ('http://h/a"b', "quote"),
        ("http://h/é", "printable"),
        ("http://h/\x7f", "printable"),
        ("http://h/\r", "printable"),
        ("http://h/a#b", "fragment"),
        ("http://user@h/a", "user name"),
        ("http://user:word@h/a", "user name"),
        ("http://[::1/a", "IPv6|brackets"),
        ("http://[::g]/a", "IPv6"),
        ("http://[::1]80/a", "brackets"),
        ("http://-h/a", "no name"),
        ("http://h!/a", "no name"),
    ],
)
def test_a_url_that_breaks_a_rule_is_refused_with_the_rule(text: str, rule: str) -> None:
    with pytest.raises(LocationError, match=rule):
        parse_location(text)


@pytest.mark.parametrize(
    ("text", "port", "username", "password"),
    [
        ("FTP://test:word@h:2121/a.bin", 2121, "test", "word"),
        ("ftp://h/a.bin", 21, "", ""),
        ("ftp://user@h/a.bin", 21, "user", ""),
        ("ftp://u:p@ss:w@h/a.bin", 21, "u", "p@ss:w"),
        (f"ftp://{'u' * 50}:{'p' * 50}@h/a.bin", 21, "u" * 50, "p" * 50),
    ],
)
def test_a_kin_takes_ftp(text: str, port: int, username: str, password: str) -> None:
    expected = Location("ftp", "h", port, "/a.bin", text, username, password)
    assert parse_location(text, schemes=FTP_SCHEMES) == expected


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("ftp://h/", "no file"),
        ("ftp://h", "no path"),
        ("ftp://u:p@/a", "no host"),
        ("sftp://h/a", "http:// or https:// or ftp://"),
        (f"ftp://{'u' * 51}@h/a", "50 bytes"),
        (f"ftp://u:{'p' * 51}@h/a", "50 bytes"),
        ("http://u:p@h/a", "user name"),
    ],
)
def test_a_kin_refuses_a_wrong_url(text: str, rule: str) -> None:
    with pytest.raises(LocationError, match=rule):
        parse_location(text, schemes=FTP_SCHEMES)
