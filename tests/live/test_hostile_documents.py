"""Documents that attack whoever loads them: each is refused with exit 3, or served, in bounded time and memory.

Each is a process of its own with a limit on its address space. Nothing is read or fetched that was not allowed.
"""

# ruff: noqa: E501  (a table has one row a line)
from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.hostile.kit import Line
from tests.support import ROOT, command

MEMORY_BYTES = 1 << 30
PATIENCE_S = 60
"""Each takes a second or two by itself; the machine may have much else to do."""

HEAD = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\n"
SOUND = HEAD + "paths:\n  /x:\n    post:\n      responses: {'200': {description: ok}}\n"
JSON = '{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{},"x-a":%s}'
A = "{$ref: '#/components/schemas/A'}"


def of(schema: str, more: str = "") -> str:
    """A document whose one operation takes and answers values of a schema."""
    content = f"{{application/json: {{schema: {schema}}}}}"
    return (
        f"{HEAD}paths:\n  /x:\n    post:\n      requestBody: {{content: {content}}}\n"
        f"      responses: {{'200': {{description: ok, content: {content}}}}}\n{more}"
    )


def chain(length: int, link: str) -> str:
    """Schemas ``A0`` to ``An``, each made of the next by ``link``."""
    links = "".join(f"    A{n}: {link.replace('NEXT', f'#/components/schemas/A{n + 1}')}\n" for n in range(length))
    first = "{$ref: '#/components/schemas/A0'}"
    return of(first, f"components:\n  schemas:\n{links}    A{length}: {{type: object}}\n")


REFUSED: dict[str, tuple[str, str]] = {
    "aliases of aliases": (
        "MS105",
        SOUND
        + "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)),
    ),
    "3,000 brackets": ("MS105", SOUND + "x-a: " + "[" * 3_000 + "]" * 3_000),
    "3,000 levels": ("MS105", SOUND + "x-a:\n" + "".join(" " * (n + 1) + "a:\n" for n in range(3_000))),
    "a million brackets that stay open": ("MS105", SOUND + "x-a: " + "[" * 1_000_000),
    "3,000 brackets of JSON": ("MS105", JSON % ("[" * 3_000 + "]" * 3_000)),
    "a million brackets of JSON": ("MS105", JSON % ("[" * 1_000_000 + "]" * 1_000_000)),
    "a Python object": ("MS104", SOUND + "x-a: !!python/object/apply:os.system ['touch pwned']\n"),
    "a Python name": ("MS104", SOUND + "x-a: !!python/name:os.system\n"),
    "a key twice": ("MS103", SOUND + "paths: {}\n"),
    "a key twice in JSON": ("MS103", JSON % '{"a":1,"a":2}'),
    "NUL": ("MS102", SOUND + "x-a: \0\n"),
    "nothing": ("MS201", ""),
    "two million values of JSON": ("MS105", JSON % ("[" + ",".join(["1"] * 2_100_000) + "]")),
}


def started(arguments: list[str], folder: Path) -> subprocess.Popen[str]:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))

    return subprocess.Popen(
        command("serve", "--port", "0", "--quiet", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=limited,
    )


def refused(arguments: list[str], folder: Path) -> str:
    """What ``serve`` says when it refuses with exit 3."""
    process = started(arguments, folder)
    said, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3, said + errors
    assert "Traceback" not in errors
    return errors


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_document_is_refused_with_its_code(tmp_path: Path, name: str) -> None:
    code, text = REFUSED[name]
    path = tmp_path / ("a.json" if text.startswith("{") else "a.yaml")
    path.write_text(text)
    assert code in refused([str(path)], tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def make_fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def make_large(path: Path) -> Path:
    with path.open("wb") as file:
        file.truncate(100_000_000)
    return path


def make_bytes(data: bytes) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        path.write_bytes(data)
        return path

    return make


NO_TEXTS: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "a FIFO": ("MS101", make_fifo),
    "a folder": ("MS101", lambda path: path.parent),
    "/dev/zero": ("MS101", lambda _: Path("/dev/zero")),
    "/dev/stdin": ("MS101", lambda _: Path("/dev/stdin")),
    "nothing there": ("MS101", lambda path: path),
    "100 MB": ("MS105", make_large),
    "Latin-1": ("MS102", make_bytes((SOUND + "x-a: é\n").encode("latin-1"))),
    "UTF-16": ("MS102", make_bytes(SOUND.encode("utf-16"))),
    "every byte there is": ("MS102", make_bytes(bytes(range(256)) * 1_000)),
}


@pytest.mark.parametrize("name", NO_TEXTS)
def test_what_is_no_text_is_refused(tmp_path: Path, name: str) -> None:
    code, make = NO_TEXTS[name]
    assert code in refused([str(make(tmp_path / "a.yaml"))], tmp_path)


SERVED = {
    "a circle of references": of(A, "components: {schemas: {A: {$ref: '#/components/schemas/B'}, B: " + A + "}}\n"),
    "a schema in itself": of(A, "components: {schemas: {A: {allOf: [" + A + "], anyOf: [" + A + "], not: " + A + "}}}\n"),
    "a reference to nothing": of(A),
    "a reference to /etc/passwd": of("{$ref: '../../../../../../../../etc/passwd'}"),
    "a reference to file:///etc/passwd": of("{$ref: 'file:///etc/passwd'}"),
    "2,000 references": chain(2_000, "{$ref: 'NEXT'}"),
    "30,000 references": chain(30_000, "{$ref: 'NEXT'}"),
    "2,000 levels of allOf": chain(2_000, "{allOf: [{$ref: 'NEXT'}], properties: {a: {$ref: 'NEXT'}}}"),
    "allOf that doubles sixty times": chain(60, "{allOf: [{$ref: 'NEXT'}, {$ref: 'NEXT'}]}"),
    "oneOf that doubles sixty times": chain(60, "{oneOf: [{$ref: 'NEXT'}, {$ref: 'NEXT'}]}"),
    "not and if that double sixty times": chain(60, "{not: {$ref: 'NEXT'}, if: {$ref: 'NEXT'}, then: {$ref: 'NEXT'}}"),
    "a oneOf of 3,000 that are itself": of(A, "components:\n  schemas:\n    A:\n      oneOf:\n" + f"      - {A}\n" * 3_000),
    "an allOf of 50,000": of(A, "components:\n  schemas:\n    A:\n      allOf:\n" + "      - {required: [a]}\n" * 50_000),
    "recursion by $dynamicRef": of(
        A, "components: {schemas: {A: {$dynamicAnchor: n, allOf: [{$dynamicRef: '#n'}], properties: {a: {$dynamicRef: '#n'}}}}}\n"
    ),
    "a catastrophic pattern": of("{type: string, pattern: '^(a+)+$'}"),
    "a catastrophic look-around": of("{type: string, pattern: '^(?=(a+)+$)(a|aa)+$'}"),
    "a back-reference": of("{type: string, pattern: '^(a+)+\\1$'}"),
    "repetitions of repetitions": of("{type: string, pattern: '^((a{1,1000}){1,1000}){1,1000}$'}"),
    "a pattern of 20,000 groups": of("{type: string, pattern: '" + "(a|b)" * 20_000 + "'}"),
    "a billion items": of("{type: array, minItems: 1000000000, items: {type: string, minLength: 1000000000}}"),
    "a number of 5,000 digits": of("{type: integer, minimum: " + "9" * 5_000 + "}"),
    "server variables that name one another four times": SOUND + "servers:\n- url: '/{v0}'\n  variables:\n"
    + "".join(f"    v{n}: {{default: '{f'{{v{n + 1}}}' * 4}'}}\n" for n in range(30)) + "    v30: {default: x}\n",
    "a server of 200,000 letters": SOUND + "servers: [{url: '" + "a" * 200_000 + "{v}', variables: {v: {default: x}}}]\n",
    "a server of 4,000 variables of 1 MB": SOUND + "servers: [{url: '" + "/{v}" * 2_000 + "', variables: {v: {default: '" + "a" * 1_000_000 + "'}}}]\n",
}  # fmt: skip


@pytest.mark.parametrize("name", SERVED)
def test_a_hostile_document_is_served_in_bounded_time_and_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(SERVED[name])
    process = started([str(path)], tmp_path)
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        assert "ready" in first, process.stderr.read() if process.stderr else ""
        url = "http" + first.rpartition("http")[2].strip()
        for body in (b"{}", b'"' + b"a" * 50_000 + b'!"', b"[[[[1]]]]"):
            started_at = time.monotonic()
            with Line(url, PATIENCE_S) as line:
                line.send(
                    b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                    % (len(body), body)
                )
                reply = line.reply()
            assert reply is not None
            # 500 says with MS262 that nothing keeps such a schema.
            assert reply.status in (200, 422) or reply.json["code"] == "MS262", reply
            assert b"root:" not in reply.body
            assert time.monotonic() - started_at < PATIENCE_S / 2
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert "Traceback" not in errors


def test_a_reference_to_an_address_calls_nobody(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/a.yaml"
        path = tmp_path / "a.yaml"
        more = f"x-a: {{$ref: '{address}'}}\ncomponents: {{examples: {{E: {{externalValue: '{address}'}}}}}}\n"
        path.write_text(of("{$ref: '" + address + "'}", more))
        done = subprocess.run(
            command("check", str(path)), capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE_S, check=False
        )
        assert "MS205" in done.stdout + done.stderr
        with pytest.raises(BlockingIOError):
            listener.accept()


def fixture(folder: Path, body: str) -> list[str]:
    (folder / "fixtures").mkdir()
    (folder / "secret.json").write_text('{"secret": 1}')
    (folder / "fixtures" / "x.yaml").write_text(
        f"operation: POST /x\nresponses:\n  a:\n    status: 200\n    source: assumed\n    {body}\notherwise: a\n"
    )
    (folder / "a.yaml").write_text(SOUND)
    return [str(folder / "a.yaml"), "--fixtures", str(folder / "fixtures")]


@pytest.mark.parametrize(
    "text", ["{{" * 200_000, "}}" + "{ {{" * 100_000, "{{" * 100_000 + "}}", "{{ a" + ".a" * 100_000]
)
def test_a_template_without_an_end_is_told_at_once(tmp_path: Path, text: str) -> None:
    assert "MS307" in refused(fixture(tmp_path, f"body: '{text}'"), tmp_path)


@pytest.mark.parametrize(
    "name", ["../secret.json", "/etc/passwd", "link.json", "folder/secret.json", "..\\secret.json", "fifo"]
)
def test_a_body_file_outside_of_the_fixtures_is_refused(tmp_path: Path, name: str) -> None:
    arguments = fixture(tmp_path, f"body_file: '{name}'")
    (tmp_path / "fixtures" / "link.json").symlink_to(tmp_path / "secret.json")
    (tmp_path / "fixtures" / "folder").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "fixtures" / "fifo")
    errors = refused(arguments, tmp_path)
    assert "MS106" in errors or "MS101" in errors


def test_a_folder_of_fixtures_that_vanishes_takes_no_answer_with_it(tmp_path: Path) -> None:
    arguments = fixture(tmp_path, "body_file: a.json")
    (tmp_path / "fixtures" / "a.json").write_text('{"from": "a file"}')
    process = started(arguments, tmp_path)
    assert process.stdout is not None
    url = "http" + process.stdout.readline().rpartition("http")[2].strip()
    for file in (tmp_path / "fixtures").iterdir():
        file.unlink()
    (tmp_path / "fixtures").rmdir()
    (tmp_path / "a.yaml").unlink()
    with Line(url) as line:
        line.send(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        reply = line.reply()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_S)
    assert reply is not None
    assert (reply.status, reply.json) == (200, {"from": "a file"})
