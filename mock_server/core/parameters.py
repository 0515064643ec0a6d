"""Judging the parameters of path, query, header and cookie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from mock_server.core.breach import breaches
from mock_server.core.plan import Plan
from mock_server.fixture.facts import Facts
from mock_server.model import MISSING, Violation
from mock_server.spec.parameters import Parameter


def parameter_violations(plan: Plan, facts: Facts) -> Iterator[Violation]:
    """What is wrong with path, query, header and cookie parameters (default styles)."""
    for parameter in plan.operation.parameters:
        where = (parameter.location, parameter.name.lower() if parameter.location == "header" else parameter.name)
        text = cookie(facts, parameter.name) if parameter.location == "cookie" else facts.get(where)
        if text is MISSING:
            if parameter.required:
                place = ".".join(where)
                yield Violation(
                    place, "required", None, parameter.type, f"the {parameter.location} parameter is missing"
                )
        elif parameter.schema:
            yield from breaches(".".join(where), parameter.schema, coerce(parameter, text))


def cookie(facts: Facts, name: str) -> Any:
    for pair in facts.request.headers.get("cookie", "").split(";"):
        key, equals, value = pair.strip().partition("=")
        if equals and key == name:
            return value
    return MISSING


def coerce(parameter: Parameter, text: Any) -> Any:
    """A parameter's text as the value that its schema takes: as text, or as what JSON reads in it.

    ``1`` is the text ``"1"`` for a schema of strings and the number 1 for one of integers. Where neither
    fits, the JSON reading is given back, for it makes the better complaint.
    """
    schema = parameter.schema
    assert schema is not None
    tried = [text, _scalar(text)] if isinstance(text, str) else []
    if parameter.type == "array" or isinstance(text, list):
        items = text if isinstance(text, list) else str(text).split(",")
        joined = [part for item in items for part in item.split(",")]
        tried += [items, [_scalar(item) for item in items], joined, [_scalar(item) for item in joined]]
    fitting = next((value for value in tried if schema.is_valid(value)), None)
    if fitting is not None:
        return fitting
    if parameter.type == "array":
        return tried[-1]
    return None if schema.is_valid(None) and text == "null" else _scalar(text)


def _scalar(text: Any) -> Any:
    """The number, truth value or null that a text is in JSON, else the text."""
    try:
        value = orjson.loads(text)
    except (orjson.JSONDecodeError, TypeError):
        return text
    return text if isinstance(value, str | list | dict) else value
