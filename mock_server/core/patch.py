"""Changing a JSON value in part: merge patches (RFC 7396) and JSON patches (RFC 6902)."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from mock_server.core.shelf import MAX_DEPTH, measured

MAX_OPERATIONS = 1_000
MAX_VALUES = 100_000
"""Values that one patch may add, copy and move: each copy may hold the copies before it."""


class PatchError(ValueError):
    """A patch that cannot be carried out; the text says why.

    ``malformed`` tells a patch that is none from one that this value does not allow.
    """

    def __init__(self, message: str, *, malformed: bool = False) -> None:
        self.malformed = malformed
        super().__init__(message)


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396 §2, without changing ``target``.

    >>> merge_patch({"a": 1, "b": {"c": 2}}, {"a": None, "b": {"d": 3}})
    {'b': {'c': 2, 'd': 3}}
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patch(result.get(name), value)
    return result


def json_patch(target: Any, patch: Any) -> Any:
    """RFC 6902 §4, without changing ``target``. Raises ``PatchError``.

    >>> json_patch({"a": [1]}, [{"op": "add", "path": "/a/-", "value": 2}])
    {'a': [1, 2]}
    """
    if not isinstance(patch, list) or len(patch) > MAX_OPERATIONS:
        raise PatchError(f"a JSON patch is a list of at most {MAX_OPERATIONS} operations", malformed=True)
    box = [deepcopy(target)]  # so that the path "" has something around it
    left = MAX_VALUES
    for step in patch:
        if not isinstance(step, dict):
            raise PatchError("an operation of a JSON patch is an object", malformed=True)
        left -= _perform(box, step, left)
    if measured(box[0], 2 * MAX_VALUES) is None:
        raise PatchError(_TOO_MUCH)
    return box[0]


_TOO_MUCH = f"the patch makes more than {MAX_VALUES} values, or nests them deeper than {MAX_DEPTH}"


def _cost(value: Any, left: int) -> int:
    cost = measured(value, left)
    if cost is None:
        raise PatchError(_TOO_MUCH)
    return cost


def _perform(box: list[Any], step: dict[str, Any], left: int) -> int:
    """Carry out one operation; how many values it put somewhere, which are at most ``left``."""
    path = _pointer(step, "path")
    cost = 0
    match step.get("op"):
        case "add":
            _add(box, path, _value(step))
        case "remove":
            _remove(box, path)
        case "replace":
            value = _value(step)
            _remove(box, path)
            _add(box, path, value)
        case "move":
            source = _pointer(step, "from")
            if path[: len(source)] == source and path != source:
                raise PatchError("a value cannot be moved into itself")
            moved = _remove(box, source)
            cost = _cost(moved, left)
            _add(box, path, moved)
        case "copy":
            holder, last = _holder(box, _pointer(step, "from"))
            copied = _get(holder, last)
            cost = _cost(copied, left)
            _add(box, path, deepcopy(copied))
        case "test":
            holder, last = _holder(box, path)
            if not _same(_get(holder, last), _value(step)):
                raise PatchError(f"the test of {step['path']!r} fails")
        case other:
            raise PatchError(f"{other!r} is no operation of a JSON patch", malformed=True)
    return cost


def _pointer(step: dict[str, Any], word: str) -> list[str]:
    text = step.get(word)
    if not isinstance(text, str) or (text and not text.startswith("/")):
        raise PatchError(f"`{word}` of a JSON patch is a JSON pointer, not {text!r}", malformed=True)
    parts = text.split("/")[1:]
    if len(parts) > MAX_DEPTH:
        raise PatchError(_TOO_MUCH)
    return [part.replace("~1", "/").replace("~0", "~") for part in parts]


def _value(step: dict[str, Any]) -> Any:
    if "value" not in step:
        raise PatchError("an operation of the JSON patch has no `value`", malformed=True)
    return deepcopy(step["value"])


def _holder(box: list[Any], path: list[str]) -> tuple[Any, str]:
    """The container of what ``path`` names, and the name in it."""
    holder: Any = box
    last = "0"
    for part in path:
        holder = _get(holder, last)
        last = part
    return holder, last


def _get(holder: Any, name: str) -> Any:
    if isinstance(holder, dict) and name in holder:
        return holder[name]
    if isinstance(holder, list):
        return holder[_index(holder, name, len(holder) - 1)]
    raise PatchError(f"there is no {name!r} to patch")


def _index(holder: list[Any], name: str, most: int) -> int:
    """An index by RFC 6901 §4: no signs, no leading zeros."""
    if name.isascii() and name.isdecimal() and len(name) < 10 and (name == "0" or name[0] != "0") and int(name) <= most:
        return int(name)
    raise PatchError(f"there is no {name!r} in a list of {len(holder)}")


def _add(box: list[Any], path: list[str], value: Any) -> None:
    holder, last = _holder(box, path)
    if not path:
        box[:] = [value]
    elif isinstance(holder, dict):
        holder[last] = value
    elif isinstance(holder, list):
        holder.insert(len(holder) if last == "-" else _index(holder, last, len(holder)), value)
    else:
        raise PatchError(f"nothing can be added as {last!r} here")


def _remove(box: list[Any], path: list[str]) -> Any:
    holder, last = _holder(box, path)
    value = _get(holder, last)
    if not path:
        box[:] = [None]
    elif isinstance(holder, dict):
        del holder[last]
    else:
        del holder[int(last)]
    return value


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON (RFC 6902 §4.6): ``true`` is not ``1``."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
