"""The name of a status, as RFC 9110 §15 has it: those of the standard library depend on which Python it is."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

_NEWER: Final = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}
"""What Python calls otherwise before 3.13."""


def phrase(status: int) -> str | None:
    """Not every number has one.

    >>> phrase(422), phrase(299)
    ('Unprocessable Content', None)
    """
    try:
        return _NEWER.get(status) or HTTPStatus(status).phrase
    except ValueError:
        return None
