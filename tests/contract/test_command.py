"""``mock-server contract`` as a person starts it: exit codes, messages, reports, secrets."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mock_server.cli import group
from mock_server.contract.tables import hypothesis_folder
from tests.contract.deployment import Asked, Given, answering, before
from tests.support import ROOT, Server, command

TOKENS = ("dev-token", "other-token", "noscope-token", "expired-token", "unpaid-token")
SECRETS = (*TOKENS, "Sksosa43ma904mnfnmaklasioewjns")
GIVE_UP_S = 300
"""Only a run that hangs takes so long."""
TICKET = re.compile(r"[A-Za-z0-9_-]{12}(~[A-Za-z0-9._-]+)?\.[A-Za-z0-9_-]{16,}")


def contract(*arguments: str, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return run("contract", *arguments, folder=folder, **environment)


def run(*arguments: str, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=GIVE_UP_S,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def at_once(*arguments: str) -> Result:
    """The command in this process: it says what is wrong and ends before a run begins."""
    done = CliRunner().invoke(group, ["contract", *arguments])
    assert isinstance(done.exception, SystemExit), done.exception
    return done


def keeps_no_secret(text: str) -> None:
    assert not [secret for secret in SECRETS if secret in text]
    assert not TICKET.search(text), TICKET.search(text)


DEAD_PROXIES = dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:1")


@pytest.fixture
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for Hypothesis that has what it keeps once and for all, and shows whatever else comes."""
    kept, folder = hypothesis_folder(), tmp_path_factory.mktemp("tables")
    assert kept is not None
    for name in ("unicode_data", "constants"):
        (kept / name).mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(kept / name)
    return folder


def test_our_own_mock_keeps_the_contract_and_every_documented_answer_is_reached(tmp_path: Path, tables: Path) -> None:
    """The whole command as a person types it; a proxy of the environment stands in the way of none of its processes."""
    done = contract("--seed", "7", folder=tmp_path, HYPOTHESIS_STORAGE_DIRECTORY=str(tables), **DEAD_PROXIES)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "keeps the contract" in done.stdout
    assert "0 not run, 13 of 13 documented things reached, seed 7" in done.stdout
    assert "fuzzing" in done.stderr
    assert not list(tmp_path.iterdir())
    assert {each.name for each in tables.iterdir()} <= {"unicode_data", "constants", "tmp"}, "examples hold secrets"
    keeps_no_secret(done.stdout)


def test_a_foreign_deployment_is_tested_with_the_tokens_that_are_given(server: Server) -> None:
    def not_ours(asked: Asked, given: Given) -> Given:
        if asked.target.startswith("/__mock/"):
            return Given(404)
        return given._replace(headers=tuple(pair for pair in given.headers if pair[0].lower() != "mock-entry"))

    with before(server.url, not_ours) as url:
        aims = ("--only", "reasons", "--only", "collecting", "--only", "sequences.expiry")
        done = contract(f"{url}/api", "--token", "dev-token", *aims)
    assert done.returncode == 0, done.stdout + done.stderr
    for line in (
        "keeps the contract as far as it was tested",
        "collecting.foreign: needs --token-other, a token of another account",
        "reasons.scope: needs --token-without-scope",
        "reasons.unpaid: needs --token-unpaid",
        "collecting.expired, sequences.expiry: needs --clock",
        "402      not reachable: needs --token-unpaid",
    ):
        assert line in done.stdout
    keeps_no_secret(done.stdout)


def test_a_defect_that_only_fuzzing_sees_is_found_once(server: Server) -> None:
    def breaks(asked: Asked, given: Given) -> Given:
        if given.status == 429:
            return given._replace(body=b'{"status":"429","message":7}')
        return given

    with before(server.url, breaks) as url:
        done = contract(f"{url}/api", "--only", "fuzz", "--only", "POST /oauth2", "--seed", "3")
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.count("promised   every body keeps its schema [documented]") == 1
    assert "POST /oauth2: response violates schema (429)" in done.stdout
    assert re.search(r"where      \S*openapi\.yaml:\d+ #/paths/~1oauth2/post/responses", done.stdout)
    assert "$ curl -i -X POST" in done.stdout
    assert "Authorization: Bearer $TOKEN" in done.stdout
    keeps_no_secret(done.stdout)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["http://127.0.0.1:1/api"], 4, "error MS502: http://127.0.0.1:1 gives no answer: refused"),
        (["http://127.0.0.1:1/api", "--token", "x"], 4, "right? Without a URL our own mock is started and tested"),
        (["ftp://127.0.0.1/api"], 2, "error MS501: ftp://127.0.0.1/api is not the URL of an API"),
        (["http://user:pass@127.0.0.1/api"], 2, "error MS501: a URL with a user in it is not the URL of an API"),
        (["--only", "POST /oauth"], 2, "error MS506: 'POST /oauth' is no check, family or operation"),
        (["--spec", "nothing.yaml"], 3, "error MS101: cannot read nothing.yaml"),
        (["--consent", "guess"], 2, "there are visit, ask, none and command:CMD"),
        (["--rate-limit", "fast"], 2, "write it as 10/s or 100/m"),
        (["--header", "no colon"], 2, "write it as 'NAME: VALUE'"),
        (["--lern", "x"], 2, "No such option"),
    ],
)
def test_what_cannot_be_run_is_said_clearly(arguments: list[str], code: int, text: str) -> None:
    done = at_once(*arguments)
    assert (done.exit_code, done.stdout) == (code, "")
    assert text in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        (Given(200, (("Content-Type", "text/html"),), b"<!DOCTYPE html><form>"), 2, "error MS503"),
        (Given(302, (("Location", "/login"),)), 2, "error MS503"),
        (Given(404, (), b"{}"), 2, "error MS504: this is another API"),
        (Given(401, (), b"{}"), 2, "refuses the token with 401"),
        (Given(0), 4, "gives no answer: reset"),
    ],
)
def test_what_is_no_deployment_of_this_api_never_ends_green(given: Given, code: int, text: str) -> None:
    with answering(lambda asked: given) as url:
        done = at_once(f"{url}/api", "--token", "a-token-of-mine")
    assert done.exit_code == code, done.output
    assert text in done.stderr
    assert "hint: " in done.stderr
    assert "a-token-of-mine" not in done.stderr + done.stdout


def test_a_token_is_asked_for_before_anything_is_tested() -> None:
    with answering(lambda asked: Given(404)) as url:
        done = at_once(f"{url}/api")
    assert done.exit_code == 2
    assert "error MS505: POST /oauth2 wants authorization, and no token was given" in done.stderr


def test_a_wrong_token_for_our_own_mock_is_no_green_run() -> None:
    done = contract("--token", "no-such-token")
    assert done.returncode == 2
    assert "refuses the token with 403" in done.stderr
    assert "no-such-token" not in done.stderr


def test_without_consent_its_checks_are_not_run_never_passed_and_missing_where_coverage_is_required() -> None:
    families = ("reasons", "collecting", "bodies", "callback", "pages", "examples", "boundaries")
    only = [word for name in families for word in ("--only", name)]
    done = contract(*only, "--consent", "none", "--require-coverage", "95")
    assert done.returncode == 1, done.stdout + done.stderr
    line = next(line for line in done.stdout.splitlines() if "collecting.granted, collecting.denied" in line)
    assert line.endswith(": needs consent (--consent visit, ask or command:CMD)")
    assert {"bodies.credentials", "callback", "pages"} <= set(line.strip().partition(":")[0].split(", "))
    assert "200      not reachable: needs consent" in done.stdout
    assert "12 of 13 documented things were reached, 92 %" in done.stdout
    assert "not reached: " in done.stdout
    assert "POST /oauth2/credentials 200" in done.stdout
    assert "1 finding" in done.stdout


def test_what_cannot_be_reached_is_no_finding_where_no_coverage_is_required() -> None:
    done = contract("--consent", "none", "--only", "reasons", "--only", "collecting")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "keeps the contract as far as it was tested" in done.stdout


SWITCHED = {
    "a read that counts once, and no field but the known": (
        ("oauth2/get-credentials.yaml", "single_use: false", "single_use: true"),
        ("oauth2/get-credentials.yaml", "unauthorized:", "unknown_fields: refuse\nunauthorized:"),
    ),
    "consent without a page": (("providers/facebook-ads.yaml", "consent: ask  ", "consent: approve  "),),
}
UNTOUCHED = {"consent without a page": ("edges", "boundaries", "authorization", "protocol")}
"""Families to which the switch means nothing."""


@pytest.mark.parametrize("switch", SWITCHED)
def test_a_switch_of_the_fixtures_is_no_defect(tmp_path: Path, switch: str) -> None:
    """Each alone, and many more: benchmarks/false_alarms.py."""
    folder = tmp_path / "fixtures"
    shutil.copytree(ROOT / "fixtures", folder)
    for file, old, new in SWITCHED[switch]:
        text = (folder / file).read_text()
        assert old in text
        (folder / file).write_text(text.replace(old, new))
    skip = [word for name in ("fuzz", *UNTOUCHED.get(switch, ())) for word in ("--skip", name)]
    done = contract("--fixtures", str(folder), *skip)
    assert done.returncode == 0, done.stdout + done.stderr
