"""The console's style sheet and scripts, served from the package under a name that changes with them."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from mock_server.core.problem import problem
from mock_server.source import read_bytes
from mock_server.web.asked import as_problem

_FOLDER = Path(__file__).parent.parent / "static"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
NAMES = ("console.css", "console.js", "live.js", "act.js", "clock.js", "try.js", "icon.svg")
_FOR_EVER = "public, max-age=31536000, immutable"


@cache
def _contents() -> dict[str, bytes]:
    return {name: read_bytes(_FOLDER / name) for name in NAMES}


@cache
def mark() -> str:
    """What stands before the names in their addresses: another text whenever a file is another."""
    whole = sha256()
    for name, data in _contents().items():
        whole.update(f"{name} {len(data)}\n".encode() + data)
    return whole.hexdigest()[:16]


async def asset(request: Request) -> Response:
    """``/__mock/static/MARK/console.css``. An old mark gets what there is now, and nobody may keep that."""
    name = request.path_params["name"]
    data = _contents().get(name)
    if data is None:
        return as_problem(problem("MS409", 404, f"the console has no file {name[:40]!r}", available=list(NAMES)))
    etag = f'"{mark()}-{name}"'
    headers = {
        "etag": etag,
        "cache-control": _FOR_EVER if request.path_params["mark"] == mark() else "no-cache",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(data, 200, {**headers, "content-type": _TYPES[Path(name).suffix]})
