"""What a contract run is about, as frozen values: promises, exchanges, findings, what was not run."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from mock_server.named import NamedTuple
from mock_server.record.exchange import Exchange as Exchange
from mock_server.record.exchange import Headers as Headers
from mock_server.record.exchange import Seen as Seen
from mock_server.record.exchange import Sent as Sent

Level = Literal["documented", "assumed", "standard"]
"""How well a promise is known: by the document, by us alone, by an RFC that every server keeps."""
Severity = Literal["error", "warning"]


class Promise(NamedTuple):
    """What was promised, and where.

    ``Promise("status-of-pending", "402 while nobody has consented", "assumed", "fixtures/oauth2/x.yaml:70 a rule")``
    """

    key: str
    text: str
    level: Level
    source: str


class Finding(NamedTuple):
    """One way in which the deployment breaks its word."""

    title: str
    operation: str
    promise: Promise
    exchanges: tuple[Exchange, ...]
    detail: str
    severity: Severity
    check: str
    seed: int | None = None
    shape: str = ""
    """A few words that are the same for every request that shows the same defect: ``403 instead of 402``."""

    @property
    def fingerprint(self) -> tuple[str, str, str, str]:
        """Two findings of one fingerprint are one defect."""
        return self.check, self.operation, self.promise.key, self.shape

    def counts(self, *, strict: bool) -> bool:
        """Whether the run fails for it. An assumption fails a foreign deployment only when ``strict``."""
        return self.severity == "error" and (strict or self.promise.level != "assumed")


class NotRun(NamedTuple):
    """A check, or a part of one, that was not made. Listed, and never counted as passed."""

    check: str
    why: str


class Reached(NamedTuple):
    """One thing that an operation documents: was it seen?

    ``Reached("POST /oauth2", "status", "402", "reached", "")``; ``how`` says what would be needed.
    """

    operation: str
    kind: Literal["status", "example", "header", "security", "link", "callback"]
    name: str
    state: Literal["reached", "not reached", "not reachable"]
    how: str = ""


class Learnt(NamedTuple):
    """What ``--learn`` wrote; ``folder`` ``""`` = nothing, and the hints say why.

    ``kept`` is what was not learnt, with the reason; ``diff`` has no secrets.
    """

    folder: str
    changes: tuple[str, ...]
    kept: tuple[str, ...]
    hints: tuple[str, ...]
    diff: str


class Result(NamedTuple):
    """All that a run found. ``counted`` are the findings that make it fail."""

    url: str
    seed: int
    strict: bool
    findings: tuple[Finding, ...]
    not_run: tuple[NotRun, ...]
    coverage: tuple[Reached, ...]
    passed: tuple[str, ...]
    """Names of the checks that were made whole and found nothing."""
    requests: Mapping[str, int]
    """Who sent how many: ``{"walks": 210, "fuzz": 150}``."""
    seconds: float
    interrupted: bool = False
    profile: str = "quick"
    began_at: float = 0.0
    """Unix seconds."""
    times: Mapping[tuple[str, ...], int] = MappingProxyType({})
    """Fingerprint of a finding -> how often it was seen."""
    error: str = ""
    """Why nothing could be tested; then all else is empty."""
    learnt: Learnt | None = None

    @property
    def counted(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if each.counts(strict=self.strict))
