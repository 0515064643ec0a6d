"""Which codec reads and writes a media type. A new media type is a row here and a module beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, Protocol

from mock_server.codec.charset import is_utf8
from mock_server.spec.family import Family, family
from mock_server.spec.media import MediaType, is_checked
from mock_server.spec.schema import Schema


class Codec(Protocol):
    """A module of this room for a family of media types."""

    def read(self, data: bytes, media: MediaType, content_type: str) -> Any:
        """The value of the bytes. Raises ``Unreadable``."""
        ...

    def write(self, value: Any, media: MediaType, content_type: str) -> bytes:
        """The bytes of a value."""
        ...


def codec_for(media_type: str) -> Codec:
    """The codec of a media type; what nobody knows is bytes."""
    return _codec(family(media_type))


@cache
def _codec(kind: Family) -> Codec:
    """The module, imported when the first body of its family comes: most APIs speak JSON only."""
    found: Codec
    match kind:
        case "json":
            from mock_server.codec import json_text as found
        case "form":
            from mock_server.codec import form as found
        case "multipart":
            from mock_server.codec import multipart as found
        case "xml":
            from mock_server.codec import xml as found
        case "sequence":
            from mock_server.codec import sequence as found
        case "text":
            from mock_server.codec import text as found
        case "binary":
            from mock_server.codec import binary as found
    return found


def reader(media: MediaType, content_type: str) -> Callable[[bytes], Any]:
    """What reads bodies of this media type. It raises ``Unreadable``."""
    codec = codec_for(content_type)
    if family(content_type) == "json" and is_utf8(content_type):
        from mock_server.codec.json_text import read_json

        return read_json
    return partial(codec.read, media=media, content_type=content_type)


def read_value(data: bytes, media: MediaType, content_type: str) -> Any:
    """The value of a body or parameter of this media type. Raises ``Unreadable``."""
    return codec_for(content_type).read(data, media, content_type)


def write_value(value: Any, media: MediaType, content_type: str = "") -> bytes:
    """The bytes of a value; a range such as ``image/*`` is written as ``content_type`` says."""
    return codec_for(content_type or media.name).write(value, media, content_type or media.name)


def judged(media: MediaType, value: Any, content_type: str) -> Iterator[tuple[tuple[int, ...], Schema, Any]]:
    """What has to keep which schema: the whole value, and the items of a sequence.

    ``((0,), schema, item)`` for the first item of JSON lines whose schema describes one line. The text of a
    body that we do not take apart (YAML, Protobuf) is not held to a schema of objects.
    """
    each = media.item_schema
    kind = family(content_type)
    if media.schema is not None:
        if kind == "sequence" and isinstance(value, list) and _is_each(media):
            each = media.schema
        elif is_checked(media, content_type):
            yield (), media.schema, value
    if each is not None and kind == "sequence" and isinstance(value, list):
        for index, item in enumerate(value):
            yield (index,), each, item


def _is_each(media: MediaType) -> bool:
    from mock_server.codec.sequence import is_each

    return is_each(media)
