"""XML bodies by the ``xml`` hints of a schema (OAS 3.1 §4.8.26, OAS 3.2 §4.26), both ways.

Read without document types and entities, so that no bomb goes off and nothing is fetched.
"""

from __future__ import annotations

from typing import Any, Final

from mock_server.codec.charset import charset_of, encoded
from mock_server.codec.scalar import scalar_reader, text_of
from mock_server.codec.style import maker_of
from mock_server.codec.unreadable import Unreadable
from mock_server.errors import Broken
from mock_server.later import regex
from mock_server.spec.media import MediaType
from mock_server.spec.shape import EVERY, Shape

MAX_DEPTH = 64
MAX_ELEMENTS = 50_000
_XSI_NIL: Final = "nil"
_FORBIDDEN = regex("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"})
_NAME = regex(r"[^\w.-]|^(?=[\d.-])")


class Element:
    """One element; names are without their prefixes."""

    __slots__ = ("attributes", "children", "name", "space", "spaces", "texts")

    def __init__(self, name: str, attributes: dict[str, str], space: str, spaces: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.space = space
        """Its namespace, or ``""``. A prefix that nobody declares has none: many documents give no more than it."""
        self.spaces = spaces
        """What the prefixes mean here; ``""`` is the default's."""
        self.children: list[Element] = []
        self.texts: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self.texts)


def read(data: bytes, media: MediaType, content_type: str) -> Any:
    """The value that the document's schema sees in the XML. Raises ``Unreadable`` (``xml``, ``depth``)."""
    root = parse(data, charset_of(content_type))
    shape = media.shape
    wanted = _hints(shape).get("name") if shape else None
    if wanted and root.name != wanted:
        raise Unreadable("xml", wanted, f"the root element is {root.name[:60]}, not {wanted}", seen=root.name[:60])
    _check_space(root, shape)
    return _value(root, shape)


def parse(data: bytes, charset: str = "") -> Element:
    """The root element. Raises ``Unreadable``."""
    from xml.parsers import expat

    parser = expat.ParserCreate(charset or None)
    stack: list[Element] = [Element("", {}, "", {})]
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(stack) > MAX_DEPTH:
            raise Unreadable("depth", MAX_DEPTH, f"nested deeper than {MAX_DEPTH}")
        if count > MAX_ELEMENTS:
            raise Unreadable("xml", MAX_ELEMENTS, f"more than {MAX_ELEMENTS} elements")
        own = {_local(key): value for key, value in attributes.items() if key.partition(":")[0] != "xmlns"}
        spaces = stack[-1].spaces
        if len(own) != len(attributes):
            declared = {key: value for key, value in attributes.items() if key.partition(":")[0] == "xmlns"}
            spaces = {**spaces, **{key.partition(":")[2]: value for key, value in declared.items()}}
        element = Element(_local(name), own, spaces.get(name.rpartition(":")[0], ""), spaces)
        stack[-1].children.append(element)
        stack.append(element)

    def refuse(*_: object) -> None:
        raise Unreadable("xml", "no DOCTYPE", "a document type is not read: it may hold entities")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: stack.pop()
    parser.CharacterDataHandler = lambda text: stack[-1].texts.append(text)
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Unreadable("xml", "XML", f"not XML: {error}") from None
    except (LookupError, ValueError) as error:
        raise Unreadable("content-type", "charset=utf-8", f"this encoding of XML is not read: {error}") from None
    return stack[0].children[0]


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _check_space(element: Element, shape: Shape | None, path: tuple[str | int, ...] = ()) -> None:
    """The namespace counts and not the prefix (XML Names §2); what the document gives none may have any."""
    wanted = _hints(shape).get("namespace")
    if isinstance(wanted, str) and wanted and element.space != wanted:
        seen = f"in the namespace {element.space[:100]}" if element.space else "in no namespace"
        message = f"{element.name[:60]} is {seen}, not in {wanted}"
        raise Unreadable("xml", wanted, message, path, element.space[:100])


def _hints(shape: Shape | None) -> dict[str, Any]:
    hints = shape.word("xml") if shape else None
    return hints if isinstance(hints, dict) else {}


def _is_array(shape: Shape | None) -> bool:
    return shape is not None and "array" in shape.kinds and shape.kinds != EVERY


def _value(element: Element, shape: Shape | None) -> Any:
    if element.attributes.get(_XSI_NIL) in ("true", "1") and shape and "null" in shape.kinds:
        return None
    if shape is None or shape.kinds == EVERY:
        return _free(element)
    if _is_array(shape):
        return [_value(child, shape.item(index)) for index, child in enumerate(element.children)]
    if "object" in shape.kinds and (element.children or element.attributes or shape.kinds <= {"object", "null"}):
        return _object(element, shape)
    text = element.text
    return maker_of(shape).scalar(text if "string" in shape.kinds else text.strip())


def _free(element: Element) -> Any:
    """An element that no schema describes: its text, or an object of its children."""
    if not element.children:
        return element.text
    found: dict[str, Any] = {}
    for child in element.children:
        found[child.name] = [*_listed(found[child.name]), _free(child)] if child.name in found else _free(child)
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _has_text(shape: Shape) -> bool:
    """3.2: whether a property stands for the text of the element."""
    return any(_hints(inner).get("nodeType") in ("text", "cdata") for inner in shape.properties.values())


def _object(element: Element, shape: Shape) -> Any:
    found: dict[str, Any] = {}
    if not element.children and not element.attributes and element.text.strip() and not _has_text(shape):
        return element.text  # no object at all; the schema says so
    by_name: dict[str, list[Element]] = {}
    for child in element.children:
        by_name.setdefault(child.name, []).append(child)
    attributes = dict(element.attributes)
    for name, inner in shape.properties.items():
        hints = _hints(inner)
        xml_name = str(hints.get("name", name))
        node_type = hints.get("nodeType")
        if hints.get("attribute") is True or node_type == "attribute":
            if xml_name in attributes:
                found[name] = scalar_reader(inner)(attributes.pop(xml_name))
        elif node_type in ("text", "cdata"):
            found[name] = scalar_reader(inner)(element.text)
        elif _is_array(inner):
            wrapper, item_name = _array_names(name, inner)
            holders = by_name.pop(wrapper, None) if wrapper else None
            if holders and len(holders) > 1:
                raise Unreadable("repeated", "one element", f"{wrapper} stands here more than once", (name,))
            items = by_name.pop(item_name, []) if wrapper is None else holders[0].children if holders else []
            if holders:
                _check_space(holders[0], inner, (name,))
            if items or holders:
                found[name] = _items(name, items, inner, item_name)
        elif node_type == "none" and (inside := [child for child in element.children if child.name in _names(inner)]):
            part = Element(element.name, {}, element.space, element.spaces)
            part.children = inside
            found[name] = _object(part, inner)
            for child in inside:
                by_name.pop(child.name, None)
        elif xml_name in by_name:
            children = by_name.pop(xml_name)
            if len(children) > 1:
                raise Unreadable("repeated", "one element", f"{xml_name} stands here more than once", (name,))
            _check_space(children[0], inner, (name,))
            try:
                found[name] = _value(children[0], inner)
            except Unreadable as error:
                raise error.below(name) from None
    # What the schema does not name is kept, so that `additionalProperties: false` hears of it.
    for name, children in by_name.items():
        values = [_value(child, shape.rest) for child in children]
        found.setdefault(name, values[0] if len(values) == 1 else values)
    for name, text in attributes.items():
        if name not in ("schemaLocation", "noNamespaceSchemaLocation", _XSI_NIL):
            found.setdefault(name, text)
    return found


def _items(name: str, items: list[Element], shape: Shape, item_name: str) -> list[Any]:
    """The items of a list; where the document names them, no other element may stand among them."""
    is_named = bool(_hints(shape.items).get("name"))
    found = []
    for index, item in enumerate(items):
        if is_named and item.name != item_name:
            message = f"the items of {name} are called {item_name}, not {item.name[:60]}"
            raise Unreadable("xml", item_name, message, (name, index), item.name[:60])
        inner = shape.item(index)
        _check_space(item, inner, (name, index))
        try:
            found.append(_value(item, inner))
        except Unreadable as error:
            raise error.below(name, index) from None
    return found


def _names(shape: Shape) -> set[str]:
    """The elements that the properties of an object are written as."""
    return {str(_hints(inner).get("name", name)) for name, inner in shape.properties.items()}


def _array_names(name: str, shape: Shape) -> tuple[str | None, str]:
    """The wrapper's name (None = there is none) and the items'.

    OAS 3.1 §4.8.26.2: an array's own name is that of its wrapper, and counts for its items where those have none.
    """
    hints, own = _hints(shape), _hints(shape.items).get("name")
    wrapped = hints.get("wrapped") is True or hints.get("nodeType") == "element"
    if wrapped:
        wrapper = str(hints.get("name", name))
        return wrapper, str(own or wrapper)
    return None, str(own or name)


def write(value: Any, media: MediaType, content_type: str) -> bytes:
    """A value as XML. A text that is XML already, as examples often are, goes as it is."""
    if isinstance(value, str) and value.lstrip().startswith("<"):
        return encoded(value, content_type)
    shape = media.shape
    name = str(_hints(shape).get("name") or _component_name(shape) or "root")
    charset = (charset_of(content_type) or "utf-8").upper()
    return encoded(f'<?xml version="1.0" encoding="{charset}"?>\n' + _element(name, value, shape), content_type)


def _component_name(shape: Shape | None) -> str | None:
    """``Pet`` for a reference to ``#/components/schemas/Pet`` (OAS 3.1 §4.8.26)."""
    if shape is None:
        return None
    try:
        _, at = shape.document.follow(shape.node, shape.pointer)
    except Broken:
        return None
    return str(at[-1]) if at[:2] == ("components", "schemas") and len(at) == 3 else None


def _element(name: str, value: Any, shape: Shape | None) -> str:
    prefix, attributes = _space(shape)
    if isinstance(value, dict):
        more, content = _members(value, shape)
        attributes += more
    elif isinstance(value, list):
        items = shape.items if shape else None
        item_name = str(_hints(items).get("name") or _component_name(items) or name)
        content = "".join(_element(item_name, item, items) for item in value)
    else:
        content = _escaped(value)
        if value is None and shape and "null" in shape.kinds:
            attributes += ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'
    full = prefix + _clean(name)
    return _tagged(full, attributes, content)


def _space(shape: Shape | None) -> tuple[str, str]:
    """The prefix with its colon, and the attribute that declares the namespace; each may be empty."""
    hints = _hints(shape)
    prefix = f"{_clean(str(hints['prefix']))}:" if hints.get("prefix") else ""
    if not hints.get("namespace"):
        return prefix, ""
    name = f"xmlns:{prefix[:-1]}" if prefix else "xmlns"
    return prefix, f" {name}={_quoted(str(hints['namespace']))}"


def _tagged(name: str, attributes: str, content: str) -> str:
    return f"<{name}{attributes}>{content}</{name}>" if content else f"<{name}{attributes}/>"


def _members(value: dict[str, Any], shape: Shape | None) -> tuple[str, str]:
    """Attributes and content of an object."""
    attributes: list[str] = []
    content: list[str] = []
    for name, item in value.items():
        inner = shape.property(name) if shape else None
        hints = _hints(inner)
        xml_name = str(hints.get("name", name))
        node_type = hints.get("nodeType")
        if hints.get("attribute") is True or node_type == "attribute":
            prefix = f"{_clean(str(hints['prefix']))}:" if hints.get("prefix") else ""
            attributes.append(f" {prefix}{_clean(xml_name)}={_quoted(text_of(item))}")
        elif node_type in ("text", "cdata"):
            text = _legal(text_of(item)).replace("]]>", "]]]]><![CDATA[>")
            content.append(_escaped(item) if node_type == "text" else f"<![CDATA[{text}]]>")
        elif isinstance(item, list):
            wrapper, item_name = _array_names(name, inner) if inner else (None, name)
            items = inner.items if inner else None
            inside = "".join(_element(item_name, each, items) for each in item)
            prefix, declared = _space(inner)
            content.append(_tagged(prefix + _clean(wrapper), declared, inside) if wrapper else inside)
        else:
            content.append(_element(xml_name, item, inner))
    return "".join(attributes), "".join(content)


def _escaped(value: Any) -> str:
    return _legal(text_of(value)).translate(_ESCAPES)


def _quoted(text: str) -> str:
    return '"' + _legal(text).translate(_ESCAPES) + '"'


def _legal(text: str) -> str:
    """Without the characters that XML 1.0 §2.2 does not have."""
    return _FORBIDDEN.sub("", text)


def _clean(name: str) -> str:
    """A name that an element may have: what XML does not allow becomes ``_``."""
    return _NAME.sub("_", name) or "_"
