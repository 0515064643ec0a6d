"""The examples of a documented response, in every form that OpenAPI 3.0 to 3.2 gives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mock_server.errors import Broken
from mock_server.model import PROVENANCES, Provenance
from mock_server.named import NamedTuple
from mock_server.source import Pointer
from mock_server.spec.document import Document


class ResponseExample(NamedTuple):
    """One example. The name is ``""`` for the nameless ``example``.

    Exactly one of three says the body: ``value`` (data), ``serialized`` (the text on the wire, OAS 3.2
    ``serializedValue``) or ``external`` (where the text stands, ``externalValue``).
    """

    name: str
    provenance: Provenance
    pointer: Pointer
    value: Any = None
    serialized: str | None = None
    external: str | None = None


def response_examples(document: Document, at: Pointer) -> list[ResponseExample]:
    """The examples of the media type at ``at``, in their order; what cannot be read is left out."""
    try:
        node, at = document.follow(document.at(at, at, "#")[0], at)
    except Broken:
        return []
    return list(_examples(document, node, at)) if isinstance(node, dict) else []


def _examples(document: Document, node: dict[str, Any], at: Pointer) -> Iterator[ResponseExample]:
    if "example" in node:
        yield ResponseExample("", _provenance(node), (*at, "example"), node["example"])
    named = node.get("examples")
    for name, raw in named.items() if isinstance(named, dict) else ():
        try:
            entry, entry_at = document.follow(raw, (*at, "examples", name))
        except Broken:
            continue
        if not isinstance(entry, dict):
            continue
        provenance = _provenance(entry)
        # OAS 3.2 §4.19: serializedValue is the dataValue as it is on the wire, so it goes first.
        if isinstance(entry.get("serializedValue"), str):
            text = entry["serializedValue"]
            yield ResponseExample(name, provenance, (*entry_at, "serializedValue"), serialized=text)
        elif "dataValue" in entry or "value" in entry:
            word = "dataValue" if "dataValue" in entry else "value"
            yield ResponseExample(name, provenance, (*entry_at, word), entry[word])
        elif isinstance(entry.get("externalValue"), str):
            place = entry["externalValue"]
            yield ResponseExample(name, provenance, (*entry_at, "externalValue"), external=place)


def _provenance(node: dict[str, Any]) -> Provenance:
    """What ``x-provenance`` says; an example stands in the document, so ``documented`` without it."""
    said = node.get("x-provenance")
    return next((each for each in PROVENANCES if each == said), "documented")
