"""Documents for the tests of this folder, written as text so that their places can be asserted."""

from __future__ import annotations

import json
from typing import Any

from mock_server.errors import Problem
from mock_server.source import Loaded, Source, load
from mock_server.spec.document import Document, open_document
from mock_server.spec.operations import Operation, read_operations
from mock_server.spec.schema import Schema

HEAD = 'openapi: {version}\ninfo: {{title: t, version: "1"}}\n'


def loaded(text: str, version: str = "3.1.0") -> Loaded:
    """``text`` begins on line 3 of the document."""
    return load(Source("openapi.yaml", HEAD.format(version=version) + text))


def document(text: str, version: str = "3.1.0") -> Document:
    return open_document(loaded(text, version))


def operations(text: str, version: str = "3.1.0") -> list[Operation]:
    return read_operations(document(text, version))


def problems_of(text: str, version: str = "3.1.0") -> list[Problem]:
    """What is tolerated in the document; that it has no operations is not the tests' business."""
    found = document(text, version)
    read_operations(found)
    problems = [problem for problem in found.problems() if problem.message != "the document has no operations"]
    assert {problem.severity for problem in problems} <= {"warning"}
    return problems


def with_schemas(schemas: dict[str, Any], version: str = "3.1.0") -> Document:
    """A document that has these schemas and nothing else."""
    data = {"openapi": version, "info": {"title": "t", "version": "1"}, "components": {"schemas": schemas}}
    return open_document(load(Source("openapi.json", json.dumps(data, indent=1))))


def schema(node: Any, version: str = "3.1.0", others: dict[str, Any] | None = None) -> Schema:
    """The schema ``X`` of a document; ``others`` are beside it."""
    return with_schemas({"X": node, **(others or {})}, version).schema(("components", "schemas", "X"))


def reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def where(problem: Problem) -> str:
    """``MS203 openapi.yaml:5:7 /paths``: what a table compares."""
    return f"{problem.code} {problem.place} {problem.pointer}"
