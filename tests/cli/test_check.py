"""``mock-server check``, run as people run it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mock_server.errors import CODES
from tests.fixture.folder import DOCUMENT, OPERATION
from tests.support import ROOT, command


def check(*arguments: str, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("MOCK_SERVER_")}
    return subprocess.run(
        command("check", *arguments),
        cwd=cwd,
        env={**own, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A working folder in which the document and two of three fixtures are wrong."""
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "openapi.yaml").write_text(DOCUMENT.replace("{type: integer, minimum: 1}", "{$ref: '#/nope'}"))
    (tmp_path / "fixtures" / "a.yaml").write_text("provider: fb\nsource: asumed\noauth2: false\n")
    (tmp_path / "fixtures" / "b.yaml").write_text("scenario: s\nscenario: t\n")
    (tmp_path / "fixtures" / "c.yaml").write_text("tokens: []\n")
    return tmp_path


def test_the_bundled_document_and_fixtures_are_fine(tmp_path: Path) -> None:
    done = check(cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    fixtures = list((ROOT / "fixtures").rglob("*.yaml"))
    providers = list((ROOT / "fixtures" / "providers").iterdir())
    scenarios = list((ROOT / "fixtures" / "scenarios").iterdir())
    counts, provenance, verdict = done.stdout.splitlines()[-3:]
    given = f"{len(fixtures)} fixture files, {len(providers)} providers, {len(scenarios)} scenarios"
    assert counts == (f"2 operations, 9 references, 1 document file, {given}")
    assert provenance == "provenance: 3 documented, 0 observed, 25 assumed"
    assert verdict == "0 error(s), 2 warning(s)"
    assert " error MS" not in done.stdout


def test_the_only_warning_of_the_bundled_files_is_about_the_documented_id_that_javascript_cannot_hold() -> None:
    """It stands in the document and in the provider's file."""
    report = json.loads(check("--json").stdout)
    assert [(each["code"], each["path"]) for each in report["problems"]] == [
        ("MS209", "fixtures/providers/facebook-ads.yaml"),
        ("MS209", "openapi.yaml"),
    ]
    for each in report["problems"]:
        assert each["message"].endswith(
            "194785639383273120 is beyond 2^53-1, where JavaScript cannot tell it from 194785639383273121"
        )


def test_the_report_for_machines_has_one_shape(tmp_path: Path) -> None:
    done = check("--json", cwd=tmp_path)
    assert done.returncode == 0
    report: dict[str, Any] = json.loads(done.stdout)
    assert report | {"problems": None} == {
        "ok": True,
        "problems": None,
        "provenance": {"documented": 3, "observed": 0, "assumed": 25},
        "operations": 2,
        "references": 9,
        "document_files": 1,
        "fixture_files": 16,
        "providers": 4,
        "scenarios": 9,
    }
    for problem in report["problems"]:
        assert list(problem) == ["code", "severity", "message", "path", "line", "column", "pointer", "hint"]
        assert problem["severity"] == "warning"


def test_every_problem_of_every_broken_file_is_told_and_the_exit_code_is_3(broken: Path) -> None:
    done = check("openapi.yaml", "--fixtures", "fixtures", cwd=broken)
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout == (
        "fixtures/b.yaml:2:1: error MS103: the key 'scenario' is written twice\n"
        "    2 | scenario: t\n"
        "      | ^\n"
        "      hint: keep one of the two\n"
        "\n"
        "fixtures/a.yaml:2:9: error MS303: `source` is one of documented, observed, assumed, not 'asumed'\n"
        "    2 | source: asumed\n"
        "      |         ^\n"
        "      at /source\n"
        "      hint: did you mean `assumed`?\n"
        "\n"
        "openapi.yaml:9:77: warning MS203: the reference '#/nope' leads nowhere; anything fits here\n"
        "    9 |         content: {application/json: {schema: {type: object, properties: {n: {$ref: '#/nope'}}}}}\n"
        f"      | {' ' * 76}^\n"
        "      at /paths/~1things~1{id}/post/requestBody/content/application~1json/schema/properties/n\n"
        "      hint: nothing is called 'nope' at #\n"
        "\n"
        "2 error(s), 1 warning(s)\n"
    )


def test_the_report_for_machines_tells_the_same_problems(broken: Path) -> None:
    done = check("openapi.yaml", "--fixtures", "fixtures", "--json", cwd=broken)
    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr, report["ok"], report["provenance"]) == (3, "", False, None)
    assert report["problems"][1] == {
        "code": "MS303",
        "severity": "error",
        "message": "`source` is one of documented, observed, assumed, not 'asumed'",
        "path": "fixtures/a.yaml",
        "line": 2,
        "column": 9,
        "pointer": "/source",
        "hint": "did you mean `assumed`?",
    }
    assert {each["code"] for each in report["problems"]} == {"MS103", "MS203", "MS303"} <= set(CODES)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["nope.yaml"], "error MS101: cannot read nope.yaml: No such file or directory"),
        (["."], "error MS101: cannot read .: Is a directory"),
        (["openapi.yaml", "--fixtures", "nope"], "error MS101: nope is not a folder"),
        (["openapi.yaml", "openapi.yaml"], "error MS208: POST /things/{id} is in openapi.yaml too"),
    ],
)
def test_what_cannot_be_read_is_told_without_a_stack_trace(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "openapi.yaml").write_text(DOCUMENT)
    done = check(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (3, "")
    assert message in done.stdout
    assert done.stdout.endswith("1 error(s), 0 warning(s)\n")


def test_errors_come_before_warnings_and_warnings_alone_are_no_failure(tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_text(DOCUMENT)
    (tmp_path / "fixtures").mkdir()
    fixture = tmp_path / "fixtures" / "a.yaml"
    odd = "  odd: {status: 418, source: assumed}\n"
    fixture.write_text(OPERATION + odd)
    done = check("openapi.yaml", "--fixtures", "fixtures", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.endswith("0 error(s), 1 warning(s)\n")
    fixture.write_text(OPERATION + odd + "otherwise: nope\n")
    done = check("openapi.yaml", "--fixtures", "fixtures", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stdout.index("error MS304") < done.stdout.index("warning MS310")


def test_an_example_that_breaks_its_schema_is_found_by_check(tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_text(
        DOCUMENT.replace("properties: {n: {type: integer}}}", "properties: {n: {type: integer}}}, example: {n: x}")
    )
    done = check("openapi.yaml", cwd=tmp_path)
    assert done.returncode == 0
    assert check("openapi.yaml", "--fail-on-warning", cwd=tmp_path).returncode == 3
    assert 'warning MS207: the example here breaks its schema: "x" is not of type "integer"' in done.stdout
    assert "1 operation, 0 references, 1 document file, 0 fixture files, 0 providers, 0 scenarios" in done.stdout


def test_an_option_that_does_not_exist_is_exit_code_2() -> None:
    done = check("--bogus")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No such option" in done.stderr
