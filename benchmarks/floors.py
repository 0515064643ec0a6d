"""The floors: what the same server costs when the application does (almost) nothing.

``python -m benchmarks.floors raw|starlette`` serves on a free port and says ``ready: http://…``,
as the product does. Nothing of the product is imported: the floor is uvicorn as it comes, with the
same parser (httptools) and loop, and neither the product's guards nor its short way.
"""

from __future__ import annotations

import logging
import socket
import sys
from typing import TYPE_CHECKING, Any

import uvicorn

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope

BODY = b'{"auth_uri":"' + b"x" * 340 + b'","pull_id":"' + b"x" * 45 + b'"}'
"""As long as the answer of operation 1."""
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
SAME_SETTINGS = (
    "ws", "lifespan", "loop", "access_log", "server_header", "date_header", "timeout_keep_alive",
    "timeout_graceful_shutdown", "limit_concurrency", "limit_max_requests", "proxy_headers", "backlog",
    "reset_contextvars", "interface", "log_level",
)  # fmt: skip
"""What must not differ between a floor and the product; compared by :func:`unequal_settings`."""


async def raw(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Constant bytes. The request's body is not even asked for."""
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS, "trailers": False})
    await send({"type": "http.response.body", "body": BODY, "more_body": False})


def starlette_app() -> Any:
    """One route that parses the JSON body and answers JSON: what most people would write."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def endpoint(request: Request) -> JSONResponse:
        body = await request.json()
        return JSONResponse({"auth_uri": "x" * 340, "pull_id": "x" * 45, "asked": body.get("datasource_id")})

    return Starlette(routes=[Route("/{path:path}", endpoint, methods=["POST"])])


def make_config(app: ASGI3Application) -> uvicorn.Config:
    """The settings of ``mock_server.server.run.make_server``, to the letter."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        loop="uvloop" if sys.platform != "win32" and sys.implementation.name == "cpython" else "asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=4,
    )


def unequal_settings(product: uvicorn.Config) -> list[str]:
    """The settings in which the product's server differs from the floors', which would make ratios a lie."""
    floor = make_config(raw)
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    different = [name for name in SAME_SETTINGS if getattr(product, name) != getattr(floor, name)]
    same_parser = isinstance(product.http, type) and issubclass(product.http, HttpToolsProtocol)
    return different if same_parser else [*different, "http"]


class _Server(uvicorn.Server):
    """Says that it is ready, where the product would print its banner."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        assert sockets
        print(f"floor is ready: http://127.0.0.1:{sockets[0].getsockname()[1]}", flush=True)


def main(name: str) -> None:
    """Serve the floor called ``raw`` or ``starlette`` until a signal."""
    app = raw if name == "raw" else starlette_app()
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    listener.set_inheritable(True)
    _Server(make_config(app)).run([listener])


if __name__ == "__main__":
    main(sys.argv[1])
