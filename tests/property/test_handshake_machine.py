"""Random walks through the application against a small model: operation 2 always says what the model says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, initialize, invariant, multiple, rule

from tests.examples import examples
from tests.property.asgi import TOKEN, Answer, Header, InProcess
from tests.web.walk import query, read_page, with_query

OTHER: Header = (b"authorization", b"Bearer other-token")
TOKENS = {"acme": TOKEN, "globex": OTHER}
FORM: Header = (b"content-type", b"application/x-www-form-urlencoded")
CODE_S, PAGE_S = 60, 3600

Phase = Literal["waiting", "approved", "granted", "denied", "failed", "abandoned"]
MESSAGES = {
    "waiting": "consent is pending",
    "approved": "consent is pending",
    "abandoned": "consent is pending",
    "denied": "consent was denied",
    "failed": "the provider failed",
    "expired": "the OAuth2 process has expired",
}


@dataclass(eq=False)
class Process:
    """What the model knows of one handshake."""

    auth_uri: str
    pull_id: str
    provider: str
    account: str
    ends_at: float
    phase: Phase = "waiting"


@dataclass(eq=False)
class Page:
    process: Process
    action: str
    ticket: str
    ends_at: float
    used: bool = False
    link: Link | None = None
    """Where Approve sent the browser: until that code is used up, a second click goes there again."""


@dataclass(eq=False)
class Link:
    """Where the browser was sent back to: with a code, or with an error."""

    process: Process
    uri: str
    kind: Literal["code", "failing code", "deny", "fail"]
    ends_at: float
    used: bool = False


class HandshakeMachine(RuleBasedStateMachine):
    processes: Bundle[Process] = Bundle("processes")
    pages: Bundle[Page] = Bundle("pages")
    links: Bundle[Link] = Bundle("links")

    def __init__(self) -> None:
        super().__init__()
        self.app = InProcess()
        self.now = 0.0
        self.known: list[Process] = []
        self.app.post("/__mock/clock", {"freeze": True, "set": 0})

    def teardown(self) -> None:
        self.app.close()

    # The model

    def state(self, process: Process) -> str:
        over = self.now >= process.ends_at and process.phase not in ("denied", "failed")
        return "expired" if over else process.phase

    def pending(self, process: Process) -> bool:
        return self.state(process) in ("waiting", "approved")

    # What can happen

    @initialize(target=links)
    def first(self) -> Link | MultipleResults[Link]:
        return self.begin_and_press("acme", "approve")

    @rule(target=processes, link=links)
    def of(self, link: Link) -> Process:
        return link.process

    @rule(
        target=links,
        account=st.sampled_from(["acme", "globex"]),
        decision=st.sampled_from(["approve", "approve", "fail-token", "deny", "fail"]),
    )
    def begin_and_press(self, account: str, decision: str) -> Link | MultipleResults[Link]:
        """A short cut to where it becomes interesting."""
        return self.press(self.open(self.begin("fb", account, 300)), decision)

    @rule(
        target=processes,
        provider=st.sampled_from(["fb", "google_ads", "salesforce"]),
        account=st.sampled_from(["acme", "globex"]),
        duration=st.sampled_from([300, 301, 4000, 43_200]),
    )
    def begin(self, provider: str, account: str, duration: int) -> Process:
        body = {"datasource_id": provider, "validity_duration": duration}
        answer = self.app.post("/api/oauth2", body, TOKENS[account])
        assert answer.status == 200
        process = Process(**answer.json(), provider=provider, account=account, ends_at=self.now + duration)
        self.known.append(process)
        return process

    @rule(target=pages, process=processes)
    def open(self, process: Process) -> Page | MultipleResults[Page]:
        answer = self.get(process.auth_uri)
        assert answer.status == 200
        page = read_page(answer.text)
        assert bool(page.ticket) == self.pending(process)
        if self.pending(process):
            process.phase = "waiting"
        return Page(process, page.action, page.ticket, self.now + PAGE_S) if page.ticket else multiple()

    @rule(
        target=links,
        page=pages,
        decision=st.sampled_from(["approve", "approve", "deny", "fail", "unavailable", "fail-token", "abandon"]),
    )
    def press(self, page: Page, decision: str) -> Link | MultipleResults[Link]:
        form = urlencode({"ticket": page.ticket, "decision": decision}).encode()
        answer = self.app("POST", page.action, form, [FORM])
        if page.used or self.now >= page.ends_at:
            again = decision in ("approve", "fail-token") and page.link and not page.link.used
            if again and page.link and self.now < page.link.ends_at:
                assert (answer.status, answer.headers[b"location"].decode()) == (303, page.link.uri)
            else:
                assert answer.status == 400
            return multiple()
        page.used = True
        process = page.process
        if decision == "abandon":
            assert answer.status == 200
            if self.state(process) == "waiting":
                process.phase = "abandoned"
            return multiple()
        assert answer.status == 303
        location = answer.headers[b"location"].decode()
        if decision in ("approve", "fail-token"):
            if self.state(process) == "waiting":
                process.phase = "approved"
            kind: Any = "code" if decision == "approve" else "failing code"
            page.link = Link(process, location, kind, self.now + CODE_S)
            return page.link
        return Link(process, location, "deny" if decision == "deny" else "fail", float("inf"))

    @rule(link=links)
    def follow(self, link: Link) -> None:
        process = link.process
        answer = self.get(link.uri)
        works = self.pending(process)
        if link.kind in ("code", "failing code"):
            works = works and not link.used and self.now < link.ends_at
            link.used = link.used or works
        elif link.kind == "deny":
            works = works and process.phase == "waiting"
        assert answer.status == (200 if works else 400), (link, answer.text)
        if works:
            ends: dict[str, Phase] = {"code": "granted", "failing code": "failed", "deny": "denied", "fail": "failed"}
            process.phase = ends[link.kind]

    @rule(
        link=links,
        other=links,
        how=st.sampled_from(
            ["state", "code", "iss", "no state", "no code", "no iss", "twice", "path", "others", "error"]
        ),
    )
    def forge(self, link: Link, other: Link, how: str) -> None:
        uri, given, theirs = link.uri, query(link.uri), query(other.uri)
        answered = "code" if "code" in given else "error"
        forged = {
            "state": lambda: with_query(uri, state=changed(given["state"])),
            "code": lambda: with_query(uri, code=changed(given.get("code", "x" * 45)), error=None),
            "iss": lambda: with_query(uri, iss=given["iss"] + "/"),
            "no state": lambda: with_query(uri, state=None),
            "no code": lambda: with_query(uri, **{answered: None}),
            "no iss": lambda: with_query(uri, iss=None),
            "twice": lambda: with_query(uri, state=[given["state"]] * 2),
            "path": lambda: uri.replace("/oauthcallback/", "/oauthcallback/x"),
            "others": lambda: with_query(uri, code=theirs.get("code", "x"), error=None),
            "error": lambda: with_query(uri, error="access_denied", code="x"),
        }[how]()
        if how == "others" and other.process is link.process:
            return
        assert self.get(forged).status == 400

    @rule(process=processes, decision=st.sampled_from(["approve", "deny", "fail", "unavailable", "abandon"]))
    def decide(self, process: Process, decision: str) -> None:
        answer = self.app.post(f"/__mock/handshakes/{quote(process.pull_id)}/decide", {"decision": decision})
        state = self.state(process)
        works = state == "waiting" or (state == "approved" and decision in ("approve", "fail", "unavailable"))
        assert answer.status == (200 if works else 409), (state, decision, answer)
        if works:
            ends: dict[str, Phase] = {"approve": "granted", "deny": "denied", "abandon": "abandoned"}
            process.phase = ends.get(decision, "failed")

    @rule(seconds=st.sampled_from([0.5, 1, 59, 60, 240, 299, 300, 3600, 43_199]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        assert self.app.post("/__mock/clock", {"advance": seconds}).json()["now"] == self.now

    @rule(process=processes, with_uri=st.booleans())
    def collect(self, process: Process, with_uri: bool) -> None:
        body = {"pull_id": process.pull_id, **({"auth_uri": process.auth_uri} if with_uri else {})}
        answer = self.app.post("/api/oauth2/credentials", body, TOKENS[process.account])
        state = self.state(process)
        if state == "granted":
            assert answer.status == 200
            names = {"fb": "Facebook Ads", "google_ads": "Google Ads", "salesforce": "Salesforce"}
            assert answer.json()["message"] == f"{names[process.provider]} Connected Successfully"
        else:
            assert (answer.status, answer.json()["message"]) == (402, MESSAGES[state])

    @rule(
        process=processes,
        other=processes,
        how=st.sampled_from(["altered", "cut", "account", "session", "others uri", "state", "mixed", "no token"]),
    )
    def collect_forged(self, process: Process, other: Process, how: str) -> None:
        body = {"pull_id": process.pull_id}
        headers: list[Header] = [TOKENS[process.account]]
        match how:
            case "altered":
                body["pull_id"] = changed(process.pull_id)
            case "cut":
                body["pull_id"] = process.pull_id[:-1]
            case "account":
                headers = [TOKENS["globex" if process.account == "acme" else "acme"]]
            case "session":
                headers.append((b"mock-session", b"elsewhere"))
            case "others uri":
                body["auth_uri"] = other.auth_uri if other is not process else process.auth_uri + "&"
            case "state":
                body["pull_id"] = parse_qs(urlsplit(process.auth_uri).query)["state"][0]
            case "mixed":
                if other is process:
                    return
                body["pull_id"] = process.pull_id.partition(".")[0] + "." + other.pull_id.partition(".")[2]
            case _:
                headers = []
        answer = self.app("POST", "/api/oauth2/credentials", json.dumps(body).encode(), headers)
        assert answer.status == 403, (how, answer)

    @rule(page=pages, decision=st.sampled_from(["approve", "deny"]), how=st.sampled_from(["altered", "provider", "x"]))
    def press_forged(self, page: Page, decision: str, how: str) -> None:
        ticket, action = page.ticket, page.action
        if how == "altered":
            ticket = changed(ticket or "x")
        elif how == "provider":
            action = "/__provider/" + ("fb" if page.process.provider != "fb" else "google_ads") + "/consent"
        else:
            decision = "grant"
        form = urlencode({"ticket": ticket, "decision": decision}).encode()
        assert self.app("POST", action, form, [FORM]).status == 400

    @invariant()
    def the_control_api_agrees(self) -> None:
        """All handshakes at once, in the order in which they began."""
        names = {"waiting": {"asked", "opened"}, "granted": {"granted", "collected"}}
        listed = self.app("GET", "/__mock/handshakes").json()["handshakes"]
        assert len(listed) == len(self.known)
        for process, shown in zip(reversed(self.known), listed, strict=True):
            state = self.state(process)
            assert shown["state"] in names.get(state, {state})

    def get(self, uri: str) -> Answer:
        parts = urlsplit(uri)
        return self.app("GET", f"{parts.path}?{parts.query}")


def changed(text: str) -> str:
    return text[:-1] + ("A" if text[-1] != "A" else "B")


HandshakeMachine.TestCase.settings = settings(
    max_examples=examples(150), stateful_step_count=40, suppress_health_check=list(HealthCheck)
)
TestHandshakeMachine = HandshakeMachine.TestCase
