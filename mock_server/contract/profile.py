"""What a deployment promises, read from the document and the fixtures: which status for which reason.

Which operation begins a handshake and which collects it stands in the fixtures' ``handshake:`` blocks;
the status of every reason follows from their ``unauthorized:``, ``invalid:`` and ``rules:``. So another
API's fixtures configure the walks without a line of code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from mock_server.contract.good import GoodRequest, Unmakeable, good_request
from mock_server.contract.model import Level, Promise, Seen
from mock_server.contract.target import Tokens, roles
from mock_server.errors import Place
from mock_server.fixture.facts import Facts
from mock_server.fixture.model import Fixtures, OperationFixture, Provider, Response
from mock_server.model import Request
from mock_server.named import NamedTuple
from mock_server.source import pointer_text
from mock_server.spec.document import Document
from mock_server.spec.operations import Operation

_NOBODY: Mapping[str, Any] = {"account": "an-account", "plan": "paid", "scopes": []}


class Cell(NamedTuple):
    """Which words of the fixtures lead to a promised answer.

    ``Cell("pending", "rules", rule=1, state="asked")``, ``Cell("invalid-parameter", "invalid", violated="minimum")``.
    """

    response: str
    group: Literal["unauthorized", "invalid", "rules", "otherwise"]
    violated: str = ""
    """The rule of the violation; ``""`` for what breaks nothing."""
    rule: int | None = None
    """Index of the fixture's rule, for the group ``rules``."""
    state: str = ""
    """``handshake.state``, where the operation collects."""


class Wanted(NamedTuple):
    """The status that one reason must give."""

    status: int
    promise: Promise
    response: Response | None = None
    """The fixture's response that was promised, body and headers and all; None where only a status is."""
    cell: Cell | None = None
    least: Promise | None = None
    """What the document promises all the same where the status is only assumed: that it is refused."""

    def broken_by(self, seen: Seen) -> Promise:
        """The promise that an answer with another status breaks."""
        if self.promise.level != "assumed":
            return self.promise
        if not seen.status or seen.fault:
            return self.promise._replace(level="standard", source="RFC 9110 §15")
        return self.least if self.least and seen.status < 400 else self.promise


class Contract(NamedTuple):
    """One API as promised. ``tokens`` are our own mock's, by what they are good for."""

    documents: tuple[Document, ...]
    operations: tuple[Operation, ...]
    fixtures: Fixtures
    tokens: Tokens
    requests: Mapping[str, GoodRequest]
    """A good request for each operation that one can be made for."""
    unmakeable: Mapping[str, str]
    start: Operation | None
    collect: Operation | None
    strict_query: bool = False
    """Whether query parameters that the document does not describe are refused."""

    def operation(self, name: str) -> Operation | None:
        """By ``POST /oauth2`` or by operationId."""
        return next((each for each in self.operations if name and name in (each.key, each.operation_id)), None)

    def provider(self) -> Provider | None:
        """Who is asked for consent in the walks: one that a person decides for."""
        able = [each for each in self.fixtures.providers.values() if each.oauth2]
        return next((each for each in able if each.consent == "ask"), able[0] if able else None)

    def violated(self, operation: Operation, group: str, rule: str, reason: str) -> Wanted | None:
        """What an unauthorized or invalid request gets; ``rule`` is ``missing``, ``minimum``, … None = not promised."""
        fixture = self.fixtures.operations.get(operation.key)
        if fixture is None:
            return _by_document(operation, rule, reason)
        if group == "unauthorized" and "header.authorization" in fixture.overlook:
            return None
        by_rule = fixture.unauthorized if group == "unauthorized" else fixture.invalid
        name = by_rule.get(rule) or by_rule.get("*")
        response = fixture.responses.get(name or "")
        if response is None:
            return None
        cell = Cell(response.name, "unauthorized" if group == "unauthorized" else "invalid", rule)
        least = Promise(f"refused:{group}", f"refused: {reason}", "documented", place_of(operation))
        return _wanted(operation, response, fixture.place, f"{group}: {name}", reason)._replace(cell=cell, least=least)

    def ruled(self, operation: Operation, facts: Mapping[str, Any], reason: str) -> Wanted | None:
        """What a request that breaks nothing gets; ``facts`` are ``{"body": …, "token": …, "handshake": …}``."""
        fixture = self.fixtures.operations.get(operation.key)
        if fixture is None:
            return None
        headers = {"content-type": "application/json", "accept": "*/*"}
        found = fitting(fixture, {**facts, "header": {**headers, **facts.get("header", {})}})
        if found is None or (found[2].startswith("otherwise") and self._cannot_start(fixture, facts)):
            return None
        response, place, what = found
        index = next((i for i, rule in enumerate(fixture.rules) if rule.place == place and place), None)
        state = str((facts.get("handshake") or {}).get("state", ""))
        cell = Cell(response.name, "otherwise" if index is None else "rules", rule=index, state=state)
        wanted = _wanted(operation, response, place, what, reason)._replace(cell=cell)
        if state != "collected":
            return wanted
        # An answer is documented, that it comes again is not: it hangs on the fixture's `single_use:`.
        return wanted._replace(promise=wanted.promise._replace(level="assumed"))

    def _cannot_start(self, fixture: OperationFixture, facts: Mapping[str, Any]) -> bool:
        """Whether a handshake should begin with a provider that no fixture knows: nobody says what that gives."""
        if fixture.start is None or len(fixture.start.provider) != 2:
            return False
        root, name = fixture.start.provider
        found = facts.get(root)
        known = {each.id for each in self.fixtures.providers.values() if each.oauth2}
        return isinstance(found, Mapping) and found.get(name) not in known

    def token_facts(self, role: str) -> Mapping[str, Any]:
        """What rules see of the token that plays a part; a foreign one is taken to be like our own."""
        token = (self.fixtures.tokens or {}).get(getattr(self.tokens, role) or "")
        return token.facts if token else _NOBODY


def read_contract(
    documents: tuple[Document, ...], operations: tuple[Operation, ...], fixtures: Fixtures, now: float, seed: int
) -> Contract:
    """Everything that is promised. ``now`` is in Unix seconds."""
    requests: dict[str, GoodRequest] = {}
    unmakeable: dict[str, str] = {}
    for operation in operations:
        try:
            requests[operation.key] = good_request(operation, seed)
        except Unmakeable as error:
            unmakeable[operation.key] = str(error)
    by_key = {each.key: each for each in operations}
    start = next((by_key[key] for key, each in fixtures.operations.items() if each.start and key in requests), None)
    collect = next((by_key[key] for key, each in fixtures.operations.items() if each.collect and key in requests), None)
    needs = [need for each in operations for alternative in each.security[:1] for need in alternative]
    scopes = frozenset(scope for need in needs for scope in need.scopes)
    return Contract(
        documents,
        operations,
        fixtures,
        roles((fixtures.tokens or {}).values(), now, scopes),
        requests,
        unmakeable,
        start,
        collect,
    )


def fitting(fixture: OperationFixture, facts: Mapping[str, Any]) -> tuple[Response, Place | None, str] | None:
    """The response that the rules lead to: ``(response, place, "rule 'nobody has decided yet'")``."""
    seen = Facts(Request("", "", "", {}, b"", ""), dict(facts))
    for number, rule in enumerate(fixture.rules, 1):
        if all(matcher.test(seen.get(matcher.where)) for matcher in rule.when):
            response = fixture.responses.get(rule.respond)
            return (response, rule.place, f"rule {rule.name or number!r}") if response else None
    response = fixture.responses.get(fixture.otherwise or "")
    return (response, response.place or fixture.place, f"otherwise: {response.name}") if response else None


def _by_document(operation: Operation, rule: str, reason: str) -> Wanted | None:
    """Without a fixture only this is promised: who sends no credentials gets the documented 401 (RFC 9110 §15.5.2)."""
    if rule != "missing" or "401" not in operation.responses:
        return None
    return Wanted(
        401, Promise("status-of-missing", f"401 for: {reason}", "documented", place_of(operation, "responses", "401"))
    )


def rule_statuses(fixture: OperationFixture, token: Mapping[str, Any]) -> set[int]:
    """Every status that a good request with this token may get, whatever the state of the world."""
    usual = fixture.responses.get(fixture.otherwise or "")
    found = {usual.status} if usual else set()
    facts = Facts(Request("", "", "", {}, b"", ""), {"token": token})
    for rule in fixture.rules:
        of_token = [each for each in rule.when if each.where[0] == "token"]
        if all(each.test(facts.get(each.where)) for each in of_token) and rule.respond in fixture.responses:
            found.add(fixture.responses[rule.respond].status)
    return found


def _wanted(operation: Operation, response: Response, place: Place | None, what: str, reason: str) -> Wanted:
    promise = Promise(
        f"status-of-{reason.replace(' ', '-')}",
        f"{response.status} for: {reason}",
        level_of(response),
        f"{place or operation.key} ({what})",
    )
    return Wanted(response.status, promise, response)


def level_of(response: Response) -> Level:
    """Whether it is documented that this reason gives this *status*; the body may be assumed (``status_source:``)."""
    return "assumed" if (response.status_source or response.source) == "assumed" else "documented"


def place_of(operation: Operation, *steps: str | int) -> str:
    """Where in the document: ``openapi.yaml:41 #/paths/~1oauth2/post/responses/429``."""
    pointer = (*operation.pointer, *steps)
    place = operation.document.loaded.place(pointer, at="key")
    return f"{place.path}:{place.line} #{pointer_text(pointer)}"
