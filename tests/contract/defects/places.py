"""What strangers thought of who had not read our list: fields in other places, near misses, odd answers of HTTP."""

from __future__ import annotations

import json
import random
import re
from urllib.parse import parse_qsl, unquote

from tests.contract.defects.front import rendered
from tests.contract.defects.inputs import field
from tests.contract.defects.model import (
    COLLECT,
    START,
    Asked,
    Defect,
    Given,
    Middle,
    Send,
    bad,
    error,
    fails,
    good,
    instead,
    mending,
    operations,
    spoiling,
)


def is_text(value: object) -> bool:
    return isinstance(value, str)


def queried(asked: Asked) -> dict[str, str]:
    return dict(parse_qsl(asked.query))


def lenient(asked: Asked) -> Asked:
    """Control characters in texts, which RFC 8259 §7 forbids, are read all the same."""
    return asked._replace(body=re.sub(rb"[\n\t]", b"", asked.body))


def unreadable(asked: Asked) -> bool:
    try:
        json.loads(asked.body)
    except (ValueError, RecursionError):
        return operations(asked) and bool(re.search(rb'"[^"]*[\n\t][^"]*"', asked.body))
    return False


def overriding(asked: Asked) -> Asked:
    return asked._replace(method="POST")


def by_auth_uri_alone(chance: random.Random) -> Middle:
    """Who knows only the link collects."""
    known: dict[str, str] = {}

    def middle(asked: Asked, send: Send) -> Given:
        link = asked.fields.get("auth_uri")
        if asked.to(COLLECT) and "pull_id" not in asked.fields and is_text(link) and link in known:
            asked = asked.with_json(pull_id=known[link])
        given = send(asked)
        if asked.to(START) and given.status == 200:
            known[given.fields["auth_uri"]] = given.fields["pull_id"]
        return given

    return middle


def used_up_by_head(chance: random.Random) -> Middle:
    """Whoever previews the link spoils it."""
    seen: set[str] = set()

    def middle(asked: Asked, send: Send) -> Given:
        if "/authorize" in asked.path and asked.method == "HEAD":
            seen.add(asked.target)
        return error(400, "used already") if asked.method == "GET" and asked.target in seen else send(asked)

    return middle


def burnt_by_bad_tokens(chance: random.Random) -> Middle:
    """A pull_id that somebody without a good token has sent is dead."""
    burnt: set[str] = set()

    def middle(asked: Asked, send: Send) -> Given:
        given, pull_id = send(asked), str(asked.fields.get("pull_id"))
        known = (asked.header("authorization") or "") in ("Bearer dev-token", "Bearer other-token")
        if asked.to(COLLECT) and given.status == 403 and not known:
            burnt.add(pull_id)
        return error(402, "consent was denied") if asked.to(COLLECT) and pull_id in burnt and known else given

    return middle


def with_body(asked: Asked, given: Given) -> Given:
    """RFC 9110 §9.3.2 forbids it."""
    head = rendered(asked._replace(method="GET"), given._replace(body=b'{"message":"no"}'))
    return given._replace(raw=head)


def bare_line_feed(asked: Asked, given: Given) -> Given:
    return given._replace(raw=rendered(asked, given).replace(b"\r\n", b"\r\nx-request: 1\n", 1))


MENDED = (
    (
        "other-name-taken",
        "datasource_type is taken for datasource_id",
        lambda a: a.to(START) and "datasource_id" not in a.fields and "datasource_type" in a.fields,
        lambda a: a.with_json(datasource_id=a.fields["datasource_type"]),
    ),
    (
        "field-from-query",
        "a field that the body lacks is read from the query",
        lambda a: a.to(START) and "datasource_id" not in a.fields and "datasource_id" in queried(a),
        lambda a: a.with_json(datasource_id=queried(a)["datasource_id"]),
    ),
    (
        "query-wins",
        "the query has the last word about a field",
        lambda a: a.to(START) and "datasource_id" in a.fields and "datasource_id" in queried(a),
        lambda a: a.with_json(datasource_id=queried(a)["datasource_id"]),
    ),
    ("raw-control-characters", "raw line breaks and tabs in texts are accepted", unreadable, lenient),
    (
        "pull-id-in-list",
        "a list with a pull_id is one",
        field("pull_id", lambda v: isinstance(v, list) and len(v) == 1, COLLECT),
        lambda a: a.with_json(pull_id=a.fields["pull_id"][0]),
    ),
    (
        "pull-id-ends-at-nul",
        "a pull_id is read up to a NUL",
        field("pull_id", lambda v: is_text(v) and "\0" in v, COLLECT),
        lambda a: a.with_json(pull_id=a.fields["pull_id"].partition("\0")[0]),
    ),
    (
        "pull-id-percent-decoded",
        "a pull_id is percent-decoded",
        field("pull_id", lambda v: is_text(v) and "%" in v, COLLECT),
        lambda a: a.with_json(pull_id=unquote(a.fields["pull_id"])),
    ),
    (
        "auth-uri-any-case",
        "an auth_uri is compared without its capitals",
        field("auth_uri", lambda v: is_text(v) and v.startswith("HTTP"), COLLECT),
        lambda a: a.with_json(auth_uri=a.fields["auth_uri"].swapcase()),
    ),
    (
        "auth-uri-blanks-cut",
        "blanks around an auth_uri are cut",
        field("auth_uri", lambda v: is_text(v) and v != v.strip(), COLLECT),
        lambda a: a.with_json(auth_uri=a.fields["auth_uri"].strip()),
    ),
    (
        "method-override",
        "GET with X-HTTP-Method-Override: POST is a POST",
        lambda a: a.method == "GET" and a.header("x-http-method-override") == "POST",
        overriding,
    ),
)

SPOILT = (
    ("error-text-json", "errors are text/json", bad, lambda a, g: g.with_header("Content-Type", "text/json")),
    (
        "good-type-parameter-broken",
        "Content-Type has a parameter without a value",
        good,
        lambda a, g: g.with_header("Content-Type", "application/json; charset"),
    ),
    ("header-line-bare-lf", "a header line ends with LF alone", good, bare_line_feed),
    ("head-with-body", "HEAD is answered with a body", lambda a, g: a.method == "HEAD" and g.status == 405, with_body),
    (
        "challenge-basic",
        "a refused token is asked for Basic",
        lambda a, g: operations(a) and g.status == 403,
        lambda a, g: g.with_header("WWW-Authenticate", 'Basic realm="api"'),
    ),
    (
        "if-none-match-304",
        "If-None-Match is answered with 304",
        lambda a, g: operations(a) and a.header("if-none-match") is not None,
        lambda a, g: Given(304),
    ),
    (
        "range-206",
        "a Range of a POST is answered with 206",
        lambda a, g: operations(a) and a.header("range") is not None,
        lambda a, g: g._replace(status=206),
    ),
)
OF_HTTP = ("method-override", *(name for name, *_ in SPOILT))

DEFECTS = (
    *(
        Defect(name, "protocol" if name in OF_HTTP else "inputs", says, mending(when, mend))
        for name, says, when, mend in MENDED
    ),
    *(
        Defect(name, "authorization" if name == "challenge-basic" else "protocol", says, spoiling(when, spoil))
        for name, says, when, spoil in SPOILT
    ),
    Defect("head-uses-up-page", "state", "HEAD on auth_uri uses it up", used_up_by_head),
    Defect("bad-token-burns", "state", "a try with a bad token burns the pull_id", burnt_by_bad_tokens),
    Defect(
        "callback-without-query-500",
        "robustness",
        "the callback without parameters is a 500",
        instead(lambda a: "/oauthcallback/" in a.path and not a.query, lambda asked: error(500)),
    ),
    Defect("auth-uri-alone", "inputs", "auth_uri without pull_id collects", by_auth_uri_alone),
    Defect(
        "three-part-pull-id-500",
        "robustness",
        "a pull_id of three parts is a 500",
        fails(field("pull_id", lambda v: is_text(v) and v.count(".") == 2, COLLECT)),
    ),
    Defect(
        "brackets-in-auth-uri-500",
        "robustness",
        "an auth_uri with an open bracket is a 500",
        instead(field("auth_uri", lambda v: is_text(v) and "//[" in v, COLLECT), lambda asked: error(500)),
    ),
)
