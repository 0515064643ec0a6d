"""Several documents beside one another: which of their operations answers where, and what each is called.

An operation is served under each base path of its document's servers, and at the root too. Two documents may
have one path as long as their base paths keep them apart; at the root the first document then answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mock_server.errors import Problem
from mock_server.named import NamedTuple
from mock_server.spec.operations import Operation, shape_of

MAX_NAMED = 3
"""Operations that a warning names; it counts the others."""


class Beside(NamedTuple):
    """The operations that are served, each with a key of its own, and what is wrong between the documents."""

    operations: list[Operation]
    problems: list[Problem]


def own_bases(operation: Operation) -> tuple[str, ...]:
    """The base paths that the document itself gives the operation: without servers the root (OAS 3.1 §4.8.1)."""
    return operation.bases or ("",)


def addresses(operation: Operation) -> tuple[str, ...]:
    """``("GET /v1/x", "GET /x")``: every base path with the path, those of the document before the root."""
    bases = dict.fromkeys((*operation.bases, ""))
    return tuple(f"{operation.method} {base}{operation.path}" for base in bases)


def beside(documents: Sequence[Sequence[Operation]]) -> Beside:
    """The operations of all documents. MS208 (error) for one that has no address of its own, MS260 for the rest.

    Two that are called alike get their base paths into their keys: ``GET /v1/x`` and ``GET /v2/x``.
    """
    if len(documents) == 1:
        return Beside(list(documents[0]), [])
    problems: list[Problem] = []
    taken: dict[str, Operation] = {}
    served: list[Operation] = []
    for operation in (each for document in documents for each in document):
        twins = [_twin(operation, base, taken) for base in own_bases(operation)]
        if all(twins):
            problems.append(_second(operation, next(filter(None, twins))))
        else:
            served.append(operation)
    problems += _shared(served, taken)
    return Beside(_named(served, taken), problems)


def _twin(operation: Operation, base: str, taken: dict[str, Operation]) -> Operation | None:
    """The operation of another document that has this address already; else it is taken now."""
    first = taken.setdefault(_shape(operation, base), operation)
    return None if first.document is operation.document else first


def _shape(operation: Operation, base: str) -> str:
    return shape_of(f"{operation.method} {base}{operation.path}")


def _second(operation: Operation, twin: Operation) -> Problem:
    place = twin.document.loaded.place(twin.pointer, at="key")
    hint = f"the other is at {place}; remove one, give their `servers` different paths, or serve them by two servers"
    message = f"{operation.key} is in {place.path} too"
    return operation.document.loaded.problem("MS208", message, operation.pointer, hint, at="key")


def _shared(operations: list[Operation], taken: dict[str, Operation]) -> Iterator[Problem]:
    """One warning for each two documents of which one answers in the other's place somewhere (MS260)."""
    lost: dict[tuple[int, int], list[tuple[Operation, Operation, str]]] = {}
    for operation in operations:
        for base in dict.fromkeys((*own_bases(operation), "")):
            winner = taken.setdefault(_shape(operation, base), operation)
            if winner.document is not operation.document:
                pair = id(operation.document), id(winner.document)
                lost.setdefault(pair, []).append((operation, winner, base))
    for found in lost.values():
        operation, winner, _ = found[0]
        named = [f"{each.method} {base}{each.path}" for each, _, base in found]
        more = f" and {len(named) - MAX_NAMED} more" if len(named) > MAX_NAMED else ""
        other = winner.document.loaded.source.path
        message = f"{other} has {', '.join(named[:MAX_NAMED])}{more} too, and answers there"
        hint = f"this document answers under {', '.join(each or '/' for each in _owned(operation, taken))}"
        yield operation.document.loaded.problem("MS260", message, operation.pointer, hint, at="key", severity="warning")


def _named(operations: list[Operation], taken: Mapping[str, Operation]) -> list[Operation]:
    """With the base path in each key that would else be equal to another. No two have one address, so this ends."""
    keys = [each.key for each in operations]
    while max((count := Counter(keys)).values(), default=1) > 1:
        keys = [
            f"{each.method} {_owned(each, taken)[0]}{each.path}" if count[key] > 1 else key
            for each, key in zip(operations, keys, strict=True)
        ]
    return [each if each.key == key else replace(each, key=key) for each, key in zip(operations, keys, strict=True)]


def _owned(operation: Operation, taken: Mapping[str, Operation]) -> list[str]:
    """The base paths of its document under which it answers itself."""
    return [base for base in own_bases(operation) if taken[_shape(operation, base)] is operation]


def called(name: str, operations: Mapping[str, Operation]) -> list[Operation]:
    """The operations that ``POST /oauth2``, ``POST /api/oauth2`` (with a base path) or an operationId means.

    Several, when it means some of more than one document. A key means the one operation that has it.
    """
    if name in operations:
        return [operations[name]]
    values = [each for each in operations.values() if name and each.operation_id == name]
    values = values or [each for each in operations.values() if f"{each.method} {each.path}" == name]
    values = values or [each for each in operations.values() if name in addresses(each)]
    return list({id(each.document): each for each in reversed(values)}.values())[::-1]


def ambiguous(name: str, found: Sequence[Operation]) -> tuple[str, str]:
    """What is wrong with a name that means several operations, and what to write instead."""
    files = ", ".join(each.document.loaded.source.path for each in found)
    keys = " or ".join(each.key for each in found)
    return f"{name!r} means operations of several documents: {files}", f"write {keys}"
