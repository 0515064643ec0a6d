"""What a control request says, and how it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from mock_server.codec.json_text import read_json, write_json
from mock_server.codec.unreadable import Unreadable
from mock_server.core.problem import PROBLEM_JSON, problem
from mock_server.later import regex
from mock_server.model import Answer

if TYPE_CHECKING:
    from starlette.requests import Request

_DIGITS = regex(r"[0-9]{1,9}\Z")


class Refused(Exception):
    """A control request that is answered with a problem."""

    def __init__(self, code: str, status: int, detail: str, **members: Any) -> None:
        self.answer = problem(code, status, detail, **members)
        super().__init__(detail)


async def read_any(request: Request) -> dict[str, Any]:
    """The JSON object of a request. Raises ``Refused``."""
    raw = await request.body()
    try:
        body = read_json(raw or b"{}")
    except Unreadable as error:
        raise Refused("MS408", 400, f"the body cannot be read: {error}") from None
    if not isinstance(body, dict):
        raise Refused("MS408", 400, "the body must be a JSON object")
    return body


async def read_object(request: Request, words: set[str]) -> dict[str, Any]:
    """The same, with no word besides ``words``. Raises ``Refused``."""
    body = await read_any(request)
    if unknown := sorted(body.keys() - words):
        raise Refused("MS408", 400, f"{unknown[0]!r} is not known here; there are {', '.join(sorted(words))}")
    return body


def whole_number(value: Any, low: int, high: int, name: str) -> int:
    """Raises ``Refused``."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Refused("MS408", 400, f"`{name}` is a whole number from {low} to {high}, not {value!r}")
    return value


def limit_of(request: Request) -> int:
    """How many are asked for: ``?limit=``, 100 without it. Raises ``Refused``."""
    text = request.query_params.get("limit", "100")
    return whole_number(int(text) if _DIGITS.match(text) else text, 1, 1_000, "limit")


def as_json(value: Any, status: int = 200, media_type: str = "application/json") -> Response:
    """What was journalled came from strangers: no browser shall take it for a page."""
    if isinstance(value, Response):
        return value
    body = value if isinstance(value, bytes) else write_json(value)
    return Response(body, status, _HEADERS, media_type)


def as_problem(answer: Answer) -> Response:
    """One of our own problems, with the headers that it brings (``Retry-After``)."""
    response = as_json(answer.body, answer.status, PROBLEM_JSON.decode())
    for name, value in answer.headers:
        if name not in (b"content-type", b"content-length"):
            response.headers[name.decode()] = value.decode()
    return response


_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
