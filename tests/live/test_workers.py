"""``serve --workers``: several processes that are one mock."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.editing import GET, edited
from tests.live.ledger import ask, collect
from tests.live.test_process import end, run
from tests.live.waiting import children, until
from tests.support import ASK, Server, running
from tests.web.listener import target

WORKERS = 3
SEVERAL = 40
"""Connections after which each of three workers has had one, but for one in ten million."""


@contextmanager
def several(tmp_path: Path, *arguments: str) -> Iterator[Server]:
    state = f"sqlite:{tmp_path / 'mock.db'}"
    with running("--workers", str(WORKERS), "--state", state, *arguments) as server:
        yield server


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("crew")
    fixtures = edited(folder, GET, ("single_use: false", "single_use: true"))
    with several(folder, "--quiet", "openapi.yaml", "--fixtures", str(fixtures)) as server:
        yield server


def prefixes(url: str, path: str, count: int = SEVERAL) -> set[str]:
    """Which workers answered: their entries begin with a prefix of their own."""
    found = set()
    for _ in range(count):
        with urllib.request.urlopen(urllib.request.Request(url + path, method="OPTIONS")) as answer:
            found.add(answer.headers["mock-entry"].partition("-")[0])
    return found


def test_memory_is_refused_with_the_reason_and_what_to_do() -> None:
    done = run("serve", "--port", "0", "--workers", "2")
    assert (done.returncode, done.stdout) == (2, "")
    told = " ".join(done.stderr.split())
    assert "with --state memory: each would have handshakes of its own" in told
    assert "say --state sqlite:PATH or redis://HOST" in told


def test_all_workers_answer_and_are_one_mock(crew: Server) -> None:
    assert len(children(crew.process.pid)) == WORKERS
    assert len(prefixes(crew.url, "/api/oauth2")) == WORKERS
    for _ in range(10):  # every request is a connection of its own, so of any worker
        begun = ask(crew.url, "POST", "/api/oauth2", ASK)[1]
        assert ask(crew.url, "POST", f"/__mock/handshakes/{begun['pull_id']}/decide", {"decision": "approve"})[0] == 200
        assert collect(crew.url, begun["pull_id"]) == 200
        assert ask(crew.url, "GET", f"/__mock/handshakes/{begun['pull_id']}")[1]["state"] == "collected"


def test_credentials_for_one_are_handed_out_once_by_all_workers_together(crew: Server) -> None:
    begun = ask(crew.url, "POST", "/api/oauth2", ASK)[1]
    assert ask(crew.url, "POST", f"/__mock/handshakes/{begun['pull_id']}/decide", {"decision": "approve"})[0] == 200
    with ThreadPoolExecutor(24) as clients:
        statuses = list(clients.map(lambda _: collect(crew.url, begun["pull_id"]), range(24)))
    assert sorted(statuses) == [200] + [402] * 23


def test_clock_scenario_and_queue_speak_for_all(crew: Server) -> None:
    inside = "/__mock/s/spoken"
    assert ask(crew.url, "POST", f"{inside}/__mock/clock", {"freeze": True, "set": 1000})[0] == 200
    ask(crew.url, "PUT", f"{inside}/__mock/scenario", {"scenario": "rate-limited"})
    assert {ask(crew.url, "GET", f"{inside}/__mock/clock")[1]["now"] for _ in range(10)} == {1000}
    assert {ask(crew.url, "POST", f"{inside}/api/oauth2", ASK)[0] for _ in range(10)} == {429}
    ask(crew.url, "PUT", f"{inside}/__mock/scenario", {"scenario": None})
    queued = {"operation": "POST /oauth2", "response": "rate-limited", "times": 5}
    ask(crew.url, "POST", f"{inside}/__mock/next", queued)
    statuses = [ask(crew.url, "POST", f"{inside}/api/oauth2", ASK)[0] for _ in range(10)]
    assert statuses == [429] * 5 + [200] * 5


def test_the_journal_has_what_any_worker_answered_before_it_was_asked(crew: Server) -> None:
    for number in range(30):
        assert ask(crew.url, "POST", "/__mock/s/told/api/oauth2", ASK)[0] == 200
        assert ask(crew.url, "GET", "/__mock/s/told/__mock/journal")[1]["total"] == number + 1


def test_metrics_are_of_all_workers_whichever_is_asked(crew: Server) -> None:
    def counted() -> dict[str, int]:
        with urllib.request.urlopen(f"{crew.url}/__mock/metrics") as answer:
            found = re.findall(
                r'requests_total{operation="POST /oauth2",status="402",worker="(\d)"} (\d+)', answer.read().decode()
            )
        return {worker: int(count) for worker, count in found}

    asked = {"Prefer": "code=402", "Content-Type": "application/json"}
    for _ in range(SEVERAL):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(urllib.request.Request(f"{crew.url}/api/oauth2", b"{}", asked))
    told = [counted() for _ in range(SEVERAL)]
    assert all(each == told[0] for each in told)
    assert set(told[0]) == {"1", "2", "3"}
    assert sum(told[0].values()) == SEVERAL


def test_a_reset_forgets_the_calls_that_another_worker_has_still_to_send(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(CALLING)
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "orders.yaml").write_text(LATER)
    files = (str(tmp_path / "api.yaml"), "--fixtures", str(tmp_path / "fixtures"))
    with target() as listener, several(tmp_path, "--quiet", *files) as server:
        for name in ("gone", "kept"):  # those of the second come later
            for _ in range(10):
                url = f"{listener.url}/{name}"
                assert status_of(server.url, "POST", f"/__mock/s/{name}/orders", {"url": url}) == 200
        assert ask(server.url, "POST", "/__mock/s/gone/__mock/reset")[0] == 200
        listener.wait_for(10)
        assert {path for path, _, _ in listener.received} == {"/kept"}


def test_a_reload_reaches_every_worker(tmp_path: Path) -> None:
    spec = tmp_path / "api.yaml"
    spec.write_text(ONE)
    with several(tmp_path, "--quiet", str(spec)) as server:
        assert status_of(server.url, "GET", "/two") == 404
        spec.write_text(ONE + ONE[ONE.index("  /one") :].replace("one", "two"))
        assert ask(server.url, "POST", "/__mock/reload")[0] == 200
        assert {status_of(server.url, "GET", "/two") for _ in range(SEVERAL)} == {200}


def test_a_worker_that_is_replaced_after_a_reload_serves_what_the_others_serve(tmp_path: Path) -> None:
    spec = tmp_path / "api.yaml"
    spec.write_text(ONE)
    with several(tmp_path, "--quiet", str(spec)) as server:
        spec.write_text(ONE + ONE[ONE.index("  /one") :].replace("one", "two"))
        assert ask(server.url, "POST", "/__mock/reload")[0] == 200
        before = children(server.process.pid)
        for each in before:
            os.kill(each, signal.SIGKILL)
        until(lambda: len(children(server.process.pid) - before) == WORKERS)
        assert {status_of(server.url, "GET", "/two") for _ in range(SEVERAL)} == {200}


def test_tls_handshakes_fail_so_often_whichever_worker_has_them(tmp_path: Path) -> None:
    import ssl

    with several(tmp_path, "--quiet", "--tls") as server:
        context = ssl.create_default_context(cafile=authority(server))

        def fetch(path: str, body: Any = None, method: str = "GET") -> Any:
            data = None if body is None else json.dumps(body).encode()
            request = urllib.request.Request(server.url + path, data, method=method)
            with urllib.request.urlopen(request, context=context) as answer:
                return json.load(answer)

        assert fetch("/__mock/faults", {"tls_failures": 5}, "PUT")["tls_failures"] == 5
        failed = 0
        for _ in range(15):
            try:
                fetch("/__mock/health")
            except OSError:
                failed += 1
        assert failed == 5


def authority(server: Server) -> str:
    """The file that the banner names."""
    assert server.process.stdout is not None
    for line in server.process.stdout:
        if found := re.search(r"Clients must trust (.+?),", line):
            return found[1]
    raise AssertionError("no authority is named")


def test_a_worker_that_dies_is_replaced_and_no_connection_is_refused(tmp_path: Path) -> None:
    with several(tmp_path) as server:
        before = children(server.process.pid)
        begun = ask(server.url, "POST", "/api/oauth2", ASK)[1]
        gone = next(iter(before))
        os.kill(gone, signal.SIGKILL)
        for _ in range(SEVERAL):  # also those that came to the dead one's socket
            assert ask(server.url, "GET", f"/__mock/handshakes/{begun['pull_id']}")[1]["state"] == "asked"
        until(lambda: len(children(server.process.pid)) == WORKERS)
        assert gone not in children(server.process.pid)
        code, said = end(server, signal.SIGTERM)
        assert code == 0
        assert re.search(rf"worker \d \(process {gone}\) ended by signal 9; another takes its place", said)


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 0), (signal.SIGINT, 130), (signal.SIGHUP, 0)])
def test_all_workers_stop_with_the_server_after_the_answers_under_way(tmp_path: Path, number: int, code: int) -> None:
    with several(tmp_path, "--quiet") as server:
        workers = children(server.process.pid)
        answers: list[int] = []
        slow = [threading.Thread(target=lambda: answers.append(wait_two_seconds(server.url))) for _ in range(6)]
        for each in slow:
            each.start()
        until(lambda: ask(server.url, "GET", "/__mock/sessions")[1]["total"] > 0 and all(t.is_alive() for t in slow))
        time.sleep(1)  # all six are read: the wait of each is two seconds
        assert end(server, number)[0] == code
        for each in slow:
            each.join()
        assert answers == [200] * 6
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


def status_of(url: str, method: str, path: str, body: Any = None) -> int:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code


def wait_two_seconds(url: str) -> int:
    request = urllib.request.Request(
        f"{url}/api/oauth2",
        json.dumps(ASK).encode(),
        {"Authorization": "Bearer dev-token", "Content-Type": "application/json", "Prefer": "wait=2"},
    )
    with urllib.request.urlopen(request) as answer:
        status: int = answer.status
        return status


def test_workers_whose_server_was_killed_stop_by_themselves(tmp_path: Path) -> None:
    with several(tmp_path, "--quiet") as server:
        workers = children(server.process.pid)
        server.process.kill()
        until(lambda: not any(alive(pid) for pid in workers))


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_a_port_that_somebody_has_is_refused_although_workers_share_theirs(tmp_path: Path, crew: Server) -> None:
    port = crew.url.rpartition(":")[2]
    done = run("serve", "--port", port, "--workers", "2", "--state", f"sqlite:{tmp_path / 'other.db'}")
    assert done.returncode == 4
    assert "MS420" in done.stderr


def test_the_lines_of_all_workers_are_whole(tmp_path: Path) -> None:
    """Long ones, many at once: each is one JSON object."""
    with several(tmp_path, "--log-format", "json") as server:
        url = server.url.partition("\\n")[0]  # the banner is a JSON string too
        threads = [threading.Thread(target=ask_long, args=(url,)) for _ in range(6)]
        reader = threading.Thread(target=lambda: lines.extend(server.process.stdout or ()))
        lines: list[str] = []
        reader.start()
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        server.process.send_signal(signal.SIGTERM)
        reader.join()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    asked = [each for each in told if "x" * 3_000 in json.dumps(each)]
    assert len(asked) == 120
    assert len({each["entry"] for each in asked}) == 120


def ask_long(url: str) -> None:
    for _ in range(20):
        assert ask(url, "GET", f"/nothing/{'x' * 3_000}")[0] == 404


def test_a_store_that_cannot_be_used_is_told_once_and_not_by_every_worker() -> None:
    done = run("serve", "--port", "0", "--workers", "2", "--state", "sqlite:/proc/self/mock.db")
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert "MS451" in done.stderr


ONE = """\
openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  /one:
    get: {responses: {"200": {description: one}}}
"""
CALLING = """\
openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  /orders:
    post:
      requestBody: {content: {application/json: {schema: {type: object}}}}
      responses: {"200": {description: made}}
      callbacks:
        done:
          "{$request.body#/url}":
            post: {responses: {"200": {description: taken}}}
"""
LATER = """\
operation: POST /orders
responses:
  made: {status: 200, source: assumed}
otherwise: made
callbacks:
  done: {delay: 2s}
"""
