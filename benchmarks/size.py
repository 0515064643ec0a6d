"""``python benchmarks/size.py``: a document of 1,000 operations and 10 MB beside one of five. See benchmarks/README.md.

The same operation of both is asked; a request must not take longer because the document has others.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import process
from benchmarks.load import Measured, Post, drive, tool
from benchmarks.process import Server, request
from mock_server.settings import Settings
from mock_server.spec.generate import generate
from mock_server.world import build_world
from scripts.make_document import sized

SIZES = {"5 operations": (5, 0.05), "1,000 operations": (1_000, 10.0)}
SECONDS, ROUNDS, CONNECTIONS = 2.0, 5, 64


def main() -> None:
    server_core, load_core = process.cores()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        servers: dict[str, Server] = {}
        starts: dict[str, float] = {}
        posts: dict[str, Post] = {}
        for name, (operations, megabytes) in SIZES.items():
            path = Path(folder) / f"{operations}.json"
            path.write_text(json.dumps(sized(operations, megabytes)))
            arguments = ("-m", "mock_server", "serve", str(path), "--port", "0", "--quiet")
            posts[name] = post = _post(path)
            taken = [process.cold_start_s(arguments, post.path, post.headers, post.body, server_core) for _ in range(4)]
            starts[name] = median(taken[1:])
            servers[name] = stack.enter_context(process.running(arguments, server_core))
        seen: dict[str, list[Measured]] = {name: [] for name in servers}
        for number in range(ROUNDS + 1):
            for name, server in servers.items():
                measured = drive(server.url, posts[name], CONNECTIONS, SECONDS if number else 1.0, load_core)
                if measured.refused or measured.broken:
                    raise SystemExit(f"{name}: {measured.refused} answers were refusals, {measured.broken} broken")
                if number:
                    seen[name].append(measured)
        memory = {name: server.resident_mib() or 0.0 for name, server in servers.items()}
    small, _ = SIZES
    print(f"{tool()}, {CONNECTIONS} connections, {ROUNDS} x {SECONDS:g} s")
    print(f"{'':<20}{'first answer s':>15}{'MiB':>8}{'requests/s':>12}{'to small':>10}")
    for name in SIZES:
        ratio = median(a.per_second / b.per_second for a, b in zip(seen[name], seen[small], strict=True))
        rate = median(each.per_second for each in seen[name])
        print(f"{name:<20}{starts[name]:>15.2f}{memory[name]:>8.0f}{rate:>12,.0f}{ratio:>10.2f}")


def _post(path: Path) -> Post:
    """A good request to the document's first POST."""
    world = build_world(Settings(specs=(path,)))
    operation = next(each for each in world.house.operations.values() if each.method == "POST")
    assert operation.body is not None
    schema = operation.body.content[0].schema
    assert schema is not None
    body = json.dumps(generate(operation.document, schema.pointer, direction="request"))
    headers = {"Authorization": "Bearer any", "Content-Type": "application/json"}
    target = (operation.bases[0] if operation.bases else "") + operation.path
    with process.running(
        ("-m", "mock_server", "serve", str(path), "--port", "0", "--quiet"), process.cores()[0]
    ) as one:
        status, answer = request(one.url, target, headers, body)
    if status >= 400:
        raise SystemExit(f"{operation.key}: {status} {answer[:300]!r}")
    return Post(target, headers, body, status)


if __name__ == "__main__":
    os.chdir(process.ROOT)
    main()
