"""Where pages come from: from the package as it was when the first of them was asked for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mock_server.web import pages
from mock_server.web.console import assets
from tests.support import start

HTML = {"Accept": "text/html"}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package's files in a folder that may be changed."""
    for room, name in ((pages, "templates"), (assets, "static")):
        shutil.copytree(room._FOLDER, tmp_path / name)
        monkeypatch.setattr(room, "_FOLDER", tmp_path / name)
    caches = pages._templates, assets._contents, assets.mark
    for each in caches:
        each.cache_clear()
    yield tmp_path
    for each in caches:
        each.cache_clear()


@pytest.mark.parametrize("change", ["replaced", "gone"])
def test_a_package_that_is_replaced_under_a_running_server_breaks_no_page(
    client: TestClient, installed: Path, change: str
) -> None:
    """As ``pip install --upgrade`` does: the templates of another version do not fit what this one gives to them."""
    asked = start(client)
    assert client.get("/__mock/", headers=HTML).status_code == 200
    for path in installed.rglob("*.*"):
        if change == "gone":
            path.unlink()
        else:
            path.write_text("{{ another.version }}")
    rooms = ("lint", "operations", "sessions", "reference", "provenance")
    for page in ("/", asked["auth_uri"], "/__mock/", *(f"/__mock/console/{room}" for room in rooms)):
        answer = client.get(page, headers=HTML)
        assert answer.status_code == 200, (page, answer.text)
    files = [word.split('"')[0] for word in client.get("/__mock/", headers=HTML).text.split('src="')[1:]]
    assert files
    assert {client.get(file).status_code for file in files} == {200}
