"""The frozen values that travel through the house."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, Protocol

from mock_server.named import NamedTuple
from mock_server.value import dataclass

Provenance = Literal["documented", "observed", "assumed"]
PROVENANCES: Final[tuple[Provenance, ...]] = ("documented", "observed", "assumed")


class Missing:
    """The value of a *where* that is not there; ``null`` is there."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "nothing"

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()


@dataclass(slots=True)
class Request:
    """A request as the pure part sees it.

    ``headers`` has lower-case names; a repeated header is joined with ``", "`` (RFC 9110 §5.3).
    ``origin`` is ``http://127.0.0.1:4010``: how the client named this server, followed by ``/__mock/s/alice`` when it
    named its session so.
    Treated as immutable; not frozen only because freezing costs 2 µs a request.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    origin: str


class Violation(NamedTuple):
    """A way in which a request breaks the document.

    ``Violation("body.validity_duration", "minimum", 299, 300, "299 is less than …")``

    ``rule`` is a JSON Schema keyword, or one of ``missing malformed unknown expired scope`` for
    authorization, or ``json xml multipart form charset content-type encoding depth`` for the body, or
    ``style repeated percent-encoding undocumented`` for parameters.
    """

    where: str
    rule: str
    seen: object
    wanted: object
    message: str


MAX_REASON: Final = 500
"""Characters of a reason that is kept for a large request."""


class Reason(NamedTuple):
    """Why the answer came: a step of the ladder and what it said. Formatted only when read."""

    step: str
    text: str
    details: tuple[object, ...] = ()
    hit: bool = False
    """Whether this step of the ladder gave the answer."""

    def __str__(self) -> str:
        return f"{self.step}: {self.text.format(*self.details)}"

    def lines(self) -> Iterable[str]:
        """What it says, a line for each thing."""
        return (str(self),)

    def formatted(self) -> Reason:
        """The same in a short text of its own, so that it holds nothing of the request any more."""
        return Reason(self.step, "{}", (self.text.format(*self.details)[:MAX_REASON],), self.hit)

    def violations(self) -> list[dict[str, Any]]:
        """What it says is wrong with the request: ``[{"where": "body.n", "rule": "minimum", "seen": 299, …}]``."""
        return []


class Wait(NamedTuple):
    """The effect of answering late."""

    seconds: float


class Break(NamedTuple):
    """The effect of breaking the wire: ``kind`` is a word of ``fixture.fault.WIRE``, ``""`` for only slow.

    ``speed`` is in bytes of the body a second.
    """

    kind: str
    speed: int | None = None


Effect = Wait | Break


class Send(NamedTuple):
    """The effect of calling somebody else after the answer was sent: a callback or a webhook.

    ``Send("onEvent", "POST", "http://127.0.0.1:9000/done", (("content-type", "application/json"),), b"{}")``

    ``refused`` is a code and a sentence that say why nothing can be sent; it is journalled instead.
    """

    name: str
    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    delay_s: float = 0.0
    retries: int = 0
    backoff_s: float = 1.0
    """Before the first retry; twice as long before each one after."""
    times: int = 1
    statuses: frozenset[str] = frozenset()
    """What the document lets the other side answer; empty = nothing is said."""
    refused: tuple[str, str] | None = None
    note: str = ""
    """What is wrong with it although it is sent."""


class Chance(Protocol):
    """Where randomness comes from: ``secrets`` outside, a fake in tests."""

    def token(self, size: int) -> str:
        """``size`` random bytes as unpadded base64url text (RFC 4648 §5)."""
        ...


class Answer(NamedTuple):
    """What goes back to the client. Header names are lower-case."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
