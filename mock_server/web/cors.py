"""Starlette's CORS, whose refusals are told as all others are."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from mock_server.core.problem import problem

_OF_THE_BODY = ("content-type", "content-length")


class Cors(CORSMiddleware):
    """A preflight that is refused gets problem+json in place of plain text."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """400 says in its detail whether it is the origin, the method or the headers."""
        given = super().preflight_response(request_headers)
        if given.status_code < 400:
            return given
        answer = problem("MS443", given.status_code, bytes(given.body).decode())
        kept = {name: value for name, value in given.headers.items() if name not in _OF_THE_BODY}
        return Response(answer.body, answer.status, kept, answer.headers[0][1].decode())
