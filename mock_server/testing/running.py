"""A mock for scripts and for tests of any framework."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Unpack

from mock_server.testing.clock import Instant
from mock_server.testing.handle import MockServer
from mock_server.testing.wishes import Spec, Wishes, settings_of

if TYPE_CHECKING:
    from mock_server.testing.house import House

SESSION = "test"


@contextmanager
def running(
    spec: Spec | Iterable[Spec] | None = None,
    fixtures: Spec | None = None,
    *,
    port: int = 0,
    session: str = SESSION,
    scenario: str | None = None,
    clock: Instant | None = None,
    **wishes: Unpack[Wishes],
) -> Iterator[MockServer]:
    """A mock in this process, stopped at the end of the block.

    Without ``spec`` it serves the bundled document and fixtures. ``port`` 0 takes a free one, and only when somebody
    asks for ``url``. ``clock`` freezes the session's clock at that time. The other words are switches of
    ``mock-server serve``. Raises ``Broken`` for a document or fixtures that cannot be served, ``Misused`` for a wrong
    word, ``CannotBind`` for a port that is taken.
    """
    house = start(spec, fixtures, port, wishes)
    try:
        with lodged(MockServer(house, session), scenario, clock) as handle:
            yield handle
    finally:
        house.stop()


@contextmanager
def connect(
    url: str,
    *,
    token: str | None = None,
    session: str = SESSION,
    scenario: str | None = None,
    clock: Instant | None = None,
) -> Iterator[MockServer]:
    """The same handle for a mock that runs elsewhere, as ``http://mock:4010/api`` in a container.

    ``token`` is its ``--control-token``, needed from another machine. The session is forgotten at the end.
    """
    from mock_server.testing.remote import Remote

    with lodged(MockServer(Remote(url, token), session), scenario, clock) as handle:
        yield handle


def start(spec: Spec | Iterable[Spec] | None, fixtures: Spec | None, port: int, wishes: Wishes) -> House:
    """A house that is open."""
    from dataclasses import replace

    from mock_server.testing.house import House

    house = House(replace(settings_of(spec, fixtures, wishes), port=port))
    house.start()
    return house


@contextmanager
def lodged(handle: MockServer, scenario: str | None, clock: Instant | None) -> Iterator[MockServer]:
    """The handle with its session set up, and forgotten afterwards."""
    handle.reset()
    handle.begin()
    try:
        if scenario is not None:
            handle.scenario(scenario)
        if clock is not None:
            handle.clock.freeze(clock)
        yield handle
    finally:
        handle.end()
