"""Dockerfile and compose.yaml: they cannot be built here, so they are linted, taken apart, and their commands run."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
import yaml

from mock_server.cli.serve import command as serve
from tests.live.waiting import until
from tests.support import ROOT
from tests.valkey import valkey as running_valkey

GIVE_UP_S = 60
BIN = Path(sys.executable).parent


class Line(NamedTuple):
    """An instruction of a Dockerfile: ``Line("COPY", "fixtures fixtures")``."""

    word: str
    rest: str


def stages() -> list[list[Line]]:
    text = re.sub(r"(?m)^#.*\n", "", (ROOT / "Dockerfile").read_text())
    found: list[list[Line]] = []
    for line in text.replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            found.append([])
        if word:
            found[-1].append(Line(word, " ".join(rest.split())))
    return found


def only(word: str) -> str:
    """The one instruction of that name in the last stage."""
    (found,) = [line.rest for line in stages()[-1] if line.word == word]
    return found


def environment() -> dict[str, str]:
    return dict(each.split("=", 1) for each in only("ENV").split())


def test_the_linter_has_nothing_to_say() -> None:
    done = subprocess.run([str(BIN / "hadolint"), "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_mock_does_not_run_as_root_and_its_user_owns_where_it_works() -> None:
    user = only("USER")
    assert user.isdigit(), "by number: Kubernetes can tell that it is not root"
    assert int(user) > 0
    made = next(line.rest for line in stages()[-1] if line.word == "RUN")
    assert f"--uid {user} --home-dir {only('WORKDIR')} --create-home" in made


def is_ignored(path: str) -> bool:
    """By the rules of .dockerignore: the last that fits decides; what is in a folder goes with it."""
    ignored = False
    for rule in (ROOT / ".dockerignore").read_text().splitlines():
        if not rule or rule.startswith("#"):
            continue
        pattern = rule.removeprefix("!")
        parts = path.split("/")
        starts = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        if pattern.startswith("**/"):
            fits = any(fnmatch.fnmatchcase(part, pattern[3:]) for part in parts)
        else:
            fits = any(fnmatch.fnmatchcase(each, pattern) and each.count("/") == pattern.count("/") for each in starts)
        if fits:
            ignored = not rule.startswith("!")
    return ignored


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first stage has when it builds: its COPY lines, of what .dockerignore lets through."""
    folder = tmp_path_factory.mktemp("context")
    for line in stages()[0]:
        if line.word != "COPY":
            continue
        *sources, target = line.rest.split()
        for source in sources:
            assert (ROOT / source).exists(), f"{source} is copied and is not there"
            files = [ROOT / source] if (ROOT / source).is_file() else (ROOT / source).rglob("*")
            for file in files:
                name = file.relative_to(ROOT).as_posix()
                if file.is_file() and not is_ignored(name):
                    place = folder / (name if target.endswith("/") else target + name.removeprefix(source))
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(file, place)
    return folder


def test_a_wheel_of_what_is_copied_carries_the_document_the_fixtures_and_the_pages(
    context: Path, tmp_path: Path
) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*build, "-w", str(tmp_path), str(context)], check=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert archive.read("mock_server/bundled/openapi.yaml") == (ROOT / "openapi.yaml").read_bytes()
    fixtures = {path.relative_to(ROOT).as_posix() for path in (ROOT / "fixtures").rglob("*.yaml")}
    assert {f"mock_server/bundled/{path}" for path in fixtures} <= names
    assert {"mock_server/py.typed", "mock_server/web/control.yaml", "mock_server/web/templates/consent.html"} <= names
    package = {path.relative_to(ROOT).as_posix() for path in (ROOT / "mock_server").rglob("*.py")}
    assert package <= names


def test_nothing_else_of_the_checkout_reaches_the_image() -> None:
    for name in (".git/config", ".venv/bin/python", "tests/support.py", "mock.db", "mock_server/__pycache__/a.pyc"):
        assert is_ignored(name), name


def test_what_the_image_says_in_its_environment_are_options_of_serve() -> None:
    names = {f"MOCK_SERVER_{(each.name or '').upper()}" for each in serve.params}
    assert {name for name in environment() if name.startswith("MOCK_SERVER_")} <= names


def test_the_container_command_serves_and_the_health_check_tells_whether_it_does() -> None:
    line = [*json.loads(only("ENTRYPOINT")), *json.loads(only("CMD"))]
    given = {**environment(), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "MOCK_SERVER_PORT": free_port()}
    check = json.loads(only("HEALTHCHECK").partition(" CMD ")[2])

    def is_healthy() -> bool:
        done = subprocess.run(check, env=given, capture_output=True, timeout=GIVE_UP_S, check=False)
        return done.returncode == 0

    assert not is_healthy()
    process = subprocess.Popen(line, env=given, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert f"http://0.0.0.0:{given['MOCK_SERVER_PORT']}" in process.stdout.readline()
        assert is_healthy()
    finally:
        process.terminate()
        process.communicate(timeout=GIVE_UP_S)
    assert process.returncode == 0


def free_port() -> str:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as found:
        return str(found.getsockname()[1])


# compose.yaml


def services() -> dict[str, Any]:
    """Its services; of the words of the Compose specification those that are used here, and no other."""
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    assert set(compose) == {"services", "volumes"}
    known = {
        "build", "image", "command", "environment", "ports", "depends_on", "read_only", "tmpfs", "cap_drop",
        "security_opt", "stop_grace_period", "restart", "volumes", "healthcheck",
    }  # fmt: skip
    found: dict[str, Any] = compose["services"]
    for name, service in found.items():
        assert set(service) <= known, name
        assert set(service.get("depends_on", {})) <= set(found)
        for volume in service.get("volumes", ()):
            assert volume.partition(":")[0] in compose["volumes"]
    return found


def test_the_mock_is_bound_to_this_machine_and_waits_for_its_store() -> None:
    mock, valkey = services()["mock"], services()["valkey"]
    assert mock["ports"] == [f"127.0.0.1:4010:{only('EXPOSE')}"]
    assert mock["depends_on"]["valkey"]["condition"] == "service_healthy"
    assert valkey["healthcheck"]["test"][0] == "CMD"
    assert "ports" not in valkey, "nobody but the mock reaches it"


def test_the_command_of_the_mock_is_one_that_serve_knows() -> None:
    mock = services()["mock"]
    name, *arguments = mock["command"]
    assert name == "serve"
    parsed = serve.make_context("serve", list(arguments), resilient_parsing=False)
    assert parsed.params["state"] == "redis://valkey:6379/0"
    assert parsed.params["workers"] == 2
    with pytest.raises(click.UsageError):
        serve.make_context("serve", [*arguments, "--no-such-option"])
    names = {f"MOCK_SERVER_{(each.name or '').upper()}" for each in serve.params}
    assert set(mock["environment"]) <= names


def test_the_mock_and_the_store_of_the_compose_file_work_together(tmp_path: Path) -> None:
    """The same commands on this machine: Valkey with its settings, the mock with its own."""
    mock, valkey = services()["mock"], services()["valkey"]
    program, *options = valkey["command"]
    assert program == "valkey-server"
    settings = {name.removeprefix("--"): value for name, value in zip(options[::2], options[1::2], strict=True)}
    with running_valkey(settings) as store:
        state = store.connection_url
        arguments = [each.replace("redis://valkey:6379/0", state) for each in mock["command"]]
        file = tmp_path / "ready"
        process = subprocess.Popen(
            [str(BIN / "mock-server"), *arguments, "--port", "0", "--ready-file", str(file)],
            stdout=subprocess.DEVNULL,
            env={**os.environ, "MOCK_SERVER_CONTROL_TOKEN": "token"},
        )
        try:
            until(file.exists)
            with urllib.request.urlopen(f"{file.read_text().strip()}/__mock/ready") as answer:
                assert json.load(answer)["status"] == "ready"
        finally:
            process.terminate()
            process.wait(GIVE_UP_S)
        assert process.returncode == 0
