"""Judging the parameters of path, query, header and cookie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mock_server.codec.parameter import Read, Sources, parameter_reader
from mock_server.codec.percent import decode_query
from mock_server.codec.unreadable import Unreadable
from mock_server.fixture.facts import Facts, cookies
from mock_server.model import MISSING, Request, Violation
from mock_server.named import NamedTuple
from mock_server.spec.parameters import Parameter

if TYPE_CHECKING:
    from mock_server.core.undocumented import Find

_EMPTY: tuple[Any, ...] = ("", [], [""], None)


class _Prepared(NamedTuple):
    parameter: Parameter
    location: str
    name: str
    place: str
    """Where its violations are: ``query.page``; of a whole query (3.2) ``query``, for its fields have the names."""
    read: Read


class ParameterReader:
    """The parameters of one operation, prepared when its first request comes."""

    __slots__ = ("_prepared", "_undocumented", "parameters")

    def __init__(self, parameters: tuple[Parameter, ...], undocumented: Find | None = None) -> None:
        """``undocumented`` finds the names of a query that are refused; None = such names are ignored."""
        self.parameters = parameters
        self._undocumented = undocumented
        self._prepared: tuple[_Prepared, ...] | None = None

    def take(
        self, request: Request, path: dict[str, str], encoded: Mapping[str, str] | None = None
    ) -> tuple[tuple[Violation, ...], dict[str, Any]]:
        """What is wrong with the parameters, and the facts that they give: ``{"path": {"id": 7}, "query": {…}}``.

        ``encoded`` are the path's values before they were decoded; None = they are the same.
        """
        if not self.parameters and self._undocumented is None:
            return (), {"path": path}
        sources = Sources(path if encoded is None else encoded, request.query, request.headers)
        typed: dict[str, dict[str, Any]] = {}
        violations: list[Violation] = []
        if self._undocumented is not None:
            violations += self._undocumented(sources.query_pairs)
        for parameter, location, name, place, read in self._prepared or self._prepare():
            try:
                value = read(sources)
            except Unreadable as error:
                from mock_server.core.breach import bounded

                violations.append(error.violation(place, bounded(_came(parameter, sources))))
                continue
            if value is MISSING:
                if parameter.required:
                    violations.append(_missing(parameter, place))
                elif parameter.default is not MISSING:
                    typed.setdefault(location, {})[name] = parameter.default
                continue
            schema = parameter.schema
            if schema is None or schema.is_valid(value) or (parameter.allows_empty and value in _EMPTY):
                typed.setdefault(location, {})[name] = value
            else:
                from mock_server.core.breach import breaches

                violations += breaches(place, schema, value)
        return tuple(violations), _facts(typed, sources, path)

    def _prepare(self) -> tuple[_Prepared, ...]:
        owned = frozenset(each.name for each in self.parameters if each.location == "query")
        self._prepared = tuple(
            _Prepared(each, *each.where, _place(each), parameter_reader(each, owned - {each.name}))
            for each in self.parameters
        )
        return self._prepared


def _came(parameter: Parameter, sources: Sources) -> Any:
    """The texts that could not be read, as they came: one, or the list of them."""
    name = parameter.name
    match parameter.location:
        case "path":
            return sources.path.get(name)
        case "header":
            return sources.headers.get(name.lower())
        case "querystring":
            return sources.query
    pairs = sources.query_pairs if parameter.location == "query" else sources.cookie_pairs
    found = [value for key, value in pairs if key == name or key.startswith(name + "[")]
    return found[0] if len(found) == 1 else found or None


def _place(parameter: Parameter) -> str:
    return "query" if parameter.location == "querystring" else ".".join(parameter.where)


def _missing(parameter: Parameter, place: str) -> Violation:
    message = f"the {parameter.location} parameter is missing"
    return Violation(place, "required", None, parameter.type, message)


def _facts(typed: dict[str, dict[str, Any]], sources: Sources, path: dict[str, str]) -> dict[str, Any]:
    """Rules and templates see the value that the document describes, and texts for all that it does not."""
    found: dict[str, Any] = {"path": {**path, **typed["path"]} if "path" in typed else path}
    if "query" in typed:
        found["query"] = {**_texts(sources), **typed["query"]}
    for whole in typed.get("querystring", {}).values():
        if isinstance(whole, dict):
            found["query"] = whole
    if "header" in typed:
        found["header"] = {**sources.headers, **typed["header"]}
    if "cookie" in typed:
        found["cookie"] = {**cookies(sources.headers.get("cookie", "")), **typed["cookie"]}
    return found


def _texts(sources: Sources) -> dict[str, Any]:
    """The query as texts, a list where a name is repeated."""
    found: dict[str, Any] = {}
    for name, value in sources.query_pairs:
        text = _lenient(value)
        if name in found:
            earlier = found[name]
            found[name] = [*earlier, text] if isinstance(earlier, list) else [earlier, text]
        else:
            found[name] = text
    return found


def _lenient(text: str) -> str:
    try:
        return decode_query(text)
    except Unreadable:
        return text


def cookie(facts: Facts, name: str) -> Any:
    """One cookie of the request, or ``MISSING``."""
    return cookies(facts.request.headers.get("cookie", "")).get(name, MISSING)
