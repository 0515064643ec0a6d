"""A tour of the API: one request after another, each answer as a text that does not change from tour to tour.

A defect that a tour does not see is empty, or says something that is not so.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from mock_server.contract.client import Client
from mock_server.contract.consent import Consented, Wish, parse_forms, visit
from mock_server.contract.model import Exchange, Headers, Seen, Sent

JSON = ("Content-Type", "application/json")
ANY = ("Accept", "*/*")
GOOD = "Bearer dev-token"
TICKET = re.compile(r"[A-Za-z0-9_-]{12}(~[A-Za-z0-9._-]+)?\.[A-Za-z0-9_-]{16,}")
CHANGES = (
    re.compile(r"127\.0\.0\.1(:|%3A)\d+"),
    TICKET,
    re.compile(r"code_challenge=[^&\"]+"),
    re.compile(r"nonce[-=]\"?[^\"'; ]+"),
)
TIMEOUT_S = 8.0


class Tour:
    """Asks; every answer is told as a line."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = Client(url, timeout_s=TIMEOUT_S, headers=(("Mock-Session", f"tour-{time.time_ns()}"),))

    def post(
        self,
        path: str,
        body: bytes | dict[str, Any],
        token: str | None = GOOD,
        *headers: tuple[str, str],
        method: str = "POST",
    ) -> Exchange:
        raw = json.dumps(body).encode() if isinstance(body, dict) else body
        given = [*headers]
        names = {name.lower() for name, _ in headers}
        if raw and "content-type" not in names:
            given.append(JSON)
        if "accept" not in names:
            given.append(ANY)
        if token is not None:
            given.append(("Authorization", token))
        kept = tuple(pair for pair in given if pair[1] != "-")
        return self.client.send(Sent(method, "/api" + path, kept, raw))

    def start(self, token: str = "Bearer dev-token", **fields: Any) -> tuple[str, str, Exchange]:
        """``auth_uri``, ``pull_id`` and the exchange; empty texts where they are missing."""
        exchange = self.post("/oauth2", {"datasource_id": "fb", **fields}, token)
        try:
            body = json.loads(exchange.seen.body)
        except ValueError:
            body = {}
        got = body if isinstance(body, dict) else {}
        texts = [value if isinstance(value := got.get(name), str) else "" for name in ("auth_uri", "pull_id")]
        return texts[0], texts[1], exchange

    def collect(self, pull_id: str, token: str = "Bearer dev-token", **more: Any) -> Exchange:
        return self.post("/oauth2/credentials", {"pull_id": pull_id, **more}, token)

    def visit(self, auth_uri: str, wish: Wish = "approve") -> Consented:
        return visit(self.client, auth_uri, wish)

    def granted(self, **fields: Any) -> tuple[str, str]:
        auth_uri, pull_id, _ = self.start(**fields)
        self.visit(auth_uri)
        return auth_uri, pull_id

    def advance(self, seconds: float) -> None:
        self.client.send(Sent("POST", "/__mock/clock", (), json.dumps({"advance": seconds}).encode()))


def line(seen: Seen) -> str:
    """An answer without what changes from tour to tour, and without its time: a busy machine is no defect."""
    headers = sorted(
        f"{name.lower()}: {value}"
        for name, value in seen.headers
        if name.lower() not in ("date", "mock-entry", "content-length")
    )
    length = seen.header("content-length")
    right = "" if length is None or length == str(len(seen.body)) or not seen.body else "wrong length"
    text = "\n".join([str(seen.status), seen.fault, right, *headers, seen.body.decode("latin-1")])
    for pattern in CHANGES:
        text = pattern.sub("…", text)
    return text


def steps(url: str, walks: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Name and line of every answer of these walks."""
    tour = Tour(url)
    try:
        for name in walks:
            for exchange in WALKS[name](tour):
                yield name, exchange if isinstance(exchange, str) else line(exchange.seen)
    finally:
        tour.client.close()


Walk = Callable[[Tour], Iterator[Exchange | str]]


def chain(tour: Tour) -> Iterator[Exchange | str]:
    """Start, look, consent, collect, and again."""
    auth_uri, pull_id, started = tour.start(validity_duration=300)
    yield started
    yield f"absolute: {auth_uri.startswith('http://')}, pull_id {bool(TICKET.fullmatch(pull_id))} {len(pull_id)}"
    yield tour.collect(pull_id)
    given = tour.visit(auth_uri)
    yield f"{given.ok} {given.why}"
    yield from given.exchanges
    for _ in range(3):
        yield tour.collect(pull_id)
    yield tour.collect(pull_id, auth_uri=auth_uri)
    again = tour.visit(auth_uri)
    yield f"{again.ok} {again.why}"
    yield from again.exchanges


def ends(tour: Tour) -> Iterator[Exchange | str]:
    """Deny, fail; then approve or deny after all."""
    wishes: tuple[Wish, ...] = ("deny", "fail")
    for wish in wishes:
        auth_uri, pull_id, _ = tour.start()
        given = tour.visit(auth_uri, wish)
        yield f"{given.ok} {given.why}"
        yield tour.collect(pull_id)
    for first, then in (("deny", "approve"), ("approve", "deny")):
        auth_uri, pull_id, _ = tour.start()
        page = tour.client.send(target(auth_uri))
        form = next(iter(parse_forms(page.seen.body.decode("utf-8", "replace"))), None)
        for decision in (first, then):
            if form is None:
                continue
            data = "&".join(f"{name}={quote(value)}" for name, value in (*form.fields, ("decision", decision))).encode()
            sent = Sent("POST", form.action, (("Content-Type", "application/x-www-form-urlencoded"),), data)
            answer = tour.client.send(sent)
            yield answer
            if answer.seen.header("location"):
                yield tour.client.send(target(answer.seen.header("location") or ""))
        yield tour.collect(pull_id)


def target(url: str) -> Sent:
    parts = urlsplit(url)
    return Sent("GET", f"{parts.path or '/'}?{parts.query}", (("Accept", "text/html"),), b"")


BODIES: tuple[bytes | dict[str, Any], ...] = (
    {}, {"validity_duration": 300},
    *({"datasource_id": "fb", "validity_duration": value} for value in (
        299, 300, 43200, 43201, 0, -1, 7000, 2**31, 2**63, 2**70,
        "300", "x", True, False, None, 300.5, 300.0, [300], {"a": 1})),
    *({"datasource_id": value, "validity_duration": 300} for value in (
        "mysql", "no-such", "", "FB", " fb ", None, 7, True, ["fb"], {"id": "fb"}, "'\"", "é", "😀", "a\x00b",
        "x" * 300,
        "x" * 11_000, "x" * 30_000)),
    {"datasource_id": "fb", "more": 1}, {"datasource_id": "fb"}, {"datasource_id": "fb", "token": "dev-token"},
    b"", b" \n ", b"null", b"7", b'"fb"', b"[]", b'[{"datasource_id":"fb"}]', b"{", b"{'a':1}",
    b"\xff\xfe", b"\xef\xbb\xbf{}",
    b'{"datasource_id":"fb"}x', b'{"datasource_id":"no","datasource_id":"fb"}', b'{"datasource_id":"\\ud800"}',
    b'{"datasource_id":"fb","x":' + b"[" * 60 + b"]" * 60 + b"}",
    b'{"datasource_id":"fb","x":' + b'{"a":' * 60 + b"1" + b"}" * 61,
    b' \n{"datasource_id":"fb"}\n', b'{"datasource_id":"\\u0066b"}',
)  # fmt: skip


COLLECTIONS: tuple[bytes | dict[str, Any], ...] = (
    {}, *({"pull_id": value} for value in ("x", "a.b", "", "x" * 600, None, 7, ["x"])),
    *({"pull_id": "x.y", "auth_uri": value} for value in (None, 7, "no url")), {"pull_id": "x.y", "more": 1},
    b"", b" ", b"null", b"[]", b'"x"', b"7", b"{", b'{"pull_id":"a.b","pull_id":"x.y"}',
)  # fmt: skip


def bodies(tour: Tour) -> Iterator[Exchange | str]:
    for body in BODIES:
        yield tour.post("/oauth2", body)
    for body in COLLECTIONS:
        yield tour.post("/oauth2/credentials", body)
    good = b'{"datasource_id":"fb"}'
    for kind in (
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/JSON",
        "application/json; charset=utf-8",
        "-",
    ):
        yield tour.post("/oauth2", good, "Bearer dev-token", ("Content-Type", kind))
    for accept in ("application/json", "image/png", "-"):
        yield tour.post("/oauth2", good, "Bearer dev-token", ("Accept", accept))
    yield tour.post("/oauth2", good, "Bearer dev-token", ("X-Long", "x" * 5000))
    yield tour.post("/oauth2", good, "Bearer dev-token", *((f"X-{number}", "1") for number in range(50)))


TOKENS = (
    None, "", "Bearer", "Bearer ", "bearer dev-token", "BEARER dev-token", "Bearer nobody", "Bearer noscope-token",
    "Bearer expired-token",
    "Bearer unpaid-token", "Bearer other-token", "Basic ZGV2OnRva2Vu", "Token dev-token", "dev-token",
    "Bearer dev-toke",
    "Bearer dev-token1",
    "Bearer DEV-TOKEN", "Bearer  dev-token", "Bearer dev-tokem", "Bearer " + "x" * 2000, "Bearer \xe9\xe8",
)  # fmt: skip


def tokens(tour: Tour) -> Iterator[Exchange | str]:
    _, pull_id = tour.granted()
    for token in TOKENS:
        yield tour.post("/oauth2", {"datasource_id": "fb"}, token)
        yield tour.post("/oauth2/credentials", {"pull_id": pull_id}, token)
    yield tour.post("/oauth2", {"datasource_id": 7}, None)
    yield tour.post("/oauth2", b"", None)
    yield tour.post("/oauth2?access_token=dev-token", {"datasource_id": "fb"}, None)
    yield tour.post("/oauth2?q=" + "x" * 2000, {"datasource_id": "fb"})
    for name, value in (("Cookie", "token=dev-token"), ("X-Api-Key", "dev-token")):
        yield tour.post("/oauth2", {"datasource_id": "fb"}, None, (name, value))
    yield tour.post("/oauth2", {"datasource_id": "fb", "access_token": "dev-token"}, None)
    yield tour.post("/oauth2", {"datasource_id": "fb"}, "Bearer nobody", ("Authorization", "Bearer dev-token"))
    yield tour.collect(pull_id)


def methods(tour: Tour) -> Iterator[Exchange | str]:
    for path in ("/oauth2", "/oauth2/credentials"):
        for method in ("GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "FOO"):
            yield tour.post(path, b"", method=method)
    for path in ("/oauth2/", "/nowhere"):
        yield tour.post(path, {"datasource_id": "fb"})


def ids(tour: Tour) -> Iterator[Exchange | str]:
    """Several handshakes, pull_ids that are almost right, and the wrong auth_uri."""
    begun = [tour.start(datasource_id=source) for source in ("fb", "google_ads", "fb")]
    yield f"distinct: {len({pull for _, pull, _ in begun})} {len({uri for uri, _, _ in begun})}"
    (uri, one, _), (_, two, _), (third_uri, third, _) = begun
    tour.visit(uri)
    changed = "A" if one[-1:] != "A" else "B"
    for pull_id in (
        one[:-1] + changed,
        one[:-6],
        one + "x",
        one.swapcase(),
        f" {one} ",
        one.partition(".")[0] + ".xxxxxxxxxxxxxxxxxxxxxxxx",
    ):
        yield tour.collect(pull_id)
    yield tour.collect(one, "Bearer other-token")
    yield tour.collect(one, auth_uri=third_uri)
    yield tour.collect(one)
    yield tour.collect(two)
    yield tour.collect(third)
    tour.visit(begun[1][0])
    yield tour.collect(two)
    yield tour.collect(one)
    yield tour.post("/oauth2", {"datasource_id": 7})
    yield tour.collect(two)


def parts(auth_uri: str) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(auth_uri).query).items()}


def callbacks(tour: Tour) -> Iterator[Exchange | str]:
    """A forged code, an error, no state, somebody else's; the page with another redirect_uri."""
    for query in ("code=forged&state={state}&iss={iss}", "error=access_denied&state={state}&iss={iss}"):
        auth_uri, pull_id, _ = tour.start()
        filled = query.format(state=parts(auth_uri).get("state", ""), iss=quote(tour.url + "/__provider/fb", safe=""))
        yield tour.client.send(Sent("GET", f"/api/oauthcallback/fb?{filled}", (), b""))
        yield tour.collect(pull_id)
    for change in ("", "state=forged&"):
        auth_uri, pull_id, _ = tour.start()
        page = tour.client.send(target(auth_uri))
        form = next(iter(parse_forms(page.seen.body.decode("utf-8", "replace"))), None)
        data = f"ticket={quote(dict(form.fields).get('ticket', '')) if form else ''}&decision=approve".encode()
        headers: Headers = (("Content-Type", "application/x-www-form-urlencoded"),)
        where = tour.client.send(Sent("POST", "/__provider/fb/consent", headers, data)).seen.header("location") or ""
        query = urlsplit(where).query
        spoilt = re.sub(r"state=[^&]*&", change, query)
        yield tour.client.send(Sent("GET", f"/api/oauthcallback/fb?{spoilt}", (), b""))
        yield tour.collect(pull_id)
        yield tour.client.send(Sent("GET", f"/api/oauthcallback/fb?{query}", (), b""))
        yield tour.client.send(Sent("GET", f"/api/oauthcallback/fb?{query}", (), b""))
        yield tour.collect(pull_id)
    auth_uri, _, _ = tour.start()
    yield tour.client.send(target(re.sub(r"redirect_uri=[^&]*", "redirect_uri=https%3A%2F%2Fevil.example", auth_uri)))
    yield tour.client.send(Sent("GET", "/api/oauthcallback/fb?state=%3Cscript%3E&code=x", (), b""))


def places(tour: Tour) -> Iterator[Exchange | str]:
    """Fields in other places and by other names, near misses of both ids, and what HTTP has for other methods."""
    yield tour.post("/oauth2", {"datasource_type": "fb"})
    yield tour.post("/oauth2?datasource_id=fb", {"validity_duration": 300})
    yield tour.post("/oauth2?datasource_id=none", {"datasource_id": "fb"})
    yield tour.post("/oauth2", b'{"datasource_id":"fb","more":"a\nb"}')
    auth_uri, pull_id = tour.granted()
    for other in ([pull_id], f"{pull_id}\0x", "".join(f"%{byte:02X}" for byte in pull_id.encode()), "a.b.c"):
        yield tour.post("/oauth2/credentials", {"pull_id": other})
    for link in (auth_uri.swapcase(), f" {auth_uri}", "http://[::1"):
        yield tour.collect(pull_id, auth_uri=link)
    yield tour.post("/oauth2/credentials", {"auth_uri": auth_uri})
    yield tour.collect(pull_id, "Bearer nobody")
    yield tour.collect(pull_id)
    yield tour.client.send(target(auth_uri)._replace(method="HEAD"))
    yield tour.client.send(target(auth_uri))
    yield tour.client.send(Sent("GET", "/api/oauthcallback/fb", (), b""))
    for header in (("If-None-Match", '"x"'), ("Range", "bytes=0-1")):
        yield tour.post("/oauth2", {"datasource_id": "fb"}, GOOD, header)
    yield tour.post("/oauth2", {"datasource_id": "fb"}, GOOD, ("X-HTTP-Method-Override", "POST"), method="GET")
    for method, body in (("HEAD", ""), ("POST", '{"datasource_id":"fb"}')):
        head, _, rest = spoken(tour, method, body).partition("\r\n\r\n")
        bare = head.replace("\r\n", "").count("\n")
        yield f"{method}: body {bool(rest)}, bare line feeds {bare}"


def spoken(tour: Tour, method: str, body: str) -> str:
    """All that comes back over a connection, byte by byte."""
    where = urlsplit(tour.url)
    lines = [f"{method} /api/oauth2 HTTP/1.1", "Host: x", f"Authorization: {GOOD}", "Connection: close"]
    lines += [f"Content-Length: {len(body)}"] if body else []
    with socket.create_connection((where.hostname or "", where.port or 80), TIMEOUT_S) as wire:
        wire.sendall("\r\n".join([*lines, "", body]).encode())
        heard = b""
        while more := wire.recv(65536):
            heard += more
    return heard.decode("latin-1")


def together(tour: Tour) -> Iterator[Exchange | str]:
    """Twelve at once, also on a machine that has other things to do."""
    _, pull_id = tour.granted()
    for ask in (lambda: tour.collect(pull_id), lambda: tour.start()[2]):
        got: list[Exchange] = []
        gate = threading.Barrier(12)

        def one(ask: Callable[[], Exchange] = ask, got: list[Exchange] = got, gate: threading.Barrier = gate) -> None:
            gate.wait()
            got.append(ask())

        threads = [threading.Thread(target=one) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        bodies = {each.seen.body for each in got}
        yield f"{sorted(each.seen.status for each in got)} {len(bodies)}"
    with socket.create_connection((urlsplit(tour.url).hostname or "", urlsplit(tour.url).port or 80)) as wire:
        wire.sendall(b"POST /api/oauth2 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        wire.settimeout(0.1)
        heard = b""
        with contextlib.suppress(TimeoutError):
            while more := wire.recv(65536):
                heard += more
        yield f"{heard.count(b'HTTP/1.1')} answers to one request"


def many(tour: Tour) -> Iterator[Exchange | str]:
    """Fifty handshakes, and many more requests."""
    begun = [tour.start() for _ in range(50)]
    yield f"distinct: {len({pull for _, pull, _ in begun})}"
    for _, pull_id, exchange in begun:
        yield exchange
        yield tour.collect(pull_id)
    yield f"{begun[0][1][:4].isdigit()}"


def clock(tour: Tour) -> Iterator[Exchange | str]:
    """Just before and after the end of a time."""
    for seconds, moves in ((600, (250, 290, 40, 30, 30, 600)), (43200, (20000, 20000, 3300)), (300, (200, 95, 20))):
        _, pull_id = tour.granted(validity_duration=seconds)
        _, waiting, _ = tour.start(validity_duration=seconds)
        for move in moves:
            tour.advance(move)
            yield tour.collect(pull_id)
            yield tour.collect(waiting)


WALKS: dict[str, Walk] = {
    "chain": chain, "ends": ends, "bodies": bodies, "tokens": tokens, "methods": methods, "ids": ids,
    "callbacks": callbacks, "together": together, "places": places, "clock": clock, "many": many,
}  # fmt: skip


def shows(kind: str) -> tuple[str, ...]:
    """All walks, the one that most defects of a kind show themselves in first."""
    first = {"authorization": "tokens", "inputs": "bodies", "status": "bodies", "state": "ids"}.get(kind, "chain")
    return tuple(dict.fromkeys(("chain", first, "places", *WALKS)))
