"""How many values a schema has, and an object names: never fewer than there are, so that a contradiction is one."""

from __future__ import annotations

from math import ceil, floor

from mock_server.spec.generate.shape import Shape, token


def most_values(shape: Shape) -> int | None:
    """No more different values than this keep the shape; None where that is not known."""
    if shape.enum is not None:
        return len(set(map(token, shape.enum)))
    if shape.types is None:
        return None
    found = 0
    for kind in shape.types:
        count = _most_of(kind, shape)
        if count is None:
            return None
        found += count
    return found


def _most_of(kind: str, shape: Shape) -> int | None:
    if kind in ("boolean", "null"):
        return 2 if kind == "boolean" else 1
    if kind == "integer" and shape.low is not None and shape.high is not None:
        return max(0, floor(shape.high) - ceil(shape.low) + 1)
    if (kind == "string" and shape.max_length == 0) or (kind == "array" and shape.max_items == 0):
        return 1
    return 1 if kind == "object" and shape.max_members == 0 else None


def most_names(shape: Shape) -> int | None:
    """No more members than this can an object of the shape have; None where that is not known."""
    counts = [
        sum(node is not False for node in layer.properties.values())
        for layer in shape.members
        if layer.rest is False and not layer.patterns
    ]
    for item in shape.names:
        if item.node is False:
            counts.append(0)
        elif isinstance(item.node, dict) and isinstance(item.node.get("enum"), list):
            counts.append(len({name for name in item.node["enum"] if isinstance(name, str)}))
    return min(counts, default=None)
