"""A single text as the value that its schema takes, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from mock_server.codec.json_text import write_json
from mock_server.later import regex
from mock_server.spec.shape import EVERY, Shape

Read = Callable[[str], Any]

_NUMBER = regex(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")
MAX_DIGITS = 400
"""A longer number stays a text: Python's own limit is 4,300 digits, and nobody means such numbers."""
_WORDS: Final = {"true": True, "false": False}


def number(text: str) -> Any:
    """The number that a text is in JSON (RFC 8259 §6), else the text."""
    found = _NUMBER.match(text) if len(text) <= MAX_DIGITS else None
    if found is None:
        return text
    if found[1] is None and found[2] is None:
        return int(text)
    value = float(text)
    return value if value - value == 0 else text  # infinity is no number of JSON's


def _truth(text: str) -> Any:
    return _WORDS.get(text, text)


def _null(text: str) -> Any:
    return None if text in ("null", "") else text


def _null_word(text: str) -> Any:
    """Where texts are taken too, the empty one is a text."""
    return None if text == "null" else text


def scalar_reader(shape: Shape | None) -> Read:
    """How texts of this schema are read; made once for each parameter or field.

    A schema of texts keeps ``"1"`` a text. One of several types gets the narrowest reading that it takes.
    Where no reading fits, the text itself is the value, and the validator says what is wrong with it.
    """
    if shape is None:
        return _same
    kinds = shape.kinds - {"array", "object"}
    if kinds == {"string"} or shape.kinds == EVERY:
        return _same
    readings: list[Read] = []
    if kinds & {"integer", "number"}:
        readings.append(number)
    if "boolean" in kinds:
        readings.append(_truth)
    if "null" in kinds:
        readings.append(_null_word if "string" in kinds else _null)
    if len(readings) == 1 and "string" not in kinds:
        return readings[0]

    def read(text: str) -> Any:
        for reading in readings:
            value = reading(text)
            if value is not text and shape.fits(value):
                return value
        if "string" in kinds and shape.fits(text):
            return text
        return next((value for reading in readings if (value := reading(text)) is not text), text)

    return read


def _same(text: str) -> str:
    return text


def text_of(value: Any) -> str:
    """A value as a text: a text is itself, a number as JSON writes it, null nothing at all."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return write_json(value).decode()
