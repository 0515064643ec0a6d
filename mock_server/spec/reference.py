"""References inside one document: ``#/components/schemas/A`` and the pointer it means (RFC 6901 §6)."""

from __future__ import annotations

from urllib.parse import unquote

from mock_server.source import Pointer, pointer_text

_URI_SAFE = frozenset("/~-._0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz$")


def fragment(pointer: Pointer) -> str:
    """The pointer as a URI fragment, without the ``#``."""
    text = pointer_text(pointer)
    if _URI_SAFE.issuperset(text):
        return text
    return "".join(char if char in _URI_SAFE else "".join(f"%{byte:02X}" for byte in char.encode()) for char in text)


def parse_reference(reference: str) -> Pointer | None:
    """The pointer in a ``#/…`` reference, or None when it names something else.

    >>> parse_reference("#/components/schemas/A~1B")
    ('components', 'schemas', 'A/B')
    """
    if reference == "#":
        return ()
    return steps_of(reference[1:]) if reference.startswith("#/") else None


def steps_of(text: str) -> tuple[str, ...]:
    """The steps of a pointer in a fragment: ``/a%20b/c`` is ``("a b", "c")``, and ``""`` the whole."""
    if not text:
        return ()
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in unquote(text[1:]).split("/"))
