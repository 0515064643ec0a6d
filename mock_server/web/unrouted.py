"""What is answered when the path or its method is not in the document: 404, 405 and OPTIONS."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from mock_server.core.problem import problem
from mock_server.core.render import render
from mock_server.core.route import Found, NotFound, WrongMethod
from mock_server.fixture.facts import Facts
from mock_server.fixture.model import Response
from mock_server.later import regex
from mock_server.model import Answer, Reason, Request
from mock_server.world import World

MAX_SHOWN = 200
"""Characters of a path that are said back."""
_MAX_BASE_SEGMENTS = 6
_SLASHES = regex("//+")
_PATH_CHARS = "/%!$&'()*+,;=:@~"


def unrouted(world: World, request: Request, found: WrongMethod | NotFound) -> tuple[Answer, tuple[Reason, ...]]:
    """404 and 405, in the fixture's words when it has some; OPTIONS tells what a path answers to."""
    if request.method == "OPTIONS" and (isinstance(found, WrongMethod) or request.path == "*"):
        methods = found.allowed if isinstance(found, WrongMethod) else _methods(world)
        return Answer(204, (_allow(methods),), b""), (Reason("route", "OPTIONS tells what is allowed"),)
    if isinstance(found, NotFound):
        return _not_found(world, request)
    reason = Reason("route", "{} does not have {}", (request.path, request.method))
    own = world.fixtures.unrouted.get("wrong_method")
    if own:
        given = _own(own, request)
        return given._replace(headers=(*given.headers, _allow(found.allowed))), (reason,)
    allowed = allowed_methods(found.allowed)
    detail = f"{request.path[:MAX_SHOWN]} answers to {', '.join(allowed)}, not to {request.method[:20]}"
    hint = _under_another_base(world, request, quote(request.path, _PATH_CHARS))
    return problem("MS402", 405, detail, headers=(_allow(found.allowed),), allowed=allowed, hint=hint), (reason,)


def _methods(world: World) -> set[str]:
    return {key.partition(" ")[0] for key in world.plans}


def allowed_methods(described: Iterable[str]) -> tuple[str, ...]:
    """The methods that a path really answers to: HEAD wherever GET is (RFC 9110 §9.3.2), OPTIONS always.

    >>> allowed_methods(["GET", "POST"])
    ('GET', 'HEAD', 'OPTIONS', 'POST')
    """
    methods = {*described, "OPTIONS"}
    return tuple(sorted(methods | {"HEAD"} if "GET" in methods else methods))


def _allow(described: Iterable[str]) -> tuple[bytes, bytes]:
    return b"allow", ", ".join(allowed_methods(described)).encode("latin-1", "replace")


def _not_found(world: World, request: Request) -> tuple[Answer, tuple[Reason, ...]]:
    reason = Reason("route", "no operation has the path {}", (request.path,))
    own = world.fixtures.unrouted.get("not_found")
    if own:
        return _own(own, request), (reason,)
    detail = f"no operation has the path {request.path[:MAX_SHOWN]}"
    path = quote(request.path, _PATH_CHARS)
    nearest = world.router.nearest(path)
    return problem("MS401", 404, detail, nearest=nearest, hint=_hint(world, request, path)), (reason,)


def _hint(world: World, request: Request, path: str) -> str | None:
    """What to do about it: a slash too many or too few, another base path, or what there is."""
    tidy = _SLASHES.sub("/", path)
    for other in (path.rstrip("/"), path + "/", tidy, tidy.rstrip("/"), tidy + "/"):
        if other != path and world.router.methods(other):
            return f"every slash of a path counts: {_shown(other)} is an operation's path"
    elsewhere = _under_another_base(world, request, tidy)
    if elsewhere:
        return elsewhere
    if not world.plans:
        return "the document has no operations"
    return "the operations are " + ", ".join(world.plans) if len(world.plans) <= 20 else None


def _under_another_base(world: World, request: Request, path: str) -> str | None:
    """Whether the end of the path is an operation's: then its beginning is no base path of that operation."""
    segments = path.split("/")
    for count in range(2, min(len(segments), _MAX_BASE_SEGMENTS + 2)):
        rest = "/" + "/".join(segments[count:])
        found = world.router.find(request.method, rest)
        if isinstance(found, Found) and _has_literal(found.target.plan.operation.path):
            base = "/".join(segments[:count])
            bases = dict.fromkeys((*found.target.plan.operation.bases, ""))
            served = " and ".join(_shown(each + rest) for each in list(bases)[:3])
            what = f"{request.method[:20]} {_shown(rest)}"
            return f"{_shown(base)} is no base path of {what}, which is served as {served}"
    return None


def _has_literal(path: str) -> bool:
    """A path of templates alone, such as ``/{id}``, fits the end of nearly every other path."""
    return any(segment and "{" not in segment for segment in path.split("/"))


def _shown(path: str) -> str:
    return path[:MAX_SHOWN]


def _own(response: Response, request: Request) -> Answer:
    return render(response, Facts(request, {}), [])
