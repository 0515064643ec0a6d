"""Texts: by format, by name, by pattern, of the right length."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from json import dumps
from string import ascii_letters, digits, punctuation
from typing import TYPE_CHECKING, Any

from mock_server.spec.generate.automaton import matching
from mock_server.spec.generate.chance import Draw
from mock_server.spec.generate.formats import encoded, formatted, slug
from mock_server.spec.generate.grammar import can_be, pattern_of
from mock_server.spec.generate.judge import keeps_formats, keeps_text
from mock_server.spec.generate.names import text_for
from mock_server.spec.generate.sample import MAX_TEXT, language, samples
from mock_server.spec.generate.shape import Item, Shape
from mock_server.spec.generate.sized import sized
from mock_server.spec.generate.words import NOUNS, SENTENCES
from mock_server.spec.schema import has_match

if TYPE_CHECKING:
    from mock_server.spec.generate.maker import Maker, Place

_FORMAT_TRIES = 8
MAX_DIFFERENT = 20_000
_SHORT = 3
_ALPHABET = ascii_letters + digits + punctuation
_MORE_TRIES = 300
"""Further texts of a format: for a pattern that few of them keep, and for items that have to differ."""


def texts(maker: Maker, shape: Shape, place: Place) -> Iterator[str]:
    """Texts that keep length and patterns; those that keep the format too come first."""
    if shape.min_length > MAX_TEXT or (shape.max_length is not None and shape.max_length < shape.min_length):
        return
    draw = maker.draw(place)
    if shape.formats and not shape.content:
        for text in _of_formats(shape, draw):
            if keeps_text(text, shape) and keeps_formats(text, shape):
                yield text
    for text in _candidates(maker, shape, place, draw):
        maker.room -= len(text) // 10_000
        if maker.room < 0:
            return
        if keeps_text(text, shape):
            maker.broke_format |= not keeps_formats(text, shape)
            yield text


def _of_formats(shape: Shape, draw: Draw) -> Iterator[str]:
    """Texts that should be of the formats, the most ordinary first."""
    least, most = shape.min_length, shape.max_length
    if not all(can_be(name, least, most) for name in shape.formats):
        return
    for name in shape.formats:
        yield from _ordinary(name, shape, draw, _FORMAT_TRIES)
        if least or most is not None:
            yield from (text for _ in range(4) for text in sized(name, draw, least, most))
    grammars = [grammar for name in shape.formats if (grammar := pattern_of(name))]
    for pattern in shape.patterns:
        for text in samples(pattern, draw, least, most):
            if all(has_match(grammar, text) for grammar in grammars):
                yield text
    if shape.patterns:
        yield from _spliced(shape, draw)
    if shape.patterns or shape.refused_patterns or least or most is not None or len(shape.formats) > 1:
        yield from matching([*shape.patterns, *grammars], shape.refused_patterns, least, most, draw)
    for name in shape.formats:
        yield from _ordinary(name, shape, draw, _MORE_TRIES)
    for _ in range(_MORE_TRIES if grammars and not shape.patterns else 0):
        yield from samples(grammars[0], draw, least, most)


def _spliced(shape: Shape, draw: Draw) -> Iterator[str]:
    """What a pattern wants, put at the end or the beginning of texts of the format: ``https://`` + ``a.example``."""
    for name in shape.formats:
        for pattern in shape.patterns:
            for wanted in islice(samples(pattern, draw, 0, shape.max_length), _FORMAT_TRIES):
                frame = formatted(name, draw) or ""
                for cut in range(1, len(frame)):
                    yield frame[:cut] + wanted
                    yield wanted + frame[cut:]


def _ordinary(name: str, shape: Shape, draw: Draw, tries: int) -> Iterator[str]:
    for _ in range(tries):
        text = formatted(name, draw)
        if text is None:
            return
        yield text
        if shape.patterns and name == "date-time":
            yield f"{text[:19]}.000Z"  # as JavaScript writes it
        elif shape.patterns and name == "date":
            yield f"{text[:8]}01"


def _candidates(maker: Maker, shape: Shape, place: Place, draw: Draw) -> Iterator[str]:
    if shape.content:
        yield from _content(maker, shape, place)
    for name in shape.formats:
        yield from _ordinary(name, shape, draw, _FORMAT_TRIES)
    if not shape.formats or formatted(shape.formats[0], draw) is None or shape.patterns:
        for _ in range(4):
            named = text_for(place.name, place.owner, draw)
            if named is not None:
                yield named
    if shape.patterns:
        for pattern in shape.patterns:
            for text in samples(pattern, draw, shape.min_length, shape.max_length):
                yield text
                yield fitted(text, shape)
    if shape.patterns or shape.refused_patterns:
        yield from matching(shape.patterns, shape.refused_patterns, shape.min_length, shape.max_length, draw)
    yield from _all_of_few(shape)
    yield from _plain(shape, place, draw)


def _all_of_few(shape: Shape) -> Iterator[str]:
    """Each text of a pattern that only a few texts keep, or of one to three characters: for items that differ."""
    for pattern in shape.patterns:
        yield from language(pattern)
    if not shape.patterns and shape.max_length is not None and 0 < shape.max_length <= _SHORT:
        for size in range(max(shape.min_length, 1), shape.max_length + 1):
            yield from map("".join, product(_ALPHABET, repeat=size))


def _content(maker: Maker, shape: Shape, place: Place) -> Iterator[str]:
    """What ``contentEncoding``, ``contentMediaType`` and ``contentSchema`` describe (JSON Schema 2020-12 §8)."""
    text: str = maker.draw(place).one_of(SENTENCES)
    nothing = Item({}, ())
    media, schema = (shape.content.get(word, nothing) for word in ("contentMediaType", "contentSchema"))
    if "json" in str(media.node) or schema is not nothing:
        value: Any = next(maker.values((schema,), place.into("~content", "", "")), {}) if schema.at else {}
        text = dumps(value, ensure_ascii=False)
    encoding = shape.content.get("contentEncoding", nothing).node
    yield encoded(text, encoding)
    yield encoded(text[:6], encoding)


def _plain(shape: Shape, place: Place, draw: Draw) -> Iterator[str]:
    """Ordinary words of the right length; always enough different ones for a list without twins."""
    named = text_for(place.name, place.owner, draw) if not shape.formats else None
    if named is not None:
        yield fitted(named, shape)
    for _ in range(4):
        yield fitted(draw.one_of(NOUNS), shape)
    for char in "aA0 -é!":
        yield char * max(shape.min_length, 1)
    yield ""
    for number in range(1_100 if shape.patterns else MAX_DIFFERENT):
        text = f"{slug(draw)}-{number}"
        yield text if shape.max_length is None or len(text) <= shape.max_length else fitted(str(number), shape)


def fitted(text: str, shape: Shape) -> str:
    """The text made longer or shorter, as the shape wants it."""
    if len(text) < shape.min_length:
        text = " ".join([text] * (shape.min_length // (len(text) + 1) + 1)) if text else "a" * shape.min_length
        text = text.ljust(shape.min_length, "a")
        return text[: shape.min_length if shape.max_length is not None else len(text)]
    return text if shape.max_length is None else text[: shape.max_length].strip().ljust(shape.min_length, "a")
