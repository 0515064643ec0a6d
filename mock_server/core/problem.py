"""Our own errors as problem+json (RFC 9457), with ``message`` beside ``detail``.

Clients of the first tenant read ``message`` and ``status`` of any error, so ours have both.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from mock_server.fixture.template import write_json
from mock_server.model import Answer

PROBLEM_JSON = b"application/problem+json"


def problem(
    code: str, status: int, detail: str, *, headers: tuple[tuple[bytes, bytes], ...] = (), **members: Any
) -> Answer:
    """An answer such as ``{"type": "urn:mock-server:error:MS401", "title": "Not Found", "status": 404,
    "code": "MS401", "detail": "…", "message": "…", "nearest": ["/oauth2"]}``.

    ``code`` is a key of :data:`mock_server.errors.CODES`; further members as given.
    """
    body = {
        "type": f"urn:mock-server:error:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "message": detail,
        **members,
    }
    data = write_json(body)
    fixed = ((b"content-type", PROBLEM_JSON), (b"content-length", str(len(data)).encode()))
    return Answer(status, (*fixed, *headers), data)
