"""The parameters of one operation, prepared once, read for every request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mock_server.codec.percent import decode, decode_path, decode_query, pairs_of
from mock_server.codec.style import Maker, deep_object, pairs, repeated, split
from mock_server.codec.table import read_value
from mock_server.codec.unreadable import Unreadable
from mock_server.model import MISSING
from mock_server.spec.family import family
from mock_server.spec.parameters import Parameter
from mock_server.value import dataclass

Pairs = list[tuple[str, str]]


@dataclass(slots=True)
class Sources:
    """Where the texts of a request's parameters are, each found when it is first asked for."""

    path: Mapping[str, str]
    """Still percent-encoded."""
    query: str
    headers: Mapping[str, str]
    _query: Pairs | None = None
    _cookies: Pairs | None = None

    @property
    def query_pairs(self) -> Pairs:
        """Names decoded, values not. A name that cannot be decoded names nothing."""
        if self._query is None:
            self._query = [(_name(name), value) for name, value in pairs_of(self.query)]
        return self._query

    @property
    def cookie_pairs(self) -> Pairs:
        """RFC 6265 §4.1.1, §4.2.1: ``a=1; b=2``; the quotes around a value are not part of what it says."""
        if self._cookies is None:
            parts = self.headers.get("cookie", "").split(";")
            split_parts = (part.strip().partition("=") for part in parts)
            self._cookies = [(name.strip(), _unquoted(value.strip())) for name, equals, value in split_parts if equals]
        return self._cookies


Read = Callable[[Sources], Any]
"""The value, or ``MISSING``. Raises ``Unreadable``."""


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _name(text: str) -> str:
    try:
        return decode_query(text)
    except Unreadable:
        return text


def parameter_reader(parameter: Parameter, owned: frozenset[str] = frozenset()) -> Read:
    """How one parameter is read. ``owned``: the query names that other parameters have."""
    if parameter.location == "querystring":
        return _whole_query(parameter)
    if parameter.content is not None:
        return _content(parameter)
    match parameter.location:
        case "path":
            return _path(parameter)
        case "query":
            return _query(parameter, owned)
        case "header":
            return _header(parameter)
    return _cookie(parameter)


def _path(parameter: Parameter) -> Read:
    name, style, explode = parameter.name, parameter.style, parameter.explode
    maker = Maker(parameter.shape)
    prefix = {"label": ".", "matrix": ";"}.get(style, "")

    def read(sources: Sources) -> Any:
        text = sources.path.get(name)
        if text is None:
            return MISSING
        if prefix:
            if not text.startswith(prefix):
                raise Unreadable("style", f"{style} style", f"a value in {style} style begins with {prefix!r}")
            text = text[1:]
            if style == "matrix" and not (explode and maker.form in ("array", "object")):
                text = _after_name(text, name)
        if maker.form == "array":
            if style == "matrix" and explode:
                return maker.array([decode_path(_after_name(item, name)) for item in text.split(";")])
            return maker.array(split(text, style, explode, decode_path))
        if maker.form == "object":
            return maker.object(pairs(text, style, explode, decode_path))
        if maker.form == "either":
            return maker.either(split(text, style, explode, decode_path) or [""], decode_path(text))
        return maker.scalar(decode_path(text))

    return read


def _after_name(text: str, name: str) -> str:
    """``color=blue`` in matrix style is ``blue``, ``color`` alone the empty text (RFC 6570 §3.2.7)."""
    key, _, value = text.partition("=")
    if decode_path(key) != name:
        raise Unreadable("style", "matrix style", f"a value in matrix style is written ;{name}=value")
    return value


def _query(parameter: Parameter, owned: frozenset[str]) -> Read:
    name, style, explode = parameter.name, parameter.style, parameter.explode
    maker = Maker(parameter.shape, style)
    if style == "deepObject":
        return lambda sources: _deep(sources, name, maker)
    if maker.form == "object" and explode and style == "form":
        return _members(maker, lambda sources: sources.query_pairs, owned, decode_query)
    listed = maker.form in ("array", "either", "any")

    def read(sources: Sources) -> Any:
        texts = [value for key, value in sources.query_pairs if key == name]
        if not texts:
            return MISSING
        if len(texts) > 1 and not (listed and (explode or maker.form == "any")):
            raise repeated(name)
        if maker.form == "object":
            return maker.object(pairs(texts[0], style, False, decode_query))
        if maker.form == "array" and not explode:
            return maker.array(split(texts[0], style, False, decode_query))
        if maker.form == "either" and not explode:
            return maker.either(split(texts[0], style, False, decode_query) or [""], decode_query(texts[0]))
        return maker.value([decode_query(text) for text in texts], name)

    if maker.form == "single":
        return _single_query(name, maker)
    return read


def _single_query(name: str, maker: Maker) -> Read:
    """The usual parameter, by the shortest way."""
    scalar = maker.scalar

    def read(sources: Sources) -> Any:
        found: str | None = None
        for key, value in sources.query_pairs:
            if key == name:
                if found is not None:
                    raise repeated(name)
                found = value
        return MISSING if found is None else scalar(decode_query(found))

    return read


def _deep(sources: Sources, name: str, maker: Maker) -> Any:
    given = [(key, decode_query(value)) for key, value in sources.query_pairs if key.startswith(name + "[")]
    found = deep_object(given, name, maker)
    return MISSING if found is None else found


def _members(
    maker: Maker, source: Callable[[Sources], Pairs], owned: frozenset[str], decoded: Callable[[str], str]
) -> Read:
    """An exploded object: each property is a name of its own.

    To it belong the names that its schema has; where that has none, or describes further ones, every name
    that no other parameter has.
    """
    assert maker.shape is not None
    names = frozenset(maker.shape.properties)
    takes_rest = not names or maker.shape.rest is not None

    def read(sources: Sources) -> Any:
        found = [
            (key, decoded(value)) for key, value in source(sources) if key in names or (takes_rest and key not in owned)
        ]
        return maker.object(found) if found else MISSING

    return read


def _header(parameter: Parameter) -> Read:
    """Header values are not percent-decoded: RFC 9110 §5.5 knows no such thing."""
    name, style, explode = parameter.name.lower(), parameter.style, parameter.explode
    maker = Maker(parameter.shape)

    def read(sources: Sources) -> Any:
        text = sources.headers.get(name)
        if text is None:
            return MISSING
        text = text.strip()
        if maker.form == "array":
            return maker.array(split(text, style, False, str.strip))
        if maker.form == "object":
            return maker.object(pairs(text, style, explode, str.strip))
        if maker.form == "either":
            return maker.either(split(text, style, False, str.strip) or [""], text)
        return maker.scalar(text)

    return read


def _cookie(parameter: Parameter) -> Read:
    """``form`` is percent-decoded, 3.2's ``cookie`` is not."""
    name, style, explode = parameter.name, parameter.style, parameter.explode
    maker = Maker(parameter.shape)
    decoded: Callable[[str], str] = _lenient if style == "form" else str
    if maker.form == "object" and explode:
        return _members(maker, lambda sources: sources.cookie_pairs, frozenset(), decoded)

    def read(sources: Sources) -> Any:
        texts = [value for key, value in sources.cookie_pairs if key == name]
        if not texts:
            return MISSING
        if maker.form == "array" and not explode:
            return maker.array(split(texts[0], "form", False, decoded))
        if maker.form == "object":
            return maker.object(pairs(texts[0], "form", False, decoded))
        if maker.form in ("single", "any"):
            return maker.scalar(decoded(texts[0]))  # of two cookies of one name the first is the nearer (RFC 6265 §5.4)
        return maker.value([decoded(text) for text in texts], name)

    return read


def _lenient(text: str) -> str:
    """A cookie is often no percent-encoded text at all: then it stands for itself."""
    try:
        return decode(text)
    except Unreadable:
        return text


def _content(parameter: Parameter) -> Read:
    """A parameter that is a text of some media type, JSON mostly (OAS 3.1 §4.8.12.2.3)."""
    name, media = parameter.name, parameter.content
    assert media is not None

    def text_of(sources: Sources) -> str | None:
        match parameter.location:
            case "path":
                found = sources.path.get(name)
                return found if found is None else decode_path(found)
            case "query":
                texts = [value for key, value in sources.query_pairs if key == name]
                if len(texts) > 1:
                    raise repeated(name)
                return decode_query(texts[0]) if texts else None
            case "header":
                return sources.headers.get(name.lower())
        return next((_lenient(value) for key, value in sources.cookie_pairs if key == name), None)

    def read(sources: Sources) -> Any:
        text = text_of(sources)
        # A header's characters are the bytes that came; everything else was decoded as UTF-8.
        charset = "latin-1" if parameter.location == "header" else "utf-8"
        return MISSING if text is None else read_value(text.encode(charset, "replace"), media, media.name)

    return read


def _whole_query(parameter: Parameter) -> Read:
    """3.2's ``querystring``: the whole query is one text of some media type, a form mostly."""
    media = parameter.content

    def read(sources: Sources) -> Any:
        if not sources.query or media is None:
            return MISSING
        is_form = family(media.name) == "form"
        text = sources.query if is_form else decode(sources.query)
        return read_value(text.encode("latin-1" if is_form else "utf-8"), media, media.name)

    return read
