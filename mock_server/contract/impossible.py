"""Answers that nobody can give, because no value keeps their schema: said once, of the document."""

from __future__ import annotations

from mock_server.contract.model import Finding, Promise
from mock_server.contract.run import Ledger, Run
from mock_server.errors import Place, Problem
from mock_server.source import pointer_text
from mock_server.spec.generate import unsatisfiable
from mock_server.spec.media import MediaType, is_json
from mock_server.spec.operations import Operation

OF_A_SCHEMA = ("witness.schema", "fuzz.response_schema_conformance")
"""Checks that hold a body to the schema of its status."""
_NO_BODY_MADE = (b'"MS262"', b'"MS213"')
"""What our own mock says where it can make no body."""
_PLAIN = "no value keeps this schema"


def tell_of_the_document(run: Run, ledger: Ledger) -> None:
    """In place of all findings that come of a schema which nobody can satisfy: one, which names the schema."""
    for operation in run.contract.operations:
        of_it = [each for each in ledger.findings.values() if each.operation == operation.key]
        for status, response in operation.responses.items() if of_it else ():
            caused = [each for each in of_it if _comes_of(each, status)]
            why = _impossible(operation, response.content) if caused else None
            if why is None:
                continue
            times = 0
            for each in caused:
                del ledger.findings[each.fingerprint]
                times += ledger.times.pop(each.fingerprint, 1)
            finding = _finding(run, operation, status, why, caused)
            ledger.findings[finding.fingerprint] = finding
            ledger.times[finding.fingerprint] = times


def _comes_of(finding: Finding, status: str) -> bool:
    """Whether a finding may come of what the document says of that status."""
    if finding.check == "coverage.status":
        return finding.shape == f"never {status}"
    if not finding.exchanges:
        return False
    seen = finding.exchanges[-1].seen
    if finding.check in OF_A_SCHEMA:
        return status in (str(seen.status), f"{seen.status // 100}XX", "default")
    return seen.status == 500 and any(word in seen.body for word in _NO_BODY_MADE)


def _impossible(operation: Operation, content: tuple[MediaType, ...]) -> Problem | None:
    """Why no body of any media type can be given, None where one can."""
    found: list[Problem] = []
    for media in content:
        if media.schema is None or not is_json(media.name):
            return None
        pointer, document = media.schema.pointer, operation.document
        node, at = document.follow(document.at(pointer, pointer, "#")[0], pointer)
        if node is False:
            found.append(document.loaded.problem("MS245", f"{_PLAIN}: it is `false`", at))
            continue
        why = next((each for each in unsatisfiable(document, [pointer]) if each.severity == "error"), None)
        if why is None:
            return None
        found.append(why)
    return found[0] if found else None


def _finding(run: Run, operation: Operation, status: str, why: Problem, caused: list[Finding]) -> Finding:
    place: Place | None = why.place
    source = f"{place.path}:{place.line} #{why.pointer or pointer_text(operation.pointer)}" if place else operation.key
    checks = ", ".join(dict.fromkeys(each.check for each in caused))
    return Finding(
        title=f"{operation.key}: the document cannot be kept here: nobody can satisfy the schema of {status}",
        operation=operation.key,
        promise=Promise(f"schema-of-{status}-can-be-kept", "some value keeps each schema", "documented", source),
        exchanges=next((each.exchanges[-1:] for each in caused if each.exchanges), ()),
        detail=f"{why.message}\nno deployment can answer so: mend the schema, then run again\nseen by: {checks}",
        severity="error",
        check="witness.schema",
        seed=run.seed,
        shape=f"nobody can satisfy {status}",
    )
