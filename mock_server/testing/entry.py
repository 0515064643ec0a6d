"""An entry of the journal, as tests look at it; secrets are masked in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

ASKED_FOR = ("client", "queue", "scenario")
"""The steps of the ladder by which somebody wanted just this answer, whatever the request."""
MAX_BODY = 300
MAX_LINES = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One exchange; ``at`` is Unix seconds of the session's clock."""

    id: str
    at: float
    method: str
    path: str
    operation: str | None
    status: int
    response: str
    reasons: tuple[str, ...]
    violations: tuple[dict[str, Any], ...]
    headers: Mapping[str, str]
    body: str
    answer_headers: Mapping[str, str]
    answer_body: str
    raw: Mapping[str, Any] = field(repr=False, compare=False)
    """As ``GET /__mock/journal`` shows it."""

    @property
    def json(self) -> Any:
        """The request's body. Raises ``ValueError`` when it is no JSON."""
        return json.loads(self.body)

    @property
    def answer_json(self) -> Any:
        """The answer's body. Raises ``ValueError`` when it is no JSON."""
        return json.loads(self.answer_body)

    @property
    def was_unexpected(self) -> bool:
        """Whether it is a request that the document does not have, or that breaks it and got no answer asked for."""
        if self.raw.get("kind", "request") != "request":
            return False
        if self.operation is None:
            return any(reason.startswith("route:") for reason in self.reasons)
        return bool(self.violations) and self.raw.get("won") not in ASKED_FOR

    def line(self) -> str:
        """``3fa85f-1  POST /api/oauth2  429 invalid-parameter  (violations: body.validity_duration …)``."""
        name = f" {self.response}" if self.response else ""
        why = self._why()
        status = self.status or "no answer"
        sent = " outgoing" if self.raw.get("kind") == "outgoing" else ""
        return f"{self.id}{sent}  {self.method} {self.path}  {status}{name}" + (f"  ({why})" if why else "")

    def _why(self) -> str:
        """The reason that decided: of the step that won, else the last one."""
        if self.violations:
            told = [f"{each.get('where')}: {each.get('message')}" for each in self.violations[:3]]
            return "; ".join(told)
        won = self.raw.get("won")
        of_step = [each for each in self.reasons if won and each.startswith(f"{won}:")]
        return (of_step or list(self.reasons) or [""])[-1]

    def story(self) -> str:
        """The line, and below it what was sent when it is short."""
        body = self.body if len(self.body) <= MAX_BODY else f"{self.body[:MAX_BODY]}… ({len(self.body)} characters)"
        return self.line() + (f"\n      sent {body}" if body else "")


def read_entry(told: Mapping[str, Any]) -> Entry:
    """Out of the JSON of ``GET /__mock/journal``."""
    request, answer = told["request"], told["answer"]
    return Entry(
        id=told["id"],
        at=told["at"],
        method=told["method"],
        path=told["path"],
        operation=told["operation"],
        status=told["status"] or 0,
        response=told["response"] or "",
        reasons=tuple(told["reasons"]),
        violations=tuple(told.get("violations") or ()),
        headers=request["headers"],
        body=request["body"] or "",
        answer_headers=answer["headers"],
        answer_body=answer["body"] or "",
        raw=told,
    )


def tell(entries: Iterable[Entry], session: str) -> str:
    """The journal for people: one line a request with its reason, and what was sent."""
    told = list(entries)
    if not told:
        return f"no request came in the session {session}"
    lines = [each.story() for each in told[-MAX_LINES:]]
    if len(told) > MAX_LINES:
        lines.insert(0, f"… {len(told) - MAX_LINES} before")
    return "\n".join(lines)
