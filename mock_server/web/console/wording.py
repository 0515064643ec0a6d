"""How values are put before a person. Everything that is shown came from strangers."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import orjson

from mock_server.named import NamedTuple

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
"""Control characters, and those that turn or hide the text around them (Unicode TR 36 §2.5)."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
MAX_PRETTY = 200_000
"""Characters of a body that are put into shape; longer ones stay as they are."""


def visible(text: object) -> str:
    r"""Text with what cannot be seen made visible: ``\x1b``, ``\u202e``. Line ends and tabs stay."""
    return _UNSEEN.sub(_escaped, str(text))


def _escaped(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def one_line(text: object, most: int = 300) -> str:
    """The same in one line of at most so many characters."""
    flat = visible(text).replace("\n", "\\n").replace("\t", "\\t")
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def prose(text: object) -> list[tuple[bool, str]]:
    """What a document says in words, cut where its backticks make code: ``[(False, "the "), (True, "id")]``."""
    parts = visible(text).split("`")
    if len(parts) % 2 == 0:
        return [(False, visible(text))]
    return [(at % 2 == 1, part) for at, part in enumerate(parts) if part]


def clock(at: float) -> str:
    """``04:05:06`` in UTC; a clock may be set to where no calendar reaches."""
    return _formatted(at, "%H:%M:%S")


def moment(at: float) -> str:
    """``04:05:06.789``."""
    return f"{clock(at)}.{int(at % 1 * 1000):03d}"


def iso(at: float) -> str:
    """``2026-11-24T04:05:06Z``."""
    return _formatted(at, "%Y-%m-%dT%H:%M:%SZ")


def day(at: float) -> str:
    return _formatted(at, "%Y-%m-%d")


def _formatted(at: float, form: str) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).strftime(form)
    except (ValueError, OverflowError, OSError):
        return f"{at:.0f} s"


def seconds(number: float) -> str:
    """``12 h 0 min``, ``4 min 59 s``, ``7 s``."""
    whole = max(0, round(number))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {left:02d} s" if minutes else f"{left} s"


def mood(status: int | None) -> str:
    """A word for the style sheet: ``good``, ``moved``, ``bad``, ``broken`` or ``none``."""
    return {1: "moved", 2: "good", 3: "moved", 4: "bad", 5: "broken"}.get((status or 0) // 100, "none")


SHAPES = {"good": "●", "moved": "◆", "bad": "▲", "broken": "■", "none": "○"}
"""Beside its colour every status has a shape."""


class Piece(NamedTuple):
    """A piece of JSON and what it is: ``key``, ``text``, ``number``, ``word`` or ``mark``."""

    kind: str
    text: str


def pieces(text: str) -> list[Piece]:
    """A body put into shape when it is JSON, token by token: no number is read, so none is changed."""
    if len(text) > MAX_PRETTY or not _is_json(text):
        return [Piece("mark", visible(text))]
    found: list[Piece] = []
    depth = 0
    words = _TOKEN.findall(text)
    for at, word in enumerate(words):
        after = words[at + 1] if at + 1 < len(words) else ""
        if word in "{[":
            empty = after == {"{": "}", "[": "]"}[word]
            depth += 0 if empty else 1
            found.append(Piece("mark", word if empty else word + _line(depth)))
        elif word in "}]":
            if words[at - 1] not in "{[":
                depth -= 1
                word = _line(depth) + word
            found.append(Piece("mark", word))
        elif word == ",":
            found.append(Piece("mark", word + _line(depth)))
        elif word == ":":
            found.append(Piece("mark", ": "))
        else:
            found.append(Piece(_kind(word, after), visible(word)))
    return found


def _line(depth: int) -> str:
    return "\n" + "  " * depth


def _kind(word: str, after: str) -> str:
    if word[0] == '"':
        return "key" if after == ":" else "text"
    return "number" if word[0] in "-0123456789" else "word"


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
