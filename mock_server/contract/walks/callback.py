"""The way back from the provider: who cannot prove to be it, grants nothing (RFC 6749 §10.12, RFC 9700 §4).

Only where the pages are the deployment's own: nobody probes a real provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from mock_server.contract.checks import Check, Need
from mock_server.contract.consent import Form, Wish, parse_forms, visit
from mock_server.contract.model import Exchange, Finding, NotRun, Sent
from mock_server.contract.run import Run
from mock_server.contract.walks.handshake import Began, begin, collect, collected
from mock_server.contract.walks.judge import broken, promise, status_finding
from mock_server.contract.walks.tale import walks_pages

Found = Iterator[Finding | NotRun]
NEEDS: tuple[Need, ...] = ("handshake", "consent")
FOREIGN = "https://attacker.invalid/steal"
SCRIPT = '"><script>alert(4711)</script>'

_FORGED = promise(
    "callback-is-proven", "only the provider's own answer, with the process' own state, grants", "RFC 6749 §10.12"
)
_CODE = promise("code-is-redeemed", "only a code that the provider gave for this process grants", "RFC 6749 §4.1.3")
_ISSUER = promise("issuer-is-checked", "an answer of another issuer grants nothing", "RFC 9207 §2.4")
_FORM = promise(
    "decision-is-of-its-page",
    "a decision counts only with what its own page carried",
    "RFC 9700 §4.16, RFC 6749 §10.12",
)
_REDIRECT = promise(
    "no-open-redirect",
    "nobody is sent to an address that the client has not registered",
    "RFC 9700 §4.1, RFC 6749 §10.15",
)
_SCRIPT = promise(
    "pages-are-escaped", "what stands in a URL is never run by the page", "RFC 9700 §4.16, RFC 6749 §10.14"
)
_PAGE = promise("pages-are-html", "what a browser opens is an HTML page", "RFC 9110 §8.3")
_SILENT = promise("page-hides-code", "the page after consent does not show the code", "RFC 9700 §4.2.4")
_SANE = promise("callback-never-fails", "no callback makes the server fail", "RFC 9110 §15.6")


class Way(NamedTuple):
    """A consent that was given, held before the browser brings the answer back. ``url`` is where it would go."""

    began: Began
    url: str
    exchanges: tuple[Exchange, ...]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    def changed(self, **changes: str | None) -> str:
        """The URL with other parameters; None takes one out."""
        query = {name: value for name, value in {**self.query, **changes}.items() if value is not None}
        return urlsplit(self.url)._replace(query=urlencode(query)).geturl()


def _is_answer(url: str) -> bool:
    names = {name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}
    return "state" in names and bool(names & {"code", "error"})


def _held(run: Run, wish: Wish = "approve") -> Way | str:
    """Decide and hold, or why that cannot be done."""
    began = begin(run)
    if urlsplit(began.auth_uri).hostname != urlsplit(run.target.origin).hostname and not run.target.is_mock:
        return "the consent page is not the deployment's own"
    walked = visit(run.client, began.auth_uri, wish, _is_answer)
    if not walked.held:
        return walked.why or "the page does not lead back by a redirect"
    run.secrets.learn_url(walked.held)
    return Way(began, walked.held, (began.exchange, *walked.exchanges))


def _own_pages(run: Run) -> str:
    """Why this family cannot be walked, ``""`` when it can."""
    provider = run.contract.provider()
    if run.target.consent != "visit" or provider is None or provider.consent != "ask":
        return "only where we walk the consent page (--consent visit)"
    return walks_pages(run)


def _get(run: Run, url: str, method: str = "GET", body: bytes = b"") -> Exchange:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = [("Accept", "text/html,*/*;q=0.8")]
    if body:
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    return run.client.send(Sent(method, target, tuple(headers), body), origin=f"{parts.scheme}://{parts.netloc}")


def _flip(text: str) -> str:
    middle = len(text) // 2
    return text[:middle] + ("A" if text[middle : middle + 1] != "A" else "B") + text[middle + 1 :]


FORGERIES: Mapping[str, Callable[[Way, Way], str]] = {
    "a state that was changed": lambda way, other: way.changed(state=_flip(way.query["state"])),
    "no state": lambda way, other: way.changed(state=None),
    "an empty state": lambda way, other: way.changed(state=""),
    "the state of another process": lambda way, other: way.changed(state=other.query["state"]),
    "a code that was changed": lambda way, other: way.changed(code=_flip(way.query["code"])),
    "a code that was made up": lambda way, other: way.changed(code="contract-made-this-code-up-4711"),
    "no code": lambda way, other: way.changed(code=None),
    "an empty code": lambda way, other: way.changed(code=""),
    "the code of another process": lambda way, other: way.changed(code=other.query["code"]),
    "a code and an error at once": lambda way, other: way.changed(error="access_denied"),
}
"""What somebody else than the provider may send to the callback. It gets two processes, neither granted."""
ISSUER: Mapping[str, Callable[[Way, Way], str]] = {
    "another issuer": lambda way, other: way.changed(iss="https://attacker.invalid"),
}


def forged(run: Run) -> Found:
    """None of them grants anything; afterwards the provider's own answer still does."""
    check = "callback.forged"
    why = _own_pages(run)
    if why:
        yield NotRun(check, why)
        return
    rows = dict(FORGERIES)
    for name in (*FORGERIES, *ISSUER):
        way, other = _held(run), _held(run)
        if isinstance(way, str) or isinstance(other, str):
            yield NotRun(check, way if isinstance(way, str) else str(other))
            return
        if "code" not in way.query:
            yield NotRun(check, "the provider's answer carries no code")
            return
        if "iss" in way.query:
            rows |= ISSUER
        if name not in rows:
            continue
        exchange = _get(run, rows[name](way, other))
        told = _ISSUER if name in ISSUER else _CODE if "code" in name else _FORGED
        yield from _fails_not(run, check, name, exchange)
        for each in (way, other):
            seen = collect(run, each.began)
            if 200 <= seen.seen.status < 300:
                title = f"a callback with {name} grants the credentials"
                yield broken(run, check, run.contract.collect, told, title, *each.exchanges[:1], exchange, seen)
                return


def _fails_not(run: Run, check: str, name: str, exchange: Exchange) -> Found:
    if exchange.seen.status >= 500 or not exchange.seen.status:
        title = f"the callback answers {exchange.seen.status or exchange.seen.fault} to {name}"
        yield broken(run, check, run.contract.start, _SANE, title, exchange, shape="fails")


def replayed(run: Run) -> Found:
    """Brought back twice, denied afterwards, approved twice: the first word stands, and the code works once."""
    check = "callback.replayed"
    why = _own_pages(run)
    way = why or _held(run)
    fresh = why or _held(run)
    if isinstance(way, str) or isinstance(fresh, str):
        yield NotRun(check, str(way if isinstance(way, str) else fresh))
        return
    first = _get(run, way.url)
    yield from _fails_not(run, check, "the provider's answer", first)
    yield from _pages(run, check, way, first)
    yield from _stands(run, check, way, "granted", "the provider's answer", first)
    for name, url in (
        ("the same answer again", way.url),
        ("a denial after it was granted", way.changed(code=None, error="access_denied")),
        ("an error after it was granted", way.changed(code=None, error="server_error")),
    ):
        again = _get(run, url)
        yield from _fails_not(run, check, name, again)
        yield from _stands(run, check, way, "collected", name, first, again)
    # Used once, the code of one process is no key to another one, whose own state is right.
    exchange = _get(run, fresh.changed(code=way.query.get("code")))
    seen = collect(run, fresh.began)
    if 200 <= seen.seen.status < 300:
        title = "a callback with a code that was used already grants the credentials"
        yield broken(run, check, run.contract.collect, _CODE, title, first, exchange, seen)


def _stands(run: Run, check: str, way: Way, state: str, name: str, *exchanges: Exchange) -> Found:
    operation = run.contract.collect
    assert operation is not None
    where = run.contract.fixtures.operations[operation.key].collect
    if state == "collected" and where and where.single_use:
        state = "spent"
    wanted = collected(run, state)
    if wanted is None:
        return
    exchange = collect(run, way.began)
    found = status_finding(run, check, operation, wanted, f"collected after {name}", *exchanges, exchange)
    if found:
        yield found


def _pages(run: Run, check: str, way: Way, last: Exchange) -> Found:
    """The pages on the way are HTML, and the last one does not show the code."""
    for exchange in (*way.exchanges[1:], last):
        kind = (exchange.seen.header("content-type") or "").partition(";")[0].strip().lower()
        if exchange.seen.status == 200 and kind not in ("text/html", "application/xhtml+xml"):
            title = f"a page of the consent comes as {kind[:40] or 'nothing in particular'}"
            yield broken(run, check, run.contract.start, _PAGE, title, exchange, shape="no HTML")
    code = way.query.get("code", "")
    if len(code) >= 8 and code.encode() in last.seen.body:
        yield broken(run, check, run.contract.start, _SILENT, "the page after consent shows the code", last)


def denied(run: Run) -> Found:
    """The provider's denial counts with its own state only, and a forged one takes nothing away."""
    check = "callback.denied"
    why = _own_pages(run)
    way = why or _held(run)
    refused = why or _held(run, "deny")
    if isinstance(way, str) or isinstance(refused, str):
        yield NotRun(check, str(way if isinstance(way, str) else refused))
        return
    forged_one = _get(run, way.changed(code=None, error="access_denied", state=_flip(way.query["state"])))
    granted = _get(run, way.url)
    name = "a denial with a state that was changed, then the provider's answer"
    yield from _stands(run, check, way, "granted", name, forged_one, granted)
    forged_one = _get(run, refused.changed(state=_flip(refused.query["state"])))
    yield from _stands(run, check, refused, "opened", "a denial with a state that was changed", forged_one)
    denial = _get(run, refused.url)
    yield from _fails_not(run, check, "the provider's denial", denial)
    yield from _stands(run, check, refused, "denied", "the provider's denial", denial)
    late = _get(run, refused.changed(error=None, code=way.query.get("code", "")))
    yield from _stands(run, check, refused, "denied", "an approval after the denial", denial, late)


def decisions(run: Run) -> Found:
    """The page's form: without what the page carried, or with another's, it decides nothing."""
    check = "callback.decision"
    why = _own_pages(run)
    if why or isinstance(_held(run), str):
        yield NotRun(check, why or "the page does not lead back by a redirect")
        return
    for how in ("nothing", "a changed value", "an empty value"):
        began = begin(run)
        found = _form(run, began)
        if found is None or not found[1].fields:
            return  # nothing to forge: what protects this page, we do not know
        page, form = found
        kept = {
            "nothing": [],
            "a changed value": [(name, _flip(value)) for name, value in form.fields],
            "an empty value": [(name, "") for name, _ in form.fields],
        }[how]
        walked = _press(run, page, form, kept)
        seen = collect(run, began)
        if 200 <= seen.seen.status < 300:
            title = f"a decision that carries {how} of what its page carried approves"
            yield broken(run, check, run.contract.start, _FORM, title, began.exchange, *walked, seen)
            return
        for exchange in walked:
            yield from _fails_not(run, check, f"a decision with {how}", exchange)
    yield from _twice(run, check)


def _form(run: Run, began: Began) -> tuple[Exchange, Form] | None:
    walked = visit(run.client, began.auth_uri, None)
    forms = parse_forms(walked.exchanges[-1].seen.body.decode("utf-8", "replace")) if walked.ok else []
    return (walked.exchanges[-1], forms[0]) if forms and forms[0].buttons else None


def _press(run: Run, page: Exchange, form: Form, fields: list[tuple[str, str]]) -> list[Exchange]:
    """Press the first button, which approves, and go wherever that leads on the deployment's own pages."""
    from urllib.parse import urljoin

    button = form.buttons[0]
    url = urljoin(page.origin + page.sent.target, form.action or "")
    body = urlencode([*fields, *([(button.name, button.value)] if button.name else [])]).encode()
    walked = [_get(run, url, form.method, body)]
    for _ in range(3):
        location = walked[-1].seen.header("location")
        if not location or walked[-1].seen.status not in (301, 302, 303):
            break
        url = urljoin(url, location)
        if urlsplit(url).netloc != urlsplit(page.origin).netloc:
            break
        walked.append(_get(run, url))
    return walked


def _twice(run: Run, check: str) -> Found:
    """Two clicks on Approve are one; two pages of one process decide once."""
    began = begin(run)
    one, other = _form(run, began), _form(run, began)
    if one is None or other is None:
        return
    first = _press(run, *one, list(one[1].fields))
    again = [*_press(run, *one, list(one[1].fields)), *_press(run, *other, list(other[1].fields))]
    for exchange in (*first, *again):
        yield from _fails_not(run, check, "a second click", exchange)
    wanted, operation = collected(run, "granted"), run.contract.collect
    assert operation is not None
    exchange = collect(run, began)
    found = wanted and status_finding(
        run, check, operation, wanted, "collected after two clicks", *first[-1:], exchange
    )
    if found:
        yield found


def redirect(run: Run) -> Found:
    """An auth_uri whose redirect_uri was changed leads nowhere else, neither at once nor after consent."""
    check = "callback.redirect"
    why = _own_pages(run)
    if why or isinstance(_held(run), str):
        yield NotRun(check, why or "the page does not lead back by a redirect")
        return
    began = begin(run)
    parts = urlsplit(began.auth_uri)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "redirect_uri" not in query:
        return
    registered = query["redirect_uri"]
    for uri in (FOREIGN, f"{registered}.attacker.invalid/", f"https://attacker.invalid/?{registered}"):
        url = parts._replace(query=urlencode({**query, "redirect_uri": uri})).geturl()
        walked = visit(
            run.client, url, "approve", lambda to: (urlsplit(to).hostname or "").endswith("attacker.invalid")
        )
        if walked.held:
            title = "an auth_uri with another redirect_uri sends the browser there"
            yield broken(run, check, run.contract.start, _REDIRECT, title, began.exchange, *walked.exchanges)
            return


def scripts(run: Run) -> Found:
    """What stands in the URLs of the pages is escaped in them."""
    check = "callback.script"
    why = _own_pages(run)
    way = why or _held(run)
    if isinstance(way, str):
        yield NotRun(check, way)
        return
    began = begin(run)
    page = urlsplit(began.auth_uri)
    known = dict(parse_qsl(page.query, keep_blank_values=True))
    urls = [page._replace(query=urlencode({**known, name: SCRIPT})).geturl() for name in (*known, "contract")]
    names = ("state", "code", "error", "error_description", "contract")
    urls += [way.changed(**{name: SCRIPT}) for name in names]
    urls += [way.changed(code=None, error=SCRIPT), way.changed(code=None, error="x", error_description=SCRIPT)]
    for url in urls:
        exchange = _get(run, url)
        kind = (exchange.seen.header("content-type") or "text/html").partition(";")[0].strip().lower()
        if SCRIPT.encode()[2:] in exchange.seen.body and kind in ("text/html", "application/xhtml+xml"):
            yield broken(run, check, run.contract.start, _SCRIPT, "a page runs what stands in its URL", exchange)
            return
        yield from _fails_not(run, check, "a script in the URL", exchange)


CHECKS = (
    Check("callback.forged", "callback", "forged, absent and swapped states and codes", forged, NEEDS),
    Check("callback.replayed", "callback", "an answer brought back twice, a denial too late", replayed, NEEDS),
    Check("callback.denied", "callback", "a denial at the callback", denied, NEEDS),
    Check("callback.decision", "callback", "the decision's form cannot be forged", decisions, NEEDS),
    Check("callback.redirect", "callback", "no open redirect", redirect, NEEDS),
    Check("callback.script", "callback", "nothing from a URL is run", scripts, NEEDS),
)
