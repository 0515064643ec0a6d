"""Swagger 2.0 as OpenAPI 3.0: the parts that differ are rewritten in place, and each new part knows where it stood.

Schemas stay under ``definitions`` (``components/schemas`` is the same mapping), so references to them need no
change. Parameters and responses are written out where they are used, for what a shared one means hangs on the
``consumes`` and ``produces`` of the operation.
"""

from __future__ import annotations

from typing import Any

from mock_server.source import Loaded, Pointer
from mock_server.spec.dialect import convert
from mock_server.spec.fault import Faults
from mock_server.spec.formats import mark
from mock_server.spec.grammar import METHODS
from mock_server.spec.reference import parse_reference

_ABOUT_PARAMETER = frozenset(("name", "in", "required", "description", "allowEmptyValue", "deprecated"))
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_FLOWS = {"accessCode": "authorizationCode", "application": "clientCredentials"}
_STYLES = {"ssv": "spaceDelimited", "pipes": "pipeDelimited"}
MAX_HOPS = 64


def convert_swagger(loaded: Loaded, faults: Faults) -> None:
    """Rewrite a cleaned and bound document of 2.0 in place."""
    _Converter(loaded, faults).run()


class _Converter:
    def __init__(self, loaded: Loaded, faults: Faults) -> None:
        self.loaded = loaded
        self.data: dict[str, Any] = loaded.data
        self.faults = faults
        self.items: set[int] = set()
        """Path items that are converted, by ``id``: two paths may refer to one."""
        self.moved: dict[Pointer, Pointer] = {}

    def run(self) -> None:
        data = self.data
        for path, item in data.get("paths", {}).items():
            if path.startswith("/"):
                item, pointer = self.follow(item, ("paths", path))
                if isinstance(item, dict) and id(item) not in self.items:
                    self.items.add(id(item))
                    self.path_item(item, pointer)
        schemes = data.get("securityDefinitions", {})
        data["components"] = {
            "schemas": data.get("definitions", {}),
            "securitySchemes": {name: _scheme(scheme) for name, scheme in schemes.items()},
        }
        self.moved["components", "schemas"] = ("definitions",)
        self.moved["components", "securitySchemes"] = ("securityDefinitions",)
        data["servers"] = _servers(data, data.get("schemes"))
        self.moved[("servers",)] = ("basePath",)
        for word in ("parameters", "responses", "securityDefinitions"):
            data.pop(word, None)
        data["openapi"] = "3.0.3"
        before = dict(self.loaded.moved)
        self.loaded.moved.update({new: before.get(old, old) for new, old in self.moved.items()})

    def follow(self, node: Any, pointer: Pointer) -> tuple[Any, Pointer]:
        """The end of a chain of references; they are bound, so each leads somewhere."""
        for _ in range(MAX_HOPS + 2):
            steps = parse_reference(node["$ref"]) if isinstance(node, dict) and "$ref" in node else None
            if steps is None:
                break
            node, pointer = self.data, ()
            for step in steps:
                key: str | int = int(step) if isinstance(node, list) else step
                node, pointer = node[key], (*pointer, key)
        return node, pointer

    def path_item(self, item: dict[str, Any], pointer: Pointer) -> None:
        shared = [self.follow(raw, (*pointer, "parameters", n)) for n, raw in enumerate(item.pop("parameters", []))]
        for method in METHODS[:7]:
            if method in item:
                self.operation(item[method], (*pointer, method), shared)

    def operation(self, node: dict[str, Any], pointer: Pointer, shared: list[tuple[Any, Pointer]]) -> None:
        own = [self.follow(raw, (*pointer, "parameters", n)) for n, raw in enumerate(node.pop("parameters", []))]
        names = {_identity(entry) for entry, _ in own}
        entries = [each for each in shared if _identity(each[0]) not in names] + own
        consumes = node.pop("consumes", self.data.get("consumes", []))
        produces = node.pop("produces", self.data.get("produces", []))
        parameters: list[dict[str, Any]] = []
        bodies: list[tuple[dict[str, Any], Pointer]] = []
        fields: list[tuple[dict[str, Any], Pointer]] = []
        for entry, at in entries:
            if entry.get("in") == "body":
                bodies.append((entry, at))
            elif entry.get("in") == "formData":
                fields.append((entry, at))
            else:
                self.moved[*pointer, "parameters", len(parameters)] = at
                parameters.append(_parameter(entry))
        if parameters:
            node["parameters"] = parameters
        self.request(node, pointer, bodies, fields, consumes)
        if "schemes" in node:
            node["servers"] = _servers(self.data, node.pop("schemes"))
        responses = node.get("responses", {})
        for status, raw in list(responses.items()):
            if not status.startswith("x-"):
                entry, at = self.follow(raw, (*pointer, "responses", status))
                responses[status] = self.response(entry, at, (*pointer, "responses", status), produces)

    def request(
        self,
        node: dict[str, Any],
        pointer: Pointer,
        bodies: list[tuple[dict[str, Any], Pointer]],
        fields: list[tuple[dict[str, Any], Pointer]],
        consumes: list[str],
    ) -> None:
        """The request body out of the ``body`` parameter, or of those of a form."""
        for _, at in [*bodies[1:], *(fields if bodies else [])]:
            message = "an operation has one body; this parameter is left out"
            self.faults.add("MS221", message, at, "put all of the body into one parameter")
        if bodies:
            entry, at = bodies[0]
            schema = entry.get("schema", {})
            node["requestBody"] = {
                **_only(entry, "description", "required"),
                "content": {name: {"schema": schema} for name in consumes or ["application/json"]},
            }
            self.moved[*pointer, "requestBody"] = at
            for name in node["requestBody"]["content"]:
                self.moved[*pointer, "requestBody", "content", name] = at
        elif fields:
            self._form(node, pointer, fields, consumes)

    def _form(
        self, node: dict[str, Any], pointer: Pointer, fields: list[tuple[dict[str, Any], Pointer]], consumes: list[str]
    ) -> None:
        has_file = any(entry.get("type") == "file" for entry, _ in fields)
        names = [name for name in consumes if name in _FORMS] or [_FORMS[has_file]]
        properties = {entry["name"]: _schema_of(entry) for entry, _ in fields}
        schema: dict[str, Any] = {"type": "object", "properties": properties}
        required = [entry["name"] for entry, _ in fields if entry.get("required") is True]
        if required:
            schema["required"] = required
        encoding = {
            entry["name"]: {
                key: value for key, value in _style(entry).items() if key in ("style", "explode", "x-collectionFormat")
            }
            for entry, _ in fields
            if entry.get("type") == "array"
        }
        media = {"schema": schema, **({"encoding": encoding} if encoding else {})}
        node["requestBody"] = {"required": bool(required), "content": dict.fromkeys(names, media)}
        self.moved[*pointer, "requestBody"] = fields[0][1]
        for name in names:
            base: Pointer = (*pointer, "requestBody", "content", name)
            self.moved[base] = fields[0][1]
            for entry, at in fields:
                self.moved[*base, "schema", "properties", entry["name"]] = at

    def response(self, entry: dict[str, Any], at: Pointer, pointer: Pointer, produces: list[str]) -> dict[str, Any]:
        found: dict[str, Any] = {"description": entry.get("description", "")}
        found |= {key: value for key, value in entry.items() if key.startswith("x-")}
        headers = entry.get("headers", {})
        if headers:
            found["headers"] = {
                name: {**_only(each, "description"), **_described(each)} for name, each in headers.items()
            }
        examples = entry.get("examples", {})
        schema = entry.get("schema")
        if schema is not None or examples:
            names = dict.fromkeys([*(produces or ([] if examples else ["application/json"])), *examples])
            found["content"] = {
                name: {
                    **({"schema": schema} if schema is not None else {}),
                    **({"example": examples[name]} if name in examples else {}),
                }
                for name in names
            }
            for name in names:
                base: Pointer = (*pointer, "content", name)
                self.moved[base] = at
                self.moved[*base, "example"] = (*at, "examples", name)
        if at != pointer:
            self.moved[pointer] = at
        return found


def _identity(entry: dict[str, Any]) -> tuple[object, object]:
    return ("", "body") if entry.get("in") == "body" else (entry.get("name"), entry.get("in"))


def _only(node: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: node[name] for name in names if name in node}


def _schema_of(node: dict[str, Any]) -> dict[str, Any]:
    """The words of a parameter, header or ``items`` that are words of a schema."""
    left_out = _ABOUT_PARAMETER | {"collectionFormat"}
    schema = {key: value for key, value in node.items() if key not in left_out}
    if isinstance(schema.get("items"), dict):
        schema["items"] = _schema_of(schema["items"])
    if "x-example" in schema:
        schema["example"] = schema.pop("x-example")
    convert(schema)
    mark(schema)
    return schema


def _style(node: dict[str, Any]) -> dict[str, Any]:
    """``collectionFormat`` as ``style`` and ``explode`` (Swagger 2.0 "Parameter Object"); the default is ``csv``."""
    if node.get("type") != "array":
        return {}
    word = node.get("collectionFormat", "csv")
    if node.get("in") not in ("query", "formData"):
        return {"x-collectionFormat": word} if word != "csv" else {}
    if word == "multi":
        return {"style": "form", "explode": True}
    if word == "tsv":  # no style of 3.0 divides at tabs
        return {"style": "form", "explode": False, "x-collectionFormat": "tsv"}
    return {"style": _STYLES.get(word, "form"), "explode": False}


def _described(node: dict[str, Any]) -> dict[str, Any]:
    return {"schema": _schema_of(node), **_style(node)}


def _parameter(entry: dict[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in entry.items() if key in _ABOUT_PARAMETER}
    return {**found, **_described(entry)}


def _scheme(node: dict[str, Any]) -> dict[str, Any]:
    """A security scheme; ``basic`` became a scheme of ``http``, and a flow has its own name."""
    if node.get("type") == "basic":
        return {**_only(node, "description"), "type": "http", "scheme": "basic"}
    if node.get("type") != "oauth2":
        return node
    flow = str(node.get("flow", "implicit"))
    inner = {**_only(node, "authorizationUrl", "tokenUrl"), "scopes": node.get("scopes", {})}
    return {**_only(node, "description"), "type": "oauth2", "flows": {_FLOWS.get(flow, flow): inner}}


def _servers(data: dict[str, Any], schemes: Any) -> list[dict[str, str]]:
    base = "/" + str(data.get("basePath", "")).strip("/")
    host = data.get("host")
    if not host:
        return [{"url": base}]
    return [{"url": f"{scheme}://{host}{base}"} for scheme in schemes or ["https"]]
