"""The journal: what was asked, what was answered, and why. Bounded in entries and in bytes."""

from __future__ import annotations

from base64 import b64encode
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from mock_server.journal.marks import marks
from mock_server.mask import (
    NO_JSON,
    NOTHING_MORE,
    Hidden,
    is_text,
    json_in,
    mask_bytes,
    mask_headers,
    mask_read_body,
    mask_reason,
    mask_target,
    mask_value,
)
from mock_server.model import Reason
from mock_server.named import NamedTuple
from mock_server.settings import MAX_ENTRIES, MAX_JOURNAL_BYTES
from mock_server.state.trace import traceparent

MAX_BODY_BYTES = 64 * 1024
SMALL_BODY_BYTES = 4 * 1024
"""Up to here a reason may hold on to pieces of the body until somebody reads it."""
_ENTRY_COST = 2_000
_NAME_COST = 64


class Entry(NamedTuple):
    """One exchange. Kept raw and cheap; secrets are hidden when it is read."""

    id: str
    at: float
    session: str
    method: str
    target: str
    operation: str | None
    status: int
    response: str
    source: str
    reasons: tuple[Reason, ...]
    handshake_id: str | None
    duration_s: float
    request_headers: Mapping[str, str]
    request_body: bytes
    response_headers: tuple[tuple[bytes, bytes], ...]
    response_body: bytes
    kind: str = "request"
    """``request``: somebody asked us; ``outgoing``: we asked somebody, a callback or a webhook."""
    cause: str | None = None
    """The entry that an outgoing call follows."""
    attempt: int = 0
    fault: str = ""
    """What was broken on purpose; the mock itself is well."""
    error: tuple[str, str] | None = None
    """Why an outgoing call has no answer: a code and a sentence."""
    handshake_state: str | None = None
    """Of the handshake, when the operation had answered."""

    def as_json(self, hidden: Hidden = NOTHING_MORE) -> dict[str, Any]:
        """The shape of ``GET /__mock/journal``: ``{"id": "…", "kind": "request", "at": 1700000000.0, "method": "POST",
        "path": "/api/oauth2", "operation": "POST /oauth2", "status": 200, "response": "started",
        "source": "documented", "reasons": ["client: no preference", …], "request": {…}, …}``."""
        if self.kind == "outgoing":
            return {**self._as_json(hidden), **self._call_json()}
        return self._as_json(hidden)

    def _call_json(self) -> dict[str, Any]:
        """What an outgoing call has besides; its status is null when no answer came."""
        code, message = self.error or ("", "")
        error = {"code": code, "message": mask_reason(message)} if self.error else None
        return {"status": self.status or None, "cause": self.cause, "attempt": self.attempt, "error": error}

    def _as_json(self, hidden: Hidden) -> dict[str, Any]:
        sent = tuple(self.request_headers.items())
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self.response_headers}
        asked, given = json_in(self.request_body), json_in(self.response_body)
        return {
            "id": self.id,
            "kind": self.kind,
            "at": self.at,
            "session": self.session,
            "method": self.method,
            "path": mask_target(self.target, hidden),
            "operation": self.operation,
            "status": self.status,
            "response": self.response,
            "source": self.source,
            "reasons": [line for reason in self.reasons for line in _lines(reason)],
            "won": next((reason.step for reason in reversed(self.reasons) if reason.hit), None),
            "violations": [_masked(each) for reason in self.reasons for each in reason.violations()],
            "handshake": self.handshake_id,
            "traceparent": traceparent(self.request_headers.get("traceparent")),
            "handshake_state": self.handshake_state,
            "fault": self.fault or None,
            "duration_ms": round(self.duration_s * 1000, 3),
            "request": _side(mask_headers(self.request_headers, hidden), self.request_body, asked),
            "answer": _side(mask_headers(headers), self.response_body, given),
            "marks": marks(hidden, self.target, sent, (self.request_body, asked), (self.response_body, given)),
        }

    def brief(self, hidden: Hidden = NOTHING_MORE) -> dict[str, Any]:
        """Of ``as_json`` what costs next to nothing, for those who only look for an entry."""
        return {
            "id": self.id,
            "kind": self.kind,
            "at": self.at,
            "session": self.session,
            "method": self.method,
            "path": mask_target(self.target, hidden),
            "operation": self.operation,
            "status": self.status,
            "handshake": self.handshake_id,
        }


def _side(headers: dict[str, str], body: bytes, value: Any) -> dict[str, Any]:
    """What one side sent: ``{"headers": {…}, "body": "…"}``, and the bytes of what is no text as ``base64``.

    Into what is packed nobody has looked for secrets.
    """
    side = {"headers": headers, "body": mask_read_body(body, value)}
    if is_binary(body, value) and "content-encoding" not in headers:
        side["base64"] = b64encode(mask_bytes(body)).decode()
    return side


def is_binary(body: bytes, value: Any) -> bool:
    """Whether a body, given with its ``json_in``, is no text."""
    return value is NO_JSON and not is_text(body, MAX_BODY_BYTES)


def _lines(reason: Reason) -> Iterable[str]:
    return map(mask_reason, reason.lines()) if reason.details else _constant_lines(reason)


@lru_cache(maxsize=256, typed=True)
def _constant_lines(reason: Reason) -> tuple[str, ...]:
    """Of a reason that says the same each time, as most steps of the ladder do."""
    return tuple(map(mask_reason, reason.lines()))


def _masked(violation: dict[str, Any]) -> dict[str, Any]:
    return {**violation, "seen": mask_value(violation["seen"]), "message": mask_reason(violation["message"])}


class Journal:
    """The newest entries; the oldest go first when there are too many or they are too big."""

    def __init__(self, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_JOURNAL_BYTES) -> None:
        self._entries: deque[tuple[int, Entry]] = deque()
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._bytes = 0
        self._headers: Mapping[str, str] = {}
        self._headers_cost = 0

    @property
    def bytes(self) -> int:
        """About how much memory the entries take."""
        return self._bytes

    def drop_oldest(self) -> None:
        """Forget the oldest entry, if there is one."""
        if self._entries:
            self._bytes -= self._entries.popleft()[0]

    def clear(self) -> int:
        """Forget all; how many bytes that were."""
        freed, self._bytes = self._bytes, 0
        self._entries.clear()
        return freed

    def add(self, entry: Entry) -> int:
        """Keep it, and what there is room for; how many bytes the journal grew."""
        entries, headers = self._entries, entry.request_headers
        if headers is not self._headers:  # whoever sends the same head again has the very same headers
            self._headers, self._headers_cost = headers, _headers_cost(headers)
        cost = len(entry.request_body) + len(entry.response_body) + len(entry.target) + self._headers_cost + _ENTRY_COST
        entries.append((cost, entry))
        before, size = self._bytes, self._bytes + cost
        while len(entries) > self._max_entries or size > self._max_bytes:
            size -= entries.popleft()[0]
        self._bytes = size
        return size - before

    def __iter__(self) -> Iterator[Entry]:
        return iter([entry for _, entry in self._entries])

    def __len__(self) -> int:
        return len(self._entries)


def cost_of(entry: Entry) -> int:
    """About how many bytes an entry takes."""
    headers = _headers_cost(entry.request_headers)
    return len(entry.request_body) + len(entry.response_body) + len(entry.target) + headers + _ENTRY_COST


def _headers_cost(headers: Mapping[str, str]) -> int:
    return _NAME_COST * len(headers) + sum(map(len, headers.values()))
