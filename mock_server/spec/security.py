"""Who may ask: the security requirements of an operation (OAS 3.1 §4.8.27 to §4.8.30)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from mock_server.errors import Broken, Problem
from mock_server.source import Pointer
from mock_server.spec.document import Document
from mock_server.value import dataclass


@dataclass(frozen=True, slots=True)
class Requirement:
    """One scheme that a request must satisfy, and the scopes it must carry."""

    scheme: str
    kind: str
    """``bearer`` (http bearer, oauth2 and openIdConnect), another HTTP scheme in lower case, ``apiKey:header``,
    ``apiKey:query``, ``apiKey:cookie``, or ``unjudged``: mutualTLS, which a plain request cannot show, and
    schemes that say too little."""
    parameter: str
    """The name of an API key; the HTTP scheme as the document writes it."""
    scopes: tuple[str, ...]


def credentials(alternatives: Iterable[Iterable[Requirement]], token: str) -> tuple[list[str], str]:
    """Made-up credentials for the first alternative that a shell can show: lines of headers, and a query.

    ``(["Authorization: Bearer any-token"], "")``, ``([], "?key=any-key")``; ``([], "")`` when nothing is asked for.
    """
    for alternative in alternatives:
        headers, query = [], []
        for each in alternative:
            match each.kind:
                case "bearer":
                    headers.append(f"Authorization: Bearer {token}")
                case "basic":
                    headers.append("Authorization: Basic dXNlcjpwYXNzd29yZA==")  # user:password
                case "apiKey:header":
                    headers.append(f"{each.parameter}: any-key")
                case "apiKey:cookie":
                    headers.append(f"Cookie: {each.parameter}=any-key")
                case "apiKey:query":
                    query.append(f"{quote(each.parameter, safe='')}=any-key")
                case "unjudged":
                    pass
                case _:  # digest and its like are no line to copy
                    break
        else:
            return headers, f"?{'&'.join(query)}" if query else ""
    return [], ""


def read_security(document: Document, node: dict[str, Any], pointer: Pointer) -> tuple[tuple[Requirement, ...], ...]:
    """The operation's own requirements, ``[]`` included, else the document's."""
    asked = node.get("security", document.data.get("security")) or []
    alternatives = []
    for index, alternative in enumerate(asked):
        place: Pointer = (*pointer, "security", index) if "security" in node else ("security", index)
        wanted = (_requirement(document, name, scopes, place) for name, scopes in alternative.items())
        alternatives.append(tuple(each for each in wanted if each))
    return tuple(alternatives)


def _requirement(document: Document, name: str, scopes: list[str], pointer: Pointer) -> Requirement | None:
    """None for a scheme that is not defined: what nobody can satisfy or break is not asked for (MS214)."""
    schemes = _schemes(document)
    if name not in schemes:
        hint = "define it under components/securitySchemes"
        document.faults.add("MS214", f"the security scheme {name!r} is not defined; it is not asked for", pointer, hint)
        return None
    scheme, _ = document.follow(schemes[name], ("components", "securitySchemes", name))
    kind, parameter = _kind(scheme)
    return Requirement(name, kind, parameter, tuple(map(str, scopes)) if isinstance(scopes, list) else ())


def _kind(scheme: dict[str, Any]) -> tuple[str, str]:
    match scheme:
        case {"type": "http", "scheme": str(written)} if written:
            return written.lower(), written  # RFC 9110 §11.1: the name ignores case
        case {"type": "apiKey", "in": "header" | "query" | "cookie" as location, "name": str(name)} if name:
            return f"apiKey:{location}", name
        case {"type": "oauth2" | "openIdConnect"}:  # the token travels as a bearer token (RFC 6750 §2.1)
            return "bearer", "Bearer"
    return "unjudged", str(scheme.get("type", ""))


def _schemes(document: Document) -> dict[str, Any]:
    components = document.data.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, dict) else None
    return schemes if isinstance(schemes, dict) else {}


def _defined(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """The schemes that can be read; one that cannot is complained about where it is asked for."""
    for name, raw in _schemes(document).items():
        try:
            scheme, _ = document.follow(raw, ("components", "securitySchemes", name))
        except Broken:
            continue
        if isinstance(scheme, dict):
            yield name, scheme


def api_keys(document: Document) -> Iterator[tuple[str, str]]:
    """Where the document's API keys travel: ``("header", "X-Key")``, for who must not show them."""
    for _, scheme in _defined(document):
        kind, name = _kind(scheme)
        if kind.startswith("apiKey:"):
            yield kind.partition(":")[2], name


def security_problems(document: Document) -> Iterator[Problem]:
    """Warnings of ``check`` (MS212): schemes that a request cannot be judged by."""
    for name, scheme in _defined(document):
        if _kind(scheme)[0] == "unjudged":
            message = f"the security scheme {name!r} ({scheme.get('type')}) cannot be judged, so it is always satisfied"
            pointer = ("components", "securitySchemes", name)
            yield document.loaded.problem("MS212", message, pointer, at="key", severity="warning")
