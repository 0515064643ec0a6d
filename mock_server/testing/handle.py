"""What a test holds of the mock: one session of it, to be steered, asked about and asserted on."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from mock_server.testing.ask import SESSION_HEADER, Channel, Control, Refused
from mock_server.testing.claims import Claim, claim, of_order
from mock_server.testing.clock import SessionClock
from mock_server.testing.entry import Entry, read_entry, tell
from mock_server.testing.wishes import Misused

__tracebackhide__ = True  # pytest shows the line of the test
PAUSE_S = 0.02
MAX_ENTRIES = 1_000
LIVE_STATES = ("asked", "opened", "approved")


class MockServer:
    """One session of a mock. Nothing that another session does is seen here, and the other way round.

    Whatever has no such name (operation, response, scenario, handshake) raises ``Refused`` with what there is.
    """

    def __init__(self, channel: Channel, session: str, *, tells: bool = True) -> None:
        self.session = session
        self.clock = SessionClock(Control(channel, session))
        self._channel = channel
        self._control = Control(channel, session)
        self._tells = tells  # whether a failed assertion shows the journal: under pytest the report has it

    def __repr__(self) -> str:
        return f"<MockServer session {self.session}>"

    # ------------------------------------------------------------------------------------------------ where it is

    @property
    def url(self) -> str:
        """``http://127.0.0.1:41233/__mock/s/test``: the whole mock in this session, for clients that send no header."""
        return f"{self._channel.origin}/__mock/s/{self.session}"

    @property
    def api(self) -> str:
        """``url`` with the base path of the operations: ``…/__mock/s/test/api``."""
        return self.url + self._channel.base

    @property
    def origin(self) -> str:
        """``http://127.0.0.1:41233``. A request there belongs to this session when it sends ``headers``."""
        return self._channel.origin

    @property
    def headers(self) -> dict[str, str]:
        """``{"mock-session": "test"}``."""
        return {SESSION_HEADER: self.session}

    @property
    def app(self) -> Any:
        """An ASGI application in this process, without a port; its requests belong to this session."""
        from mock_server.testing.clients import asgi_app

        return asgi_app(self._house("an application"), self.session)

    def client(self, **options: Any) -> Any:
        """A ``Client`` of httpx2 or httpx for ``api``, over the port; ``options`` are the client's own."""
        from mock_server.testing.clients import library

        return library().Client(**{"base_url": self.api, **options})

    def async_client(self, **options: Any) -> Any:
        """An ``AsyncClient`` for ``api``, over the port."""
        from mock_server.testing.clients import library

        return library().AsyncClient(**{"base_url": self.api, **options})

    def client_without_port(self, **options: Any) -> Any:
        """A ``Client`` that is answered in this process, without a socket; it is never open, so never left open."""
        return self._without_port("Client", options)

    def async_client_without_port(self, **options: Any) -> Any:
        """The same as an ``AsyncClient``, for asyncio and trio."""
        return self._without_port("AsyncClient", options)

    def transport(self) -> Any:
        """What those two are made of: a transport for clients of httpx2 or httpx, synchronous and asynchronous."""
        from mock_server.testing.clients import WithoutPort, library

        return WithoutPort(self._house("a transport"), library())

    def _without_port(self, kind: str, options: Mapping[str, Any]) -> Any:
        from mock_server.testing.clients import library

        house = self._house("a client without a port")
        origin = house.origin if house.has_port else "http://localhost"
        base_url = f"{origin}/__mock/s/{self.session}{house.base}"
        return getattr(library(), kind)(**{"base_url": base_url, "transport": self.transport(), **options})

    def _house(self, what: str) -> Any:
        if not hasattr(self._channel, "submit"):
            raise Misused(f"the mock at {self.origin} runs elsewhere: {what} there is only for one of this process")
        return self._channel

    # ------------------------------------------------------------------------------------------------- steering it

    def next(self, operation: str, response: str, times: int | Literal["always"] = 1) -> None:
        """Have the next requests of an operation answered by a response of that name, or ``"always"``."""
        body = {"operation": operation, "response": response, "times": times}
        self._control("POST", "/next", body, near=(operation, response))

    def scenario(self, name: str | None) -> None:
        """Have a scenario answer from here on; None ends it."""
        self._control("PUT", "/scenario", {"scenario": name}, near=(name or "",))

    def approve(self, pull_id: str | None = None) -> None:
        """Consent at the provider, and its callback. Without ``pull_id`` the only handshake that is open."""
        self._decide("approve", pull_id)

    def deny(self, pull_id: str | None = None) -> None:
        """Consent is refused."""
        self._decide("deny", pull_id)

    def fail(self, pull_id: str | None = None) -> None:
        """The provider fails."""
        self._decide("fail", pull_id)

    def abandon(self, pull_id: str | None = None) -> None:
        """The person closes the page and never decides."""
        self._decide("abandon", pull_id)

    def expire(self, pull_id: str | None = None) -> None:
        """Its time is over, whatever the clock says."""
        self._decide("expire", pull_id)

    def handshakes(self) -> list[dict[str, Any]]:
        """The session's handshakes, the newest first: ``[{"id": "…", "state": "asked", "provider": "fb", …}]``."""
        found: list[dict[str, Any]] = self._control("GET", "/handshakes")["handshakes"]
        return found

    def fault(
        self,
        fault: str | None = None,
        operation: str | None = None,
        *,
        delay: str | Mapping[str, Any] | None = None,
        speed: int | None = None,
        times: int | None = None,
        every: int | None = None,
        probability: float | None = None,
        status: int | None = None,
    ) -> None:
        """Break answers from here on, besides what breaks already: ``fault("reset", "POST /oauth2", times=1)``.

        The words are those of a fixture's ``faults:``, so ``delay="2s"``; counting begins again.
        """
        said = {"fault": fault, "operation": operation, "delay": delay, "speed": speed, "times": times,
                "every": every, "probability": probability, "status": status}  # fmt: skip
        now = self._control("GET", "/faults")
        before = [{key: value for key, value in each.items() if key != "seen"} for each in now["faults"] if now["set"]]
        rule = {key: value for key, value in said.items() if value is not None}
        self._control("PUT", "/faults", {"faults": [*before, rule]}, near=(fault or "",))

    def network(self, profile: str) -> None:
        """Put a network in front of every answer: ``3g``, ``slow``, ``flaky``, ``offline``, or ``none``."""
        self._control("PUT", "/faults", {"profile": profile}, near=(profile,))

    def no_faults(self) -> None:
        """Nothing breaks any more but what the server was started with."""
        self._control("DELETE", "/faults")

    def reset(self) -> None:
        """As if nothing had happened in this session: journal, handshakes, clock, scenario, queue, faults."""
        self._control("POST", "/reset")

    # ----------------------------------------------------------------------------------------------- asking about it

    @property
    def journal(self) -> list[Entry]:
        """What was asked in this session and what was answered, the oldest first; secrets are masked."""
        found: list[Mapping[str, Any]] = self._control("GET", "/journal", limit=MAX_ENTRIES)["entries"]
        return [read_entry(each) for each in found]

    def story(self) -> str:
        """The journal for people."""
        return tell(self.journal, self.session)

    def requests(
        self,
        operation: str | None = None,
        *,
        status: int | str | None = None,
        where: Mapping[str, Any] | None = None,
        response: str | None = None,
    ) -> list[Entry]:
        """The entries that fit, the oldest first. ``where`` has the words of a fixture's ``when:``."""
        wanted = claim(operation, status=status, where=where, response=response, at_least=0)
        matched = set(self._verified(wanted)["matched"])
        return [each for each in self.journal if each.id in matched]

    def assert_called(
        self,
        operation: str | None = None,
        *,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        status: int | str | None = None,
        where: Mapping[str, Any] | None = None,
        response: str | None = None,
        within: float = 0,
    ) -> list[Entry]:
        """The entries that fit: once at least, or as often as is said. ``within`` waits so many seconds for it.

        Raises ``AssertionError`` with the nearest entries and their differences.
        """
        wanted = claim(operation, status=status, where=where, response=response, times=times, at_least=at_least,
                       at_most=at_most)  # fmt: skip
        matched = set(self._asserted(wanted, within)["matched"])
        return [each for each in self.journal if each.id in matched]

    def assert_not_called(
        self,
        operation: str | None = None,
        *,
        status: int | str | None = None,
        where: Mapping[str, Any] | None = None,
        response: str | None = None,
    ) -> None:
        """Raises ``AssertionError`` when anything fits."""
        self._asserted(claim(operation, status=status, where=where, response=response, times=0), 0)

    def assert_in_order(self, *patterns: str | Mapping[str, Any], within: float = 0) -> None:
        """Each after the one before, others may come between: operations, or ``{"operation": …, "where": …}``."""
        self._asserted(of_order(patterns), within)

    def lint(self, *, only: Iterable[str] = (), without: Iterable[str] = ()) -> list[dict[str, Any]]:
        """What the *client* does wrong: ``[{"rule": "retries-forbidden", "severity": "error", "message": …}]``."""
        return self._findings(only, without, None)

    def assert_lint_clean(
        self, *, only: Iterable[str] = (), without: Iterable[str] = (), severity: str = "warning"
    ) -> None:
        """Raises ``AssertionError`` for what the client does wrong, when it is at least as bad as ``severity``."""
        found = self._findings(only, without, severity)
        if found:
            lines = [f"{each['severity']} {each['rule']}: {each['message']}\n    {each['advice']}" for each in found]
            raise AssertionError(self._with_story("\n".join([f"{len(found)} finding(s) about the client", *lines])))

    # ------------------------------------------------------------------------------------------------------- inside

    def begin(self) -> None:
        """Requests that name no session belong to this one from here on; only for a mock of this process."""
        if hasattr(self._channel, "submit"):
            self._house("").app.running = self.session

    def end(self) -> None:
        """Forget the session."""
        if hasattr(self._channel, "submit") and self._house("").app.running == self.session:
            self._house("").app.running = None
        self.reset()

    def _decide(self, decision: str, pull_id: str | None) -> None:
        name = pull_id if pull_id is not None else self._handshake(None)["id"]
        self._control("POST", f"/handshakes/{name}/decide", {"decision": decision})

    def _handshake(self, pull_id: str | None) -> dict[str, Any]:
        if pull_id is not None:
            return self._control("GET", f"/handshakes/{pull_id}")
        found = self.handshakes()
        is_open = [each for each in found if each["state"] in LIVE_STATES]
        if len(is_open) == 1:
            return is_open[0]
        states = ", ".join(each["state"] for each in found) or "none at all"
        raise Misused(f"{len(is_open)} handshakes are open (there are: {states}); say which one by its pull_id")

    def _findings(self, only: Iterable[str], without: Iterable[str], severity: str | None) -> list[dict[str, Any]]:
        only_text, without_text = ",".join(_texts(only)), ",".join(_texts(without))
        told = self._control("GET", "/lint", only=only_text, without=without_text, severity=severity)
        found: list[dict[str, Any]] = told["findings"]
        return found

    def _verified(self, wanted: Claim) -> dict[str, Any]:
        return self._control("POST", "/verify", wanted, near=(str(wanted.get("operation", "")),))

    def _asserted(self, wanted: Claim, within_s: float) -> dict[str, Any]:
        deadline = time.monotonic() + within_s
        while True:
            try:
                return self._verified(wanted)
            except Refused as refused:
                if "verified" not in refused.problem:
                    raise
                if time.monotonic() >= deadline:
                    raise AssertionError(self._with_story(_difference(refused.problem))) from None
            time.sleep(PAUSE_S)

    def _with_story(self, message: str) -> str:
        return f"{message}\n\njournal of the session {self.session}:\n{self.story()}" if self._tells else message


def _difference(problem: Mapping[str, Any]) -> str:
    """The claim, what was seen, and the nearest entries with how they differ."""
    message = str(problem.get("detail", "")).partition("; nearest: ")[0]
    lines = [message]
    for each in problem.get("nearest") or ():
        lines.append(f"  nearest {each['entry']}: {each['request']} -> {each['status']}")
        lines += [f"      {difference}" for difference in each["differences"]]
    return "\n".join(lines)


def _texts(given: Iterable[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)
