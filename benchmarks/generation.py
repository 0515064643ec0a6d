"""Make a body for every response schema of documents, and tell what was found, what not, and what took longest.

``python -m benchmarks.generation some-api.json other.yaml``
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

from mock_server.errors import Broken
from mock_server.source import Pointer, load, pointer_text, read_source
from mock_server.spec.document import Document, open_document
from mock_server.spec.generate import generate
from mock_server.spec.operations import read_operations
from mock_server.spec.schema import SchemaError

SEEDS = (0, 1, 2)


def pointers(document: Document) -> list[Pointer]:
    """The schemas of all responses and request bodies."""
    found: dict[Pointer, None] = {}
    for operation in read_operations(document):
        contents = [response.content for response in operation.responses.values()]
        contents += [operation.body.content] if operation.body else []
        found.update({media.schema.pointer: None for content in contents for media in content if media.schema})
    return list(found)


def report(path: Path) -> bool:
    """Print the report of one document; whether every schema had a body."""
    document = open_document(load(read_source(path)))
    wanted = pointers(document)
    times: list[tuple[float, str]] = []
    missing: list[str] = []
    again = 0.0
    for pointer in wanted:
        for seed in SEEDS:
            start = perf_counter()
            try:
                generate(document, pointer, seed)
            except (Broken, SchemaError) as error:
                missing.append(f"{pointer_text(pointer)} seed {seed}: {type(error).__name__}")
            times.append((perf_counter() - start, pointer_text(pointer)))
        start = perf_counter()
        try:
            generate(document, pointer, 3)
        except (Broken, SchemaError):
            continue
        again += perf_counter() - start
    times.sort(reverse=True)
    print(f"{path.name}: {len(wanted)} schemas x {len(SEEDS)} seeds, {len(missing)} not found")
    print(f"  after first use {again / max(len(wanted), 1) * 1e3:.2f} ms a body; the slowest first uses:")
    for seconds, text in times[:5]:
        print(f"  {seconds * 1e3:9.1f} ms  {text}")
    for text in missing[:40]:
        print(f"  not found  {text}")
    return not missing


if __name__ == "__main__":
    found = [report(Path(name)) for name in sys.argv[1:]]
    sys.exit(0 if all(found) else 1)
