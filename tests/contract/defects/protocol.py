"""HTTP and JSON: media types, lengths, encodings, methods, framing."""

from __future__ import annotations

import gzip
from collections.abc import Callable

from tests.contract.defects.front import rendered
from tests.contract.defects.model import (
    COLLECT,
    START,
    Asked,
    Defect,
    Given,
    Spoil,
    bad,
    error,
    good,
    instead,
    operations,
    restatus,
    spoiling,
    to,
)

HTML = b"<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>"


def typed(media_type: str | None) -> Spoil:
    return lambda asked, given: given.with_header("Content-Type", media_type)


def bytes_(before: bytes = b"", after: bytes = b"", cut: int = 0) -> Spoil:
    """Bytes around the body, or its last ones left away; the length is right."""
    return lambda asked, given: given._replace(body=before + given.body[: len(given.body) - cut] + after)


def html(asked: Asked, given: Given) -> Given:
    return given.with_header("Content-Type", "text/html; charset=utf-8")._replace(body=HTML)


def twice(name: bytes, value: bytes) -> Spoil:
    """A field of the object once more, with another value, before the right one."""
    return lambda asked, given: given._replace(body=b'{"' + name + b'":' + value + b"," + given.body[1:])


def lying(more: int) -> Spoil:
    """A Content-Length that is too long or too short; then the connection is closed."""

    def spoil(asked: Asked, given: Given) -> Given:
        told = given.with_header("Content-Length", str(len(given.body) + more))
        return given._replace(raw=rendered(asked, told), close=True)

    return spoil


def lying_open(more: int) -> Spoil:
    """A Content-Length that is too short; the connection stays open with what is left over in it."""
    return lambda asked, given: lying(more)(asked, given)._replace(close=False)


def raw(change: bytes, to_: bytes, *, close: bool = True) -> Spoil:
    """Other bytes in the answer as written."""
    return lambda asked, given: given._replace(raw=rendered(asked, given).replace(change, to_, 1), close=close)


def chunked(end: bytes) -> Spoil:
    def spoil(asked: Asked, given: Given) -> Given:
        head = rendered(asked, given.with_header("Transfer-Encoding", "chunked")._replace(body=b""))
        head = head.replace(b"content-length: 0\r\n", b"")
        return given._replace(raw=head + b"%x\r\n" % len(given.body) + given.body + end, close=True)

    return spoil


def redirect(status: int, where: str) -> Spoil:
    return lambda asked, given: Given(status, (("Location", where),))


def asks(*methods: str) -> Callable[[Asked], bool]:
    return lambda asked: asked.method in methods and asked.path in (START, COLLECT)


def wrong_method(asked: Asked, given: Given) -> bool:
    return asked.path in (START, COLLECT) and given.status == 405


def unknown_path(asked: Asked, given: Given) -> bool:
    return given.status == 404 and not asked.path.startswith("/__")


def empty_but_closing(asked: Asked, given: Given) -> Given:
    """Closed after the answer without a word about it."""
    return given._replace(raw=rendered(asked, given), close=True)


TYPES = (
    ("good-text-plain", good, "text/plain"),
    ("good-text-html", good, "text/html; charset=utf-8"),
    ("good-no-type", good, None),
    ("good-octet-stream", good, "application/octet-stream"),
    ("good-xml-type", good, "application/xml"),
    ("good-type-malformed", good, "json"),
    ("good-problem-json", good, "application/problem+json"),
    ("good-charset-latin-1", good, "application/json; charset=iso-8859-1"),
    ("good-charset-utf-16", good, "application/json; charset=utf-16"),
    ("error-text-plain", bad, "text/plain"),
    ("error-no-type", bad, None),
    ("collect-only-text-plain", to(COLLECT, 200), "text/plain"),
    ("pending-text-html", to(COLLECT, 402), "text/html"),
)

BODIES = (
    ("good-bom", "a byte order mark before the body", good, bytes_(before=b"\xef\xbb\xbf")),
    ("good-prefix", "a prefix against hijacking before the body", good, bytes_(before=b")]}',\n")),
    ("good-trailing-garbage", "bytes behind the JSON", good, bytes_(after=b"}")),
    ("good-trailing-html", "an HTML comment behind the JSON", good, bytes_(after=b"<!-- 12 ms -->")),
    ("good-truncated", "the last brace is missing, the length is right", good, bytes_(cut=1)),
    ("good-nul-behind", "a NUL behind the JSON", good, bytes_(after=b"\x00")),
    ("error-truncated", "an error's last brace is missing", bad, bytes_(cut=1)),
    ("error-bom", "a byte order mark before errors", bad, bytes_(before=b"\xef\xbb\xbf")),
    ("start-duplicate-key", "pull_id stands twice", to(START, 200), twice(b"pull_id", b'"other"')),
    ("collect-duplicate-key", "status stands twice", to(COLLECT, 200), twice(b"status", b"403")),
    ("error-duplicate-key", "message stands twice in errors", bad, twice(b"message", b'"other"')),
    ("collect-nan", "a number is NaN", to(COLLECT, 200), twice(b"quota", b"NaN")),
    ("collect-infinity", "a number is Infinity", to(COLLECT, 200), twice(b"quota", b"Infinity")),
    ("good-trailing-comma", "a comma behind the last field", good, bytes_(cut=1, after=b",}")),
    ("good-comment", "a comment in the JSON", good, bytes_(before=b"/* ok */")),
    (
        "good-single-quotes",
        "single quotes instead of double ones",
        good,
        lambda asked, given: given._replace(body=given.body.replace(b'"', b"'")),
    ),
    (
        "collect-invalid-utf-8",
        "a byte that is no UTF-8",
        to(COLLECT, 200),
        lambda asked, given: given._replace(body=given.body.replace(b"Successfully", b"Successfull\xff")),
    ),
    (
        "collect-utf-16",
        "the body is UTF-16",
        to(COLLECT, 200),
        lambda asked, given: given._replace(body=given.body.decode().encode("utf-16")),
    ),
    (
        "good-gzip-unasked",
        "gzip that nobody asked for",
        good,
        lambda asked, given: given.with_header("Content-Encoding", "gzip")._replace(body=gzip.compress(given.body)),
    ),
    (
        "good-gzip-untold",
        "gzip without a word about it",
        good,
        lambda asked, given: given._replace(body=gzip.compress(given.body)),
    ),
    (
        "good-not-gzip",
        "Content-Encoding says gzip and it is not",
        good,
        lambda asked, given: given.with_header("Content-Encoding", "gzip"),
    ),
    ("length-too-long", "Content-Length is 7 more than the body", good, lying(7)),
    ("length-too-short", "Content-Length is 5 less than the body", good, lying(-5)),
    ("length-too-short-and-open", "bytes are left over in the connection", good, lying_open(-5)),
    ("error-length-too-long", "an error's Content-Length is too long", bad, lying(3)),
    ("length-of-no-number", "Content-Length is a word", good, raw(b"content-length: ", b"content-length: x")),
    ("chunked-cut", "the last chunk never comes", good, chunked(b"\r\n")),
    ("chunked-broken", "a chunk's size is a word", good, chunked(b"\r\nxyz\r\n\r\n0\r\n\r\n")),
    ("status-line-broken", "the status line is no HTTP", bad, raw(b"HTTP/1.1 ", b"HTTP-1.1 ")),
    ("status-line-word", "the status is a word", good, raw(b"HTTP/1.1 200", b"HTTP/1.1 OK")),
    (
        "two-content-types",
        "two Content-Types",
        good,
        raw(b"content-type:", b"content-type: text/html\r\ncontent-type:", close=False),
    ),
    ("html-for-errors", "errors are HTML pages", bad, html),
    ("html-for-402", "a 402 is an HTML page", to(COLLECT, 402), html),
    ("html-for-200", "a 200 is an HTML page", to(COLLECT, 200), html),
    ("collect-204", "204 without credentials", to(COLLECT, 200), lambda asked, given: Given(204)),
    ("collect-204-with-body", "204 with a body", to(COLLECT, 200), raw(b"HTTP/1.1 200 OK", b"HTTP/1.1 204 No Content")),
    ("start-201", "201 instead of 200", to(START, 200), restatus(201)),
    ("start-202", "202 instead of 200", to(START, 200), restatus(202)),
    ("collect-206", "206 instead of 200", to(COLLECT, 200), lambda asked, given: given._replace(status=206)),
    ("pending-202", "202 while consent is pending", to(COLLECT, 402, "pending"), restatus(202)),
    ("start-302", "302 to auth_uri instead of an answer", to(START, 200), redirect(302, "/login")),
    ("collect-307", "307 to another address", to(COLLECT, 200), redirect(307, "https://elsewhere.example/")),
    ("closed-after-errors", "the connection is closed after each error, unannounced", bad, empty_but_closing),
    (
        "poisoned-connection",
        "an answer that nobody asked for follows each error",
        bad,
        lambda asked, given: given._replace(raw=rendered(asked, given) + rendered(asked, error(500))),
    ),
)

METHODS = (
    ("405-without-allow", "405 lacks Allow", wrong_method, lambda asked, given: given.with_header("allow", None)),
    ("405-allow-get", "405 says that GET is allowed", wrong_method, lambda a, given: given.with_header("Allow", "GET")),
    ("405-allow-more", "405 allows DELETE too", wrong_method, lambda a, g: g.with_header("Allow", "DELETE, POST")),
    ("405-allow-empty", "405 with an empty Allow", wrong_method, lambda a, given: given.with_header("Allow", "")),
    ("get-404", "a wrong method is a 404", wrong_method, lambda asked, given: error(404, "not found")),
    ("get-403", "a wrong method is a 403", wrong_method, restatus(403)),
    ("get-400", "a wrong method is a 400", wrong_method, restatus(400)),
    ("get-500", "a wrong method is a 500", wrong_method, restatus(500)),
    ("get-501", "a wrong method is a 501", wrong_method, restatus(501)),
    ("unknown-path-200", "an unknown path is a 200", unknown_path, restatus(200)),
    ("unknown-path-500", "an unknown path is a 500", unknown_path, restatus(500)),
    ("unknown-path-403", "an unknown path is a 403", unknown_path, restatus(403)),
    (
        "retry-after-on-invalid",
        "an invalid parameter carries Retry-After",
        to(START, 429),
        lambda a, g: g.with_header("Retry-After", "10"),
    ),
)

ok = error(200, "fine")
ANSWERED = (
    ("get-200", "GET is answered with 200", asks("GET"), ok),
    ("put-200", "PUT is answered with 200", asks("PUT"), ok),
    ("delete-200", "DELETE is answered with 200", asks("DELETE"), ok),
    (
        "patch-200-on-collect",
        "PATCH on /oauth2/credentials is answered with 200",
        lambda asked: asked.method == "PATCH" and asked.path == COLLECT,
        ok,
    ),
    ("trace-200", "TRACE gives the request back", asks("TRACE"), ok),
    ("options-500", "OPTIONS is a 500", asks("OPTIONS"), error(500)),
    ("head-500", "HEAD is a 500", asks("HEAD"), Given(500)),
    (
        "unknown-method-500",
        "a method that nobody knows is a 500",
        lambda asked: asked.method not in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"),
        error(500),
    ),
    (
        "unknown-method-200",
        "a method that nobody knows is a 200",
        lambda asked: (
            operations(asked._replace(method="POST"))
            and asked.method not in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")
        ),
        ok,
    ),
    (
        "accept-json-406",
        "Accept: application/json is refused with 406",
        lambda asked: operations(asked) and (asked.header("accept") or "").startswith("application/json"),
        error(406),
    ),
    (
        "accept-anything-406",
        "Accept: */* is refused with 406",
        lambda asked: operations(asked) and (asked.header("accept") or "") == "*/*",
        error(406),
    ),
    (
        "accept-other-500",
        "an Accept that cannot be met is a 500",
        lambda asked: operations(asked) and "json" not in (a := asked.header("accept") or "*/*") and "*/*" not in a,
        error(500),
    ),
    (
        "without-accept-500",
        "a request without Accept is a 500",
        lambda asked: operations(asked) and asked.header("accept") is None,
        error(500),
    ),
    (
        "trailing-slash-500",
        "a slash behind the path is a 500",
        lambda asked: asked.path in (START + "/", COLLECT + "/"),
        error(500),
    ),
    ("query-500", "a query is a 500", lambda asked: operations(asked) and bool(asked.query), error(500)),
    (
        "media-type-capitals",
        "application/JSON in capitals is refused",
        lambda asked: (
            operations(asked) and (t := asked.header("content-type") or "") != t.lower() and "json" in t.lower()
        ),
        error(429),
    ),
    (
        "charset-refused",
        "application/json; charset=utf-8 is refused",
        lambda asked: operations(asked) and "charset=utf-8" in (asked.header("content-type") or "").lower(),
        error(429),
    ),
)


def _always(given: Given) -> Callable[[Asked], Given]:
    return lambda asked: given


DEFECTS = (
    *(
        Defect(f"type-{name}", "protocol", f"Content-Type is {value}", spoiling(when, typed(value)))
        for name, when, value in TYPES
    ),
    *(Defect(name, "protocol", says, spoiling(when, spoil)) for name, says, when, spoil in (*BODIES, *METHODS)),
    *(Defect(name, "protocol", says, instead(when, _always(given))) for name, says, when, given in ANSWERED),
)
