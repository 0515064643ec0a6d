"""Who may ask: the security requirements of an operation (OAS 3.1 §4.8.30)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mock_server.source import Pointer
from mock_server.spec.document import Document


@dataclass(frozen=True, slots=True)
class Requirement:
    """One scheme that a request must satisfy, and the scopes it must carry."""

    scheme: str
    kind: str
    """``bearer``, ``basic``, ``digest``, ``apiKey:header``, ``apiKey:query``, ``apiKey:cookie``."""
    parameter: str
    scopes: tuple[str, ...]


def read_security(document: Document, node: dict[str, Any], pointer: Pointer) -> tuple[tuple[Requirement, ...], ...]:
    asked = node.get("security", document.data.get("security")) or []
    alternatives = []
    for index, alternative in enumerate(asked):
        place: Pointer = (*pointer, "security", index) if "security" in node else ("security", index)
        wanted = (_requirement(document, name, scopes, place) for name, scopes in alternative.items())
        alternatives.append(tuple(each for each in wanted if each))
    return tuple(alternatives)


def _requirement(document: Document, name: str, scopes: list[str], pointer: Pointer) -> Requirement | None:
    """None for a scheme that is not defined: what nobody can satisfy or break is not asked for (MS214)."""
    schemes = (document.data.get("components") or {}).get("securitySchemes") or {}
    if name not in schemes:
        hint = "define it under components/securitySchemes"
        document.faults.add("MS214", f"the security scheme {name!r} is not defined; it is not asked for", pointer, hint)
        return None
    scheme, _ = document.follow(schemes[name], ("components", "securitySchemes", name))
    kind = scheme.get("type")
    if kind == "http":
        word = str(scheme.get("scheme", "")).lower()
    elif kind == "apiKey":
        word = f"apiKey:{scheme.get('in', 'header')}"
    else:  # oauth2, openIdConnect: the token travels as a bearer token (RFC 6750 §2.1)
        word = "bearer"
    return Requirement(name, word, str(scheme.get("name", "")), tuple(scopes))
