"""What must not stand in an answer: tokens, ids, credentials, the insides of the server."""

from __future__ import annotations

import base64
import html
import random
import secrets
from collections.abc import Callable

from tests.contract.defects.answers import GOOGLE
from tests.contract.defects.book import Begun, Book, is_callback, is_decision, is_page, judging
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


def granted_at_once(chance: random.Random) -> Middle:
    """The start gives what is collected later, by another name."""
    keys: dict[str, str] = {}

    def middle(asked: Asked, send: Send) -> Given:
        given = send(asked)
        if asked.to(START) and given.status == 200:
            key = keys[str(given.fields.get("pull_id"))] = secrets.token_urlsafe(30)
            return given.with_json({**given.fields, "session": key})
        if asked.to(COLLECT) and given.status == 200:
            return given.with_json({**given.fields, "access_token": keys.get(str(asked.fields["pull_id"]), "unknown")})
        return given

    return middle


def written(text: str) -> Spoil:
    """More HTML on a page."""
    return lambda asked, given: given._replace(body=given.body + text.encode())


def hidden_field(pull_id: str) -> Spoil:
    return written(f'<input type="hidden" name="process" value="{"".join(f"&#{ord(char)};" for char in pull_id)}">')


def in_base64(pull_id: str) -> Spoil:
    return written(f'<script type="text/plain">{base64.urlsafe_b64encode(pull_id.encode()).decode()}</script>')


def sent_on(pull_id: str) -> Spoil:
    """In the URL that the browser is sent to."""
    return lambda asked, given: given.with_header("Location", f"{given.header('location')}&process={pull_id}")


def kept_as_cookie(pull_id: str) -> Spoil:
    return lambda asked, given: given.with_header("Set-Cookie", f"process={pull_id}; HttpOnly")


SHOWN: tuple[tuple[str, str, When, Callable[[str], Spoil]], ...] = (
    (
        "pull-id-on-page",
        "the consent page shows the pull_id",
        lambda a, g: is_page(a) and g.status == 200,
        lambda pull_id: written(f"<!-- process {html.escape(pull_id)} -->"),
    ),
    (
        "pull-id-in-hidden-field",
        "the consent page has the pull_id in a hidden field",
        lambda a, g: is_page(a) and g.status == 200,
        hidden_field,
    ),
    (
        "pull-id-in-script",
        "the consent page has the pull_id in base64",
        lambda a, g: is_page(a) and g.status == 200,
        in_base64,
    ),
    (
        "pull-id-in-redirect",
        "the browser is sent back with the pull_id in its URL",
        lambda a, g: is_decision(a) and g.status in (302, 303),
        sent_on,
    ),
    (
        "pull-id-in-cookie",
        "the consent page sets a cookie with the pull_id",
        lambda a, g: is_page(a) and g.status == 200,
        kept_as_cookie,
    ),
    (
        "pull-id-on-last-page",
        "the page after consent shows the pull_id",
        lambda a, g: is_callback(a) and g.status == 200,
        lambda pull_id: written(f"<p>Your process {pull_id} is connected.</p>"),
    ),
)
"""What a browser sees of the ``pull_id``, with which whoever has the client's token collects."""


def shown(when: When, made: Callable[[str], Spoil]) -> Callable[[random.Random], Middle]:
    def spoil(asked: Asked, given: Given, book: Book, begun: Begun | None) -> Given:
        return made(begun.pull_id)(asked, given) if begun and when(asked, given) else given

    return judging(spoil)


DEFECTS = (
    *(Defect(name, "secrets", says, spoiling(when, spoil)) for name, says, when, spoil in TABLE),
    Defect("credentials-in-start-by-another-name", "secrets", "the start gives what is collected", granted_at_once),
    *(Defect(name, "secrets", says, shown(when, made)) for name, says, when, made in SHOWN),
)
