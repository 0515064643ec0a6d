"""One contract run: which checks, in which order, until when; and what came of it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mock_server.contract.checks import HOW_TO_GIVE, Check, Need, ProfileName
from mock_server.contract.client import Client
from mock_server.contract.consent import Consented, give_consent
from mock_server.contract.errors import Blocked, LeftOut, NotPromised, OutOfTime
from mock_server.contract.model import Exchange, Finding, NotRun, Promise, Sent
from mock_server.contract.observe import Observation
from mock_server.contract.profile import Contract
from mock_server.contract.target import Target
from mock_server.record.secret import Secrets
from mock_server.spec.operations import Operation

if TYPE_CHECKING:
    from mock_server.contract.recorded import Recording
    from mock_server.contract.walks.witness import Witness

Tell = Callable[[str], None]


@dataclass(slots=True)
class Run:
    """What every check gets: the deployment, its promises, a client, chance from the seed."""

    target: Target
    contract: Contract
    client: Client
    secrets: Secrets
    seed: int
    profile: ProfileName
    ask: Tell = print
    """Shows a link to a person and waits until they are done."""
    max_response_s: float | None = None
    witness: Witness | None = None
    """Sees every exchange."""
    recording: Recording | None = None
    """What another deployment has answered (``--recorded``)."""
    chance: random.Random = field(init=False)
    moved_s: float = 0.0
    """How far the deployment's clock was moved."""
    is_frozen: bool = field(default=False, init=False)
    observations: list[Observation] = field(default_factory=list)
    """Every answer that was judged against a promise for its reason."""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311

    @property
    def deep(self) -> bool:
        """Whether this is the full profile."""
        return self.profile == "full"

    def send(self, sent: Sent, operation: Operation | None = None) -> Exchange:
        """Send it to the deployment; counted for the operation when one is given."""
        return self.client.send(sent, operation.key if operation else "")

    def good(self, operation: Operation, token: str | None = None, **changes: object) -> Exchange:
        """The operation's good request with the good token (or another), fields of its body changed."""
        request = self.contract.requests[operation.key]
        return self.send(request.sent(self.target.base, token or self.target.tokens.good, **changes), operation)

    def consent(self, auth_uri: str) -> Consented:
        """Approve in the way that ``--consent`` names."""
        self.secrets.learn_url(auth_uri)
        return give_consent(self.client, self.target.consent, auth_uri, self.ask)

    def advance(self, seconds: float) -> str:
        """Move the deployment's clock. ``""``, or why it did not work."""
        why = self._tell_clock({"advance": seconds})
        if not why:
            self.moved_s += seconds
        return why

    @contextmanager
    def frozen(self) -> Iterator[str]:
        """The clock of a mock stands still meanwhile, so that moments can be met; others are only moved.

        Yields ``""``, or why it did not work.
        """
        if not self.target.is_mock:
            yield ""
            return
        why = self._tell_clock({"freeze": True})
        self.is_frozen = not why
        try:
            yield why
        finally:
            self.is_frozen = False
            self._tell_clock({"freeze": False})

    def _tell_clock(self, what: dict[str, object]) -> str:
        import json
        from urllib.parse import urlsplit

        assert self.target.clock_url is not None
        parts = urlsplit(self.target.clock_url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = (("Content-Type", "application/json"), *self.client.headers)
        origin = f"{parts.scheme}://{parts.netloc}"
        seen = self.client.send(Sent("POST", target, headers, json.dumps(what).encode()), origin=origin).seen
        return "" if seen.status // 100 == 2 else f"the clock answers {seen.status or seen.fault}"

    def has(self, need: Need) -> bool:
        """Whether a check's need is met."""
        tokens, target = self.target.tokens, self.target
        match need:
            case "handshake":
                return self.contract.start is not None and self.contract.collect is not None
            case "token":
                return tokens.good is not None
            case "token-other":
                return tokens.other is not None
            case "token-without-scope":
                return tokens.without_scope is not None
            case "token-unpaid":
                return tokens.unpaid is not None
            case "clock":
                return target.clock_url is not None
            case "consent":
                return target.consent != "none"


@dataclass(slots=True)
class Ledger:
    """What came of the checks so far. A defect that many requests show is kept once."""

    findings: dict[tuple[str, ...], Finding] = field(default_factory=dict)
    times: Counter[tuple[str, ...]] = field(default_factory=Counter)
    not_run: list[NotRun] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    interrupted: bool = False

    def take(self, each: Finding | NotRun) -> None:
        """Keep it, unless it is the same defect again."""
        if isinstance(each, NotRun):
            if each not in self.not_run:
                self.not_run.append(each)
            return
        self.findings.setdefault(each.fingerprint, each)
        self.times[each.fingerprint] += 1


def walk(run: Run, checks: Sequence[Check], ledger: Ledger, tell: Tell) -> None:
    """Make the checks one after another. Interrupted or out of time, the rest is listed as not run."""
    for index, check in enumerate(checks):
        tell(f"{check.family}: {check.name}")
        try:
            _walk_one(run, check, ledger)
        except OutOfTime as error:
            _leave_out(checks[index:], str(error), ledger)
            return
        except KeyboardInterrupt:
            ledger.interrupted = True
            _leave_out(checks[index:], "interrupted", ledger)
            return


def _leave_out(checks: Iterable[Check], why: str, ledger: Ledger) -> None:
    for check in checks:
        ledger.take(NotRun(check.name, why))


def _walk_one(run: Run, check: Check, ledger: Ledger) -> None:
    if run.profile not in check.profiles:
        ledger.take(NotRun(check.name, "only in --profile full"))
        return
    missing = next((need for need in check.needs if not run.has(need)), None)
    if missing:
        ledger.take(NotRun(check.name, HOW_TO_GIVE[missing]))
        return
    clean = True
    for each in guarded(run, check):
        ledger.take(each)
        clean = False
    if clean:
        ledger.passed.append(check.name)


def guarded(run: Run, check: Check) -> Iterator[Finding | NotRun]:
    """A check that fails itself proves nothing: it is neither passed nor silent."""
    try:
        yield from check.function(run)
    except OutOfTime:
        raise
    except NotPromised as reason:
        yield NotRun(check.name, f"only a part of it: {reason}")
    except LeftOut as left_out:
        yield NotRun(check.name, f"it sends {left_out.operation}, which --only or --skip leaves out")
    except Blocked as blocked:
        yield blocked.finding
        if blocked.finding.check != check.name:
            yield NotRun(check.name, f"it builds upon what is broken: {blocked.finding.title}")
    except Exception as error:  # whatever a deployment answers must not end the run with a traceback
        promise = Promise("check-can-be-made", "the check can be carried out", "standard", "mock-server")
        detail = f"{type(error).__name__}: {error}. This is a bug of mock-server or an answer it did not foresee."
        title = f"the check {check.name} could not be carried out"
        yield Finding(title, "", promise, (), detail, "error", check.name, run.seed, type(error).__name__)


def chosen(
    checks: Sequence[Check], only: Sequence[str], skip: Sequence[str], *, starts: bool = True
) -> tuple[list[Check], list[NotRun]]:
    """The checks that ``--only`` and ``--skip`` leave, by name or family, and those left out.

    ``starts`` False = the operation that begins a handshake is not asked about, only needed on the way.
    """
    kept: list[Check] = []
    out: list[NotRun] = []
    for check in checks:
        names = {check.name, check.family}
        if (only and not names & set(only)) or names & set(skip) or (check.about == "start" and not starts):
            out.append(NotRun(check.name, "left out by --only or --skip"))
        else:
            kept.append(check)
    return kept, out
