"""What may stand where in an OpenAPI document: for each kind of object its words, and what a word holds.

Only words that are acted on are here; the whole of the specification is the meta-schema's business (``check`` asks it).
The tables are written in a small notation::

    parameters:[parameter]   a list of parameters          responses:{response}   a mapping of names to responses
    schema:schema            one schema                    required:flag          a value of that type
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from mock_server.named import NamedTuple

TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")

_METHODS = " ".join(f"{method}:operation" for method in METHODS)
_PATH = f"summary:text description:text {_METHODS} additionalOperations:{{operation}} servers:[server]"
_PARAMETER = (
    "name:text in:text required:flag schema:schema content:{mediaType} style:text explode:flag allowReserved:flag "
    "allowEmptyValue:flag examples:{example}"
)
_GRAMMAR = {
    "document": "tags:list servers:[server] paths:{pathItem} webhooks:{pathItem} x-webhooks:{pathItem} "
    "components:components security:[requirement]",
    "components": "schemas:{schema} responses:{response} parameters:{parameter} examples:{example} "
    "requestBodies:{requestBody} headers:{header} securitySchemes:{securityScheme} links:{link} callbacks:{callback} "
    "pathItems:{pathItem} mediaTypes:{mediaType}",
    "pathItem": f"{_PATH} parameters:[parameter]",
    "operation": "operationId:text summary:text description:text tags:texts parameters:[parameter] "
    "requestBody:requestBody responses:{response} callbacks:{callback} security:[requirement] servers:[server] "
    "deprecated:flag",
    "parameter": _PARAMETER,
    "header": _PARAMETER,
    "requestBody": "description:text content:{mediaType} required:flag",
    "response": "description:text headers:{header} content:{mediaType} links:{link}",
    "mediaType": "schema:schema itemSchema:schema examples:{example} encoding:{encoding} prefixEncoding:[encoding] "
    "itemEncoding:encoding",
    "encoding": "contentType:text headers:{header} style:text explode:flag allowReserved:flag encoding:{encoding} "
    "prefixEncoding:[encoding] itemEncoding:encoding",
    "example": "externalValue:text serializedValue:text",
    "link": "operationRef:text operationId:text parameters:map server:server",
    "callback": "*:pathItem",
    "securityScheme": "type:text scheme:text name:text in:text flows:map openIdConnectUrl:text bearerFormat:text",
    "requirement": "",
    "server": "url:text name:text variables:{serverVariable}",
    "serverVariable": "enum:choices default:text",
    "discriminator": "propertyName:text mapping:map",
    "schema": "type:type enum:list required:names properties:{schema} patternProperties:{schema} "
    "additionalProperties:schema propertyNames:schema items:schema prefixItems:[schema] contains:schema not:schema "
    "if:schema then:schema else:schema allOf:[schema] anyOf:[schema] oneOf:[schema] $defs:{schema} "
    "definitions:{schema} dependentSchemas:{schema} dependentRequired:dependencies unevaluatedItems:schema "
    "unevaluatedProperties:schema contentSchema:schema minLength:count maxLength:count minItems:count maxItems:count "
    "minProperties:count maxProperties:count minContains:count maxContains:count minimum:number maximum:number "
    "exclusiveMinimum:number exclusiveMaximum:number multipleOf:positive pattern:text format:text uniqueItems:flag "
    "nullable:flag readOnly:flag writeOnly:flag deprecated:flag title:text description:text examples:list "
    "discriminator:discriminator xml:map $id:text $anchor:text $dynamicAnchor:text $dynamicRef:text $schema:text "
    "$vocabulary:map $comment:text contentEncoding:text contentMediaType:text",
    # Swagger 2.0
    "swagger": "paths:{pathItem2} definitions:{schema} parameters:{parameter2} responses:{response2} basePath:text "
    "host:text schemes:texts consumes:texts produces:texts securityDefinitions:{securityScheme2} "
    "security:[requirement]",
    "pathItem2": " ".join(f"{method}:operation2" for method in METHODS[:7]) + " parameters:[parameter2]",
    "operation2": "operationId:text summary:text description:text tags:texts consumes:texts produces:texts "
    "schemes:texts parameters:[parameter2] responses:{response2} security:[requirement] deprecated:flag",
    "parameter2": "name:text in:text required:flag schema:schema type:type2 items:item2 collectionFormat:text "
    "description:text allowEmptyValue:flag",
    "item2": "type:type items:item2 collectionFormat:text",
    "response2": "description:text schema:schema headers:{header2} examples:map",
    "header2": "type:type items:item2 collectionFormat:text description:text",
    "securityScheme2": "type:text name:text in:text flow:text authorizationUrl:text tokenUrl:text scopes:map",
}
EXTENSIBLE = frozenset(("paths", "responses", "webhooks", "callbacks", "parameters"))
"""Words whose mappings may hold ``x-`` keys beside their names."""


class Word(NamedTuple):
    """What a word holds: a leaf that ``fits``, or one, a list (``each``) or a mapping (``named``) of a kind."""

    form: Literal["leaf", "one", "each", "named"]
    kind: str
    wanted: str
    fits: Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value - value == 0  # no NaN, no infinity


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_type(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(each, str) and each in TYPES for each in value)
    return isinstance(value, str) and value in TYPES


_LEAVES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "text": ("a text", lambda value: isinstance(value, str)),
    "flag": ("true or false", lambda value: isinstance(value, bool)),
    "number": ("a number", _is_number),
    "positive": ("a number above 0", lambda value: _is_number(value) and value > 0),
    "count": ("a whole number from 0", _is_count),
    "list": ("a list", lambda value: isinstance(value, list)),
    "map": ("a mapping", lambda value: isinstance(value, dict)),
    "texts": ("a list of texts", _is_texts),
    "names": ("a list of the names of properties", _is_texts),
    "choices": ("a list of texts", lambda value: _is_texts(value) and bool(value)),
    "type": (f"one of {', '.join(TYPES)}, or a list of them", _is_type),
    "type2": (f"one of {', '.join((*TYPES, 'file'))}", lambda value: value == "file" or _is_type(value)),
    "dependencies": (
        "a mapping of names to lists of names",
        lambda value: isinstance(value, dict) and all(map(_is_texts, value.values())),
    ),
}


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict | bool)


def _is_map(value: Any) -> bool:
    return isinstance(value, dict)


def _word(text: str) -> Word:
    if text in _LEAVES:
        return Word("leaf", "", *_LEAVES[text])
    if text.startswith("["):
        return Word("each", text[1:-1], "a list", lambda value: isinstance(value, list))
    if text.startswith("{"):
        return Word("named", text[1:-1], "a mapping", _is_map)
    return Word("one", text, wanted(text), fits(text))


def wanted(kind: str) -> str:
    """What an object of a kind is called in a message."""
    return "a schema (a mapping, true or false)" if kind == "schema" else "a mapping"


def fits(kind: str) -> Callable[[Any], bool]:
    """Whether a value can be an object of a kind."""
    return _is_schema if kind == "schema" else _is_map


def spoken(kind: str) -> str:
    """A kind as people say it: ``request body`` for ``requestBody``."""
    return re.sub(r"(?<=[a-z])([A-Z])", lambda found: " " + found[1].lower(), kind.rstrip("2"))


class _Kinds(dict[str, Mapping[str, Word]]):
    """The words of each kind, read from their notation when a document first has that kind."""

    def __missing__(self, kind: str) -> Mapping[str, Word]:
        pairs = (each.partition(":") for each in _GRAMMAR[kind].split())
        self[kind] = found = {name: _word(form) for name, _, form in pairs}
        return found


KINDS: Mapping[str, Mapping[str, Word]] = _Kinds()
NAMES = frozenset(_GRAMMAR)
"""Of all kinds."""
