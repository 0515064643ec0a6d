"""What several requests do to one another: rows of words, each held to the model of a handshake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mock_server.contract.checks import Check
from mock_server.contract.model import Finding, NotRun
from mock_server.contract.run import Run
from mock_server.contract.walks.expect import ground, refused, verdict
from mock_server.contract.walks.handshake import LEFT_OUT, collect, collect_request
from mock_server.contract.walks.judge import broken, promise
from mock_server.contract.walks.tale import FALSE_IDS, FALSE_URIS, Found, Tale, walks_pages
from mock_server.spec.media import is_json
from mock_server.spec.operations import Operation

ROWS: dict[str, tuple[str, ...]] = {
    "sequences.pending": (
        "begin collect collect collect-with-uri",
        "begin open collect open collect",
    ),
    "sequences.decided": (
        "begin approve collect collect collect-with-uri collect",
        "begin open collect approve collect",
        "begin peek peek collect approve collect",
        "begin deny collect collect",
        "begin fail collect collect",
        "begin collect deny collect approve collect",
        "begin approve deny collect fail collect",
        "begin approve collect deny collect",
        "begin approve approve collect",
    ),
    "sequences.apart": (
        "begin begin approve:1 collect collect:1 collect",
        "begin begin deny approve:1 collect collect:1",
        "begin begin approve collect:1 deny:1 collect collect:1 collect",
        "begin begin begin approve:2 collect:2 collect collect:1 approve collect collect:2",
        "begin begin approve approve:1 collect-with-other-uri:1 collect collect:1",
        "begin begin approve collect-with-other-uri:1 collect:1 collect",
    ),
    "sequences.burns-nothing": (
        "begin approve changed truncated collect-as-other collect",
        "begin changed collect-as-other collect approve collect",
        "begin begin approve collect-with-other-uri collect",
        "begin approve collect collect-as-other changed collect",
        "begin collect-unauthorized approve collect-unauthorized collect",
    ),
}
"""Check -> the tales that it tells."""

KEPT = {"quick": 12, "full": 50}
"""So many handshakes live side by side."""


def _telling(name: str) -> Callable[[Run], Iterator[Finding | NotRun]]:
    def tell(run: Run) -> Iterator[Finding | NotRun]:
        why = walks_pages(run)
        if why:
            yield NotRun(name, why)
            return
        for row in ROWS[name]:
            yield from Tale(run, name).tell(row)

    return tell


def false_ids(run: Run) -> Found:
    """Everything that is nearly a pull_id, of a granted, a denied and a pending handshake; none burns anything."""
    check = "sequences.false-ids"
    if walks_pages(run):
        yield NotRun(check, walks_pages(run))
        return
    for decision in ("approve", "deny", ""):
        tale = Tale(run, check)
        yield from tale.tell(f"begin {decision}")
        for how in FALSE_IDS:
            yield from tale.collect_false(tale.handshakes[0], how)
        yield from tale.do("collect")


def false_uris(run: Run) -> Found:
    """Everything that is nearly its auth_uri, and the auth_uri alone; none opens anything or burns anything."""
    check, operation = "sequences.false-uris", run.contract.collect
    assert operation is not None
    where = run.contract.fixtures.operations[operation.key].collect
    if walks_pages(run) or where is None or not where.auth_uri:
        yield NotRun(check, walks_pages(run) or "the fixtures do not compare an auth_uri")
        return
    tale = Tale(run, check)
    yield from tale.tell("begin approve")
    told = tale.handshakes[0]
    for how, change in FALSE_URIS.items():
        uri = change(told.began.auth_uri)
        if uri != told.began.auth_uri:
            yield from tale.collect_elsewhere(told, uri, f"collected with its auth_uri {how}")
    alone = collect_request(run, LEFT_OUT, told.began.auth_uri)
    if alone.media and alone.media.schema and not alone.media.schema.is_valid(alone.body):
        exchange = run.send(alone.sent(run.target.base, run.target.tokens.good), operation)
        expect = refused(run, operation, ("required",), "auth_uri without pull_id")
        found = verdict(run, check, ground(run, operation), expect, "auth_uri without pull_id", exchange)
        if found:
            yield found
    yield from tale.do("collect")


def all_kept(run: Run) -> Found:
    """Many handshakes at once: each is kept, each is its own, consent for one grants no other."""
    check = "sequences.all-kept"
    if walks_pages(run):
        yield NotRun(check, walks_pages(run))
        return
    tale = Tale(run, check)
    many = KEPT[run.profile]
    for _ in range(many):
        tale.begin()
    chosen = set(run.chance.sample(range(1, many), 3)) | {0}
    for number in sorted(chosen):
        yield from tale.do("approve", number)
    for number in range(many):
        tale.said[:] = [f"{many} begun and {len(chosen)} of them approved"]
        yield from tale.do("collect", number)


def anew(run: Run) -> Found:
    """Beginning again with the same input gives a new handshake, before and after the first one was granted."""
    check = "sequences.anew"
    if walks_pages(run):
        yield NotRun(check, walks_pages(run))
        return
    tale = Tale(run, check)
    yield from tale.tell("begin approve begin collect collect:1 collect begin collect:2")
    ids = [told.began.pull_id for told in tale.handshakes]
    uris = [told.began.auth_uri for told in tale.handshakes]
    for name, values in (("pull_id", ids), ("auth_uri", uris)):
        if len(set(values)) < len(values):
            told = promise(f"{name}-is-new", f"every process has its own {name}", "RFC 6749 §10.12")
            title = f"a second process gets the {name} of the first"
            exchanges = [each.began.exchange for each in tale.handshakes[:2]]
            yield broken(run, check, run.contract.start, told, title, *exchanges)


def between(run: Run) -> Found:
    """Requests that fail in between change nothing: broken bodies, wrong tokens, unknown ids."""
    check = "sequences.between"
    start, other = run.contract.start, run.contract.collect
    assert start is not None
    assert other is not None
    if walks_pages(run):
        yield NotRun(check, walks_pages(run))
        return
    tale = Tale(run, check)
    for words in ("begin", "collect", "approve", "collect", "collect"):
        for operation in (start, other):
            request = run.contract.requests[operation.key]
            run.send(request.raw(run.target.base, run.target.tokens.good, b'{"'), operation)
            run.send(request.raw(run.target.base, run.target.tokens.good, b"[]"), operation)
            run.send(request.sent(run.target.base, None), operation)
        collect(run, None, pull_id=f"contract-{run.chance.getrandbits(64):016x}")
        yield from tale.tell(words)


def expiry(run: Run) -> Found:
    """At the end of its time and just before it, for the least, the longest and the usual time. Moves the clock."""
    check = "sequences.expiry"
    assert run.contract.start is not None
    start = run.contract.fixtures.operations[run.contract.start.key].start
    if start is None or len(start.valid_for) != 2 or start.valid_for[0] != "body":
        yield NotRun(check, "the time that a handshake lives does not stand in a field of the body")
        return
    if walks_pages(run):
        yield NotRun(check, walks_pages(run))
        return
    name = start.valid_for[1]
    times: list[tuple[object, float]] = [(each, float(each)) for each in _bounds(run, name)]
    body = run.contract.requests[run.contract.start.key].body
    if isinstance(body, dict) and name not in _required(run):
        times.append((LEFT_OUT, start.default_valid_for_s))
    with run.frozen() as why:
        if why:
            yield NotRun(check, why)
            return
        for given, valid_s in times:
            yield from _expires(run, check, {name: given}, valid_s)


def _expires(run: Run, check: str, changes: dict[str, object], valid_s: float) -> Found:
    """A granted, a pending and a denied one, up to the moment and beyond."""
    tale = Tale(run, check)
    for _ in range(3):
        tale.begin(None, **changes)
    yield from tale.tell("approve deny:1")
    margin_s = 1.0 if run.is_frozen else 30.0
    for seconds, ended in ((valid_s - margin_s, False), (margin_s, True), (margin_s, True)):
        why = run.advance(seconds if run.is_frozen or not ended else seconds + 1)
        if why:
            yield NotRun(check, why)
            return
        tale.said[:] = [f"{valid_s:g} s" if ended else f"{margin_s:g} s less than {valid_s:g} s"]
        for told in tale.handshakes if ended else ():
            told.happens("expire")
        for number in range(3):
            yield from tale.do("collect", number)
            tale.said.pop()


def _bounds(run: Run, name: str) -> list[int]:
    schema = _field(run, name)
    found = [schema.get("minimum"), schema.get("maximum")]
    return [each for each in found if isinstance(each, int) and not isinstance(each, bool)] or [600]


def _field(run: Run, name: str) -> dict[str, object]:
    operation = run.contract.start
    assert operation is not None
    node, _ = operation.document.follow((_schema(operation).get("properties") or {}).get(name, {}), operation.pointer)
    return node if isinstance(node, dict) else {}


def _schema(operation: Operation) -> dict[str, Any]:
    """The schema of its JSON body, as the document writes it."""
    for media in operation.body.content if operation.body else ():
        if is_json(media.name) and media.schema is not None:
            node, _ = operation.document.at(media.schema.pointer, operation.pointer, "#")
            node, _ = operation.document.follow(node, media.schema.pointer)
            return node if isinstance(node, dict) else {}
    return {}


def _required(run: Run) -> list[str]:
    assert run.contract.start is not None
    return list(_schema(run.contract.start).get("required") or [])


_SUMMARIES = {
    "sequences.pending": "collected while nobody has decided",
    "sequences.decided": "every decision, and what comes after it",
    "sequences.apart": "several handshakes do not mix",
    "sequences.burns-nothing": "a wrong try burns nothing",
}

CHECKS = (
    *(Check(name, "sequences", _SUMMARIES[name], _telling(name), ("handshake", "consent")) for name in ROWS),
    Check("sequences.false-ids", "sequences", "what is nearly a pull_id", false_ids, ("handshake", "consent")),
    Check("sequences.false-uris", "sequences", "what is nearly its auth_uri", false_uris, ("handshake", "consent")),
    Check("sequences.all-kept", "sequences", "many handshakes are all kept", all_kept, ("handshake", "consent")),
    Check("sequences.anew", "sequences", "beginning again gives a new one", anew, ("handshake", "consent")),
    Check("sequences.between", "sequences", "failing requests change nothing", between, ("handshake", "consent")),
)
LAST = (Check("sequences.expiry", "sequences", "the end of its time", expiry, ("handshake", "consent", "clock")),)
"""It moves the clock."""
