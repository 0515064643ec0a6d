"""What a defect is: a function between a request and the answer of the correct mock."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any, NamedTuple

START = "/oauth2"
COLLECT = "/oauth2/credentials"
GOOD_TOKEN = "dev-token"
Pairs = tuple[tuple[str, str], ...]


class Asked(NamedTuple):
    """A request as it came in; headers in their order, their names as written."""

    method: str
    target: str
    headers: Pairs
    body: bytes
    connection: int = 0
    """Which connection of the client it came by."""

    @property
    def path(self) -> str:
        """Without the query, and below the base path."""
        return self.target.partition("?")[0].removeprefix("/api")

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON body, or nothing."""
        return loads(self.body)

    def to(self, operation: str) -> bool:
        return self.method == "POST" and self.path == operation

    def with_header(self, name: str, value: str | None) -> Asked:
        """The request with one header put in place of all of that name, or without it."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return self._replace(headers=(*kept, (name, value)) if value is not None else kept)

    def with_token(self, token: str | None) -> Asked:
        return self.with_header("Authorization", f"Bearer {token}" if token is not None else None)

    def with_json(self, **changes: Any) -> Asked:
        """With fields of the body changed; the value ``...`` takes a field out."""
        fields = {**self.fields, **changes}
        kept = {name: value for name, value in fields.items() if value is not ...}
        return self.with_header("Content-Type", "application/json")._replace(body=json.dumps(kept).encode())


class Given(NamedTuple):
    """An answer. ``raw`` are the bytes to write in place of it; the connection is closed after them when ``close``."""

    status: int
    headers: Pairs = ()
    body: bytes = b""
    raw: bytes | None = None
    close: bool = False
    wait_s: float = 0.0

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)

    def with_header(self, name: str, value: str | None) -> Given:
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return self._replace(headers=(*kept, (name, value)) if value is not None else kept)

    @property
    def fields(self) -> dict[str, Any]:
        return loads(self.body)

    @property
    def says(self) -> str:
        """Its message: the mock has one for each reason."""
        return str(self.fields.get("message", ""))

    def with_json(self, value: Any) -> Given:
        return self._replace(body=dumps(value))


Send = Callable[[Asked], Given]
"""Asks the correct mock."""
Middle = Callable[[Asked, Send], Given]
When = Callable[[Asked, Given], bool]
Spoil = Callable[[Asked, Given], Given]
Mend = Callable[[Asked], Asked]


class Defect(NamedTuple):
    """One thing that is broken. ``make`` is called for each front, so that each has a memory of its own."""

    name: str
    kind: str
    says: str
    make: Callable[[random.Random], Middle]
    needs_clock: bool = False
    """Whether only moved time shows it."""
    mock_only: bool = False
    """Whether a document alone does not promise it, nor a rule that every deployment keeps."""


def loads(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def dumps(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def spoiling(when: When, spoil: Spoil) -> Callable[[random.Random], Middle]:
    """Some answers are spoiled."""

    def make(chance: random.Random) -> Middle:
        def middle(asked: Asked, send: Send) -> Given:
            given = send(asked)
            return spoil(asked, given) if when(asked, given) else given

        return middle

    return make


def mending(when: Callable[[Asked], bool], mend: Mend) -> Callable[[random.Random], Middle]:
    """Some requests are changed before the mock sees them: what it should refuse is made good, or the reverse."""

    def make(chance: random.Random) -> Middle:
        return lambda asked, send: send(mend(asked) if when(asked) else asked)

    return make


def instead(when: Callable[[Asked], bool], answer: Callable[[Asked], Given]) -> Callable[[random.Random], Middle]:
    """Some requests never reach the mock."""

    def make(chance: random.Random) -> Middle:
        return lambda asked, send: answer(asked) if when(asked) else send(asked)

    return make


def error(status: int, message: str = "internal error") -> Given:
    """An answer in the shape of an error."""
    return Given(status, (("content-type", "application/json"),), dumps({"status": status, "message": message}))


def fails(when: Callable[[Asked], bool], status: int = 500) -> Callable[[random.Random], Middle]:
    return instead(when, lambda asked: error(status))


def restatus(status: int) -> Spoil:
    """Another status, in the body as well."""

    def spoil(asked: Asked, given: Given) -> Given:
        fields = given.fields
        changed = given._replace(status=status)
        return changed.with_json({**fields, "status": status}) if "status" in fields else changed

    return spoil


def to(operation: str, status: int | None = None, says: str = "") -> When:
    """Answers of an operation, with this status, whose message has this text."""

    def when(asked: Asked, given: Given) -> bool:
        return asked.to(operation) and (status is None or given.status == status) and says in given.says

    return when


def operations(asked: Asked) -> bool:
    """Requests to either operation."""
    return asked.to(START) or asked.to(COLLECT)


def good(asked: Asked, given: Given) -> bool:
    return operations(asked) and given.status == 200


def bad(asked: Asked, given: Given) -> bool:
    return operations(asked) and given.status >= 400


def either(asked: Asked, given: Given) -> bool:
    return operations(asked)


def edit(change: Callable[[dict[str, Any]], Any]) -> Spoil:
    """Another JSON body, made from the fields of the right one."""
    return lambda asked, given: given.with_json(change(dict(given.fields)))


def without(name: str) -> Spoil:
    return edit(lambda body: {key: value for key, value in body.items() if key != name})


def renamed(name: str, to_name: str) -> Spoil:
    return edit(lambda body: {to_name if key == name else key: value for key, value in body.items()})


def put(**values: Any) -> Spoil:
    return edit(lambda body: {**body, **values})
