"""The pages of the consent: their decision cannot be forged, their URLs lead nowhere else and run nothing.

Only where the pages are the deployment's own: nobody probes a real provider.
"""

from __future__ import annotations

import base64
import html
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit

from mock_server.contract.checks import Check
from mock_server.contract.consent import Button, Form, Wish, find_button, visit
from mock_server.contract.model import Exchange, NotRun
from mock_server.contract.run import Run
from mock_server.contract.walks.callback import NEEDS, fails_not, flip, get, held_way, own_pages
from mock_server.contract.walks.handshake import Began, begin, collect, collected
from mock_server.contract.walks.judge import broken, promise, status_finding
from mock_server.contract.walks.secrets import MIN_LENGTH
from mock_server.contract.walks.tale import Found
from mock_server.named import NamedTuple

FOREIGN = "https://attacker.invalid/steal"
SCRIPT = '"><script>alert(4711)</script>'
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
_UNSEEN = promise(
    "pull-id-not-in-browser",
    "who only sees the pages cannot collect: pull_id reaches no browser",
    "docs/contract.md",
    "assumed",
)


def decisions(run: Run) -> Found:
    """The page's form: without what the page carried it decides nothing; of two pages the first word stands."""
    check = "pages.decision"
    why = own_pages(run)
    held = why or held_way(run)
    if isinstance(held, str):
        yield NotRun(check, held)
        return
    yield from _without_what_it_carried(run, check)
    for first, second, state in TWO_PAGES:
        yield from _two_pages(run, check, first, second, state)


TWO_PAGES: tuple[tuple[Wish, Wish, str], ...] = (
    ("approve", "approve", "granted"),
    ("approve", "deny", "granted"),
    ("deny", "approve", "denied"),
    ("deny", "deny", "denied"),
)
"""Two pages of one process are open: what is pressed on the first, then on the second, and what becomes of it."""


def _without_what_it_carried(run: Run, check: str) -> Found:
    for how in ("nothing", "a changed value", "an empty value"):
        began = begin(run)
        opened = _open(run, began, "approve")
        if opened is None or not opened.form.fields:
            return  # nothing to forge: what protects this page, we do not know
        fields = [] if how == "nothing" else list(opened.form.fields)
        change = flip if how == "a changed value" else lambda value: ""
        changed = opened.form._replace(fields=tuple((name, change(value)) for name, value in fields))
        walked = _press(run, opened._replace(form=changed))
        seen = collect(run, began)
        if 200 <= seen.seen.status < 300:
            title = f"a decision that carries {how} of what its page carried approves"
            yield broken(run, check, run.contract.start, _FORM, title, began.exchange, *walked, seen)
            return
        for exchange in walked:
            yield from fails_not(run, check, f"a decision with {how}", exchange)


def _two_pages(run: Run, check: str, first: Wish, second: Wish, state: str) -> Found:
    began = begin(run)
    one, other = _open(run, began, first), _open(run, began, second)
    wanted, operation = collected(run, state), run.contract.collect
    assert operation is not None
    if one is None or other is None or wanted is None:
        return
    walked = [*_press(run, one), *_press(run, one), *_press(run, other)]
    for exchange in walked:
        yield from fails_not(run, check, "a second click", exchange)
    reason = f"collected after {first} on one page and {second} on another one"
    found = status_finding(run, check, operation, wanted, reason, began.exchange, walked[-1], collect(run, began))
    if found:
        yield found


class Opened(NamedTuple):
    """A page of the consent that is open, and the button that will be pressed."""

    page: Exchange
    form: Form
    button: Button


def _open(run: Run, began: Began, wish: Wish) -> Opened | None:
    walked = visit(run.client, began.auth_uri, None)
    if not walked.ok:
        return None
    found = find_button(walked.exchanges[-1].seen.body.decode("utf-8", "replace"), wish)
    return Opened(walked.exchanges[-1], *found) if found else None


def _press(run: Run, opened: Opened) -> list[Exchange]:
    """Press the button, and go wherever that leads on the deployment's own pages."""
    page, form, button = opened
    url = urljoin(page.origin + page.sent.target, form.action or "")
    body = urlencode([*form.fields, *([(button.name, button.value)] if button.name else [])]).encode()
    walked = [get(run, url, form.method, body)]
    for _ in range(3):
        location = walked[-1].seen.header("location")
        if not location or walked[-1].seen.status not in (301, 302, 303):
            break
        url = urljoin(url, location)
        if urlsplit(url).netloc != urlsplit(page.origin).netloc:
            break
        walked.append(get(run, url))
    return walked


def redirect(run: Run) -> Found:
    """An auth_uri whose redirect_uri was changed leads nowhere else, neither at once nor after consent."""
    check = "pages.redirect"
    why = own_pages(run)
    if why or isinstance(held_way(run), str):
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
    check = "pages.script"
    why = own_pages(run)
    way = why or held_way(run)
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
        exchange = get(run, url)
        kind = (exchange.seen.header("content-type") or "text/html").partition(";")[0].strip().lower()
        if SCRIPT.encode()[2:] in exchange.seen.body and kind in ("text/html", "application/xhtml+xml"):
            yield broken(run, check, run.contract.start, _SCRIPT, "a page runs what stands in its URL", exchange)
            return
        yield from fails_not(run, check, "a script in the URL", exchange)


def pull_id(run: Run) -> Found:
    """The ``pull_id`` is between client and deployment: no page, cookie or URL of the browser has it.

    Where the link itself has it, who can open a page knows it anyway: ``bodies.auth-uri`` says so where it should not.
    """
    check = "pages.pull-id"
    why = own_pages(run)
    if why:
        yield NotRun(check, why)
        return
    wishes: tuple[Wish, ...] = ("approve", "deny")
    for wish in wishes:
        began = begin(run)
        if urlsplit(began.auth_uri).hostname != urlsplit(run.target.origin).hostname and not run.target.is_mock:
            yield NotRun(check, "the consent page is not the deployment's own")
            return
        if len(began.pull_id) < MIN_LENGTH or began.pull_id in unquote(began.auth_uri):
            return
        walked = visit(run.client, began.auth_uri, wish).exchanges
        for exchange in (*walked, *visit(run.client, began.auth_uri, None).exchanges):
            where = _place_of(began.pull_id, exchange)
            if where:
                title = f"pull_id reaches the browser: {where}"
                yield broken(run, check, run.contract.start, _UNSEEN, title, began.exchange, exchange, shape=where)
                return


def _place_of(secret: str, exchange: Exchange) -> str:
    """Where the browser meets a text, as it is or written in another way, ``""`` when it does not."""
    packed = base64.b64encode(secret.encode()).decode()[: len(secret)]
    forms = (secret, packed, packed.translate(str.maketrans("+/", "-_")))

    def stands_in(text: str) -> bool:
        return any(form in way for way in (text, unquote(text), html.unescape(text)) for form in forms)

    if stands_in(exchange.sent.target):
        return "in a URL"
    for name, value in exchange.seen.headers:
        if stands_in(value):
            names = {"location": "in the URL of a redirect", "set-cookie": "in a cookie"}
            return names.get(name.lower(), f"in the header {name}")
    return "in a page" if stands_in(exchange.seen.body.decode("utf-8", "replace")) else ""


CHECKS = (
    Check("pages.decision", "pages", "the decision's form cannot be forged", decisions, NEEDS),
    Check("pages.redirect", "pages", "no open redirect", redirect, NEEDS),
    Check("pages.script", "pages", "nothing from a URL is run", scripts, NEEDS),
    Check("pages.pull-id", "pages", "the browser never sees pull_id", pull_id, NEEDS),
)
