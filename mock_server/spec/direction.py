"""``readOnly`` and ``writeOnly``: the schemas of a document as they hold in one direction.

OAS 3.0.3 §4.7.24.2: of a ``readOnly`` property ``required`` takes effect on the response only, of a
``writeOnly`` one on the request only. JSON Schema's validators do not know of directions, so each
direction gets a tree in which ``required`` does not name what the other direction alone must have.
A ``readOnly`` property that is sent all the same is tolerated: it SHOULD NOT be sent, and clients put
back what they got.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal
from urllib.parse import unquote

from mock_server.spec.dialect import NAMING, holds_data

Direction = Literal["request", "response"]
HIDDEN: Final[dict[Direction, str]] = {"request": "readOnly", "response": "writeOnly"}
"""What a direction does without."""
_PARTS = ("allOf", "anyOf", "oneOf")
_MAX_HOPS = 32


def differs(data: Any, direction: Direction) -> bool:
    """Whether the word of this direction stands anywhere in the document; most have none."""
    word = HIDDEN[direction]
    stack = [data]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if node.get(word) is True:
                return True
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return False


def directed(data: dict[str, Any], direction: Direction) -> dict[str, Any]:
    """The document with every ``required`` as it holds in this direction; what does not change is shared.

    >>> directed({"required": ["id", "n"], "properties": {"id": {"readOnly": True}, "n": {}}}, "request")
    {'required': ['n'], 'properties': {'id': {'readOnly': True}, 'n': {}}}
    """
    changed: dict[str, Any] = _Rewriter(data, HIDDEN[direction]).tree(data, frozenset(), names=False)
    return changed


class _Rewriter:
    def __init__(self, data: dict[str, Any], word: str) -> None:
        self.data = data
        self.word = word
        self._hidden: dict[int, frozenset[str]] = {}
        self._hides: dict[int, bool] = {}

    def tree(self, node: Any, inherited: frozenset[str], *, names: bool) -> Any:
        """``inherited``: what the schema around this part hides, for a part may require what the whole describes."""
        if isinstance(node, list):
            return _mapped(node, lambda item: self.tree(item, frozenset(), names=False))
        if not isinstance(node, dict):
            return node
        hidden = inherited if names else inherited | self.hidden(node)
        found: dict[str, Any] = {}
        for key, value in node.items():
            found[key] = self._member(key, value, hidden, names)
        return found if any(found[key] is not value for key, value in node.items()) else node

    def _member(self, key: str, value: Any, hidden: frozenset[str], names: bool) -> Any:
        if holds_data(key, value, is_name=names):
            return value
        if not names and key == "required" and isinstance(value, list):
            left = [name for name in value if not isinstance(name, str) or name not in hidden] if hidden else value
            return value if len(left) == len(value) else left
        if not names and key in _PARTS and isinstance(value, list):
            return _mapped(value, lambda part: self.tree(part, hidden, names=False))
        return self.tree(value, frozenset(), names=key in NAMING and not names)

    def hidden(self, node: dict[str, Any]) -> frozenset[str]:
        """The names of the properties, its own and its parts', that this direction does without."""
        known = self._hidden.get(id(node))
        if known is not None:
            return known
        self._hidden[id(node)] = frozenset()  # a part that leads back here adds nothing
        properties = node.get("properties")
        found = {
            name for name, value in (properties.items() if isinstance(properties, dict) else ()) if self.hides(value)
        }
        parts = node.get("allOf")
        for part in parts if isinstance(parts, list) else ():
            target = self.target(part)
            if isinstance(target, dict):
                found |= self.hidden(target)
        self._hidden[id(node)] = frozenset(found)
        return self._hidden[id(node)]

    def hides(self, schema: Any) -> bool:
        """Whether a property of this schema has the word, itself or by what it refers to."""
        if not isinstance(schema, dict):
            return False
        known = self._hides.get(id(schema))
        if known is not None:
            return known
        self._hides[id(schema)] = False
        parts = schema.get("allOf")
        followed = [self.target(schema)] if "$ref" in schema else []
        followed += parts if isinstance(parts, list) else []
        self._hides[id(schema)] = schema.get(self.word) is True or any(map(self.hides, followed))
        return self._hides[id(schema)]

    def target(self, node: Any) -> Any:
        """What a ``$ref`` inside the document leads to; anything else is itself."""
        for _ in range(_MAX_HOPS):
            reference = node.get("$ref") if isinstance(node, dict) else None
            if not isinstance(reference, str) or not reference.startswith("#/"):
                return node
            node = _at(self.data, reference)
        return node


def _mapped(items: list[Any], change: Callable[[Any], Any]) -> list[Any]:
    found = [change(item) for item in items]
    return found if any(new is not old for new, old in zip(found, items, strict=True)) else items


def _at(data: Any, reference: str) -> Any:
    for raw in unquote(reference[2:]).split("/"):
        step = raw.replace("~1", "/").replace("~0", "~")
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and step.isdecimal() and int(step) < len(data):
            data = data[int(step)]
        else:
            return None
    return data
