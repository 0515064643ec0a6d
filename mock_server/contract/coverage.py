"""Which of the documented answers were seen, and which cannot be without something that was not given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mock_server.contract.model import Finding, Level, Promise, Reached
from mock_server.contract.profile import level_of, place_of
from mock_server.contract.reach import Reach
from mock_server.contract.run import Run
from mock_server.fixture.model import OperationFixture, Rule
from mock_server.spec.operations import Operation

Statuses = Mapping[tuple[str, int], int]


def coverage_rows(run: Run, seen: Statuses, reach: Reach) -> tuple[Reached, ...]:
    """A row for everything that each operation documents: statuses first."""
    return tuple(
        row
        for operation in run.contract.operations
        for row in (*_of_operation(run, operation, seen), *reach.rows(operation))
    )


def _of_operation(run: Run, operation: Operation, seen: Statuses) -> Iterator[Reached]:
    got = {status for (key, status), count in seen.items() if key == operation.key and count}
    for name in operation.responses:
        if any(_names(operation, name, status) for status in got):
            yield Reached(operation.key, "status", name, "reached")
            continue
        missing = _missing(run, operation, name)
        yield Reached(operation.key, "status", name, "not reachable" if missing else "not reached", missing)


def _names(operation: Operation, name: str, status: int) -> bool:
    """Whether a status falls under an entry: its own, its range, ``default`` for the rest (OAS 3.1 §4.8.16)."""
    entry = operation.documented(status)
    return entry is not None and entry.status == name


def _missing(run: Run, operation: Operation, name: str) -> str:
    """What would have to be given to see it; ``""`` when nothing is missing that we know of."""
    fixture = run.contract.fixtures.operations.get(operation.key)
    if operation.key in run.contract.unmakeable:
        return f"no good request can be made: {run.contract.unmakeable[operation.key]}"
    if fixture is None:
        guarded = name == "401" and operation.security and all(operation.security)
        return "" if name == _success(operation) or guarded else "nothing says which request leads to it"
    sources = list(_sources(fixture, name))
    if not sources:
        return "no fixture's rule leads to it"
    wants = [_wants(run, fixture, source) for source in sources]
    return "" if "" in wants else wants[0]


def _sources(fixture: OperationFixture, name: str) -> Iterator[Rule | str]:
    """The rules, and words such as ``otherwise`` and ``scope``, that lead to a status."""

    def leads(response: str | None) -> bool:
        found = fixture.responses.get(response or "")
        return found is not None and name in (str(found.status), f"{found.status // 100}XX")

    yield from (rule for rule in fixture.rules if leads(rule.respond))
    if leads(fixture.otherwise):
        yield "otherwise"
    yield from (word for word, response in fixture.unauthorized.items() if leads(response))
    yield from ("invalid" for response in fixture.invalid.values() if leads(response))


def _wants(run: Run, fixture: OperationFixture, source: Rule | str) -> str:
    """What a rule or a word needs before it can be reached."""
    if source == "otherwise" and fixture.collect and not run.has("consent"):
        return "needs consent (--consent visit, ask or command:CMD)"
    if source == "scope" and run.target.tokens.without_scope is None:
        return "needs --token-without-scope"
    if source == "expired" and run.target.tokens.expired is None:
        return "needs a token that has expired"
    if isinstance(source, Rule) and any(each.where[0] == "token" for each in source.when):
        return "" if run.target.tokens.unpaid else "needs --token-unpaid"
    return ""


def _success(operation: Operation) -> str | None:
    """The lowest 2xx that is documented."""
    return min((status for status in operation.responses if status.startswith("2")), default=None)


def unreached_findings(run: Run, rows: tuple[Reached, ...]) -> Iterator[Finding]:
    """A documented status that a whole run could reach and did not: a chain that never succeeds ends no run green.

    Where only an unknown id keeps us from it (a path parameter), it is a warning.
    """
    for row in rows:
        operation = run.contract.operation(row.operation)
        if row.kind != "status" or row.state != "not reached" or operation is None:
            continue
        guessed = row.operation not in run.contract.fixtures.operations and "{" in operation.path
        promise = Promise(
            f"status-{row.name}-is-reached",
            f"{row.name} is a documented answer",
            _level(run, row),
            place_of(operation, "responses", row.name),
        )
        yield Finding(
            title=f"{row.operation} never answered {row.name}",
            operation=row.operation,
            promise=promise,
            exchanges=(),
            detail="everything that leads to this answer was tried, and it never came",
            severity="warning" if guessed and not run.target.is_mock else "error",
            check="coverage.status",
            seed=run.seed,
            shape=f"never {row.name}",
        )


def _level(run: Run, row: Reached) -> Level:
    """Assumed, when all that leads to this answer is: then nobody has said when it comes."""
    fixture = run.contract.fixtures.operations.get(row.operation)
    named = [each for each in fixture.responses.values() if str(each.status) == row.name] if fixture else []
    return "assumed" if named and all(level_of(each) == "assumed" for each in named) else "documented"


def too_little(run: Run, rows: tuple[Reached, ...], wanted_percent: float) -> Iterator[Finding]:
    """``--require-coverage``: a finding when less was reached. Nothing documented is wholly covered."""
    reached = sum(row.state == "reached" for row in rows)
    percent = 100 * reached / len(rows) if rows else 100.0
    if percent >= wanted_percent:
        return
    missing = ", ".join(
        " ".join(filter(None, [row.operation, "" if row.kind == "status" else row.kind, row.name]))
        for row in rows
        if row.state != "reached"
    )
    promise = Promise(
        "required-coverage",
        f"{wanted_percent:g} % of what is documented is reached",
        "documented",
        "--require-coverage",
    )
    title = f"{reached} of {len(rows)} documented things were reached, {percent:.0f} %"
    yield Finding(
        title, "", promise, (), f"not reached: {missing}", "error", "coverage.required", run.seed, "too little"
    )
