"""Families of media types: which of them are written alike."""

from __future__ import annotations

from typing import Final, Literal

Family = Literal["json", "form", "multipart", "xml", "sequence", "text", "binary"]
JSON_SEQUENCES: Final = ("application/json-seq", "application/geo+json-seq")
JSON_LINES: Final = (
    "application/jsonl", "application/x-ndjson", "application/ndjson", "application/jsonlines",
    "application/x-jsonlines", "application/json-lines", "application/stream+json",
)  # fmt: skip
EVENTS: Final = "text/event-stream"
_EXACT: Final[dict[str, Family]] = {
    "application/json": "json",
    "text/json": "json",
    "application/x-www-form-urlencoded": "form",
    "application/xml": "xml",
    "text/xml": "xml",
    "image/svg+xml": "binary",
    EVENTS: "sequence",
    **dict.fromkeys((*JSON_LINES, *JSON_SEQUENCES), "sequence"),
    **dict.fromkeys(
        (
            *("application/yaml", "application/x-yaml", "application/javascript", "application/ecmascript"),
            *("application/graphql", "application/sql", "application/jwt", "application/toml"),
        ),
        "text",
    ),
}
_SUFFIXES: Final[dict[str, Family]] = {"json": "json", "xml": "xml", "json-seq": "sequence", "yaml": "text"}
"""Structured syntax suffixes (RFC 6839, RFC 8091, RFC 9512)."""
_GROUPS: Final[dict[str, Family]] = {"text": "text", "multipart": "multipart"}


def family(media_type: str) -> Family:
    """The family of a media type; what nobody knows is bytes.

    >>> family("application/problem+json; charset=utf-8")
    'json'
    """
    kind = media_type.partition(";")[0].strip().lower()
    exact = _EXACT.get(kind)
    if exact is not None:
        return exact
    group, _, subtype = kind.partition("/")
    _, plus, suffix = subtype.rpartition("+")
    return (_SUFFIXES.get(suffix) if plus else None) or _GROUPS.get(group, "binary")
