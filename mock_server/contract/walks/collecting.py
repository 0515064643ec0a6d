"""Exactly which status when somebody collects: before consent, after it, after denial, with the wrong ids."""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.contract.checks import Check
from mock_server.contract.consent import visit
from mock_server.contract.model import Exchange, Finding, NotRun
from mock_server.contract.run import Run
from mock_server.contract.walks.expect import DECIDED
from mock_server.contract.walks.handshake import begin, collect, collected, not_consented, not_promised
from mock_server.contract.walks.judge import status_finding
from mock_server.fixture.facts import HANDSHAKE_STATES

Found = Iterator[Finding | NotRun]
MARGIN_S = 30.0
"""How long before its end a handshake is still looked at; a slow deployment must not make a false alarm."""


def _judge(run: Run, check: str, state: str, reason: str, *exchanges: Exchange) -> Found:
    """The answer in a state of the handshake, against what the rules promise for it."""
    assert state in HANDSHAKE_STATES
    operation = run.contract.collect
    assert operation is not None
    wanted = collected(run, state)
    if wanted is None:
        yield not_promised(check, operation, reason)
        return
    found = status_finding(run, check, operation, wanted, reason, *exchanges)
    if found:
        yield found


def _automatic(run: Run) -> bool:
    provider = run.contract.provider()
    return provider is not None and provider.consent != "ask"


def _decided(run: Run) -> str:
    """In which state a handshake is when the provider decides by itself."""
    provider = run.contract.provider()
    return DECIDED.get(provider.consent, "granted") if provider else "granted"


def pending(run: Run) -> Found:
    """Nobody has consented yet; neither before the page is opened nor after."""
    check = "collecting.pending"
    if _automatic(run):
        yield NotRun(check, "consent is given automatically")
        return
    began = begin(run)
    yield from _judge(run, check, "asked", "collected before anybody consented", began.exchange, collect(run, began))


def granted(run: Run) -> Found:
    """After consent, again, and with the auth_uri sent along."""
    check = "collecting.granted"
    began = begin(run)
    if _automatic(run) and _decided(run) != "granted":
        yield from _judge(run, check, _decided(run), "collected at once", began.exchange, collect(run, began))
        return
    if not _automatic(run):
        given = run.consent(began.auth_uri)
        if not given.ok:
            yield not_consented(run, check, given, began.exchange, *given.exchanges)
            return
    first = collect(run, began)
    yield from _judge(run, check, "granted", "collected after consent", began.exchange, first)
    again = _again(run)
    second = collect(run, began)
    yield from _judge(run, check, again, "collected a second time", began.exchange, first, second)
    if again != "spent":
        with_uri = collect(run, began, auth_uri=began.auth_uri)
        yield from _judge(run, check, "collected", "collected with its auth_uri", began.exchange, with_uri)


def _again(run: Run) -> str:
    """What the fixture says of a second collection."""
    assert run.contract.collect is not None
    where = run.contract.fixtures.operations[run.contract.collect.key].collect
    return "spent" if where and where.single_use else "collected"


def denied(run: Run) -> Found:
    """After the person pressed Deny; after the provider failed."""
    check = "collecting.denied"
    if _automatic(run) or run.target.consent != "visit":
        yield NotRun(check, "only where we walk the consent page (--consent visit)")
        return
    for wish, state in (("deny", "denied"), ("fail", "failed")):
        began = begin(run)
        walked = visit(run.client, began.auth_uri, "deny" if wish == "deny" else "fail")
        if not walked.ok:
            yield NotRun(check, f"{wish}: {walked.why}")
            continue
        yield from _judge(run, check, state, f"collected after {wish}", began.exchange, collect(run, began))


def unknown(run: Run) -> Found:
    """A pull_id that opens nothing: never given out, or changed in its last character."""
    check = "collecting.unknown"
    made = "contract-" + f"{run.chance.getrandbits(128):032x}"
    yield from _judge(run, check, "unknown", "a pull_id that was never given out", collect(run, None, pull_id=made))
    began = begin(run)
    last = "A" if began.pull_id[-1] != "A" else "B"
    # The last character of base64 may carry bits that nobody reads: change one in the middle, too.
    middle = len(began.pull_id) - 4
    other = "A" if began.pull_id[middle] != "A" else "B"
    forged = began.pull_id[:middle] + other + began.pull_id[middle + 1 : -1] + last
    run.secrets.learn(forged)
    exchange = collect(run, began, pull_id=forged)
    yield from _judge(run, check, "forged", "a pull_id that was changed", began.exchange, exchange)


def foreign(run: Run) -> Found:
    """Somebody else's token must not collect, before consent and after."""
    check = "collecting.foreign"
    began = begin(run)
    exchange = collect(run, began, run.target.tokens.other)
    yield from _judge(run, check, "foreign", "collected with the token of another account", began.exchange, exchange)
    if run.has("consent") and not _automatic(run) and run.consent(began.auth_uri).ok:
        exchange = collect(run, began, run.target.tokens.other)
        reason = "collected with the token of another account after consent"
        yield from _judge(run, check, "foreign", reason, began.exchange, exchange)


def mismatched(run: Run) -> Found:
    """The auth_uri of another handshake."""
    check = "collecting.mismatched"
    one, other = begin(run), begin(run)
    exchange = collect(run, one, auth_uri=other.auth_uri)
    yield from _judge(run, check, "mismatched", "collected with another's auth_uri", one.exchange, exchange)


def expired(run: Run) -> Found:
    """Shortly before its time is over a handshake lives, shortly after it does not. Moves the clock."""
    check = "collecting.expired"
    assert run.contract.start is not None
    start = run.contract.fixtures.operations[run.contract.start.key].start
    if start is None or len(start.valid_for) != 2 or start.valid_for[0] != "body":
        yield NotRun(check, "the time that a handshake lives does not stand in a field of the body")
        return
    valid_s = 600.0
    began = begin(run, **{start.valid_for[1]: int(valid_s)})
    alive = _decided(run) if _automatic(run) else "asked"
    why = run.advance(valid_s - MARGIN_S)
    if not why:
        reason = f"collected {MARGIN_S:g} s before it expires"
        yield from _judge(run, check, alive, reason, began.exchange, collect(run, began))
        why = run.advance(MARGIN_S + 1)
    if why:
        yield NotRun(check, why)
        return
    ended = alive if alive in ("denied", "failed") else "expired"
    yield from _judge(run, check, ended, "collected after it expired", began.exchange, collect(run, began))


CHECKS = (
    Check("collecting.pending", "collecting", "before consent", pending, ("handshake",)),
    Check("collecting.granted", "collecting", "after consent, once and again", granted, ("handshake", "consent")),
    Check("collecting.denied", "collecting", "after denial and failure", denied, ("handshake", "consent")),
    Check("collecting.unknown", "collecting", "ids that open nothing", unknown, ("handshake",)),
    Check("collecting.foreign", "collecting", "another account's token", foreign, ("handshake", "token-other")),
    Check("collecting.mismatched", "collecting", "another handshake's auth_uri", mismatched, ("handshake",)),
    Check("collecting.expired", "collecting", "after its time, by moving the clock", expired, ("handshake", "clock")),
)
"""``expired`` comes last of all walks: it moves the clock."""
