"""Callbacks and webhooks of a document as values."""

from __future__ import annotations

from mock_server.errors import Problem
from mock_server.spec.callbacks import read_callbacks, read_webhooks
from mock_server.spec.document import Document
from mock_server.spec.fault import Faults
from mock_server.spec.operations import read_operations
from mock_server.spec.schema import SchemaBook
from tests.spec.documents import document, loaded

ITEM = "{post: {responses: {'204': {description: d}, 4XX: {description: d}}}}"


def loose(text: str) -> Document:
    """A document whose references nobody looked at."""
    found = loaded(text)
    return Document(found, "3.1.0", SchemaBook(found.data), Faults(found))


def test_a_callback_has_its_name_expression_method_and_statuses() -> None:
    (operation,) = read_operations(
        document(f"paths: {{/a: {{post: {{callbacks: {{done: {{'{{$url}}': {ITEM}}}}}, responses: {{}}}}}}}}")
    )
    (callback,) = read_callbacks(operation)
    assert (callback.name, callback.expression, callback.method) == ("done", "{$url}", "POST")
    assert callback.statuses == {"204", "4XX"}
    assert callback.pointer == ("paths", "/a", "post", "callbacks", "done", "{$url}", "post")
    assert callback.media is None


def test_extensions_are_no_callbacks() -> None:
    text = f"paths: {{/a: {{post: {{callbacks: {{done: {{x-note: {{}}, '{{$url}}': {ITEM}}}}}, responses: {{}}}}}}}}"
    (operation,) = read_operations(document(text))
    assert [each.expression for each in read_callbacks(operation)] == ["{$url}"]


def test_a_broken_reference_costs_itself_only() -> None:
    broken: list[Problem] = []
    text = (
        "paths: {/a: {post: {responses: {}, callbacks: {gone: {$ref: '#/nowhere'}, "
        f"half: {{'{{$url}}': {{$ref: '#/nowhere'}}, '{{$method}}': {ITEM}}}, done: {{'{{$url}}': {ITEM}}}}}}}}}}}"
    )
    (operation,) = read_operations(loose(text))
    found = read_callbacks(operation, broken)
    assert [(each.name, each.expression) for each in found] == [("half", "{$method}"), ("done", "{$url}")]
    assert [(each.code, each.severity) for each in broken] == [("MS203", "warning"), ("MS203", "warning")]
    assert read_callbacks(operation) == found


def test_a_broken_webhook_costs_itself_only() -> None:
    broken: list[Problem] = []
    found = read_webhooks(loose(f"paths: {{}}\nwebhooks: {{gone: {{$ref: '#/nowhere'}}, here: {ITEM}}}"), broken)
    assert list(found) == ["here"]
    assert [each.code for each in broken] == ["MS203"]


def test_shapes_that_are_none_are_passed_over() -> None:
    text = "paths: {/a: {post: {responses: {}, callbacks: {a: 1, b: [], c: {'$url': 5}, d: {'$url': {post: 5}}}}}}"
    (operation,) = read_operations(document(text))
    assert read_callbacks(operation) == ()
    assert read_webhooks(document("paths: {}\nwebhooks: {a: 5, b: {post: []}}")) == {}
