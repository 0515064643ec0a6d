"""Secrets in bodies that are no JSON."""

from __future__ import annotations

from time import perf_counter

import pytest

from mock_server.mask import is_secret_where, mask_body

PART = b'--X\r\nContent-Disposition: form-data; name="password"\r\nContent-Type: text/plain\r\n\r\nhun\r\nter2\r\n--X--'


@pytest.mark.parametrize(
    "body, shown",
    [
        (b"user=a&password=hunter2", "user=a&password=***"),
        (b"<a><password>hunter2</password><b>c</b></a>", "<a><password>***</password><b>c</b></a>"),
        (b'<x:Token type="t">hunter2</x:Token>', '<x:Token type="t">***</x:Token>'),
        (PART, PART.decode().replace("hun\r\nter2", "***")),
        (b'name="state"\r\n\r\nhunter2', 'name="state"\r\n\r\n***'),
        (b"<passwords>kept</passwords>", "<passwords>kept</passwords>"),
    ],
)
def test_a_secret_field_is_hidden_in_forms_xml_and_parts(body: bytes, shown: str) -> None:
    assert mask_body(body) == shown


@pytest.mark.parametrize("piece", [b'name="password"\r\n', b'name="password"\r\n\r\n', b"<password ", b"<password>"])
def test_hiding_takes_time_in_proportion(piece: bytes) -> None:
    started = perf_counter()
    mask_body(piece * (500_000 // len(piece)))
    assert perf_counter() - started < 2


def test_a_cookie_is_not_told() -> None:
    assert is_secret_where("cookie.sid")
