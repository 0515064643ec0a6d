"""Making findings: what was seen against what was promised."""

from __future__ import annotations

import re

from mock_server.contract.model import Exchange, Finding, Level, Promise, Seen
from mock_server.contract.observe import Observation
from mock_server.contract.profile import Wanted
from mock_server.contract.run import Run
from mock_server.contract.walks.exact import difference, unlike
from mock_server.fixture.model import Provider, Response
from mock_server.spec.operations import Operation

_NAMED = re.compile(rb"\bbody\.(\w+)")
_KEYS = re.compile(rb'"(\w+)"\s*:')


def told(seen: Seen) -> str:
    """A status, or why there is none: ``402`` or ``no answer (reset)``."""
    return str(seen.status) if seen.status else f"no answer ({seen.fault})"


def answers(seen: Seen, shown: str = "") -> str:
    """The verb before it: ``answers 402`` or ``gives no answer (reset)``."""
    return f"{'answers' if seen.status else 'gives'} {shown or told(seen)}"


def status_finding(
    run: Run,
    check: str,
    operation: Operation,
    wanted: Wanted,
    reason: str,
    *exchanges: Exchange,
    provider: Provider | None = None,
) -> Finding | None:
    """None when the last exchange has exactly the status that was promised.

    A mock is held to the fixtures' bodies, too: they are its own; others to what is documented of them.
    ``provider`` is who was asked for consent, the contract's own one where it is not given.
    """
    seen = exchanges[-1].seen
    kept = seen.status == wanted.status and not seen.fault
    run.observations.append(Observation(check, operation.key, reason, wanted, exchanges[-1], kept))
    if not kept:
        shown = told(seen) if seen.status != wanted.status else f"{seen.status} with a broken body ({seen.fault})"
        return Finding(
            title=f"{operation.key} {answers(seen, shown)} instead of {wanted.status}: {reason}",
            operation=operation.key,
            promise=wanted.broken_by(seen),
            exchanges=exchanges,
            detail=f"seen {shown}, promised {wanted.status} for: {reason}",
            severity="error",
            check=check,
            seed=run.seed,
            shape=f"{shown} instead of {wanted.status}",
        )
    if wanted.response is None:
        return None
    provider = provider or run.contract.provider()
    if run.target.is_mock:
        differs = difference(wanted.response, seen, provider)
        differs = differs or _another_field(wanted.response, seen, reason, exchanges[-1].sent.body)
    else:
        differs = unlike(wanted.response, seen, provider)
    if not differs:
        return None
    what = "other headers" if differs.startswith("the header ") else "another body"
    promise = wanted.promise._replace(
        key=f"body-of-{wanted.response.name}", text=f"the fixture's answer {wanted.response.name}"
    )
    if not run.target.stands_in:  # its credentials and headers may be others: only one sample is documented
        promise = promise._replace(level="assumed")
    return Finding(
        title=f"{operation.key} answers {seen.status} with {what} than {wanted.response.name}: {reason}",
        operation=operation.key,
        promise=promise,
        exchanges=exchanges,
        detail=differs,
        severity="error",
        check=check,
        seed=run.seed,
        shape=differs,
    )


def _another_field(response: Response, seen: Seen, reason: str, body: bytes) -> str:
    """Whether an answer that names the field that is wrong names another one than the reason does.

    A reason such as ``validity_duration is 299`` begins with its field.
    """
    wheres = response.body.wheres if response.body else frozenset()
    field = reason.partition(" ")[0]
    if ("violation", "where") not in wheres or f'"{field}"'.encode() not in body:
        return ""
    named = {name.decode() for name in _NAMED.findall(seen.body)} & {name.decode() for name in _KEYS.findall(body)}
    return f"it names another field than {field}" if named and field not in named else ""


def broken(
    run: Run,
    check: str,
    operation: Operation | None,
    promise: Promise,
    said: str,
    *exchanges: Exchange,
    shape: str = "",
) -> Finding:
    """A promise that these exchanges break. ``said`` is the title; ``shape`` what is the same whenever it happens."""
    key = operation.key if operation else ""
    return Finding(said, key, promise, exchanges, promise.text, "error", check, run.seed, shape or promise.key)


def promise(key: str, text: str, source: str, level: Level = "standard") -> Promise:
    """Short for a promise of a standard; ``source`` is the section."""
    return Promise(key, text, level, source)
