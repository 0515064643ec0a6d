"""Query parameters that the operation does not describe: ignored, or refused under ``--strict-query``.

OpenAPI does not say which; most APIs ignore them, and a misspelt optional parameter then goes unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mock_server.later import get_close_matches
from mock_server.model import Violation
from mock_server.spec.operations import Operation
from mock_server.spec.parameters import Parameter

OURS = "__"
"""How the short forms of ``Prefer`` begin: ``?__code=404``."""
MAX_TOLD = 20
Pairs = list[tuple[str, str]]
Find = Callable[[Pairs], Iterator[Violation]]


def undocumented(operation: Operation) -> Find:
    """What finds the names of a query that neither a parameter nor an API key of the operation has."""
    keys = {each.parameter for alternative in operation.security for each in alternative if each.kind == "apiKey:query"}
    names = sorted(keys | {name for each in operation.parameters for name in _names(each)})
    prefixes = tuple(f"{each.name}[" for each in operation.parameters if each.style == "deepObject")
    is_open = any(map(_takes_any, operation.parameters))

    def find(pairs: Pairs) -> Iterator[Violation]:
        if is_open:
            return
        unknown = dict.fromkeys(name for name, _ in pairs if name not in names and not name.startswith(OURS))
        for name in [each for each in unknown if not (prefixes and each.startswith(prefixes))][:MAX_TOLD]:
            near = get_close_matches(name[:100], names, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            message = f"{name[:100]} is no query parameter of this operation{hint}"
            yield Violation(f"query.{name[:200]}", "undocumented", None, names, message)

    return find


def _names(parameter: Parameter) -> list[str]:
    if parameter.location != "query":
        return []
    if _is_spread(parameter) and parameter.shape is not None:
        return [parameter.name, *parameter.shape.properties]
    return [parameter.name]


def _is_spread(parameter: Parameter) -> bool:
    """Whether each property of an object is a name of its own."""
    shape = parameter.shape
    return parameter.style == "form" and parameter.explode and shape is not None and "object" in shape.kinds


def _takes_any(parameter: Parameter) -> bool:
    """Whether every name may be a part of the parameter."""
    if parameter.location != "query":
        return parameter.location == "querystring"
    shape = parameter.shape
    if not _is_spread(parameter) or shape is None or shape.kinds - {"object", "null"}:
        return False
    return not shape.properties or shape.rest is not None
