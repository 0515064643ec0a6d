"""What follows ``#`` or ``?`` in the key of a path: by it operations of one path are told apart.

No request has such a path (RFC 3986 §3: it ends at ``?`` or ``#``), but descriptions of remote procedure calls
write ``/#X-Amz-Target=Logs.PutLogs`` or ``/?Action=List`` for what travels in a header, the query or a form.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote

from mock_server.later import regex
from mock_server.model import Request
from mock_server.named import NamedTuple
from mock_server.spec.media import essence

_FORM = "application/x-www-form-urlencoded"
_SUFFIX = regex(r"[?#]")


class Sign(NamedTuple):
    """A header, query parameter or form field that a request must have; ``value`` None = any."""

    name: str
    value: str | None


def signs_of(path: str) -> tuple[Sign, ...]:
    """What a path's key asks for.

    >>> signs_of("/#X-Amz-Target=Logs.PutLogs"), signs_of("/x?all&page={page}")
    ((Sign(name='X-Amz-Target', value='Logs.PutLogs'),), (Sign(name='all', value=None), Sign(name='page', value=None)))
    """
    _, *suffixes = _SUFFIX.split(path)
    pieces = [piece for suffix in suffixes for piece in suffix.split("&") if piece]
    return tuple(_sign(piece) for piece in pieces)


def _sign(piece: str) -> Sign:
    name, equals, value = piece.partition("=")
    return Sign(unquote(name), None if not equals or "{" in value else unquote(value))


def without_sign(path: str) -> str:
    """``/x`` of ``/x#a=b``: the path that a request can have."""
    return _SUFFIX.split(path, maxsplit=1)[0]


def bears(request: Request, signs: tuple[Sign, ...]) -> bool:
    """Whether the request has all of them, each in a header, in the query or in a form."""
    return all(_bears(request, sign) for sign in signs)


def _bears(request: Request, sign: Sign) -> bool:
    header = request.headers.get(sign.name.lower())
    if header is not None and sign.value in (None, header):
        return True
    found = parse_qsl(request.query, keep_blank_values=True)
    if essence(request.headers.get("content-type", "")) == _FORM:
        found += parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return any(name == sign.name and sign.value in (None, value) for name, value in found)
