"""Sending recorded requests again: with a token and the ids of the deployment that is tested now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from mock_server.contract.model import Exchange, Headers, Sent
from mock_server.contract.recorded import Recorded
from mock_server.contract.run import Run
from mock_server.contract.target import credentials
from mock_server.contract.walks.handshake import answer_path, read_at
from mock_server.fixture.model import OperationFixture

MIN_ID = 6
"""A shorter text that differs is a word rather than an id."""
_OWN_HEADERS = frozenset(("authorization", "cookie", "host", "content-length", "accept-encoding", "mock-session"))


@dataclass(slots=True)
class Again:
    """Sends recorded requests. ``ids``: what the recorded deployment gave -> what ours gave in its place."""

    run: Run
    ids: dict[str, str] = field(default_factory=dict)
    uris: dict[str, str] = field(default_factory=dict)
    """``pull_id`` -> ``auth_uri``, both of our handshakes that nobody has consented to."""

    def send(self, each: Recorded) -> Exchange:
        """The same request, as this deployment knows its ids and tokens."""
        self._consent(each)
        exchange = self.run.client.send(self._sent(each), each.operation.key)
        if 200 <= exchange.seen.status < 300 and 200 <= each.exchange.seen.status < 300:
            self._learn(_read(each.exchange.seen.body), _read(exchange.seen.body))
        return exchange

    def _consent(self, each: Recorded) -> None:
        """Somebody had consented between two recorded requests, where the second got the credentials."""
        contract = self.run.contract
        if contract.collect != each.operation or not 200 <= each.exchange.seen.status < 300:
            return
        where = _collect_of(contract.fixtures.operations.get(each.operation.key))
        ours = self.ids.get(str(read_at(_read(each.exchange.sent.body), where[1:]))) if where[:1] == ("body",) else None
        uri = self.uris.pop(ours or "", None)
        if uri is not None:
            self.run.consent(uri)

    def _learn(self, theirs: Any, ours: Any) -> None:
        for one, other in _paired(theirs, ours):
            if one != other and min(len(one), len(other)) >= MIN_ID:
                self.ids[one] = other
        if self.run.contract.start is not None:
            pull_id, uri = (read_at(ours, answer_path(self.run, name)) for name in ("pull_id", "auth_uri"))
            if isinstance(pull_id, str) and isinstance(uri, str):
                self.uris[pull_id] = uri

    def _sent(self, each: Recorded) -> Sent:
        sent, target = each.exchange.sent, self.run.target
        path, _, query = sent.target.partition("?")
        steps = path[len(each.base) :].split("/")
        path = target.base + "/".join(self._step(step) for step in steps)
        if query and any(value in self.ids for _, value in parse_qsl(query)):
            query = urlencode([(name, self._ours(value)) for name, value in parse_qsl(query, keep_blank_values=True)])
        headers, more = self._authorization(each)
        query = "&".join(filter(None, (query, more)))
        kept = tuple((name, value) for name, value in sent.headers if name.lower() not in _OWN_HEADERS)
        return Sent(sent.method, path + (f"?{query}" if query else ""), (*kept, *headers), self._body(sent.body))

    def _step(self, step: str) -> str:
        """As it was written, unless it is an id."""
        name = unquote(step)
        return quote(self.ids[name], safe="") if name in self.ids else step

    def _authorization(self, each: Recorded) -> tuple[Headers, str]:
        """Ours where theirs was good; archives often leave tokens out, so a missing one says nothing."""
        if each.exchange.seen.status not in (401, 403):
            return credentials(each.operation, self.run.target.tokens.good)
        known = {name.lower(): value for name, value in each.exchange.sent.headers}
        sent = known.get("authorization")
        return ((("Authorization", sent),) if sent is not None else ()), ""

    def _body(self, body: bytes) -> bytes:
        value = _read(body)
        if value is None or not any(text in self.ids for text in _texts(value)):
            return body
        return json.dumps(self._replaced(value)).encode()

    def _replaced(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._replaced(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._replaced(item) for item in value]
        return self._ours(value) if isinstance(value, str) else value

    def _ours(self, text: str) -> str:
        return self.ids.get(text, text)


def _collect_of(fixture: OperationFixture | None) -> tuple[str, ...]:
    return fixture.collect.pull_id if fixture and fixture.collect else ()


def _read(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None


def _texts(value: Any) -> Iterator[str]:
    nodes = [value]
    while nodes:
        node = nodes.pop()
        if isinstance(node, str):
            yield node
        nodes.extend(node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())


def _paired(one: Any, other: Any) -> Iterator[tuple[str, str]]:
    """Texts at the same place of both."""
    pairs = [(one, other)]
    while pairs:
        left, right = pairs.pop()
        if isinstance(left, str) and isinstance(right, str):
            yield left, right
        elif isinstance(left, dict) and isinstance(right, dict):
            pairs.extend((left[key], right[key]) for key in left.keys() & right.keys())
        elif isinstance(left, list) and isinstance(right, list):
            pairs.extend(zip(left, right, strict=False))
