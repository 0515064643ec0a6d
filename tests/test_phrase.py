"""Names of statuses: RFC 9110's, whatever Python it is."""

from __future__ import annotations

import pytest

from mock_server.phrase import phrase


@pytest.mark.parametrize(
    "status, name",
    [
        (200, "OK"),
        (402, "Payment Required"),
        (413, "Content Too Large"),
        (414, "URI Too Long"),
        (416, "Range Not Satisfiable"),
        (422, "Unprocessable Content"),
        (299, None),
        (999, None),
    ],
)
def test_a_status_has_the_name_of_the_rfc(status: int, name: str | None) -> None:
    assert phrase(status) == name
