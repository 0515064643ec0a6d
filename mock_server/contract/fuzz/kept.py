"""Schemathesis' own reports on request, without a secret in them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from mock_server.contract.report.files import put_in_place
from mock_server.named import NamedTuple
from mock_server.record.secret import Secrets

_SUFFIX = {"junit": ".xml", "har": ".json", "vcr": ".yaml", "ndjson": ".ndjson", "json": ".json"}
_BASE64 = re.compile(rb'(?P<before>"\$?base64":\s*"|base64_string:\s*[\'"]?)(?P<text>[A-Za-z0-9+/]{8,}={0,2})')


class KeptReport(NamedTuple):
    """``--schemathesis-report har:out``"""

    format: str
    folder: Path


def keep_reports(wishes: Sequence[KeptReport], folder: Path, number: int, secrets: Secrets) -> Iterator[str]:
    """Copy those that are wanted out of the scratch folder; yields why one could not be."""
    for wish in wishes:
        for path in sorted(folder.glob(f"{wish.format}-*{_SUFFIX[wish.format]}")):
            name = f"schemathesis-{number}-{wish.format}{_SUFFIX[wish.format]}"
            try:
                wish.folder.mkdir(parents=True, exist_ok=True)
                put_in_place(wish.folder / name, scrubbed(path.read_bytes(), secrets))
            except OSError as error:
                yield f"the report {wish.folder / name} cannot be written: {error.strerror or error}"


def scrubbed(content: bytes, secrets: Secrets) -> str:
    """The text of a report; bodies that it encodes in base64 are decoded, scrubbed and encoded again."""

    def again(found: re.Match[bytes]) -> bytes:
        try:
            body = base64.b64decode(found["text"], validate=True)
        except (binascii.Error, ValueError):
            return found[0]
        clean = secrets.scrub_body(body).encode("utf-8", "surrogatepass")
        return found["before"] + (found["text"] if clean == body else base64.b64encode(clean))

    text = _BASE64.sub(again, content).decode("utf-8", "replace")
    return secrets.scrub(text)
