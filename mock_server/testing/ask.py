"""Asking the control API, wherever the mock runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Protocol
from urllib.parse import urlencode

from mock_server.errors import MockServerError
from mock_server.named import NamedTuple

__tracebackhide__ = True  # pytest shows the line of the test
SESSION_HEADER = "mock-session"
MAX_LISTED = 30


class Answered(NamedTuple):
    """What came back: ``headers`` as they were sent, names in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Channel(Protocol):
    """A way to a running mock."""

    @property
    def origin(self) -> str:
        """``http://127.0.0.1:41233``."""
        ...

    @property
    def base(self) -> str:
        """The operations' base path: ``/api``, or nothing."""
        ...

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered: ...


class Refused(MockServerError):
    """The control API refused what a test wants; ``code`` is one of ``docs/errors.md``."""

    def __init__(self, status: int, problem: Mapping[str, Any], near: Sequence[str] = ()) -> None:
        self.status = status
        self.code = str(problem.get("code", ""))
        self.problem = dict(problem)
        super().__init__(_sentence(problem, near))


class Control:
    """The control API of one session."""

    def __init__(self, channel: Channel, session: str) -> None:
        self.channel = channel
        self.session = session

    def __call__(
        self, method: str, path: str, body: Any = None, near: Sequence[str] = (), **query: Any
    ) -> dict[str, Any]:
        """The JSON that ``/__mock{path}`` answers. ``near`` are the names that may be mistyped. Raises ``Refused``."""
        words = {key: value for key, value in query.items() if value not in (None, "", ())}
        target = f"/__mock{path}" + (f"?{urlencode(words)}" if words else "")
        headers = {SESSION_HEADER: self.session, "content-type": "application/json"}
        given = self.channel.ask(method, target, headers, b"" if body is None else json.dumps(body).encode())
        try:
            found = json.loads(given.body)
        except ValueError:
            found = {"detail": f"{method} {target} answered {given.status} with what is no JSON: is it a mock-server?"}
            raise Refused(given.status, found) from None
        if given.status >= 400:
            raise Refused(given.status, found, near)
        assert isinstance(found, dict)
        return found


def _sentence(problem: Mapping[str, Any], near: Sequence[str]) -> str:
    """``MS409: POST /oauth2 has no response called 'forbiden'; did you mean 'forbidden'? There are …``."""
    code = f"{problem['code']}: " if "code" in problem else ""
    text = f"{code}{problem.get('detail') or problem.get('title') or problem}"
    available = [str(each) for each in problem.get("available") or ()]
    if not available:
        return text
    close = [found for name in near for found in get_close_matches(name, available, 1)]
    hint = f"did you mean {close[0]!r}? " if close else ""
    more = f" and {len(available) - MAX_LISTED} more" if len(available) > MAX_LISTED else ""
    return f"{text}; {hint}there are {', '.join(available[:MAX_LISTED])}{more}"
