"""What breaks under odd or much use: crashes, silence, slowness, lost connections."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from tests.contract.defects.front import rendered
from tests.contract.defects.model import (
    COLLECT,
    START,
    Asked,
    Defect,
    Given,
    Middle,
    Send,
    Spoil,
    When,
    bad,
    error,
    fails,
    operations,
    spoiling,
    to,
)


def slow(seconds: float) -> Spoil:
    return lambda asked, given: given._replace(wait_s=seconds)


def gone(asked: Asked, given: Given) -> Given:
    """The connection is closed without a word."""
    return Given(0)


def half(asked: Asked, given: Given) -> Given:
    """Half of the body, then the end."""
    whole = rendered(asked, given)
    return given._replace(raw=whole[: len(whole) - len(given.body) // 2 - 1], close=True)


def head_only(asked: Asked, given: Given) -> Given:
    return given._replace(raw=rendered(asked, given).partition(b"\r\n\r\n")[0], close=True)


def after(requests: int, spoil: Spoil) -> Callable[[random.Random], Middle]:
    """All is well for so many requests to the operations; then nothing is."""

    def make(chance: random.Random) -> Middle:
        numbers = count(1)

        def middle(asked: Asked, send: Send) -> Given:
            given = send(asked)
            return spoil(asked, given) if operations(asked) and next(numbers) > requests else given

        return middle

    return make


def once_per_connection(chance: random.Random) -> Middle:
    """The second request of a connection is not answered."""
    seen: set[int] = set()

    def middle(asked: Asked, send: Send) -> Given:
        again = asked.connection in seen
        seen.add(asked.connection)
        return Given(0) if again and operations(asked) else send(asked)

    return middle


def together(most: int, spoil: Spoil) -> Callable[[random.Random], Middle]:
    """More than so many at the same time are too many."""

    def make(chance: random.Random) -> Middle:
        lock = threading.Lock()
        inside: list[int] = []

        @contextmanager
        def entered() -> Iterator[bool]:
            with lock:
                inside.append(1)
                crowded = len(inside) > most
            try:
                yield crowded
            finally:
                with lock:
                    inside.pop()

        def middle(asked: Asked, send: Send) -> Given:
            if not operations(asked):
                return send(asked)
            with entered() as crowded:
                given = send(asked)
                time.sleep(0.008)  # a deployment that does anything takes that long
                return spoil(asked, given) if crowded else given

        return middle

    return make


def slower_and_slower(chance: random.Random) -> Middle:
    numbers = count()

    def middle(asked: Asked, send: Send) -> Given:
        given = send(asked)
        return given._replace(wait_s=min(4.0, 0.01 * next(numbers))) if operations(asked) else given

    return middle


def to_page(asked: Asked, given: Given) -> bool:
    return asked.method == "GET" and given.status == 200 and "/authorize" in asked.path


SPOILT: tuple[tuple[str, str, When, Spoil], ...] = (
    ("slow-start", "a start takes 3 s", to(START, 200), slow(3)),
    ("slow-collect", "a collection takes 3 s", to(COLLECT, 200), slow(3)),
    ("slow-pending", "an answer that consent is pending takes 3 s", to(COLLECT, 402, "pending"), slow(3)),
    ("slow-errors", "every error takes 3 s", bad, slow(3)),
    ("hang-on-invalid", "an invalid start is never answered", to(START, 429), slow(25)),
    ("hang-on-unknown-id", "an unknown pull_id is never answered", to(COLLECT, 403, "no such"), slow(25)),
    ("reset-on-invalid", "an invalid start is not answered", to(START, 429), gone),
    ("reset-on-403", "a 403 is not answered", lambda a, g: operations(a) and g.status == 403, gone),
    ("reset-on-collect", "credentials are not answered", to(COLLECT, 200), gone),
    ("half-a-body", "half of the credentials come", to(COLLECT, 200), half),
    ("half-an-error", "half of an error comes", bad, half),
    ("head-cut", "the header ends before its blank line", to(START, 429), head_only),
    ("consent-page-500", "the consent page is a 500", to_page, lambda a, g: error(500)),
    ("consent-page-empty", "the consent page is empty", to_page, lambda a, g: g._replace(body=b"")),
    (
        "consent-page-without-form",
        "the consent page has no form",
        to_page,
        lambda a, g: g._replace(body=b"<!doctype html><title>Hello</title>"),
    ),
)

COUNTED: tuple[tuple[str, str, Callable[[random.Random], Middle]], ...] = (
    ("500-after-20", "after 20 requests all is a 500", after(20, lambda a, g: error(500))),
    ("500-after-100", "after 100 requests all is a 500", after(100, lambda a, g: error(500))),
    ("503-after-200", "after 200 requests all is a 503", after(200, lambda a, g: error(503))),
    ("429-after-60", "after 60 requests all is a 429", after(60, lambda a, g: error(429, "too many requests"))),
    ("reset-after-100", "after 100 requests nothing is answered", after(100, gone)),
    ("one-request-a-connection", "the second request of a connection is lost", once_per_connection),
    ("500-for-three-at-once", "three requests at once are too many", together(2, lambda a, g: error(500))),
    ("503-for-nine-at-once", "nine requests at once are too many", together(8, lambda a, g: error(503))),
    ("reset-for-five-at-once", "of five requests at once one is lost", together(4, gone)),
    ("slower-and-slower", "each answer takes 10 ms more than the one before", slower_and_slower),
)

CRASHES: tuple[tuple[str, str, Callable[[Asked], bool]], ...] = (
    ("large-body-500", "a body of more than 20,000 bytes is a 500", lambda a: operations(a) and len(a.body) > 20_000),
    ("2k-body-500", "a body of more than 2,000 bytes is a 500", lambda a: operations(a) and len(a.body) > 2_000),
    (
        "large-header-500",
        "a header of more than 4,000 bytes is a 500",
        lambda a: operations(a) and any(len(v) > 4000 for _, v in a.headers),
    ),
    ("many-headers-500", "more than 40 headers are a 500", lambda a: operations(a) and len(a.headers) > 40),
    (
        "long-query-500",
        "a query of more than 1,000 characters is a 500",
        lambda a: a.path in (START, COLLECT) and len(a.query) > 1000,
    ),
)

DEFECTS = (
    *(Defect(name, "robustness", says, spoiling(when, spoil)) for name, says, when, spoil in SPOILT),
    *(Defect(name, "robustness", says, make) for name, says, make in COUNTED),
    *(Defect(name, "robustness", says, fails(when)) for name, says, when in CRASHES),
)
