"""Now and then something else: by chance, every so often, only at first, only later."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import count

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
    either,
    error,
    good,
    put,
    restatus,
    to,
)

KINDS: tuple[tuple[str, str, When, Spoil], ...] = (
    ("500", "a 500", either, lambda asked, given: error(500)),
    ("503", "a 503", good, lambda asked, given: error(503)),
    ("wrong-status", "a 403 for a 200", good, restatus(403)),
    ("dropped", "no answer", either, lambda asked, given: Given(0)),
    ("slow", "an answer after 3 s", either, lambda asked, given: given._replace(wait_s=3.0)),
    ("other-body", "a body without its fields", good, lambda asked, given: given._replace(body=b"{}")),
)


def sometimes(rate: float, when: When, spoil: Spoil) -> Callable[[random.Random], Middle]:
    def make(chance: random.Random) -> Middle:
        def middle(asked: Asked, send: Send) -> Given:
            given = send(asked)
            return spoil(asked, given) if when(asked, given) and chance.random() < rate else given

        return middle

    return make


def by_number(which: Callable[[int], bool], when: When, spoil: Spoil) -> Callable[[random.Random], Middle]:
    """Of the answers that fit, those with such a number; the first is 1."""

    def make(chance: random.Random) -> Middle:
        numbers = count(1)

        def middle(asked: Asked, send: Send) -> Given:
            given = send(asked)
            return spoil(asked, given) if when(asked, given) and which(next(numbers)) else given

        return middle

    return make


BY_NUMBER: tuple[tuple[str, str, Callable[[int], bool], When, Spoil], ...] = (
    ("every-50th-500", "every 50th answer is a 500", lambda n: n % 50 == 0, either, lambda a, g: error(500)),
    ("every-20th-dropped", "every 20th answer is lost", lambda n: n % 20 == 0, either, lambda a, g: Given(0)),
    (
        "every-7th-other-message",
        "every 7th denial of an id has another message",
        lambda n: n % 7 == 0,
        to(COLLECT, 403, "no such"),
        put(message="try again"),
    ),
    (
        "every-third-start-429",
        "every third good start is a 429",
        lambda n: n % 3 == 0,
        to(START, 200),
        lambda a, g: error(429),
    ),
    ("first-start-503", "the first good start is a 503", lambda n: n == 1, to(START, 200), lambda a, g: error(503)),
    ("first-collect-500", "the first collection is a 500", lambda n: n == 1, to(COLLECT, 200), lambda a, g: error(500)),
    (
        "first-invalid-500",
        "the first invalid start is a 500",
        lambda n: n == 1,
        to(START, 429),
        lambda a, g: error(500),
    ),
    (
        "only-after-100-slow",
        "after 100 answers each takes 2 s",
        lambda n: n > 100 and n < 110,
        either,
        lambda a, g: g._replace(wait_s=2.0),
    ),
    (
        "between-100-and-105-500",
        "five answers of the second hundred are a 500",
        lambda n: 100 < n <= 105,
        either,
        lambda a, g: error(500),
    ),
    (
        "types-alternate",
        "every other good answer is text/plain",
        lambda n: n % 2 == 0,
        good,
        lambda a, g: g.with_header("Content-Type", "text/plain"),
    ),
    (
        "every-10th-type",
        "every 10th answer has no Content-Type",
        lambda n: n % 10 == 0,
        either,
        lambda a, g: g.with_header("Content-Type", None),
    ),
    (
        "every-5th-collect-pending",
        "every 5th collection says pending",
        lambda n: n % 5 == 0,
        to(COLLECT, 200),
        lambda a, g: error(402, "consent is pending"),
    ),
)

DEFECTS = (
    *(
        Defect(
            f"{name}-in-{percent}-percent",
            "flakiness",
            f"{percent} % of the answers: {says}",
            sometimes(percent / 100, when, spoil),
        )
        for name, says, when, spoil in KINDS
        for percent in (1, 2, 5, 10)
    ),
    *(Defect(name, "flakiness", says, by_number(which, when, spoil)) for name, says, which, when, spoil in BY_NUMBER),
    Defect(
        "no-such-in-5-percent",
        "flakiness",
        "5 % of the collections say that there is no such process",
        sometimes(0.05, to(COLLECT, 200), lambda a, g: error(403, "no such OAuth2 process")),
    ),
    Defect(
        "fields-in-5-percent",
        "flakiness",
        "5 % of the credentials lack their access_token",
        sometimes(
            0.05, to(COLLECT, 200), lambda a, g: g.with_json({k: v for k, v in g.fields.items() if k != "access_token"})
        ),
    ),
    Defect(
        "accepts-in-10-percent",
        "flakiness",
        "10 % of the invalid starts are accepted",
        sometimes(
            0.1, to(START, 429), lambda a, g: Given(200, g.headers, b'{"auth_uri":"http://127.0.0.1:9/","pull_id":"x"}')
        ),
    ),
)
