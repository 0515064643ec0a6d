"""Made-up bodies whose values fit the operations that the document's links lead to (OAS 3.1 §4.8.20)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from mock_server.errors import Broken
from mock_server.source import Pointer
from mock_server.spec.document import Document, parse_reference
from mock_server.spec.generate import generate
from mock_server.spec.operations import Operation
from mock_server.spec.schema import Schema, SchemaError

_BODY = "$response.body#"


def linked(operation: Operation, at: Pointer, body: Any, schema: Schema, siblings: Mapping[str, Operation]) -> Any:
    """The body with its linked values changed to such as the linked operations take, where its schema allows.

    A link ``parameters: {id: $response.body#/id}`` is of no use when ``/id`` is 0 and the parameter
    begins at 1000.
    """
    for target, name, path in _wanted(operation, at, siblings):
        parameter = next((each for each in target.parameters if each.name == name and each.schema), None)
        if parameter is None or parameter.schema is None:
            continue
        try:
            if parameter.schema.is_valid(_at(body, path)):
                continue
            value = generate(target.document, parameter.schema.pointer, direction="request")
            changed = _with(body, path, value)
            if schema.is_valid(changed):
                body = changed
        except (Broken, SchemaError, LookupError, TypeError):
            continue  # nothing stands there, or nothing fits both: the body stays as it is
    return body


def _wanted(
    operation: Operation, at: Pointer, siblings: Mapping[str, Operation]
) -> Iterator[tuple[Operation, str, list[str]]]:
    """Each linked operation, its parameter, and where in the body that stands."""
    document = operation.document
    node, _ = document.at(at, at, "#")
    links = node.get("links") if isinstance(node, dict) else None
    for name, raw in links.items() if isinstance(links, dict) else ():
        try:
            link, _ = document.follow(raw, (*at, "links", name))
        except Broken:
            continue
        target = _target(link, document, siblings) if isinstance(link, dict) else None
        parameters = link.get("parameters") if target else None
        for parameter, expression in parameters.items() if isinstance(parameters, dict) else ():
            if target and isinstance(expression, str) and expression.startswith(_BODY + "/"):
                steps = expression[len(_BODY) + 1 :].split("/")
                path = [step.replace("~1", "/").replace("~0", "~") for step in steps]
                # OAS 3.1 §4.8.20.1: a name may be qualified by its location, path.id
                yield target, str(parameter).rpartition(".")[2], path


def _target(link: dict[str, Any], document: Document, siblings: Mapping[str, Operation]) -> Operation | None:
    """The operation of this document; another one may have the same operationId and pointer."""
    own = (each for each in siblings.values() if each.document is document)
    wanted = link.get("operationId")
    if wanted:
        return next((each for each in own if each.operation_id == wanted), None)
    reference = link.get("operationRef")
    pointer = parse_reference(reference) if isinstance(reference, str) else None
    return next((each for each in own if each.pointer == pointer), None) if pointer else None


def _at(value: Any, path: list[str]) -> Any:
    """Raises ``LookupError`` or ``TypeError`` when nothing stands there."""
    for step in path:
        value = value[int(step)] if isinstance(value, list) and step.isdecimal() else value[step]
    return value


def _with(body: Any, path: list[str], value: Any) -> Any:
    changed = deepcopy(body)
    owner = _at(changed, path[:-1])
    if isinstance(owner, list):
        owner[int(path[-1])] = value
    else:
        owner[path[-1]] = value
    return changed
