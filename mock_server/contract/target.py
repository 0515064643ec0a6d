"""What is tested: where it is, with which tokens, and whether it can be tested at all."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlsplit

import orjson

from mock_server.contract.client import Client
from mock_server.contract.errors import EXIT_UNREACHABLE, CannotRun
from mock_server.contract.model import Exchange, Headers, Seen, Sent
from mock_server.fixture.model import Token
from mock_server.named import NamedTuple
from mock_server.spec.operations import Operation
from mock_server.spec.security import Requirement

NOBODY_THERE = "is it running, and is the URL right? Without a URL our own mock is started and tested"
_DEAD = {
    "refused": NOBODY_THERE,
    "no such host": NOBODY_THERE,
    "timeout": "it took the connection and said nothing, or never came to an end; look into its log",
    "endless": "its answer never came to an end; is this an API?",
    "tls": "it does not speak TLS as https asks for; is http:// meant?",
    "certificate": "its certificate is not trusted, or is for another host; name the authority's file in SSL_CERT_FILE",
}
"""Fault -> what to do about it."""
UNROUTED = (404, 405, 501)
ANY_TOKEN = "any-token-is-good"  # noqa: S105
"""For our mock where no file lists tokens."""


class Tokens(NamedTuple):
    """Tokens by what they are good for; None = not given, so checks that need it are not run."""

    good: str | None = None
    other: str | None = None
    """As good, but of another account."""
    without_scope: str | None = None
    unpaid: str | None = None
    expired: str | None = None


class Target(NamedTuple):
    """A deployment. ``base`` is the path of the API below ``origin``: ``/api``."""

    origin: str
    base: str
    tokens: Tokens
    is_mock: bool
    clock_url: str | None
    consent: str
    session: str
    """``Mock-Session`` of the walks when the deployment is our mock, else ``""``."""
    knows_fixtures: bool = False
    """Whether the token that is used is one that the fixtures list."""

    @property
    def stands_in(self) -> bool:
        """Whether what the fixtures assume is its promise, too: it is our mock, or was set up from these fixtures."""
        return self.is_mock or self.knows_fixtures

    @property
    def url(self) -> str:
        return self.origin + self.base


def split_url(url: str) -> tuple[str, str]:
    """Origin and base path. Raises ``CannotRun`` (MS501).

    >>> split_url("http://127.0.0.1:4010/api/")
    ('http://127.0.0.1:4010', '/api')
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment or parts.username:
        hint = "write it as http://127.0.0.1:4010/api; a token goes into --token"
        if "://" not in url and "@" not in url:
            hint += f". Is http://{url} meant?"
        shown = url if "@" not in url else "a URL with a user in it"
        raise CannotRun("MS501", f"{shown} is not the URL of an API", hint)
    return f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")


def roles(tokens: Iterable[Token], now: float, scopes: frozenset[str]) -> Tokens:
    """Which token of our own mock plays which part. ``now`` is in Unix seconds."""
    known = list(tokens)
    live = [each for each in known if each.expires_at is None or each.expires_at > now]
    able = [each for each in live if each.scopes is None or scopes <= each.scopes]
    good = next((each for each in able if each.plan == "paid"), able[0] if able else None)
    return Tokens(
        good=good.token if good else None,
        other=_first(each for each in able if good and each.account != good.account and each.plan == good.plan),
        without_scope=_first(each for each in live if each not in able),
        unpaid=_first(each for each in able if each.plan == "unpaid"),
        expired=_first(each for each in known if each not in live),
    )


def _first(tokens: Iterable[Token]) -> str | None:
    return next((each.token for each in tokens), None)


def credentials(operation: Operation, token: str | None) -> tuple[Headers, str]:
    """Headers and query that carry the token in the first way the operation knows.

    ``((("Authorization", "Bearer abc"),), "")`` or ``((), "key=abc")``.
    """
    if token is None or not operation.security:
        return (), ""
    headers: list[tuple[str, str]] = []
    query: list[str] = []
    for requirement in first_alternative(operation):
        _carry(requirement, token, headers, query)
    return tuple(headers), "&".join(query)


def first_alternative(operation: Operation) -> tuple[Requirement, ...]:
    """The first way of being let in that a token is enough for, else the first at all."""
    able = (each for each in operation.security if all(need.kind in CARRIED for need in each))
    return next(able, operation.security[0])


CARRIED = ("bearer", "basic", "apiKey:header", "apiKey:cookie", "apiKey:query", "unjudged")


def _carry(requirement: Requirement, token: str, headers: list[tuple[str, str]], query: list[str]) -> None:
    match requirement.kind:
        case "bearer":
            headers.append(("Authorization", f"Bearer {token}"))
        case "basic":
            headers.append(("Authorization", f"Basic {basic_credentials(token)}"))
        case "digest":  # whose it is only the server knows; a mock looks at the form (RFC 7616 §3.4)
            parts = 'realm="api", nonce="0", uri="/", response="00000000000000000000000000000000"'
            headers.append(("Authorization", f'Digest username="{token}", {parts}'))
        case "apiKey:header":
            headers.append((requirement.parameter, token))
        case "apiKey:cookie":
            headers.append(("Cookie", f"{requirement.parameter}={token}"))
        case "apiKey:query":
            query.append(f"{quote(requirement.parameter, safe='')}={quote(token, safe='')}")
        case kind if kind != "unjudged":
            headers.append(("Authorization", f"{requirement.parameter} {token}"))


def basic_credentials(token: str) -> str:
    """``user:password`` in base64 (RFC 7617 §2); what is that already stays, a bare word is a user."""
    try:
        if b":" in base64.b64decode(token, validate=True):
            return token
    except ValueError:
        pass
    return base64.b64encode((token if ":" in token else f"{token}:").encode()).decode()


def is_our_mock(client: Client) -> bool:
    """Whether the control API of a mock-server answers there. Raises ``CannotRun`` (MS502) when nothing does."""
    seen = client.send(Sent("GET", "/__mock/health", (("Accept", "application/json"),), b"")).seen
    if seen.fault in _DEAD or _unreachable(seen):
        hint = _DEAD.get(seen.fault, _DEAD["refused"])
        raise CannotRun("MS502", f"{client.origin} gives no answer: {seen.fault}", hint, EXIT_UNREACHABLE)
    try:
        said = orjson.loads(seen.body) if seen.status == 200 else None
    except orjson.JSONDecodeError:
        return False
    return isinstance(said, dict) and said.get("status") == "ok" and "version" in said


def _unreachable(seen: Seen) -> bool:
    return seen.status == 0 and any(word in seen.fault for word in ("route", "unreachable", "denied"))


def judge_probes(probes: Sequence[tuple[Operation, Exchange]], token: str | None) -> None:
    """Whether what answered to good requests is the right API and took the token.

    Raises ``CannotRun``: MS502 no answer, MS503 an HTML page, MS504 another API, MS505 the token.
    """
    if not probes:
        return
    seen = [exchange.seen for _, exchange in probes]
    first = probes[0][1]
    where = f"{first.origin}{first.sent.target.partition('?')[0]}"
    if all(each.status == 0 or each.fault in _DEAD for each in seen):
        hint = _DEAD.get(seen[0].fault, "it does not speak HTTP as a server should; look into its log")
        raise CannotRun("MS502", f"{where} gives no answer: {seen[0].fault}", hint, EXIT_UNREACHABLE)
    if all(_is_login(operation, exchange) for operation, exchange in probes):
        hint = "a login page or a proxy stands before it; give --header with what opens it, or the URL behind it"
        raise CannotRun("MS503", f"{where} answers with an HTML page ({seen[0].status}) instead of the API", hint)
    if all(_is_elsewhere(operation, exchange) for operation, exchange in probes):
        tried = ", ".join(operation.key for operation, _ in probes)
        bases = ", ".join(dict.fromkeys(base for operation, _ in probes for base in operation.bases if base))
        hint = "check the base path of the URL and --spec; here it must lead to the document's paths"
        if bases:
            hint += f". In the document they are below {bases}"
        raise CannotRun("MS504", f"this is another API: {where} answers {seen[0].status} (tried {tried})", hint)
    guarded = [each for each in probes if each[0].security]
    if guarded and all(exchange.seen.status in (401, 403) for _, exchange in guarded):
        status = guarded[0][1].seen.status
        if token is None:
            raise CannotRun("MS505", f"{where} answers {status}: it wants a token", "give --token TOKEN")
        hint = "give a token that is valid, of this environment, and has the scopes of the document"
        raise CannotRun("MS505", f"{where} refuses the token with {status}", hint)


def _is_login(operation: Operation, exchange: Exchange) -> bool:
    """An HTML page that the operation does not document, or a redirect to another page."""
    seen = exchange.seen
    if seen.status in (301, 302, 303, 307, 308) and operation.documented(seen.status) is None:
        return True
    kind = (seen.header("content-type") or "").partition(";")[0].strip().lower()
    entry = operation.documented(seen.status)
    documented = {media.name.partition(";")[0] for media in entry.content} if entry else set()
    # A broken content type alone is a finding and no login page: look at the body too.
    looks = seen.body.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html"))
    return kind == "text/html" and looks and "text/html" not in documented


def _is_elsewhere(operation: Operation, exchange: Exchange) -> bool:
    status = exchange.seen.status
    return status in UNROUTED and str(status) not in operation.responses
