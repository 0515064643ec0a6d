"""What happens to handshakes, told in words, beside a model of what should become of them.

A tale is a list of words such as ``begin open approve collect``; ``approve:1`` speaks of the second
handshake. The model is a table; whatever is collected is held to the state that the model is in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from mock_server.codec.strict import NotStrict, read_strictly
from mock_server.contract.consent import Consented, Wish, visit
from mock_server.contract.model import Exchange, Finding, NotRun, Sent
from mock_server.contract.run import Run
from mock_server.contract.walks.exact import same_value
from mock_server.contract.walks.handshake import (
    Began,
    begin,
    collect,
    collect_request,
    collected,
    not_consented,
    not_promised,
)
from mock_server.contract.walks.judge import broken, status_finding
from mock_server.fixture.model import Provider

Found = Iterator[Finding | NotRun]
AFTER: Mapping[tuple[str, str], str] = {
    ("asked", "open"): "opened",
    ("asked", "approve"): "granted",
    ("opened", "approve"): "granted",
    ("asked", "deny"): "denied",
    ("opened", "deny"): "denied",
    ("asked", "fail"): "failed",
    ("opened", "fail"): "failed",
    ("granted", "collect"): "collected",
    ("asked", "expire"): "expired",
    ("opened", "expire"): "expired",
    ("granted", "expire"): "expired",
    ("collected", "expire"): "expired",
    ("abandoned", "expire"): "expired",
}
"""``(state, what happens) -> state``; what is not in it changes nothing."""
PAGE: Mapping[str, Wish] = {"approve": "approve", "deny": "deny", "fail": "fail"}
GOOD = ("granted", "collected")
AUTOMATIC = {"approve": "granted", "deny": "denied", "fail": "failed", "unavailable": "failed", "abandon": "abandoned"}
"""What a provider's own ``consent:`` makes of a handshake when it begins."""

FALSE_IDS: Mapping[str, str] = {
    "changed": "{head}{flipped}{tail}",
    "with another last letter": "{cut}{last}",
    "truncated": "{cut}",
    "of upper-case letters": "{swapped}",
    "with a blank before": " {id}",
    "with a blank behind": "{id} ",
    "with something behind": "{id}x",
    "blank": " ",
    "empty": "",
    "with a line break behind": "{id}\n",
    "with NUL and more behind": "{id}\0x",
    "twice": "{id}{id}",
    "in quotes": '"{id}"',
    "percent-encoded": "{encoded}",
    "very long": "{id}{long}",
    "like a signed token": "eyJhbGciOiJub25lIn0.eyJpZCI6MX0.",
    "with a wildcard": "%",
    "of SQL": "' OR '1'='1",
}
"""What is sent in place of a pull_id. None of them was ever given out."""


FALSE_URIS: Mapping[str, Callable[[str], str]] = {
    "in other capitals": str.swapcase,
    "with a blank before": " {}".format,
    "with a blank behind": "{} ".format,
    "with a letter more": "{}x".format,
    "with a parameter more": "{}&contract=1".format,
    "without its last letter": lambda uri: uri[:-1],
    "without its query": lambda uri: uri.partition("?")[0],
    "of another host": lambda uri: f"https://contract.invalid/{uri.partition('://')[2].partition('/')[2]}",
}
"""What is sent in place of the auth_uri, beside the right pull_id."""


def false_id(how: str, pull_id: str) -> str:
    """A pull_id changed as the table says.

    >>> false_id("truncated", "abcdef")
    'abcde'
    """
    middle = len(pull_id) - 5
    flipped = "A" if pull_id[middle] != "A" else "B"
    return FALSE_IDS[how].format(
        id=pull_id, head=pull_id[:middle], flipped=flipped, tail=pull_id[middle + 1 :], cut=pull_id[:-1],
        swapped=pull_id.swapcase(), last="A" if pull_id[-1] != "A" else "B", long="x" * 5000,
        encoded="".join(f"%{byte:02X}" for byte in pull_id.encode()),
    )  # fmt: skip


@dataclass(slots=True)
class Told:
    """One handshake of a tale. ``age_s`` counts only the time that the tale itself has moved."""

    began: Began
    state: str
    provider: Provider | None
    valid_s: float | None = None
    age_s: float = 0.0
    exchanges: list[Exchange] = field(default_factory=list)
    answer: Exchange | None = None
    """Its first good answer: later ones must be the same."""

    def happens(self, event: str) -> None:
        """As the table says."""
        self.state = AFTER.get((self.state, event), self.state)


@dataclass(slots=True)
class Tale:
    """Tells it to the deployment and to the model at once."""

    run: Run
    check: str
    said: list[str] = field(default_factory=list)
    handshakes: list[Told] = field(default_factory=list)

    def tell(self, words: str) -> Found:
        """Word by word; what comes after a defect builds upon it and is left out."""
        for word in words.split():
            name, _, number = word.partition(":")
            found = list(self.do(name, int(number or 0)))
            yield from found
            if any(isinstance(each, Finding) for each in found):
                return

    def do(self, word: str, number: int = 0) -> Found:
        """One word about one handshake."""
        self.said.append(f"{word}:{number}" if number else word)
        if word == "begin":
            self.begin()
            return
        told = self.handshakes[number]
        match word:
            case "open":
                self._page(told, None)
            case "peek":
                self._peek(told)
            case "approve" | "deny" | "fail":
                yield from self._decide(told, word)
            case "collect":
                yield from self._collect(told, told.state)
                told.happens("collect")
            case "collect-with-uri":
                uri = told.began.auth_uri
                yield from self._collect(told, told.state, auth_uri=uri)
                told.happens("collect")
            case "collect-with-other-uri":
                other = self.handshakes[number - 1].began.auth_uri
                yield from self._collect(told, "mismatched", auth_uri=other)
            case "collect-as-other":
                if self.run.target.tokens.other:
                    yield from self._collect(told, "foreign", token=self.run.target.tokens.other)
            case "collect-unauthorized":
                self._unauthorized(told)
            case _:
                yield from self.collect_false(told, word.replace("-", " "))

    def begin(self, provider: Provider | None = None, /, **changes: object) -> Told:
        """A fresh handshake. Raises ``Blocked``."""
        who = provider or self.run.contract.provider()
        began = begin(self.run, provider, **changes)
        state = "asked" if who is None or who.consent == "ask" else AUTOMATIC[who.consent]
        told = Told(began, state, who, exchanges=[began.exchange])
        self.handshakes.append(told)
        return told

    def collect_false(self, told: Told, how: str) -> Found:
        """With a pull_id that was never given out; it burns nothing."""
        pull_id = false_id(how, told.began.pull_id)
        if pull_id == told.began.pull_id or any(pull_id == each.began.pull_id for each in self.handshakes):
            return
        self.run.secrets.learn(pull_id)
        # Whether an id is unknown or forged only the deployment knows: where the two differ, either will do.
        wanted = [collected(self.run, state) for state in ("unknown", "forged")]
        exchange = collect(self.run, told.began, pull_id=pull_id)
        if any(each is not None and each.status == exchange.seen.status for each in wanted):
            return
        yield from self._judge(told, "forged", f"collected with a pull_id {how}", exchange)

    def _peek(self, told: Told) -> None:
        """HEAD on its page, as mail scanners and previews do: a safe method changes nothing (RFC 9110 §9.2.1)."""
        parts = urlsplit(told.began.auth_uri)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        sent = Sent("HEAD", target, (("Accept", "*/*"),), b"")
        told.exchanges.append(self.run.client.send(sent, origin=f"{parts.scheme}://{parts.netloc}"))

    def _unauthorized(self, told: Told) -> None:
        """By somebody without a token, with one that nobody knows, and with one that lacks the scope.

        What they are answered other walks judge; here it matters that it burns nothing.
        """
        target, request = self.run.target, collect_request(self.run, told.began.pull_id)
        unknown = f"contract-{self.run.chance.getrandbits(64):016x}"
        for token in dict.fromkeys((None, unknown, target.tokens.without_scope)):
            told.exchanges.append(self.run.send(request.sent(target.base, token), request.operation))

    def collect_elsewhere(self, told: Told, auth_uri: str, reason: str) -> Found:
        """With an auth_uri that is not its own; it burns nothing."""
        yield from self._judge(told, "mismatched", reason, collect(self.run, told.began, auth_uri=auth_uri))

    def _collect(self, told: Told, state: str, token: str | None = None, auth_uri: str | None = None) -> Found:
        assert self.run.contract.collect is not None
        where = self.run.contract.fixtures.operations[self.run.contract.collect.key].collect
        if state == "collected" and where and where.single_use:
            state = "spent"
        exchange = collect(self.run, told.began, token, auth_uri=auth_uri)
        yield from self._judge(told, state, f"collected after {' '.join(self.said[:-1])}", exchange)
        if state in GOOD:
            yield from self._same(told, exchange)

    def _judge(self, told: Told, state: str, reason: str, exchange: Exchange) -> Found:
        operation = self.run.contract.collect
        assert operation is not None
        wanted = collected(self.run, state)
        if wanted is None:
            yield not_promised(self.check, operation, f"the handshake is {state}")
            return
        found = status_finding(
            self.run, self.check, operation, wanted, reason, *told.exchanges[-3:], exchange, provider=told.provider
        )
        if found:
            yield found

    def _same(self, told: Told, exchange: Exchange) -> Found:
        if told.answer is None:
            told.answer = exchange
            return
        try:
            one, other = read_strictly(told.answer.seen.body), read_strictly(exchange.seen.body)
        except NotStrict:
            return  # the witness says so
        wanted = collected(self.run, "collected")
        if wanted is not None and not same_value(one, other):
            promise = wanted.promise._replace(key="same-answer-again", text="a second collection gives the same answer")
            title = "collected again, the answer is another"
            yield broken(self.run, self.check, self.run.contract.collect, promise, title, told.answer, exchange)

    def _page(self, told: Told, wish: Wish | None) -> Consented:
        walked = visit(self.run.client, told.began.auth_uri, wish)
        told.exchanges.extend(walked.exchanges[-2:])
        if wish is None and walked.ok:
            told.happens("open")
        return walked

    def _decide(self, told: Told, word: str) -> Found:
        pending = told.state in ("asked", "opened")
        if self.run.target.consent != "visit":
            if word == "approve" and pending and self.run.consent(told.began.auth_uri).ok:
                told.happens("approve")
            return
        walked = self._page(told, PAGE[word])
        if walked.ok:
            told.happens(word)
        elif word == "approve" and pending:
            yield not_consented(self.run, self.check, walked, *told.exchanges)
        elif pending:
            yield NotRun(self.check, f"{word}: {walked.why}")


def walks_pages(run: Run) -> str:
    """Why handshakes cannot be told, ``""`` when they can: somebody has to walk the pages."""
    provider = run.contract.provider()
    if provider is None:
        return "the fixtures have no provider"
    if provider.consent != "ask":
        return "" if provider.after_s == 0 else "consent is given by itself, some time later"
    if run.target.consent != "visit" and not run.target.consent.startswith("command:"):
        return "only where the consent page is walked (--consent visit or command:CMD)"
    return ""
