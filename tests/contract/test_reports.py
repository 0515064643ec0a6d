"""Every format tells the same result: whole, escaped, readable by who reads it, and without a secret."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from xml.etree import ElementTree

import jsonschema_rs
import pytest

from mock_server.cli.reporting import REPORT_FORMATS
from mock_server.contract.errors import CannotRun
from mock_server.contract.model import Exchange, Finding, NotRun, Promise, Reached, Result, Seen, Sent
from mock_server.contract.report.files import FORMATS, Wish, check_writable, put_in_place, write_reports
from mock_server.contract.report.live import Plain, is_lively, status_line
from mock_server.contract.report.shown import show
from mock_server.record.secret import Secrets
from tests.support import ROOT

SECRET = "pull-id-of-a-test-7f3a"
NASTY = f'</pre><script>alert("1")</script> & ]]> \x1b[31m\x00 100 %\nnext: ,line {SECRET}'


def exchange(body: bytes = b'{"status":403}') -> Exchange:
    headers = (("Authorization", "Bearer a-token-of-a-test"), ("X-Odd", NASTY.replace("\n", " ")))
    sent = Sent("POST", f"/api/oauth2?state={SECRET}", headers, json.dumps({"pull_id": SECRET, "x": NASTY}).encode())
    return Exchange("http://127.0.0.1:1", "POST /oauth2", sent, Seen(403, (), body, 0.5))


def finding(title: str = "POST /oauth2 answers 403 instead of 402: nobody has paid", **changes: Any) -> Finding:
    promise = Promise("status-of-unpaid", f"402 for: {NASTY}", "documented", "fixtures/a.yaml:70:5 (rule 'x')")
    made = Finding(title, "POST /oauth2", promise, (exchange(),), NASTY, "error", "reasons.unpaid", 7, "403 for 402")
    return made._replace(**changes)


def result(**changes: Any) -> Result:
    assumed = Promise("status-of-pending", "402", "assumed", "openapi.yaml:41 #/paths/~1oauth2")
    made = Result(
        url="http://127.0.0.1:1/api",
        seed=7,
        strict=False,
        findings=(
            finding("it is slow", severity="warning", check="timing", promise=assumed),
            finding("POST /oauth2 answers 1 instead of 2: x", promise=assumed, check="collecting.pending"),
            finding(),
        ),
        not_run=(NotRun("collecting.foreign", "needs --token-other"), NotRun("reasons.scope", f"needs {NASTY}")),
        coverage=(
            Reached("POST /oauth2", "status", "200", "reached"),
            Reached("POST /oauth2", "link", "200 Get", "not reachable", "needs consent"),
        ),
        passed=("reasons.token",),
        requests={"walks": 3, "fuzz": 4},
        seconds=1.25,
    )
    return made._replace(**changes)


def secrets() -> Secrets:
    known = Secrets()
    known.learn(SECRET, "a-token-of-a-test")
    return known


def made(name: str, of: Result | None = None) -> str:
    return FORMATS[name](show(of or result(), secrets()))


def test_the_command_line_knows_every_format() -> None:
    assert tuple(FORMATS) == REPORT_FORMATS


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "of", [result(), result(findings=(), coverage=(), passed=()), result(interrupted=True), result(error=NASTY)]
)
def test_no_format_shows_a_secret(name: str, of: Result) -> None:
    text = made(name, of)
    assert SECRET not in text
    assert "a-token-of-a-test" not in text
    assert text.endswith("\n")


def test_json_is_what_its_schema_says() -> None:
    schema = json.loads((ROOT / "docs" / "contract-report.schema.json").read_text())
    for of in (result(), result(error="error MS502: x"), result(interrupted=True, findings=())):
        data = json.loads(made("json", of))
        jsonschema_rs.validate(schema, data)
        assert set(data) == set(schema["properties"])
        for each in data["findings"]:
            assert set(each) == set(schema["$defs"]["finding"]["properties"])
    data = json.loads(made("json"))
    assert (data["verdict"], [each["group"] for each in data["findings"]]) == (
        "broken",
        ["finding", "assumption", "warning"],
    )
    assert data["findings"][0]["promise"] | {"text": ""} == {
        "key": "status-of-unpaid",
        "text": "",
        "level": "documented",
        "source": "fixtures/a.yaml:70:5 (rule 'x')",
        "path": "fixtures/a.yaml",
        "line": 70,
    }
    assert data["coverage"]["percent"] == 50.0


def test_junit_has_a_case_for_each_check() -> None:
    suite = ElementTree.fromstring(made("junit"))[0]
    numbers = {key: suite.get(key) for key in ("tests", "failures", "skipped", "errors")}
    assert numbers == {"tests": "4", "failures": "1", "skipped": "2", "errors": "0"}
    states = {case.get("name"): [child.tag for child in case] for case in suite.iter("testcase")}
    assert states == {
        "reasons.unpaid POST /oauth2": ["failure"],
        "reasons.token": [],
        "collecting.foreign": ["skipped"],
        "reasons.scope": ["skipped"],
    }
    failure = suite.find(".//failure")
    assert failure is not None
    assert "$ curl -i -X POST" in (failure.text or "")
    broken = ElementTree.fromstring(made("junit", result(error="error MS502: nobody", findings=(), not_run=())))[0]
    assert broken.get("errors") == "1"
    assert ElementTree.fromstring(made("junit", result(interrupted=True)))[0].get("errors") == "1"


def test_html_is_one_page_that_can_load_and_run_nothing() -> None:
    page = made("html")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src &#39;sha256-{digest}&#39;" in page
    assert "default-src &#39;none&#39;" in page
    assert "prefers-color-scheme: dark" in page
    assert not re.search(r"""(?:src|href)=["'](?!data:,)""", page)
    assert not re.search(r"url\(|@import|<(?:img|iframe|object|form|a)\b", page)
    for text in ("needs consent", "200 Get", "needs --token-other", "fixtures/a.yaml:70:5", "seed 7"):
        assert text in page


def test_github_annotates_the_line_of_the_promise_and_one_finding_is_one_line() -> None:
    lines = made("github").splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["::error", "::notice", "::warning", "::notice"]
    assert lines[0].startswith("::error file=fixtures/a.yaml,line=70,title=POST /oauth2 answers 403 instead of 402%3A")
    assert "100 %25%0Anext" in lines[0]


def test_sarif_places_each_finding() -> None:
    log = json.loads(made("sarif"))
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    assert [each["level"] for each in run["results"]] == ["error", "note", "warning"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(rules[each["ruleIndex"]] == each["ruleId"] for each in run["results"])
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "fixtures/a.yaml"}, "region": {"startLine": 70}}
    assert run["invocations"] == [{"executionSuccessful": True}]


def test_text_begins_with_the_verdict_and_writes_nothing_but_text_to_a_terminal() -> None:
    text = made("text")
    first = "http://127.0.0.1:1/api breaks the contract: 1 finding, 1 difference from what we assumed, 1 warning"
    assert text.splitlines()[0] == first
    assert text.splitlines()[-1].startswith(f"{first}. 7 requests in 1.2 s, 1 checks passed, 2 not run, 1 of 2 doc")
    assert "\x1b" not in text
    assert "\x00" not in text
    assert "      links: 0 of 1 reached\n         200 Get  not reachable: needs consent" in text


def test_what_one_place_promises_is_told_once_with_every_occasion() -> None:
    reasons = [finding(f"POST /oauth2 answers 400 instead of 429: {each}", shape=each) for each in "abc"]
    other = finding("POST /oauth2 answers 500 instead of 429: d")
    shown = show(result(findings=(*reasons, other)), Secrets())
    assert [each.title[-1] for each in shown.findings] == ["a", "d"]
    assert shown.findings[0].times == 3
    assert shown.findings[0].detail.endswith("the same for: b; c")
    assert shown.headline.endswith("2 findings")


def test_reports_are_put_in_place_whole(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "report.json"
    wishes = [Wish("json", str(path)), Wish("junit", str(tmp_path / "j.xml"))]
    assert check_writable(wishes) == [tmp_path / "a" / "b"], "folders that were made are told"
    assert write_reports(wishes, show(result(), secrets())) == []
    assert json.loads(path.read_text())["verdict"] == "broken"
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["a", "b", "j.xml", "report.json"]
    assert check_writable(wishes) == []
    assert not path.exists(), "the report of a run before is taken for that of this one"
    with pytest.raises(TypeError):
        put_in_place(path, None)  # type: ignore[arg-type]
    assert not list(path.parent.iterdir())


@pytest.mark.parametrize("path", ["/proc/none/report.json", "{tmp}", "{tmp}/file/report.json", "a\0b"])
def test_a_report_that_cannot_be_written_is_said_before_the_run(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotRun, match="MS520") as caught:
        check_writable([Wish("json", path.replace("{tmp}", str(tmp_path)))])
    assert caught.value.exit_code == 2


class Terminal:
    """A stream that says what it is."""

    def __init__(self, tty: bool) -> None:
        self.tty = tty
        self.said: list[str] = []

    def isatty(self) -> bool:
        return self.tty

    def write(self, text: str) -> int:
        self.said.append(text)
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""


@pytest.mark.parametrize(
    ("tty", "environment", "lively"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"CI": "true"}, False),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_lines_are_redrawn_only_for_a_person(tty: bool, environment: dict[str, str], lively: bool) -> None:
    assert is_lively(Terminal(tty), environment) is lively  # type: ignore[arg-type]


def test_a_plain_log_has_a_line_for_each_phase() -> None:
    stream = Terminal(False)
    plain = Plain(stream, iter([0.0, 1.0, 2.0, 3.0]).__next__)  # type: ignore[arg-type]
    for text in ("reading the document", "reasons: reasons.token", "reasons: reasons.scope", "fuzzing"):
        plain.tell(text)
    lines = "".join(stream.said).splitlines()
    assert lines == [
        "1 s  reading the document  0 requests, 0 findings",
        "2 s  reasons  0 requests, 0 findings",
        "3 s  fuzzing  0 requests, 0 findings",
    ]
    assert status_line("x", plain.counted, 12.4) == "12 s  x  0 requests, 0 findings"


def test_a_run_that_will_take_long_says_how_it_is_ended_earlier() -> None:
    counted = Mock(requests=20, found=0)
    assert status_line("x", counted, 40.0) == (
        "40 s  x  20 requests, 0 findings  (0.5 requests a second; --max-time SECONDS ends a run earlier)"
    )
    counted.requests = 81
    assert status_line("x", counted, 40.0) == "40 s  x  81 requests, 0 findings"


def test_a_family_that_was_left_out_is_named_once() -> None:
    why = "left out by --only or --skip"
    names = ("edges.values", "edges.body", "protocol.path", "protocol.method", "fuzz", "reasons.scope")
    left = tuple(NotRun(name, why) for name in names)
    shown = show(result(not_run=left, passed=("reasons.token", "protocol.path"), findings=()), Secrets())
    assert shown.left_out() == [("edges, protocol.path, protocol.method, fuzz, reasons.scope", why)]
