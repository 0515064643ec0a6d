"""Which pages and names may use the real API behind the mock."""

from __future__ import annotations

import pytest

from mock_server.core.visitor import refusal


@pytest.mark.parametrize(
    ("origins", "host", "passes"),
    [
        ([], "127.0.0.1:4010", True),
        ([], "", True),
        ([], "localhost:4010", True),
        ([], "[::1]:4010", True),
        ([], "192.168.7.4:4010", True),  # an address is no name that somebody else could point here
        ([], "mock:4010", True),  # a service of a container network
        ([], "host.docker.internal:4010", True),
        ([], "mock.test", True),
        ([], "LOCALHOST", True),
        ([], "own.example:4010", True),
        ([], "rebound.evil.example:4010", False),
        ([], "127.0.0.1.evil.example", False),
        ([], "localhost.evil.example", False),
        ([], "evillocalhost.example", False),
        (["http://localhost:3000"], "127.0.0.1:4010", True),
        (["https://app.localhost"], "127.0.0.1:4010", True),
        (["http://127.0.0.1:5173"], "127.0.0.1:4010", True),
        (["https://front.example"], "127.0.0.1:4010", True),
        (["https://front.example:8443"], "127.0.0.1:4010", False),
        (["https://front.example"], "front.example:4010", True),
        (["https://evil.example"], "127.0.0.1:4010", False),
        (["http://localhost:3000", "https://evil.example"], "127.0.0.1:4010", False),
        (["http://192.168.7.4"], "127.0.0.1:4010", False),
        (["null"], "127.0.0.1:4010", False),
        (["http://[bad"], "127.0.0.1:4010", False),
    ],
)
def test_pages_of_this_machine_and_named_ones_may_and_no_others(origins: list[str], host: str, passes: bool) -> None:
    assert (refusal(origins, host, ("https://front.example",), "own.example") == "") is passes
