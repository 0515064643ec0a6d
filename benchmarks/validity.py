"""Judge the generated JSON bodies of documents, formats asserted, and tell how many of them are valid.

``python -m benchmarks.validity --sample 150 FOLDER`` or ``python -m benchmarks.validity some-api.json other.yaml``
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from random import Random

from mock_server.errors import Broken
from mock_server.source import load, pointer_text, read_source
from mock_server.spec.document import Document, open_document
from mock_server.spec.generate import generate
from mock_server.spec.operations import Operation, read_operations
from mock_server.spec.schema import Schema

SEEDS = (0, 7)
MAX_OPERATIONS = 40


def schemas(operation: Operation) -> list[Schema]:
    """Those of the JSON bodies of its successes."""
    contents = [each.content for status, each in operation.responses.items() if str(status).startswith("2")]
    return [media.schema for content in contents for media in content if media.schema and "json" in media.name]


def judged(document: Document, schema: Schema, seed: int) -> str:
    try:
        body = generate(document, schema.pointer, seed)
    except Broken:
        return "not found"
    return "valid" if document.schemas.keeps_formats(schema.pointer, schema.direction, body) else "invalid"


def main(arguments: list[str]) -> int:
    """The exit code: 1 when a body was invalid."""
    paths = [Path(each) for each in arguments]
    if arguments[:1] == ["--sample"]:
        found = sorted(Path(arguments[2]).rglob("*.json"))
        paths = Random(11).sample(found, min(int(arguments[1]), len(found)))
    total: Counter[str] = Counter()
    for path in paths:
        try:
            document = open_document(load(read_source(path)))
        except Broken:
            total["not opened"] += 1
            continue
        for operation in read_operations(document)[:MAX_OPERATIONS]:
            for schema in schemas(operation):
                for seed in SEEDS:
                    verdict = judged(document, schema, seed)
                    total[verdict] += 1
                    if verdict != "valid":
                        print(f"{verdict}: {path} {pointer_text(schema.pointer)} seed {seed}")
    print(f"{len(paths)} documents, {total['valid'] + total['invalid'] + total['not found']} bodies: {dict(total)}")
    return 1 if total["invalid"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
