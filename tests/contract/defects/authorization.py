"""Who is let in that should not be, who is kept out that should not be, and in which order it is looked at."""

from __future__ import annotations

import random
from collections.abc import Callable
from urllib.parse import parse_qsl

from tests.contract.defects.model import (
    COLLECT,
    GOOD_TOKEN,
    START,
    Asked,
    Defect,
    Given,
    Middle,
    Send,
    error,
    fails,
    instead,
    mending,
    operations,
    spoiling,
    to,
)

KNOWN = ("dev-token", "other-token", "noscope-token", "expired-token", "unpaid-token")


def header(asked: Asked) -> str | None:
    return asked.header("authorization")


def headers(asked: Asked) -> list[str]:
    return [value for name, value in asked.headers if name.lower() == "authorization"]


def token(asked: Asked) -> str:
    """What stands behind ``Bearer``, or nothing."""
    scheme, _, rest = (header(asked) or "").partition(" ")
    return rest if scheme.lower() == "bearer" else ""


def at(operation: str | None, fits: Callable[[Asked], bool]) -> Callable[[Asked], bool]:
    return lambda asked: (asked.to(operation) if operation else operations(asked)) and fits(asked)


def let_in(asked: Asked) -> Asked:
    return asked.with_token(GOOD_TOKEN)


def unauthorized(asked: Asked) -> bool:
    return header(asked) not in [f"Bearer {known}" for known in KNOWN]


def after_validation(chance: random.Random) -> Middle:
    """What is wrong with the body is told to strangers."""

    def middle(asked: Asked, send: Send) -> Given:
        given = send(asked)
        if operations(asked) and given.status == 403 and "token" in given.says:
            judged = send(let_in(asked))
            if judged.status == 429 or "invalid" in judged.says:
                return judged
        return given

    return middle


def remembered_by(key: Callable[[Asked], object]) -> Callable[[random.Random], Middle]:
    """Who came with a good token once needs none any more."""

    def make(chance: random.Random) -> Middle:
        known: set[object] = set()

        def middle(asked: Asked, send: Send) -> Given:
            if not operations(asked):
                return send(asked)
            if token(asked) == GOOD_TOKEN:
                known.add(key(asked))
            elif header(asked) is None and key(asked) in known:
                asked = let_in(asked)
            return send(asked)

        return middle

    return make


def other_accounts(chance: random.Random) -> Middle:
    """A pull_id is enough: whose token comes with it is not looked at."""

    def middle(asked: Asked, send: Send) -> Given:
        return send(let_in(asked) if asked.to(COLLECT) and token(asked) == "other-token" else asked)

    return middle


def last_header(asked: Asked) -> Asked:
    return asked.with_header("Authorization", next((h for h in headers(asked) if h == f"Bearer {GOOD_TOKEN}"), ""))


def cookie(asked: Asked) -> bool:
    return GOOD_TOKEN in (asked.header("cookie") or "")


LET_IN: tuple[tuple[str, str, Callable[[Asked], bool]], ...] = (
    ("no-token-accepted", "no token is needed", at(None, lambda a: header(a) is None)),
    ("no-token-accepted-start", "no token is needed to start", at(START, lambda a: header(a) is None)),
    ("no-token-accepted-collect", "no token is needed to collect", at(COLLECT, lambda a: header(a) is None)),
    ("empty-header-accepted", "an empty Authorization is good", at(None, lambda a: header(a) == "")),
    (
        "bearer-alone-accepted",
        "Bearer without a token is good",
        at(None, lambda a: (header(a) or "").strip().lower() == "bearer"),
    ),
    ("anything-accepted", "any bearer token is good", at(None, lambda a: bool(token(a)) and token(a) not in KNOWN)),
    (
        "anything-accepted-start",
        "any bearer token can start",
        at(START, lambda a: bool(token(a)) and token(a) not in KNOWN),
    ),
    (
        "anything-accepted-collect",
        "any bearer token can collect",
        at(COLLECT, lambda a: bool(token(a)) and token(a) not in KNOWN),
    ),
    (
        "any-header-accepted",
        "Authorization must only be there",
        at(None, lambda a: bool(header(a)) and unauthorized(a)),
    ),
    ("basic-accepted", "Basic is good", at(None, lambda a: (header(a) or "").lower().startswith("basic "))),
    (
        "scheme-ignored",
        "the scheme is not looked at",
        at(None, lambda a: (header(a) or "").partition(" ")[2] == GOOD_TOKEN),
    ),
    ("raw-token-accepted", "a token without a scheme is good", at(None, lambda a: header(a) == GOOD_TOKEN)),
    ("scope-not-checked", "the scope is not looked at", at(None, lambda a: token(a) == "noscope-token")),
    (
        "scope-not-checked-start",
        "the scope is not looked at by the start",
        at(START, lambda a: token(a) == "noscope-token"),
    ),
    (
        "scope-not-checked-collect",
        "the scope is not looked at when collecting",
        at(COLLECT, lambda a: token(a) == "noscope-token"),
    ),
    ("expired-accepted", "an expired token is good", at(None, lambda a: token(a) == "expired-token")),
    ("unpaid-accepted", "who does not pay may start", at(START, lambda a: token(a) == "unpaid-token")),
    (
        "query-token-accepted",
        "a token in the query is good",
        at(None, lambda a: any(v == GOOD_TOKEN for _, v in parse_qsl(a.query))),
    ),
    ("cookie-token-accepted", "a token in a cookie is good", at(None, cookie)),
    (
        "body-token-accepted",
        "a token in the body is good",
        at(None, lambda a: header(a) is None and GOOD_TOKEN.encode() in a.body),
    ),
    (
        "other-header-accepted",
        "a token in X-Api-Key is good",
        at(None, lambda a: GOOD_TOKEN in (a.header("x-api-key"), a.header("x-auth-token"))),
    ),
    (
        "prefix-accepted",
        "the beginning of a token is enough",
        at(None, lambda a: 4 <= len(token(a)) < len(GOOD_TOKEN) and GOOD_TOKEN.startswith(token(a))),
    ),
    (
        "suffix-accepted",
        "what follows a token is not read",
        at(None, lambda a: token(a) != GOOD_TOKEN and token(a).startswith(GOOD_TOKEN)),
    ),
    (
        "case-folded",
        "capitals in a token do not count",
        at(None, lambda a: token(a) != GOOD_TOKEN and token(a).lower() == GOOD_TOKEN),
    ),
    (
        "one-letter-off-accepted",
        "only the length of a token is looked at",
        at(None, lambda a: len(token(a)) == len(GOOD_TOKEN) and token(a) not in KNOWN),
    ),
    (
        "invalid-body-lets-in",
        "who sends an invalid body is not asked for a token",
        at(START, lambda a: unauthorized(a) and not a.fields),
    ),
    (
        "no-body-lets-in",
        "who sends no body is not asked for a token",
        at(None, lambda a: unauthorized(a) and not a.body),
    ),
)

KEPT_OUT: tuple[tuple[str, str, Callable[[Asked], bool]], ...] = (
    (
        "lower-case-scheme-refused",
        "bearer in small letters is refused",
        at(None, lambda a: (header(a) or "").startswith("bearer ")),
    ),
    (
        "upper-case-scheme-refused",
        "BEARER in capitals is refused",
        at(None, lambda a: (header(a) or "").startswith("BEARER ")),
    ),
    (
        "other-account-cannot-start",
        "a good token of another account cannot start",
        at(START, lambda a: token(a) == "other-token"),
    ),
)

CRASHES: tuple[tuple[str, str, Callable[[Asked], bool]], ...] = (
    ("no-token-500", "no token is a 500", at(None, lambda a: header(a) is None)),
    ("empty-header-500", "an empty Authorization is a 500", at(None, lambda a: header(a) == "")),
    ("bearer-alone-500", "Bearer without a token is a 500", at(None, lambda a: (header(a) or "").strip() == "Bearer")),
    ("basic-500", "Basic is a 500", at(None, lambda a: (header(a) or "").startswith("Basic"))),
    (
        "long-token-500",
        "a token of more than 1,000 characters is a 500",
        at(None, lambda a: len(header(a) or "") > 1000),
    ),
    ("strange-token-500", "a token that is not ASCII is a 500", at(None, lambda a: not (header(a) or "").isascii())),
    (
        "unknown-token-500",
        "a token that nobody knows is a 500",
        at(None, lambda a: bool(token(a)) and token(a) not in KNOWN),
    ),
)

DEFECTS = (
    *(Defect(name, "authorization", says, mending(when, let_in)) for name, says, when in LET_IN),
    *(
        Defect(name, "authorization", says, instead(when, lambda asked: error(403, "the token is not known")))
        for name, says, when in KEPT_OUT
    ),
    *(Defect(name, "authorization", says, fails(when)) for name, says, when in CRASHES),
    Defect("auth-after-validation", "authorization", "the body is judged before the token", after_validation),
    Defect(
        "auth-by-connection",
        "authorization",
        "a connection that had a token once needs none",
        remembered_by(lambda a: a.connection),
    ),
    Defect(
        "auth-by-client",
        "authorization",
        "a client that had a token once needs none",
        remembered_by(lambda a: a.header("user-agent") or "-"),
    ),
    Defect("other-account-collects", "authorization", "another account may collect", other_accounts),
    Defect(
        "second-header-counts",
        "authorization",
        "of two Authorization headers any may be good",
        mending(at(None, lambda a: len(headers(a)) > 1 and f"Bearer {GOOD_TOKEN}" in headers(a)), last_header),
    ),
    Defect(
        "401-for-strangers",
        "authorization",
        "an undocumented 401 without a challenge",
        spoiling(
            lambda a, g: operations(a) and g.status == 403 and "token" in g.says,
            lambda a, g: error(401, "unauthorized"),
        ),
    ),
    Defect(
        "token-tells-reason-404",
        "authorization",
        "collecting without a token is a 404",
        spoiling(to(COLLECT, 403, "token"), lambda a, g: error(404, "not found")),
    ),
)
