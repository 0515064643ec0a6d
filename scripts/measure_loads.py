"""CPU seconds and memory of `mock-server serve` for documents and fixtures that attack it at the start.

    python scripts/measure_loads.py [--over SECONDS] [WORD ...]

The rows are those of `tests/live/test_hostile_documents.py`, and large ones that are too slow to make for a test. WORD picks the
rows that contain it. What is refused must end with exit 3; what is served must say that it is ready, answer once and
end with 0. CPU is that of the whole process until then, the interpreter's own start included: compare with "a sound
document". The exit code is 1 when a row ended otherwise, or took more CPU than `--over`.
"""

# ruff: noqa: E501  (a table has one row a line)
from __future__ import annotations

import argparse
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.live.test_hostile_documents import HEAD, JSON, NO_TEXTS, REFUSED, SERVED, SOUND, chain, fixture, of
from tests.support import command

PATIENCE_S = 120
MIB = 1 << 20
ADDRESS_SPACE_BYTES = 2 << 30
Make = Callable[[Path], list[str]]


def text(make: Callable[[], str]) -> Make:
    """A document of its own; JSON by its first letter."""

    def written(folder: Path) -> list[str]:
        made = make()
        path = folder / ("a.json" if made.startswith("{") else "a.yaml")
        path.write_text(made)
        return [str(path)]

    return written


def filled(start: str, item: str, end: str = "", size: int = 30 * MIB) -> str:
    return start + item * (size // len(item)) + end


LARGE: dict[str, tuple[str, Make]] = {
    "30 MB of open brackets": ("MS105", text(lambda: filled(SOUND + "x-a: ", "["))),
    "30 MB of open braces": ("MS105", text(lambda: filled(SOUND + "x-a: ", "{"))),
    "30 MB of brackets of JSON": ("MS105", text(lambda: JSON % ("[" * (15 * MIB) + "]" * (15 * MIB)))),
    "a key twice at the end of 20 MB of JSON": ("MS103", text(lambda: JSON % ('["' + "a" * (20 * MIB) + '"], "b":1, "b":2'))),
    "a key twice at the end of 3 MB of JSON objects": ("MS103", text(lambda: JSON % ("[" + '{"a":1},' * 350_000 + '1], "b":1, "b":2'))),
    "a key twice at the end of 1 MB of YAML": ("MS103", text(lambda: filled(SOUND + "x-a:\n", "  - a\n", "paths: {}\n", MIB))),
    "30 MB of YAML, a list of letters": ("MS105", text(lambda: filled(SOUND + "x-a:\n", "- a\n"))),
    "30 MB of YAML, commas": ("MS105", text(lambda: filled(SOUND + "x-a: [", "a,", "a]\n"))),
    "30 MB of YAML, mappings": ("MS105", text(lambda: SOUND + "x-a:\n" + "".join(f"  {n:x}: a\n" for n in range(2_600_000)))),
    "30 MB of anchors": ("MS105", text(lambda: filled(SOUND + "x-a:\n", "- &a a\n"))),
    "30 MB of YAML, one text": ("served", text(lambda: filled(SOUND + "x-a: ", "a"))),
    "30 MB of YAML, one folded text": ("served", text(lambda: filled(SOUND + "x-a: >\n", "  a b c d e f g\n"))),
    "30 MB of comments": ("served", text(lambda: filled(SOUND, "# a\n"))),
    "30 MB of one line without a colon": ("MS102", text(lambda: filled(SOUND, "a"))),
    "30 MB of colons": ("MS102", text(lambda: filled(SOUND, ": "))),
    "30 MB of quotes": ("MS102", text(lambda: filled(SOUND, '"'))),
    "30 MB of JSON, numbers": ("MS105", text(lambda: filled('{"openapi":[1', ",1", "]}"))),
    "30 MB of JSON, empty objects": ("MS105", text(lambda: filled('{"openapi":[1', ",{}", "]}"))),
    "30 MB of JSON, one text": ("served", text(lambda: JSON % ('"' + "a" * (30 * MIB) + '"'))),
    "30 MB of JSON, one text without an end": ("MS102", text(lambda: JSON % ('"' + "a" * (30 * MIB)))),
    "30 MB of JSON, backslashes": ("served", text(lambda: JSON % ('"' + "\\\\" * (15 * MIB) + '"'))),
    "30 MB of JSON, one number": ("MS102", text(lambda: JSON % ("9" * (30 * MIB)))),
    "30 MB of JSON, quotes": ("MS102", text(lambda: JSON % ('"' * (30 * MIB)))),
    "1.9 million values of JSON": ("served", text(lambda: JSON % ("[1" + ",1" * 1_900_000 + "]"))),
    "1.9 million values of YAML": ("served", text(lambda: filled(SOUND + "x-a:\n", "- a\n", size=4 * 1_900_000))),
    "100 MB of lines": ("MS105", text(lambda: filled(SOUND + "x-a:\n", "- a\n", size=100_000_000))),
    "10 GB of holes": ("MS105", lambda folder: _holes(folder)),
    "2,000 levels of properties": ("served", text(lambda: chain(2_000, "{type: object, required: [a], properties: {a: {$ref: 'NEXT'}}}"))),
    "an enum of 300,000": ("served", text(lambda: of("{enum: [" + ",".join(map(str, range(300_000))) + "]}"))),
    "20,000 paths": ("served", text(lambda: HEAD + "paths:\n" + "".join(f"  /a{n}: {{get: {{responses: {{'200': {{description: o}}}}}}}}\n" for n in range(20_000)))),
    "a path of 10,000 parameters": ("served", text(lambda: JSON.replace('"paths":{}', '"paths":{"' + "/{a}" * 10_000 + '":{"get":{"responses":{"200":{"description":"o"}}}}}') % 1)),
    "an alias bomb in a fixture": ("MS105", lambda folder: _bomb(folder)),
    "a catastrophic pattern in a rule": ("served", lambda folder: _rule(folder)),
    "a body_file outside": ("MS106", lambda folder: fixture(folder, "body_file: ../secret.json")),
    "a body_file at /etc/passwd": ("MS106", lambda folder: fixture(folder, "body_file: /etc/passwd")),
    "a body_file through a link": ("MS106", lambda folder: _link(folder)),
    "a reference to a listener": ("served", lambda folder: _listener(folder)),
}  # fmt: skip
"""What is wanted, and what makes the arguments."""

_hits = socket.socket()


def _holes(folder: Path) -> list[str]:
    with (folder / "a.yaml").open("wb") as file:
        file.truncate(10_000_000_000)
    return [str(folder / "a.yaml")]


def _bomb(folder: Path) -> list[str]:
    arguments = fixture(folder, "body: {}")
    (folder / "fixtures" / "y.yaml").write_text(REFUSED["aliases of aliases"][1])
    return arguments


def _rule(folder: Path) -> list[str]:
    arguments = fixture(folder, "body: {}")
    with (folder / "fixtures" / "x.yaml").open("a") as file:
        file.write("rules:\n  - {when: {header.X: {matches: '^(a+)+$'}}, respond: a}\n")
    return arguments


def _link(folder: Path) -> list[str]:
    arguments = fixture(folder, "body_file: link.json")
    (folder / "fixtures" / "link.json").symlink_to(folder / "secret.json")
    return arguments


def _listener(folder: Path) -> list[str]:
    _hits.bind(("127.0.0.1", 0))
    _hits.listen()
    _hits.setblocking(False)
    (folder / "a.yaml").write_text(of(f"{{$ref: 'http://127.0.0.1:{_hits.getsockname()[1]}/a.yaml'}}"))
    return [str(folder / "a.yaml")]


def rows() -> dict[str, tuple[str, Make]]:
    found: dict[str, tuple[str, Make]] = {"a sound document": ("served", text(lambda: SOUND))}
    for name, (code, given) in REFUSED.items():
        found[name] = (code, text(lambda given=given: given))  # type: ignore[misc]
    for name, (code, make) in NO_TEXTS.items():
        found[name] = (code, lambda folder, make=make: [str(make(folder / "a.yaml"))])  # type: ignore[misc]
    for name, given in SERVED.items():
        found[name] = ("served", text(lambda given=given: given))  # type: ignore[misc]
    return found | LARGE


def measured(arguments: list[str], folder: Path) -> tuple[str, float, float, int]:
    """What came of it, CPU seconds, wall seconds, and the largest memory in MiB."""
    out, errors = folder / "stdout", folder / "stderr"
    began = time.monotonic()
    with out.open("w") as stdout, errors.open("w") as stderr:
        process = subprocess.Popen(
            command("serve", "--port", "0", *arguments), stdout=stdout, stderr=stderr, cwd=folder, preexec_fn=_limited
        )
    url, cpu, ended = "", 0.0, 0
    while not ended and not url and time.monotonic() - began < PATIENCE_S:
        time.sleep(0.02)
        first = out.read_text().partition("\n")[0]
        url = "http" + first.rpartition("http")[2].strip() if "ready" in first else ""
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
    if url:
        _ask(url)
        cpu = _cpu_of(process.pid)
    if not ended:
        process.send_signal(signal.SIGTERM if url else signal.SIGKILL)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    told = errors.read_text()
    codes = sorted({word.strip("[]():,") for word in told.split() if word.strip("[]():,").startswith("MS")})
    said = "served" if url and process.returncode == 0 else " ".join([f"exit {process.returncode}", *codes])
    said += " TRACEBACK" if "Traceback" in told else ""
    return said, cpu or usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss // 1024


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _ask(url: str) -> None:
    """One request with the attack's own schema; any answer will do."""
    request = urllib.request.Request(url + "/x", b"{}", {"Content-Type": "application/json"})
    try:
        urllib.request.urlopen(request, timeout=PATIENCE_S).read()
    except urllib.error.HTTPError as error:
        error.read()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--over", type=float, default=0.0, metavar="SECONDS")
    given = parser.parse_args()
    failed = 0
    print(f"{'':<50} {'CPU s':>6} {'wall s':>6} {'MiB':>5}")
    for name, (want, make) in rows().items():
        if given.words and not any(word in name for word in given.words):
            continue
        with tempfile.TemporaryDirectory() as folder:
            said, cpu, wall, memory = measured(make(Path(folder)), Path(folder))
        right = said == "served" if want == "served" else said.startswith("exit 3") and want in said
        wrong = "" if right else f"  WANTED {want}"
        if given.over and cpu > given.over:
            wrong += f"  OVER {given.over} s"
        failed += bool(wrong)
        print(f"{name:<50} {cpu:6.2f} {wall:6.1f} {memory:5}  {said}{wrong}", flush=True)
    try:
        _hits.accept()
        print("the listener was called")
        failed += 1
    except OSError:  # nobody came, or it did not listen
        pass
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
