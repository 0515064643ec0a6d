"""A mock that runs elsewhere: in a container, on another machine, started by somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from mock_server.testing.ask import Answered, Refused
from mock_server.testing.wishes import Misused

TIMEOUT_S = 30.0


class Remote:
    """``url`` is the operations' base: ``http://mock:4010/api``. ``token`` opens the control API to other machines."""

    def __init__(self, url: str, token: str | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Misused(f"{url!r} is no URL of a mock; write it as http://127.0.0.1:4010/api")
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.base = parts.path.rstrip("/")
        self._kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._netloc = parts.netloc
        self._token = token

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """A connection each: it is little, and nothing is left open. Raises ``Refused`` when nobody is there."""
        given = dict(headers)
        if self._token:
            given["authorization"] = f"Bearer {self._token}"
        connection = self._kind(self._netloc, timeout=TIMEOUT_S)
        try:
            connection.request(method, target, body or None, given)
            response = connection.getresponse()
            named = tuple((name.lower(), value) for name, value in response.getheaders())
            return Answered(response.status, named, response.read())
        except (OSError, HTTPException) as error:
            told = {"code": "MS492", "detail": f"no mock answers at {self.origin}: {error or type(error).__name__}"}
            raise Refused(0, told) from None
        finally:
            connection.close()
