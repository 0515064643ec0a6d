"""What a control request says, and how it is refused."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request

from mock_server.core.problem import problem


class Refused(Exception):
    """A control request that is answered with a problem."""

    def __init__(self, code: str, status: int, detail: str, **members: Any) -> None:
        self.answer = problem(code, status, detail, **members)
        super().__init__(detail)


async def read_object(request: Request, words: set[str]) -> dict[str, Any]:
    """The JSON object of a request, with no word besides ``words``. Raises ``Refused``."""
    raw = await request.body()
    try:
        body = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError as error:
        raise Refused("MS408", 400, f"the body is not JSON: {error.msg}") from None
    if not isinstance(body, dict):
        raise Refused("MS408", 400, "the body must be a JSON object")
    if unknown := sorted(body.keys() - words):
        raise Refused("MS408", 400, f"{unknown[0]!r} is not known here; there are {', '.join(sorted(words))}")
    return body
