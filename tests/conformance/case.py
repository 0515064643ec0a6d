"""One conformance file as values: a document, fixtures, requests and the answers expected of a mock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mock_server.source import load, read_source

WORDS = frozenset(
    ("about", "document", "documents", "files", "fixtures", "settings", "seed", "steps", "request", "expect")
)
REQUEST_WORDS = frozenset(("method", "target", "headers", "json", "text", "hex"))
EXPECT_WORDS = frozenset(
    ("status", "headers", "no_headers", "json", "json_has", "text", "text_has", "hex", "violations", "code", "empty")
)


@dataclass(frozen=True)
class Step:
    """One request and what is expected of its answer; see README.md beside this file."""

    request: Mapping[str, Any]
    expect: Mapping[str, Any]

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """In their order; a list of values makes a header that is sent more than once."""
        found = []
        for name, value in self.request.get("headers", {}).items():
            values = value if isinstance(value, list) else [value]
            found += [(name.lower().encode(), str(each).encode("latin-1")) for each in values]
        if "json" in self.request and not any(name == b"content-type" for name, _ in found):
            found.append((b"content-type", b"application/json"))
        if self.body:
            found.append((b"content-length", str(len(self.body)).encode()))
        return found

    @property
    def body(self) -> bytes:
        if "json" in self.request:
            return json.dumps(self.request["json"], ensure_ascii=False).encode()
        if "hex" in self.request:
            return bytes.fromhex(self.request["hex"])
        return str(self.request.get("text", "")).encode()


@dataclass(frozen=True)
class Case:
    """A whole file."""

    path: Path
    data: Mapping[str, Any]

    @property
    def steps(self) -> list[Step]:
        given = self.data.get("steps") or [{"request": self.data["request"], "expect": self.data["expect"]}]
        return [Step(step["request"], step["expect"]) for step in given]

    def write(self, folder: Path) -> tuple[tuple[Path, ...], Path | None]:
        """Lay the files out; the documents' paths and the fixtures' folder."""
        documents = self.data.get("documents") or {"openapi.yaml": self.data["document"]}
        for name, content in {**documents, **self.data.get("files", {})}.items():
            _put(folder / name, content)
        fixtures = self.data.get("fixtures")
        for name, content in (fixtures or {}).items():
            _put(folder / "fixtures" / name, content)
        return tuple(folder / name for name in documents), folder / "fixtures" if fixtures else None


def _put(path: Path, content: object) -> None:
    """A text as it is, anything else as JSON, which is YAML too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False))


def read_case(path: Path) -> Case:
    """Raises ``AssertionError`` for a word that means nothing here, so that no expectation is ever overlooked."""
    data = load(read_source(path)).data
    unknown = set(data) - WORDS
    case = Case(path, data)
    for step in case.steps:
        unknown |= (set(step.request) - REQUEST_WORDS) | (set(step.expect) - EXPECT_WORDS)
        assert step.expect, f"{path.name}: a step that expects nothing"
    assert not unknown, f"{path.name}: {unknown} means nothing here"
    return case


CASES = sorted(Path(__file__).parent.glob("*.yaml"))
