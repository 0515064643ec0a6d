"""Paths that answer to the same requests, and paths that no request can have."""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.errors import Problem
from mock_server.spec.document import Document
from mock_server.spec.operations import METHODS, path_items, shape_of


def path_problems(document: Document) -> Iterator[Problem]:
    """Warnings: MS208 for the second of two equal operations, MS212 for a path with a query or fragment.

    OAS 3.1 §4.8.8: paths that differ in the names of their templates only are the same path. Real
    documents divide one path so, ``/a/{x}`` for GET and ``/a/{y}`` for POST, which is served.
    """
    shapes: dict[str, str] = {}
    for path, item, _ in path_items(document):
        if "?" in path or "#" in path:
            hint = "describe a query with parameters; until then the operation answers without looking at it"
            message = f"no request has the path {path}: it ends at `?` or `#`"
            yield document.loaded.problem("MS212", message, ("paths", path), hint, at="key", severity="warning")
        for method in METHODS:
            if not isinstance(item.get(method), dict):
                continue
            twin = shapes.setdefault(shape_of(f"{method} {path}"), path)
            if twin != path:
                message = f"{method.upper()} {path} answers to the same requests as {twin}, so it is never used"
                hint = "give the two one path, or one of them another method"
                yield document.loaded.problem("MS208", message, ("paths", path), hint, at="key", severity="warning")
