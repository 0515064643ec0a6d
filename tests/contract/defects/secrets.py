"""What must not stand in an answer: tokens, ids, credentials, the insides of the server."""

from __future__ import annotations

from tests.contract.defects.answers import GOOGLE
from tests.contract.defects.model import (
    COLLECT,
    START,
    Asked,
    Defect,
    Given,
    Spoil,
    When,
    bad,
    either,
    operations,
    spoiling,
    to,
)

TRACE = (
    "Traceback (most recent call last):\n  File \"/srv/app/oauth2.py\", line 71, in start\nKeyError: 'datasource_id'"
)
CREDENTIALS = "Sksosa43ma904mnfnmaklasioewjns.akjsadiuewq"


def more(**values: str) -> Spoil:
    """Fields more in the body."""
    return lambda asked, given: given.with_json({**given.fields, **values})


def token_in_message(asked: Asked, given: Given) -> Given:
    said = asked.header("authorization") or "nothing"
    return given.with_json({**given.fields, "message": f"{given.says} ({said})"})


def token_in_header(asked: Asked, given: Given) -> Given:
    return given.with_header("X-Debug-Authorization", asked.header("authorization") or "none")


def pull_id_in_message(asked: Asked, given: Given) -> Given:
    return given.with_json({**given.fields, "message": f"{given.says}: {asked.fields.get('pull_id', '')}"})


def body_echoed(asked: Asked, given: Given) -> Given:
    return given.with_json({**given.fields, "request": asked.body.decode("utf-8", "replace")})


def headers_echoed(asked: Asked, given: Given) -> Given:
    return given.with_json({**given.fields, "headers": dict(asked.headers)})


def callback(asked: Asked, given: Given) -> bool:
    return "callback" in asked.path and given.status < 400


def page_shows_query(asked: Asked, given: Given) -> Given:
    return given._replace(body=given.body.replace(b"</body>", f"<p>{asked.query}</p></body>".encode()))


TABLE: tuple[tuple[str, str, When, Spoil], ...] = (
    ("token-in-403", "a 403 repeats the token", lambda a, g: operations(a) and g.status == 403, token_in_message),
    ("token-in-429", "a 429 repeats the token", to(START, 429), token_in_message),
    ("token-in-402", "a 402 repeats the token", to(COLLECT, 402), token_in_message),
    ("token-in-header", "a header repeats the token", either, token_in_header),
    (
        "token-in-cookie",
        "a cookie carries the token",
        either,
        lambda a, g: g.with_header("Set-Cookie", f"session={(a.header('authorization') or 'x y').split()[-1]}"),
    ),
    ("headers-in-error", "an error repeats the headers of the request", bad, headers_echoed),
    (
        "body-in-error",
        "an error repeats the body of the request",
        to(COLLECT),
        lambda a, g: body_echoed(a, g) if g.status >= 400 else g,
    ),
    ("pull-id-in-403", "a 403 repeats the pull_id", to(COLLECT, 403, "no such"), pull_id_in_message),
    ("pull-id-in-402", "a 402 repeats the pull_id", to(COLLECT, 402), pull_id_in_message),
    (
        "credentials-in-402",
        "the access_token comes before consent",
        to(COLLECT, 402, "pending"),
        more(access_token=CREDENTIALS),
    ),
    (
        "credentials-in-denial",
        "the access_token comes after denial",
        to(COLLECT, 402, "denied"),
        more(access_token=CREDENTIALS),
    ),
    (
        "credentials-in-start",
        "the credentials come with the start",
        to(START, 200),
        lambda a, g: g.with_json({**g.fields, "credentials": GOOGLE}),
    ),
    (
        "credentials-in-header",
        "a header carries the access_token",
        to(COLLECT, 200),
        lambda a, g: g.with_header("X-Access-Token", str(g.fields.get("access_token"))),
    ),
    (
        "credentials-for-strangers",
        "a 403 carries the access_token",
        to(COLLECT, 403, "no such"),
        more(access_token=CREDENTIALS),
    ),
    ("trace-in-429", "a 429 carries a stack trace", to(START, 429), more(trace=TRACE)),
    (
        "trace-in-403",
        "a 403 carries a stack trace",
        lambda a, g: operations(a) and g.status == 403,
        more(message=TRACE),
    ),
    (
        "trace-in-404",
        "an unknown path gives a stack trace",
        lambda a, g: g.status == 404 and not a.path.startswith("/__"),
        more(trace=TRACE),
    ),
    (
        "sql-in-429",
        "a 429 carries an SQL error",
        to(START, 429),
        more(message='psycopg2.errors.SyntaxError: syntax error at or near "fb" LINE 1: SELECT id FROM sources'),
    ),
    (
        "path-in-403",
        "a 403 names a file of the server",
        to(COLLECT, 403),
        more(file="/srv/app/handlers/oauth2_credentials.py"),
    ),
    ("callback-shows-code", "the page after consent shows code and state", callback, page_shows_query),
)

DEFECTS = tuple(Defect(name, "secrets", says, spoiling(when, spoil)) for name, says, when, spoil in TABLE)
