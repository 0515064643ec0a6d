"""Where something stands in a document: its line, when it can be had without holding everybody up."""

from __future__ import annotations

from mock_server.source import Pointer, pointer_text
from mock_server.spec.document import Document

MAX_LINES_OF = 1_000_000
"""Characters of a document whose lines are looked up: that takes a second parse, half a second for so many."""


def place_of(document: Document, pointer: Pointer) -> str:
    """``openapi.yaml:78:9``, or ``#/paths/~1oauth2`` of a document that is too big for it."""
    home, at = document.loaded.home(pointer)
    if len(home.source.text) > MAX_LINES_OF:
        return f"{home.source.path}#{pointer_text(at)}"
    return str(document.loaded.place(pointer, "key"))
