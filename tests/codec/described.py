"""Media types and parameters for the tests of this folder, made of their parts."""

from __future__ import annotations

import json
from typing import Any

from mock_server.codec.parameter import Sources, parameter_reader
from mock_server.codec.table import read_value, write_value
from mock_server.spec.media import MediaType
from mock_server.spec.operations import Operation
from mock_server.spec.parameters import Parameter
from tests.spec.documents import operations


def operation(version: str = "3.1.0", components: Any = None, **node: Any) -> Operation:
    """One POST with these members."""
    given = {"paths": {"/t": {"post": {"responses": {"200": {"description": "x"}}, **node}}}}
    if components:
        given["components"] = {"schemas": components}
    return operations(json.dumps(given)[1:-1].replace('"paths": ', "paths: ", 1).replace(
        ', "components": ', "\ncomponents: ", 1), version)[0]  # fmt: skip


def media(name: str, schema: Any = None, version: str = "3.1.0", components: Any = None, **more: Any) -> MediaType:
    """The media type of a request body."""
    entry = {**({"schema": schema} if schema is not None else {}), **more}
    body = operation(version, components, requestBody={"content": {name: entry}}).body
    assert body is not None
    return body.content[0]


def parameter(location: str, schema: Any, **more: Any) -> Parameter:
    """A parameter called ``c``."""
    return operation(parameters=[{"name": "c", "in": location, "schema": schema, **more}]).parameters[0]


def read_parameter(location: str, schema: Any, text: str, **more: Any) -> Any:
    """What a request with this text holds: a path's value, a query, a header's value, all cookies."""
    headers = {"header": {"c": text}, "cookie": {"cookie": text}}.get(location, {})
    query = text if location in ("query", "querystring") else ""
    return parameter_reader(parameter(location, schema, **more))(Sources({"c": text}, query, headers))


def there_and_back(value: Any, described: MediaType) -> Any:
    """The value that is read from what was written."""
    return read_value(write_value(value, described), described, described.name)
