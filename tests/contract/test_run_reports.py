"""Reports of real runs: no secret that the run has met is in any of them, and an end that was forced still has them."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit
from xml.etree import ElementTree

import orjson
import pytest

from tests.contract.deployment import Asked, Given, answering, before
from tests.contract.test_command import GIVE_UP_S, at_once
from tests.support import ROOT, Server

FORMATS = {"text": "txt", "json": "json", "junit": "xml", "html": "html", "github": "log", "sarif": "sarif"}
TOKENS = ("dev-token", "other-token", "noscope-token", "unpaid-token")


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}


def arguments(folder: Path) -> list[str]:
    reports = [f"--report={name}:{folder}/out/report.{suffix}" for name, suffix in FORMATS.items()]
    kept = [f"--schemathesis-report={name}:{folder}/out" for name in ("junit", "har", "vcr", "ndjson", "json")]
    return [sys.executable, "-m", "mock_server", "contract", *reports, *kept]


class Met:
    """Breaks some answers, and remembers every secret that goes by."""

    def __init__(self) -> None:
        self.secrets: set[str] = set(TOKENS)

    def __call__(self, asked: Asked, given: Given) -> Given:
        self.of_url(asked.target)
        self.of_url(dict(given.headers).get("location", ""))
        body = given.body
        if body.startswith(b"{"):
            answer = orjson.loads(body)
            self.secrets |= {answer[name] for name in ("pull_id", "access_token") if isinstance(answer.get(name), str)}
            self.of_url(str(answer.get("auth_uri", "")))
        if given.status == 402:  # a defect in which the secret of the request comes back
            return given._replace(body=b'{"status":"402","message":"x","echo":' + (asked.body or b"0") + b"}")
        if given.status == 403:
            secret = asked.headers.get("Authorization", "") or asked.headers.get("authorization", "")
            return given._replace(body=orjson.dumps({"status": "403", "message": f"no: {secret}"}))
        return given

    def of_url(self, url: str) -> None:
        self.secrets |= {value for name, value in parse_qsl(urlsplit(url).query) if name in ("code", "state")}


def decoded(text: str) -> str:
    """The text, and every piece of base64 in it in clear."""
    pieces = re.findall(r"[A-Za-z0-9+/]{12,}={0,2}", text)
    clear = (base64.b64decode(piece + "=" * (-len(piece) % 4)) for piece in pieces if len(piece) % 4 != 1)
    return text + "\n".join(piece.decode("utf-8", "replace") for piece in clear)


_PLAIN = r"[\w.~%-]"


def leaked(secrets: Iterable[str], text: str) -> list[str]:
    """Those that the text shows, as they are or as in a URL.

    Each plain one lies in a word of such letters, and of a report of megabytes there are few different words.
    """
    words = "\n".join(set(re.findall(f"{_PLAIN}{{6,}}", text)))
    forms = {form: each for each in secrets for form in (each, quote(each, safe=""))}
    return [each for form, each in forms.items() if form in (words if re.fullmatch(f"{_PLAIN}+", form) else text)]


@pytest.mark.parametrize("text", ["x=a-secret.b", "x=%C3%BC%2F%20secret", "x=ü/ secret", "xxa-secret.bxx"])
def test_a_secret_is_seen_in_any_of_its_forms(text: str) -> None:
    assert leaked(["a-secret.b", "ü/ secret", "another"], f"{text}\n" * 2) == [
        "a-secret.b" if "a-" in text else "ü/ secret"
    ]


def test_no_output_of_a_full_run_has_a_secret_that_it_has_met(server: Server, tmp_path: Path) -> None:
    met = Met()
    options = ("--token", "--token-other", "--token-without-scope", "--token-unpaid")
    tokens = [f"{option}={token}" for option, token in zip(options, TOKENS, strict=True)]
    with before(server.url, met) as url:
        done = subprocess.run(
            [*arguments(tmp_path), f"{url}/api", *tokens, "--seed", "5"],
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * GIVE_UP_S,
            env=environment(tmp_path),
        )
    assert done.returncode == 1, done.stdout + done.stderr
    files = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert sorted(files) == sorted(
        [f"report.{suffix}" for suffix in FORMATS.values()]
        + [f"schemathesis-1-{name}" for name in ("junit.xml", "har.json", "vcr.yaml", "ndjson.ndjson", "json.json")]
    )
    long = {each for each in met.secrets if len(each) >= 6}
    assert len(long) > 100
    for name, text in {**files, "stdout": done.stdout, "stderr": done.stderr}.items():
        assert not leaked(long, decoded(text)), name
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    report = json.loads(files["report.json"])
    assert report["verdict"] == "broken"
    assert report["coverage"]["percent"] > 80
    assert len(ElementTree.fromstring(files["report.xml"]).findall(".//failure")) == len(
        [each for each in report["findings"] if each["group"] == "finding"]
    )
    assert json.loads(files["schemathesis-1-har.json"])["log"]["entries"]


def started(folder: Path, *more: str) -> subprocess.Popen[str]:
    """A slow run, well on its way, or at its end already."""
    process = subprocess.Popen(
        [*arguments(folder), "--rate-limit", "4/s", *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(folder),
    )
    deadline = time.monotonic() + GIVE_UP_S
    while process.poll() is None and not list(folder.glob("mock-server-contract-*/reports/*.ndjson")):
        assert time.monotonic() < deadline, "nothing is fuzzed"
        time.sleep(0.1)
    return process


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT, signal.SIGINT]])
def test_whoever_ends_a_run_gets_its_reports(tmp_path: Path, signals: list[signal.Signals]) -> None:
    process = started(tmp_path)
    for number in signals:
        process.send_signal(number)
        time.sleep(0.3)
    out, err = process.communicate(timeout=GIVE_UP_S)
    assert process.returncode == 130, out + err
    assert "Traceback" not in out + err
    assert "interrupted" in out.splitlines()[0]
    assert json.loads((tmp_path / "out" / "report.json").read_text())["interrupted"] is True
    assert ElementTree.parse(tmp_path / "out" / "report.xml").find(".//error") is not None
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_run_whose_time_is_up_says_so_and_has_reports(tmp_path: Path) -> None:
    done = timed_out(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the time of the run (--max-time) is used up" in done.stdout
    assert "keeps the contract as far as it was tested" in done.stdout
    assert json.loads((tmp_path / "out" / "report.json").read_text())["verdict"] == "kept as far as it was tested"


def timed_out(folder: Path, seconds: int = 3) -> subprocess.CompletedProcess[str]:
    """A run whose time is up, and was enough to begin: how much that is depends on the machine."""
    done = subprocess.run(
        [*arguments(folder), "--rate-limit", "4/s", "--max-time", str(seconds)],
        capture_output=True,
        text=True,
        timeout=GIVE_UP_S,
        check=False,
        env=environment(folder),
    )
    return timed_out(folder, 2 * seconds) if "error MS507" in done.stderr and seconds < GIVE_UP_S / 4 else done


def test_a_run_that_could_not_be_made_says_so_in_its_reports(tmp_path: Path) -> None:
    with answering(lambda asked: Given(403, (), b"{}")) as url:
        done = subprocess.run(
            [*arguments(tmp_path), f"{url}/api", "--token", "a-wrong-token"],
            capture_output=True,
            text=True,
            check=False,
            env=environment(tmp_path),
        )
    assert (done.returncode, done.stdout) == (2, ""), done.stdout + done.stderr
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["verdict"] == "not tested"
    assert "refuses the token with 403" in report["error"]
    assert ElementTree.parse(tmp_path / "out" / "report.xml").find(".//error") is not None
    assert "was not tested" in (tmp_path / "out" / "report.html").read_text()


def test_where_a_report_cannot_be_written_nothing_is_sent() -> None:
    asked: list[Asked] = []

    def answer(one: Asked) -> Given:
        asked.append(one)
        return Given(404)

    with answering(answer) as url:
        done = at_once(url, "--report", "json:/proc/none/x.json")
    assert done.exit_code == 2
    assert "error MS520: the report /proc/none/x.json cannot be written" in done.stderr
    assert not asked


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--report", "pdf:x"], "there are text, json, junit, html, github, sarif"),
        (["--report", "json:"], "write it as FORMAT:PATH"),
        (["--report", "json", "--report", "html"], "only one of json, html can go to standard output"),
        (["--report", "html", "--json"], "--json and another --report cannot both go to standard output"),
        (["--schemathesis-report", "allure:x"], "there are junit, har, vcr, ndjson, json"),
    ],
)
def test_a_report_that_there_is_not_is_refused(words: list[str], message: str) -> None:
    done = at_once(*words)
    assert done.exit_code == 2
    assert message in " ".join(done.stderr.split())


def test_json_on_standard_output_is_json_and_nothing_else(server: Server) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mock_server", "contract", server.api, "--json", "--skip", "fuzz", "--only", "reasons"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["format"] == "mock-server-contract/1"
