"""Our own errors as problem+json (RFC 9457), with ``message`` beside ``detail``.

Clients of the first tenant read ``message`` and ``status`` of any error, so ours have both.
"""

from __future__ import annotations

from typing import Any

from mock_server.fixture.template import write_json
from mock_server.model import Answer
from mock_server.phrase import phrase

PROBLEM_JSON = b"application/problem+json"


def problem(
    code: str, status: int, detail: str, *, headers: tuple[tuple[bytes, bytes], ...] = (), **members: Any
) -> Answer:
    """An answer such as ``{"type": "urn:mock-server:error:MS401", "title": "Not Found", "status": 404,
    "code": "MS401", "detail": "…", "message": "…", "nearest": ["/oauth2"]}``.

    ``code`` is a key of :data:`mock_server.errors.CODES`; further members as given.
    """
    return send_problem(problem_members(code, status, detail, **members), headers)


def problem_members(code: str, status: int, detail: str, **members: Any) -> dict[str, Any]:
    """The JSON object of a problem."""
    return {
        "type": f"urn:mock-server:error:{code}",
        "title": phrase(status) or ("Client Error" if status < 500 else "Server Error"),
        "status": status,
        "code": code,
        "detail": detail,
        "message": detail,
        **members,
    }


def send_problem(
    members: dict[str, Any], headers: tuple[tuple[bytes, bytes], ...] = (), media_type: bytes = PROBLEM_JSON
) -> Answer:
    """The answer with these members and their ``status``."""
    data = write_json(members)
    fixed = ((b"content-type", media_type), (b"content-length", str(len(data)).encode()))
    return Answer(members["status"], (*fixed, *headers), data)
