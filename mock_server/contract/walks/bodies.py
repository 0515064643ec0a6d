"""Exactness of the good answers: an ``auth_uri`` that opens, ids that nobody guesses, credentials to the letter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mock_server.codec.strict import NotStrict, read_strictly
from mock_server.contract.checks import Check
from mock_server.contract.consent import not_shown, visit
from mock_server.contract.model import Finding, NotRun, Promise
from mock_server.contract.profile import place_of
from mock_server.contract.run import Run
from mock_server.contract.walks.guess import ENOUGH_BITS, why_guessable
from mock_server.contract.walks.handshake import Began, answer_path, begin, collect
from mock_server.contract.walks.judge import broken, promise
from mock_server.contract.walks.tale import Found, Tale, walks_pages
from mock_server.fixture.model import Provider

STARTS = 50
"""So many ids are looked at; of so many random ones of 64 bits two are the same once in 10^16 runs."""
BEYOND_EXACT = 2**53
_ONCE = ("state", "nonce", "code_challenge")
"""Parameters of an authorization request that stand for one process (RFC 6749 §10.12, RFC 7636 §7.1)."""


def _documented(run: Run, key: str, text: str) -> Promise:
    assert run.contract.start is not None
    return Promise(key, text, "documented", place_of(run.contract.start, "responses", "200"))


def auth_uri(run: Run) -> Found:
    """Absolute, http or https, opens with a page; where it asks as OAuth2 does, it asks rightly."""
    check, operation = "bodies.auth-uri", run.contract.start
    began = begin(run)
    parts = urlsplit(began.auth_uri)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        told = _documented(run, "auth-uri-is-a-url", "auth_uri can be opened in any web browser")
        shown = f"it begins with {parts.scheme}:" if parts.scheme else "it has no scheme"
        yield broken(run, check, operation, told, f"auth_uri is no absolute http(s) URL: {shown}", began.exchange)
        return
    if any(char <= " " or char > "~" for char in began.auth_uri):
        told = promise("auth-uri-is-encoded", "a URL has neither blanks nor letters beyond ASCII", "RFC 3986 §2")
        yield broken(run, check, operation, told, "auth_uri is not encoded as a URL", began.exchange)
    yield from _query(run, check, began)
    if run.target.consent == "visit":
        yield from _opens(run, check, began)


def _query(run: Run, check: str, began: Began) -> Found:
    """What an authorization request needs (RFC 6749 §4.1.1), where it is one."""
    given = dict(parse_qsl(urlsplit(began.auth_uri).query, keep_blank_values=True))
    if "response_type" not in given and "client_id" not in given:
        return
    for name in ("response_type", "client_id", "state"):
        if not given.get(name):
            text = "an authorization request names response_type and client_id, and state against forgery"
            told = promise(f"auth-uri-has-{name}", text, "RFC 6749 §4.1.1, §10.12")
            yield broken(run, check, run.contract.start, told, f"auth_uri comes without {name}", began.exchange)
    if began.pull_id in given.values() or began.pull_id in began.auth_uri:
        text = "who only sees the link cannot collect: pull_id does not stand in auth_uri"
        told = Promise("pull-id-not-in-auth-uri", text, "assumed", place_of_source(run))
        yield broken(run, check, run.contract.start, told, "pull_id stands in auth_uri in clear", began.exchange)


def place_of_source(run: Run) -> str:
    """Where the document speaks of the start's answer."""
    assert run.contract.start is not None
    return place_of(run.contract.start, "responses", "200")


def _opens(run: Run, check: str, began: Began) -> Found:
    walked = visit(run.client, began.auth_uri, None)
    told = _documented(run, "auth-uri-opens", "auth_uri can be opened in any web browser")
    if not walked.ok:
        title = f"auth_uri does not open: {walked.why}"
        yield broken(run, check, run.contract.start, told, title, began.exchange, *walked.exchanges[-2:])
        return
    kind = not_shown(walked.exchanges[-1].seen, is_mock=run.target.is_mock)
    if kind:
        title = f"auth_uri opens {kind} in place of a page"
        yield broken(run, check, run.contract.start, told, title, began.exchange, walked.exchanges[-1])


def ids(run: Run) -> Found:
    """50 starts: every id is new, and none can be guessed from the others."""
    check, operation = "bodies.ids", run.contract.start
    begun = [begin(run) for _ in range(STARTS)]
    columns: dict[str, list[str]] = {"pull_id": [each.pull_id for each in begun]}
    queries = [dict(parse_qsl(urlsplit(each.auth_uri).query)) for each in begun]
    columns |= {name: [each[name] for each in queries] for name in _ONCE if all(name in each for each in queries)}
    uris = [each.auth_uri for each in begun]
    exchanges = [each.exchange for each in begun[:3]]
    for name, values in (*columns.items(), ("auth_uri", uris)):
        twice = len(values) - len(set(values))
        if twice:
            told = promise(f"{name}-is-unique", f"every process has its own {name}", "RFC 6749 §10.12")
            title = f"of {STARTS} starts {twice} give a {name} that was given before"
            yield broken(run, check, operation, told, title, *exchanges, shape=f"{name} twice")
    for name, values in columns.items():
        why = why_guessable(values)
        if why:
            text = f"{name} cannot be guessed: at least {ENOUGH_BITS} bits of chance"
            told = promise(f"{name}-is-unguessable", text, "RFC 6749 §10.10")
            yield broken(run, check, operation, told, f"{name} can be guessed: {why}", *exchanges, shape=name)
    for value in columns["pull_id"]:
        if any(char <= " " or char > "~" for char in value):
            told = _documented(run, "pull-id-is-a-token", "pull_id is a token: visible ASCII letters")
            yield broken(run, check, operation, told, "pull_id has blanks or letters beyond ASCII", *exchanges)
            break


def credentials(run: Run) -> Found:
    """Of every provider that a person decides for: a mock's are those of its fixtures, to the letter."""
    check = "bodies.credentials"
    why = walks_pages(run)
    if why:
        yield NotRun(check, why)
        return
    for provider in _providers(run):
        tale = Tale(run, check)
        told = tale.begin(provider)
        yield from tale.do("approve")
        yield from tale.do("collect")
        if told.answer is not None:
            yield from _whole_numbers(run, check, told.answer.seen.body, told.began)


def _providers(run: Run) -> list[Provider]:
    """A foreign deployment may not know each of ours."""
    usual = run.contract.provider()
    if not run.target.is_mock:
        return [usual] if usual else []
    able = run.contract.fixtures.providers.values()
    return [each for each in able if each.oauth2 and (each.consent == "ask" or each == usual) and each.after_s == 0]


def _whole_numbers(run: Run, check: str, body: bytes, began: Began) -> Found:
    """Ids beyond 2^53 are written as whole numbers: as 1.9e17 they have lost their last digits."""
    try:
        value = read_strictly(body)
    except NotStrict:
        return
    for name, number in _floats(value):
        if abs(number) >= BEYOND_EXACT:
            told = promise(
                "big-numbers-are-whole", "a number beyond 2^53 is written with all its digits", "RFC 8259 §6"
            )
            title = f"{name} is written as a floating number and has lost digits"
            yield broken(run, check, run.contract.collect, told, title, began.exchange, shape=name)


def _floats(value: Any, name: str = "the body") -> Iterator[tuple[str, float]]:
    if isinstance(value, float):
        yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _floats(item, str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _floats(item, name)


def no_more_than_asked(run: Run) -> Iterator[Finding | NotRun]:
    """What begins a process gives what it promises there, where the answer's fixture or schema has it."""
    check, began = "bodies.pair", begin(run)
    operation = run.contract.start
    for name in ("auth_uri", "pull_id"):
        value = began.auth_uri if name == "auth_uri" else began.pull_id
        if value.strip() != value:
            told = _documented(run, f"{name}-has-no-blanks", f"{name} is used as it is given")
            where = ".".join(answer_path(run, name))
            yield broken(run, check, operation, told, f"{where} has blanks around it", began.exchange)
    exchange = collect(run, began, auth_uri=began.auth_uri)
    alone = collect(run, began)
    if exchange.seen.status != alone.seen.status:
        text = "both fields of the answer are good for the next request, as its link says"
        told = _documented(run, "auth-uri-fits-pull-id", text)
        title = f"with the auth_uri that was given along collecting answers {exchange.seen.status}"
        yield broken(run, check, run.contract.collect, told, title, began.exchange, alone, exchange)


CHECKS = (
    Check("bodies.auth-uri", "bodies", "auth_uri is a URL that opens", auth_uri, ("handshake",)),
    Check("bodies.pair", "bodies", "auth_uri and pull_id belong together", no_more_than_asked, ("handshake",)),
    Check("bodies.ids", "bodies", "ids are new and cannot be guessed", ids, ("handshake",)),
    Check("bodies.credentials", "bodies", "credentials to the letter", credentials, ("handshake", "consent")),
)
