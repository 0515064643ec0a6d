"""How a request that breaks the document is refused: which status, and whose body.

The document decides. For each violation there is an order of preference among the statuses; the first
that the document has is taken, then ``4XX``, then ``default``. When the document has a body for that
status, its shape is kept; else our problem+json (RFC 9457) lists every violation.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mock_server.core.problem import problem_members, send_problem
from mock_server.fixture.model import Response
from mock_server.fixture.operation import AUTHORIZATION_RULES
from mock_server.fixture.response import with_encoding
from mock_server.fixture.template import Template
from mock_server.mask import MASK, is_secret_where
from mock_server.model import MAX_REASON, Answer, Reason, Violation
from mock_server.spec.media import is_json
from mock_server.spec.operations import DocumentedResponse, Operation
from mock_server.spec.schema import Schema
from mock_server.value import dataclass

if TYPE_CHECKING:
    from mock_server.core.plan import Plan

MAX_LISTED = 100
"""Violations in one body."""
MAX_HEADER = 2_000
"""Bytes of ``Mock-Violations``."""
_AUTHORIZATION = frozenset(AUTHORIZATION_RULES)
_STATUSES: dict[str, tuple[int, ...]] = {
    "scope": (403, 401),
    "malformed": (401, 403),
    "content-type": (415, 422, 400),
    "encoding": (415, 422, 400),
    **dict.fromkeys(("json", "depth", "xml", "multipart", "form", "charset"), (400, 422)),  # it could not be read
}
_LAST = {"malformed": 400}
"""Where neither these nor a range are documented: RFC 6750 §3.1 has 400 for a request that is malformed."""
_WHO = (401, 403)
_WHAT = (422, 400)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the document has for one kind of violation."""

    status: int
    response: Response | None = None
    """Its answer, already with the status; None = our problem+json."""
    schema: Schema | None = None
    is_made: bool = False
    """Whether the body was made from the schema, so that the truth may be put into it."""
    is_open: bool = False
    """Whether the document has JSON there and no word on what is in it."""


def told(violation: Violation, operation: Operation) -> str:
    """The violation's message; the validator's quotes the value that it refuses, which may be a secret."""
    is_quoting = not is_authorization(violation) and not (violation.rule == "required" and violation.seen is None)
    quotes_secret = is_quoting and _is_secret(violation, operation)
    return f"breaks {violation.rule}" if quotes_secret else violation.message


def _is_secret(violation: Violation, operation: Operation) -> bool:
    """Whether the value there opens something: by its name, or because it is an API key of the operation."""
    location, _, name = violation.where.partition(".")
    return is_secret_where(violation.where) or any(
        each.kind == f"apiKey:{location}" and each.parameter.lower() == name.lower()
        for alternative in operation.security
        for each in alternative
    )


def is_authorization(violation: Violation) -> bool:
    """Whether the violation is about who asks and not about what."""
    return violation.rule in _AUTHORIZATION


def refusal_of(plan: Plan, violation: Violation, place: int = 0) -> Refusal:
    """How the document has a violation answered; found once for each rule and media type.

    ``place``: the index of the media type in ``Answers.offered``; where the document says nothing of a body
    in that one, the usual one is taken.
    """
    rule = violation.rule if violation.rule in _STATUSES else "who" if is_authorization(violation) else "what"
    found = plan.refusals.get((rule, place))
    if found is None:
        preferred = _STATUSES.get(rule) or (_WHO if rule == "who" else _WHAT)
        found = _refusal(plan, preferred, _LAST.get(rule), place)
        if place and (found.response is None or found.is_open):
            found = refusal_of(plan, violation)
        plan.refusals[rule, place] = found
    return found


def documented_refusal(plan: Plan, violations: Sequence[Violation], place: int = 0) -> Response | None:
    """The answer in the document's shape, with the truth in a body that was made; None = it has no body."""
    refusal = refusal_of(plan, violations[0], place)
    response, schema = refusal.response, refusal.schema
    if refusal.is_open:
        return None
    if response is None or response.body is None or schema is None or not refusal.is_made:
        return response
    from mock_server.core.told import Fault, Truth, tell

    faults = [Fault(each.where, each.rule, told(each, plan.operation)) for each in violations[:MAX_LISTED]]
    body = tell(response.body.tree, Truth(refusal.status, faults), schema.is_valid)
    return with_encoding(replace(response, body=Template(body, frozenset()), encoded=None))


def refuse(plan: Plan, violations: Sequence[Violation]) -> Answer:
    """Our own body: problem+json, or the JSON type for which the document has no schema."""
    first, operation = violations[0], plan.operation
    refusal = refusal_of(plan, first)
    detail = f"{first.where}: {told(first, operation)}"
    more = {"more": len(violations) - MAX_LISTED} if len(violations) > MAX_LISTED else {}
    listed = [_listed(each, operation) for each in violations[:MAX_LISTED]]
    members = problem_members("MS406", refusal.status, detail, violations=listed, **more)
    if refusal.is_open and refusal.response:
        return send_problem(members, media_type=refusal.response.media_type.encode("latin-1", "replace"))
    return send_problem(members)


def _listed(violation: Violation, operation: Operation) -> dict[str, Any]:
    return {
        "where": violation.where,
        "rule": violation.rule,
        "seen": MASK if violation.seen is not None and _is_secret(violation, operation) else violation.seen,
        "wanted": violation.wanted,
        "message": told(violation, operation),
    }


class Breached(Reason):
    """The request breaks the document: ``details`` are its violations and the operation; told when read."""

    __slots__ = ()

    def __str__(self) -> str:
        violations, operation = self._both()
        return f"{self.step}: {self.text.format(violations[0].where, told(violations[0], operation), len(violations))}"

    def formatted(self) -> Reason:
        kept = [{**each, "seen": _shortened(each["seen"])} for each in self.violations()]
        return _Kept(self.step, "{}", (str(self).partition(": ")[2][:MAX_REASON], kept), self.hit)

    def violations(self) -> list[dict[str, Any]]:
        violations, operation = self._both()
        return [_listed(each, operation) for each in violations[:MAX_LISTED]]

    def _both(self) -> tuple[Sequence[Violation], Operation]:
        violations: Any
        operation: Any
        violations, operation = self.details
        return violations, operation


class _Kept(Reason):
    """The same of a large request: the sentence, and the violations with short values."""

    __slots__ = ()

    def violations(self) -> list[dict[str, Any]]:
        found: Any = self.details[1]
        return list(found)


def _shortened(seen: object) -> object:
    return seen[:MAX_REASON] + "…" if isinstance(seen, str) and len(seen) > MAX_REASON else seen


def violations_header(violations: Sequence[Violation], operation: Operation) -> tuple[bytes, bytes]:
    """``mock-violations``: a JSON array in ASCII on one line, at most ``MAX_HEADER`` bytes.

    ``[{"where":"query.n","rule":"type","message":"…"},{"more":3}]``; no values, for they may be secrets.
    """
    pieces: list[str] = []
    size = 30
    for each in violations:
        piece = json.dumps(
            {"where": each.where[:200], "rule": each.rule, "message": told(each, operation)[:300]},
            separators=(",", ":"),
        )
        size += len(piece) + 1
        if size > MAX_HEADER:
            pieces.append(f'{{"more":{len(violations) - len(pieces)}}}')
            break
        pieces.append(piece)
    return b"mock-violations", f"[{','.join(pieces)}]".encode()


def _refusal(plan: Plan, preferred: tuple[int, ...], last: int | None, place: int) -> Refusal:
    """The document's entry for the first status of these that it has, else for their range, ``default``, ``last``."""
    operation = plan.operation
    for status in preferred:
        if str(status) in operation.responses:
            return _of_entry(plan, str(status), status, place)
    # Where the document leaves the status open, 422 says best that something is wrong with the values.
    ideal = preferred[0] if preferred[0] != 400 else 422
    key = next((key for key in operation.responses if key.upper() == "4XX"), "default")
    if key not in operation.responses and last is not None and str(last) in operation.responses:
        return _of_entry(plan, str(last), last, place)
    return _of_entry(plan, key, ideal, place) if key in operation.responses else Refusal(ideal)


def _of_entry(plan: Plan, key: str, status: int, place: int) -> Refusal:
    entry = plan.operation.responses[key]
    response = _answer_of(plan, key, entry) if entry.content else None
    if response is None:
        return Refusal(status)
    drawn = plan.responses.drawn.get(response.name)
    if drawn is not None and place < len(drawn.offers):
        media, has_example = drawn.offers[place].media, drawn.offers[place].example is not None
        response = plan.responses.variant(response.name, place)
    else:
        media = next((each for each in entry.content if each.name == response.media_type), entry.content[0])
        has_example = bool(media.examples)
    response = replace(response, status=status)
    if media.schema is None and not has_example:
        return Refusal(status, response, is_open=True) if is_json(media.name) else Refusal(status)
    if response.body is None and response.encoded is None:
        return Refusal(status)
    return Refusal(status, response, media.schema, is_made=not has_example)


def _answer_of(plan: Plan, key: str, entry: DocumentedResponse) -> Response | None:
    """The plan's answer for an entry: by the name of an example of it, else by its key.

    Another entry may have an example of the same name, which is told by its status and value.
    """
    for media in entry.content:
        for example in media.examples:
            for name in (example.name, f"{example.name}-{key}"):
                response = plan.responses.get(name) if example.name else None
                if response and (
                    str(response.status) == key or (response.body and response.body.tree == example.value)
                ):
                    return response
    return plan.responses.get(key)
