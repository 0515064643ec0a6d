"""The styles of parameters (OAS 3.1 §4.8.12.3, RFC 6570): from encoded texts to values.

Texts are split first and decoded then, so that an encoded comma does not split. ``Split`` is what a
style makes of one text: the items of an array, or the names and values of an object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from mock_server.codec.scalar import scalar_reader
from mock_server.codec.unreadable import Unreadable
from mock_server.later import regex
from mock_server.spec.shape import EVERY, Shape

Decode = Callable[[str], str]
_BRACKETS = regex(r"\[([^\[\]]*)\]")
MAX_BRACKETS = 16
SEPARATORS = {
    "spaceDelimited": regex(r"%20|\+| "),
    "pipeDelimited": regex(r"\||%7[Cc]"),
    "tabDelimited": regex(r"\t|%09"),  # the `tsv` of Swagger 2.0
}


def form_of(shape: Shape | None, style: str = "") -> str:
    """What a schema's values are made of: ``single``, ``array``, ``object``, ``either`` (single or array) or ``any``.

    ``any`` is a schema that does not say; on the wire several texts then make a list.
    """
    kinds = shape.kinds if shape else EVERY
    if style == "deepObject":
        return "object"
    if kinds == EVERY:
        return "any"
    if "array" in kinds:
        return "either" if kinds - {"array", "object", "null"} else "array"
    return "object" if "object" in kinds and not kinds - {"object", "null"} else "single"


class Maker:
    """Makes values of one schema out of texts; prepared once, asked for every request."""

    __slots__ = ("_items", "_prefixed", "_properties", "form", "scalar", "shape")

    def __init__(self, shape: Shape | None, style: str = "") -> None:
        self.shape = shape
        self.form = form_of(shape, style)
        self.scalar = scalar_reader(shape)
        self._items: Maker | None = None
        self._prefixed = bool(shape and shape.word("prefixItems"))
        self._properties: dict[str, Maker] = {}

    def array(self, texts: Iterable[str]) -> list[Any]:
        """Each text as the schema's items take it."""
        if self.shape is None:
            return list(texts)
        if self._prefixed:
            return [scalar_reader(self.shape.item(index))(text) for index, text in enumerate(texts)]
        if self._items is None:
            self._items = Maker(self.shape.items)
        return list(map(self._items.scalar, texts))

    def object(self, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """Each text as its property takes it; a name that comes again makes a list where the property takes one."""
        texts: dict[str, list[str]] = {}
        for name, text in pairs:
            texts.setdefault(name, []).append(text)
        return {name: self.property(name).value(found, name) for name, found in texts.items()}

    def property(self, name: str) -> Maker:
        maker = self._properties.get(name)
        if maker is None:
            named = self.shape is not None and name in self.shape.properties
            maker = Maker(self.shape.property(name) if self.shape else None)
            if named:  # only names of the document's are kept: a client must not fill the memory
                self._properties[name] = maker
        return maker

    def value(self, texts: list[str], name: str = "") -> Any:
        """One value of all the texts that came under one name."""
        if self.form == "array" or (len(texts) > 1 and self.form in ("either", "any")):
            return self.array(texts)
        if len(texts) > 1:
            raise repeated(name, (name,))
        return self.either(texts) if self.form == "either" else self.scalar(texts[0])

    def either(self, items: list[str], whole: str | None = None) -> Any:
        """A single value where the schema takes it, else the list."""
        single = self.scalar(items[0] if whole is None else whole)
        if self.shape is None or self.shape.fits(single):
            return single
        listed = self.array(items)
        return listed if self.shape.fits(listed) else single


def maker_of(shape: Shape | None) -> Maker:
    """The maker of one schema, kept with it."""
    if shape is None:
        return Maker(None)
    found = shape.prepared.get(Maker)
    if found is None:
        found = shape.prepared[Maker] = Maker(shape)
    return cast("Maker", found)


def repeated(name: str, path: tuple[str | int, ...] = ()) -> Unreadable:
    return Unreadable("repeated", "one value", f"{name} stands here more than once, and it is no list", path)


def split(text: str, style: str, explode: bool, decode: Decode) -> list[str]:
    """The items of an array in one text; an empty text has none.

    >>> split("a%2Cb,c", "simple", False, unquote)
    ['a,b', 'c']
    """
    if not text:
        return []
    if style in SEPARATORS:
        return [decode(item) for item in SEPARATORS[style].split(text)]
    separator = "." if style == "label" and explode else ","
    return [decode(item) for item in text.split(separator)]


def pairs(text: str, style: str, explode: bool, decode: Decode) -> list[tuple[str, str]]:
    """The names and values of an object in one text: ``R,100,G,200``, or ``R=100,G=200`` with ``explode``."""
    if not text:
        return []
    if explode and style in ("simple", "label", "matrix"):
        parts = text.split({"simple": ",", "label": ".", "matrix": ";"}[style])
        found = []
        for part in parts:
            name, equals, value = part.partition("=")
            if not equals and style != "matrix":  # RFC 6570 §3.2.7 leaves the = away before nothing
                raise Unreadable("style", f"{style} style", f"{decode(part)!r} is not name=value")
            found.append((decode(name), decode(value)))
        return found
    items = split(text, style, False, decode)
    if len(items) % 2:
        message = "an object is written name,value,name,value: one of the two is missing"
        raise Unreadable("style", f"{style} style", message)
    return list(zip(items[::2], items[1::2], strict=True))


def deep_object(given: list[tuple[str, str]], name: str, maker: Maker) -> Any:
    """``filter[age]=3&filter[name]=x`` as ``{"age": 3, "name": "x"}``; None when nothing is named so.

    OAS leaves deeper levels and arrays undefined; they are read as the common libraries write them:
    ``filter[a][b]=1``, ``filter[tags]=x&filter[tags]=y``, ``filter[tags][]=x``.
    """
    found: dict[str, Any] = {}
    for key, text in given:
        if key.startswith(name) and key[len(name) : len(name) + 1] == "[":
            _put(found, _steps(key, name), text, maker)
    return _finish(found, maker) if found else None


def _steps(key: str, name: str) -> list[str]:
    rest = key[len(name) :]
    steps = _BRACKETS.findall(rest)
    if sum(len(step) + 2 for step in steps) != len(rest) or len(steps) > MAX_BRACKETS:
        raise Unreadable("style", "deepObject style", f"{key[:100]!r} is not {name}[property]")
    if len(steps) > 1 and steps[-1] == "":
        steps.pop()
    return steps


def _put(found: dict[str, Any], steps: list[str], text: str, maker: Maker) -> None:
    for index, step in enumerate(steps[:-1]):
        inner = found.setdefault(step, {})
        if not isinstance(inner, dict):
            raise Unreadable("style", "deepObject style", f"{step} is both a value and an object", tuple(steps[:index]))
        found = inner
    texts = found.setdefault(steps[-1], [])
    if not isinstance(texts, list):
        raise Unreadable("style", "deepObject style", f"{steps[-1]} is both a value and an object", tuple(steps))
    texts.append(text)


def _finish(found: dict[str, Any], maker: Maker, path: tuple[str, ...] = ()) -> Any:
    """Texts become values, ``{"0": x, "1": y}`` a list where the schema takes one."""
    if maker.shape and form_of(maker.shape) == "array" and all(key.isdecimal() or not key for key in found):
        items = Maker(maker.shape.items)
        done_items: list[Any] = []
        for key, inner in found.items():
            done_items += [_finish(inner, items, (*path, key))] if isinstance(inner, dict) else maker.array(inner)
        return done_items
    done: dict[str, Any] = {}
    for name, inner in found.items():
        property_maker = maker.property(name)
        if isinstance(inner, dict):
            done[name] = _finish(inner, property_maker, (*path, name))
            continue
        try:
            done[name] = property_maker.value(inner, name)
        except Unreadable as error:
            raise Unreadable(error.rule, error.wanted, str(error), (*path, name)) from None
    return done
