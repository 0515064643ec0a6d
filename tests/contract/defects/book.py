"""What a front remembers of the handshakes that went through it: enough to answer wrongly on purpose."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.contract.defects.model import COLLECT, START, Asked, Given, Middle, Send, dumps

CREDENTIALS: dict[str, Any] = {
    "access_token": "Sksosa43ma904mnfnmaklasioewjns.akjsadiuewq",
    "message": "Facebook Ads Connected Successfully",
    "userId": 12847564034,
    "status": 200,
    "clientId": 194785639383273120,
}


@dataclass
class Begun:
    """One handshake."""

    pull_id: str
    auth_uri: str
    state: str
    provider: str
    valid_s: float
    session: str
    began: float
    opened: bool = False
    decision: str = ""
    granted: bool = False
    collected: int = 0
    burnt: bool = False


@dataclass
class Book:
    """All of them, by pull_id and by state, and the time as this front's clients have moved it."""

    by_pull_id: dict[str, Begun] = field(default_factory=dict)
    by_state: dict[str, Begun] = field(default_factory=dict)
    by_code: dict[str, Begun] = field(default_factory=dict)
    by_ticket: dict[str, Begun] = field(default_factory=dict)
    moved_s: float = 0.0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def now(self) -> float:
        return time.time() + self.moved_s

    def of(self, asked: Asked) -> Begun | None:
        """The handshake that a request is about."""
        if asked.to(COLLECT):
            name = asked.fields.get("pull_id")
            return self.by_pull_id.get(name) if isinstance(name, str) else None
        query = query_of(asked.target)
        found = self.by_state.get(query.get("state", "")) or self.by_code.get(query.get("code", ""))
        return found or self.by_ticket.get(form_of(asked).get("ticket", ""))

    @property
    def last(self) -> Begun | None:
        return list(self.by_pull_id.values())[-1] if self.by_pull_id else None

    def learn(self, asked: Asked, given: Given) -> None:
        """What an exchange tells."""
        if asked.to(START) and given.status == 200:
            self._begun(asked, given)
            return
        begun = self.of(asked)
        if asked.target.endswith("/__mock/clock") and given.status == 200:
            self.moved_s += float(asked.fields.get("advance") or 0)
        if begun is None:
            return
        if asked.to(COLLECT) and given.status == 200:
            begun.collected += 1
        if is_page(asked) and given.status == 200:
            begun.opened = True
            ticket = given.body.partition(b'name="ticket" value="')[2].partition(b'"')[0].decode()
            self.by_ticket[ticket] = begun
        if is_decision(asked):
            begun.decision = form_of(asked).get("decision", "")
            code = query_of(given.header("location") or "").get("code", "")
            if code:
                self.by_code[code] = begun
        if is_callback(asked) and given.status == 200 and "code" in query_of(asked.target):
            begun.granted = True

    def _begun(self, asked: Asked, given: Given) -> None:
        fields = given.fields
        state = query_of(str(fields.get("auth_uri", ""))).get("state", "")
        valid = asked.fields.get("validity_duration", 300)
        begun = Begun(
            str(fields.get("pull_id")),
            str(fields.get("auth_uri")),
            state,
            str(asked.fields.get("datasource_id")),
            float(valid),
            asked.header("mock-session") or "default",
            self.now(),
        )
        self.by_pull_id[begun.pull_id] = self.by_state[state] = begun


def query_of(target: str) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(target).query).items()}


def form_of(asked: Asked) -> dict[str, str]:
    text = asked.body.decode("latin-1") if is_decision(asked) else ""
    return {key: values[0] for key, values in parse_qs(text).items()}


def is_page(asked: Asked) -> bool:
    return asked.method == "GET" and asked.path.endswith("/authorize")


def is_decision(asked: Asked) -> bool:
    return asked.method == "POST" and asked.path.endswith("/consent")


def is_callback(asked: Asked) -> bool:
    return asked.method == "GET" and ("oauthcallback" in asked.path or "oauth2_callback" in asked.path)


def page(text: str = "Connected. You can close this window.", status: int = 200) -> Given:
    body = f"<!doctype html><title>{text}</title><p>{text}</p>".encode()
    return Given(status, (("content-type", "text/html; charset=utf-8"),), body)


def credentials(begun: Begun | None = None) -> Given:
    from tests.contract.defects.answers import GOOGLE

    value = GOOGLE if begun and begun.provider == "google_ads" else CREDENTIALS
    return Given(200, (("content-type", "application/json"),), dumps(value))


def decide(send: Send, begun: Begun, decision: str) -> None:
    """As a person would, by the mock's control API."""
    path = f"/__mock/handshakes/{begun.pull_id}/decide"
    send(Asked("POST", path, (("Host", "localhost"), ("Mock-Session", begun.session)), dumps({"decision": decision})))
    begun.granted = begun.granted or decision == "approve"


Knowing = Callable[[Asked, Send, Book], Given]


def booked(knowing: Knowing) -> Callable[[random.Random], Middle]:
    """With a book that is kept of all answers that go out."""

    def make(chance: random.Random) -> Middle:
        book = Book()

        def middle(asked: Asked, send: Send) -> Given:
            given = knowing(asked, send, book)
            with book.lock:
                book.learn(asked, given)
            return given

        return middle

    return make


def judging(spoil: Callable[[Asked, Given, Book, Begun | None], Given]) -> Callable[[random.Random], Middle]:
    """Spoils answers, knowing which handshake they are about."""

    def knowing(asked: Asked, send: Send, book: Book) -> Given:
        given = send(asked)
        with book.lock:
            return spoil(asked, given, book, book.of(asked))

    return booked(knowing)


def asking(mend: Callable[[Asked, Book, Begun | None], Asked]) -> Callable[[random.Random], Middle]:
    """Changes requests, knowing which handshake they are about."""

    def knowing(asked: Asked, send: Send, book: Book) -> Given:
        with book.lock:
            mended = mend(asked, book, book.of(asked))
        return send(mended)

    return booked(knowing)
