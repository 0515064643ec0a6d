"""What the workers of one server say to one another about what each keeps for itself.

The state is in the store, where all see it. A worker alone has the calls it has still to send, the entries it has
still to write, and the world it made from the files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from mock_server.web.live import Live

Matter = Literal["forget calls", "write entries", "read files", "count"]


class Peers(Protocol):
    """The other workers; ``number`` is this one's."""

    number: int

    async def ask(self, matter: Matter, about: str = "") -> list[Any]:
        """What each of them answers; who does not is left out."""
        ...

    async def open(self, live: Live) -> None:
        """Be there for the others: each of their questions goes to :func:`answer`."""
        ...

    async def close(self) -> None: ...


class NoPeers:
    """One worker, which is alone."""

    number = 1

    async def ask(self, matter: Matter, about: str = "") -> list[Any]:
        return []

    async def open(self, live: Live) -> None:
        """Nobody asks."""

    async def close(self) -> None:
        """Nobody asked."""


async def answer(live: Live, matter: Matter, about: str) -> Any:
    """What this worker says to a peer that asks; JSON."""
    match matter:
        case "forget calls":
            await live.outgoing.forget(about)
        case "write entries":
            await live.written()
        case "read files":
            return await live.reload.again()
        case "count":
            from mock_server.web.metrics import measures

            return measures(live)
    return None


class Countdown(Protocol):
    """How many of the next TLS handshakes fail on purpose, whichever worker has them."""

    left: int

    def take(self) -> bool:
        """Whether this one is one of them."""
        ...


class OwnCountdown:
    """Of a process alone."""

    def __init__(self) -> None:
        self.left = 0

    def take(self) -> bool:
        if self.left <= 0:
            return False
        self.left -= 1
        return True
