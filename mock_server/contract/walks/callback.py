"""The way back from the provider: who cannot prove to be it, grants nothing (RFC 6749 §10.12, RFC 9700 §4).

Only where the pages are the deployment's own: nobody probes a real provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from mock_server.contract.checks import Check, Need
from mock_server.contract.consent import Wish, not_shown, visit
from mock_server.contract.model import Exchange, Finding, NotRun, Sent
from mock_server.contract.run import Run
from mock_server.contract.walks.handshake import Began, begin, collect, collected
from mock_server.contract.walks.judge import broken, promise, status_finding
from mock_server.contract.walks.tale import walks_pages
from mock_server.named import NamedTuple

Found = Iterator[Finding | NotRun]
NEEDS: tuple[Need, ...] = ("handshake", "consent")

_FORGED = promise(
    "callback-is-proven", "only the provider's own answer, with the process' own state, grants", "RFC 6749 §10.12"
)
_CODE = promise("code-is-redeemed", "only a code that the provider gave for this process grants", "RFC 6749 §4.1.3")
_ISSUER = promise("issuer-is-checked", "an answer of another issuer grants nothing", "RFC 9207 §2.4")
_PAGE = promise("pages-are-html", "a page says that it is HTML", "RFC 9110 §8.3")
_SILENT = promise("page-hides-code", "the page after consent does not show the code", "RFC 9700 §4.2.4")
_TOLD = promise("callback-is-refused", "a callback that changes nothing is refused", "docs/architecture.md", "assumed")
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


def held_way(run: Run, wish: Wish = "approve") -> Way | str:
    """Decide and hold, or why that cannot be done."""
    began = begin(run)
    if urlsplit(began.auth_uri).hostname != urlsplit(run.target.origin).hostname and not run.target.is_mock:
        return "the consent page is not the deployment's own"
    walked = visit(run.client, began.auth_uri, wish, _is_answer)
    if not walked.held:
        return walked.why or "the page does not lead back by a redirect"
    run.secrets.learn_url(walked.held)
    return Way(began, walked.held, (began.exchange, *walked.exchanges))


def own_pages(run: Run) -> str:
    """Why this family cannot be walked, ``""`` when it can."""
    provider = run.contract.provider()
    if run.target.consent != "visit" or provider is None or provider.consent != "ask":
        return "only where we walk the consent page (--consent visit)"
    return walks_pages(run)


def get(run: Run, url: str, method: str = "GET", body: bytes = b"") -> Exchange:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = [("Accept", "text/html,*/*;q=0.8")]
    if body:
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    return run.client.send(Sent(method, target, tuple(headers), body), origin=f"{parts.scheme}://{parts.netloc}")


def flip(text: str) -> str:
    middle = len(text) // 2
    return text[:middle] + ("A" if text[middle : middle + 1] != "A" else "B") + text[middle + 1 :]


FORGERIES: Mapping[str, Callable[[Way, Way], str]] = {
    "a state that was changed": lambda way, other: way.changed(state=flip(way.query["state"])),
    "no state": lambda way, other: way.changed(state=None),
    "an empty state": lambda way, other: way.changed(state=""),
    "the state of another process": lambda way, other: way.changed(state=other.query["state"]),
    "a code that was changed": lambda way, other: way.changed(code=flip(way.query["code"])),
    "a code that was made up": lambda way, other: way.changed(code="contract-made-this-code-up-4711"),
    "no code": lambda way, other: way.changed(code=None),
    "an empty code": lambda way, other: way.changed(code=""),
    "the code of another process": lambda way, other: way.changed(code=other.query["code"]),
    "no parameters at all": lambda way, other: way.changed(**dict.fromkeys(way.query)),
    "a state of 5000 letters": lambda way, other: way.changed(state="x" * 5000),
    "NUL in its state": lambda way, other: way.changed(state="\0" + way.query["state"]),
    "a code and an error at once": lambda way, other: way.changed(error="access_denied"),
}
"""What somebody else than the provider may send to the callback. It gets two processes, neither granted."""
UNDECIDED: Mapping[str, Callable[[Way, str], str]] = {
    "a code that was made up, before anybody decided": lambda way, state: way.changed(
        state=state, code="contract-made-this-code-up-4711"
    ),
    "the code of another process, before anybody decided": lambda way, state: way.changed(state=state),
}
"""The same with the right state of a process that nobody has decided: whoever knows the link knows that."""
ISSUER: Mapping[str, Callable[[Way, Way], str]] = {
    "another issuer": lambda way, other: way.changed(iss="https://attacker.invalid"),
}


def forged(run: Run) -> Found:
    """None of them grants anything."""
    check = "callback.forged"
    why = own_pages(run)
    if why:
        yield NotRun(check, why)
        return
    for name in (*FORGERIES, *ISSUER, *UNDECIDED):
        way, other = held_way(run), held_way(run)
        if isinstance(way, str) or isinstance(other, str) or "code" not in way.query:
            no_code = "the provider's answer carries no code"
            yield NotRun(check, next((each for each in (way, other) if isinstance(each, str)), no_code))
            return
        if name in ISSUER and "iss" not in way.query:
            continue
        if name in UNDECIDED:
            other = other._replace(began=begin(run))
            state = dict(parse_qsl(urlsplit(other.began.auth_uri).query)).get("state")
            if state is None:
                continue
            exchange = get(run, UNDECIDED[name](way, state))
        else:
            exchange = get(run, {**FORGERIES, **ISSUER}[name](way, other))
        told = _ISSUER if name in ISSUER else _CODE if "code" in name else _FORGED
        yield from fails_not(run, check, name, exchange)
        yield from _refused(run, check, name, exchange)
        for each in (way, other):
            seen = collect(run, each.began)
            if 200 <= seen.seen.status < 300:
                title = f"a callback with {name} grants the credentials"
                yield broken(run, check, run.contract.collect, told, title, *each.exchanges[:1], exchange, seen)
                return


def _refused(run: Run, check: str, name: str, exchange: Exchange) -> Found:
    """Our own mock says so with a 4xx; what another one tells the person there, nobody promised."""
    if run.target.is_mock and exchange.seen.status < 400 and exchange.seen.status:
        title = f"a callback with {name} is answered with {exchange.seen.status}, as if it were good"
        yield broken(run, check, run.contract.start, _TOLD, title, exchange, shape="not refused")


def fails_not(run: Run, check: str, name: str, exchange: Exchange) -> Found:
    if exchange.seen.status >= 500 or not exchange.seen.status:
        title = f"a page answers {exchange.seen.status or exchange.seen.fault} to {name}"
        yield broken(run, check, run.contract.start, _SANE, title, exchange, shape="fails")


def replayed(run: Run) -> Found:
    """Brought back twice, denied afterwards, approved twice: the first word stands, and the code works once."""
    check = "callback.replayed"
    why = own_pages(run)
    way = why or held_way(run)
    fresh = why or held_way(run)
    if isinstance(way, str) or isinstance(fresh, str):
        yield NotRun(check, str(way if isinstance(way, str) else fresh))
        return
    first = get(run, way.url)
    yield from fails_not(run, check, "the provider's answer", first)
    yield from _pages(run, check, way, first)
    yield from _stands(run, check, way, "granted", "the provider's answer", first)
    for name, url in (
        ("the same answer again", way.url),
        ("a denial after it was granted", way.changed(code=None, error="access_denied")),
        ("an error after it was granted", way.changed(code=None, error="server_error")),
    ):
        again = get(run, url)
        yield from fails_not(run, check, name, again)
        yield from _refused(run, check, name, again)
        yield from _stands(run, check, way, "collected", name, first, again)
    # Used once, the code of one process is no key to another one, whose own state is right.
    exchange = get(run, fresh.changed(code=way.query.get("code")))
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
    """A browser shows the pages on the way, and the last one does not show the code."""
    for exchange in (*way.exchanges[1:], last):
        kind = not_shown(exchange.seen, is_mock=run.target.is_mock) if exchange.seen.status == 200 else ""
        if kind:
            title = f"a page of the consent comes as {kind}"
            yield broken(run, check, run.contract.start, _PAGE, title, exchange, shape="no HTML")
    code = way.query.get("code", "")
    if len(code) >= 8 and code.encode() in last.seen.body:
        yield broken(run, check, run.contract.start, _SILENT, "the page after consent shows the code", last)


def denied(run: Run) -> Found:
    """The provider's denial counts with its own state only, and a forged one takes nothing away."""
    check = "callback.denied"
    why = own_pages(run)
    way = why or held_way(run)
    refused = why or held_way(run, "deny")
    if isinstance(way, str) or isinstance(refused, str):
        yield NotRun(check, str(way if isinstance(way, str) else refused))
        return
    forged_one = get(run, way.changed(code=None, error="access_denied", state=flip(way.query["state"])))
    granted = get(run, way.url)
    name = "a denial with a state that was changed, then the provider's answer"
    yield from _stands(run, check, way, "granted", name, forged_one, granted)
    forged_one = get(run, refused.changed(state=flip(refused.query["state"])))
    yield from _stands(run, check, refused, "opened", "a denial with a state that was changed", forged_one)
    denial = get(run, refused.url)
    yield from fails_not(run, check, "the provider's denial", denial)
    yield from _stands(run, check, refused, "denied", "the provider's denial", denial)
    late = get(run, refused.changed(error=None, code=way.query.get("code", "")))
    yield from _stands(run, check, refused, "denied", "an approval after the denial", denial, late)


CHECKS = (
    Check("callback.forged", "callback", "forged, absent and swapped states and codes", forged, NEEDS),
    Check("callback.replayed", "callback", "an answer brought back twice, a denial too late", replayed, NEEDS),
    Check("callback.denied", "callback", "a denial at the callback", denied, NEEDS),
)
