"""A handshake as a client walks it: begin, consent, collect. Where things stand is read from the fixtures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any
from urllib.parse import quote

from mock_server.contract.consent import Consented
from mock_server.contract.errors import Blocked, NotPromised
from mock_server.contract.good import GoodRequest
from mock_server.contract.model import Exchange, Finding, NotRun, Promise
from mock_server.contract.profile import Wanted, place_of
from mock_server.contract.run import Run
from mock_server.contract.walks.judge import broken, status_finding
from mock_server.fixture.model import Provider
from mock_server.fixture.template import Slot
from mock_server.named import NamedTuple
from mock_server.spec.operations import Operation

_NOT_SENT = object()
LEFT_OUT = _NOT_SENT
"""For a field that is not sent."""
BEGIN = "reasons.good-start"
"""The check whose finding it is when no handshake can be begun."""


class Began(NamedTuple):
    """One handshake of ours: what the deployment gave, and the exchange that began it."""

    auth_uri: str
    pull_id: str
    exchange: Exchange


def begin(run: Run, provider: Provider | None = None, /, **changes: Any) -> Began:
    """A fresh handshake, at the contract's provider unless another is given.

    Raises ``Blocked`` with a finding, the same for every check, when none can be begun.
    """
    operation = run.contract.start
    assert operation is not None
    sent = start_request(run, provider, **changes).sent(run.target.base, run.target.tokens.good)
    exchange = run.send(sent, operation)
    wanted = good_start(run, provider=provider, **changes)
    found = status_finding(run, BEGIN, operation, wanted, "a good request", exchange) if wanted else None
    if wanted and not found and not 200 <= wanted.status < 300:
        raise NotPromised(f"{operation.key} is meant to refuse the start with {wanted.status}")
    if found:
        raise Blocked(found)
    body = _json(exchange.seen.body)
    auth_uri, pull_id = (read_at(body, answer_path(run, name)) for name in ("auth_uri", "pull_id"))
    if not isinstance(auth_uri, str) or not isinstance(pull_id, str) or not auth_uri or not pull_id:
        missing = "auth_uri" if not isinstance(auth_uri, str) or not auth_uri else "pull_id"
        promise = Promise(f"{missing}-is-given", f"the answer carries {missing}", "documented", place_of(operation))
        title = f"{operation.key} begins a handshake without a usable {missing}"
        raise Blocked(
            Finding(
                title,
                operation.key,
                promise,
                (exchange,),
                f"the answer has no text at {missing}",
                "error",
                BEGIN,
                run.seed,
                f"no {missing}",
            )
        )
    run.secrets.learn(pull_id)
    run.secrets.learn_url(auth_uri)
    return Began(auth_uri, pull_id, exchange)


def start_request(run: Run, at: Provider | None = None, /, **changes: Any) -> GoodRequest:
    """The good request that begins a handshake at a provider that a person decides for."""
    operation = run.contract.start
    assert operation is not None
    request = run.contract.requests[operation.key]
    start = run.contract.fixtures.operations[operation.key].start
    provider = at or run.contract.provider()
    if start and provider and len(start.provider) > 1:
        request = put(request, start.provider, provider.id)
    left_out = [name for name, value in changes.items() if value is LEFT_OUT]
    if not changes:
        return request
    return request._replace(
        body={key: item for key, item in {**request.body, **changes}.items() if key not in left_out}
    )


def good_start(run: Run, role: str = "good", *, provider: Provider | None = None, **changes: Any) -> Wanted | None:
    """What a good request gets with the token of a role."""
    operation = run.contract.start
    assert operation is not None
    facts = {"body": start_request(run, provider, **changes).body, "token": run.contract.token_facts(role)}
    return run.contract.ruled(operation, facts, "a good request" if role == "good" else f"the {role} token")


def collect(
    run: Run, began: Began | None, token: str | None = None, *, pull_id: object = _NOT_SENT, auth_uri: object = None
) -> Exchange:
    """Ask for the result. ``auth_uri`` None = not sent, as real clients do, unless it must be."""
    operation = run.contract.collect
    assert operation is not None
    if auth_uri is None and needs_auth_uri(run):
        auth_uri = began.auth_uri if began else "https://nobody.invalid/authorize"
    request = collect_request(run, began.pull_id if began and pull_id is _NOT_SENT else pull_id, auth_uri)
    return run.send(request.sent(run.target.base, token or run.target.tokens.good), operation)


def collect_request(run: Run, pull_id: object, auth_uri: object = None) -> GoodRequest:
    """The request that collects, with these values where the fixtures say they stand."""
    operation = run.contract.collect
    assert operation is not None
    request = run.contract.requests[operation.key]
    where = run.contract.fixtures.operations[operation.key].collect
    assert where is not None
    request = put(request, where.pull_id, pull_id)
    return put(request, where.auth_uri, _NOT_SENT if auth_uri is None else auth_uri)


def needs_auth_uri(run: Run) -> bool:
    """Whether the schema or a rule refuses who leaves ``auth_uri`` out."""
    operation = run.contract.collect
    assert operation is not None
    without = collect_request(run, "any-pull-id-at-all").body
    schemas = [media.schema for media in (operation.body.content if operation.body else ()) if media.schema]
    if without is not None and schemas and not schemas[0].is_valid(without):
        return True
    bare, full = (collected(run, "granted", with_uri=each) for each in (False, True))
    return bare is not None and full is not None and bare.status != full.status


def collected(run: Run, state: str, role: str = "good", *, with_uri: bool | None = None) -> Wanted | None:
    """What collecting gets while the handshake is in a state: ``asked``, ``denied``, ``foreign`` …"""
    operation = run.contract.collect
    assert operation is not None
    sends_uri = needs_auth_uri(run) if with_uri is None else with_uri
    request = collect_request(run, "any-pull-id-at-all", "https://any.invalid/authorize" if sends_uri else None)
    facts = {"body": request.body, "token": run.contract.token_facts(role), "handshake": {"state": state}}
    return run.contract.ruled(operation, facts, f"the handshake is {state}")


def put(request: GoodRequest, where: tuple[str, ...], value: object) -> GoodRequest:
    """The request with a value at ``("body", "pull_id")``, or without it."""
    root, *steps = where
    if root == "body" and steps:
        body = deepcopy(request.body) if isinstance(request.body, dict) else {}
        node = body
        for step in steps[:-1]:
            node = node.setdefault(step, {})
        if value is _NOT_SENT:
            node.pop(steps[-1], None)
        else:
            node[steps[-1]] = value
        return request._replace(body=body, has_body=True)
    if value is _NOT_SENT:
        return request
    text = value if isinstance(value, str) else json.dumps(value)
    if root == "query":
        kept = [
            part for part in request.query.split("&") if part and part.partition("=")[0] != quote(steps[0], safe="")
        ]
        return request._replace(query="&".join([*kept, f"{quote(steps[0], safe='')}={quote(text, safe='')}"]))
    if root == "header":
        kept_headers = tuple(pair for pair in request.headers if pair[0].lower() != steps[0])
        return request._replace(headers=(*kept_headers, (steps[0], text)))
    if root == "path":
        template, path = request.operation.path.split("/"), request.path.split("/")
        filled = [
            quote(text, safe="") if t == "{" + steps[0] + "}" else p for t, p in zip(template, path, strict=False)
        ]
        return request._replace(path="/".join(filled))
    return request


def answer_path(run: Run, name: str) -> tuple[str, ...]:
    """Where the start's answer has ``auth_uri`` or ``pull_id``: where the fixture's template fills it in."""
    assert run.contract.start is not None
    fixture = run.contract.fixtures.operations[run.contract.start.key]
    for response in fixture.responses.values():
        found = next(_slots(response.body.tree if response.body else None, ("handshake", name), ()), None)
        if found is not None:
            return found
    return (name,)


def _slots(tree: Any, where: tuple[str, ...], at: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(tree, Slot) and tree.where == where:
        yield at
    elif isinstance(tree, dict):
        for key, item in tree.items():
            yield from _slots(item, where, (*at, key))


def read_at(body: Any, path: tuple[str, ...]) -> Any:
    """The value at ``("data", "pull_id")``, None when it is not there."""
    for step in path:
        body = body.get(step) if isinstance(body, Mapping) else None
    return body


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def not_promised(check: str, operation: Operation, reason: str) -> NotRun:
    """For a reason that the fixtures say nothing about."""
    return NotRun(check, f"no fixture promises what {operation.key} answers: {reason}")


def not_consented(run: Run, check: str, walked: Consented, *exchanges: Exchange) -> Finding | NotRun:
    """A consent that could not be given: a defect where we walk the pages, unless they are ones that we cannot read."""
    if run.target.consent != "visit" or (walked.no_button and not run.target.stands_in):
        hint = "; --consent ask or command:CMD has it given" if run.target.consent == "visit" else ""
        return NotRun(check, f"consent was not given: {walked.why}{hint}")
    text = "auth_uri can be opened in any browser and leads to consent"
    promise = Promise("auth-uri-opens", text, "documented", "the document's description of auth_uri")
    said = f"the consent behind auth_uri cannot be given: {walked.why}"
    return broken(run, check, run.contract.start, promise, said, *exchanges, shape=walked.why)
