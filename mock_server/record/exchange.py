"""A request and its answer, byte for byte: what contract runs and recordings are made of."""

from __future__ import annotations

from mock_server.named import NamedTuple

Headers = tuple[tuple[str, str], ...]


class Sent(NamedTuple):
    """A request, byte for byte. ``target`` is what stands in the request line: ``/api/oauth2?x=1``."""

    method: str
    target: str
    headers: Headers
    body: bytes


class Seen(NamedTuple):
    """An answer. ``status`` 0 = there was none; ``fault`` says why: ``timeout``, ``reset``, ``truncated`` …"""

    status: int
    headers: Headers
    body: bytes
    seconds: float
    fault: str = ""

    def header(self, name: str) -> str | None:
        """The value of the first header of that name, in any case of letters."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


class Exchange(NamedTuple):
    """A request and its answer. ``origin`` is ``http://127.0.0.1:4010``; ``operation`` ``""`` for other pages."""

    origin: str
    operation: str
    sent: Sent
    seen: Seen
