"""A ledger knows what was read, and waiting ends when any of it changes, whatever the system reports."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mock_server.errors import Broken
from mock_server.source import Folder, Ledger, open_root, read_source, watch
from mock_server.source.watch import wait_for_change

GIVE_UP_S = 30


def waits(ledger: Ledger, change: Callable[[], Any]) -> bool:
    """Whether waiting ends after the change, and not before."""
    stop = threading.Event()
    ended: list[bool] = []
    thread = threading.Thread(target=lambda: ended.append(wait_for_change(ledger, stop)), daemon=True)
    thread.start()
    thread.join(0.15)
    assert not ended, "nothing has changed yet"
    change()
    thread.join(GIVE_UP_S)
    stop.set()
    return ended == [True]


@pytest.fixture(params=["reported", "polled", "refused"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system reports changes; there are too many folders for that; it refuses."""
    if request.param == "polled":
        monkeypatch.setattr(watch, "MAX_DIRECTORIES", 0)
    elif request.param == "refused":
        monkeypatch.setattr(Ledger, "directories", lambda self: [Path("/no/such/folder")])


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """``fixtures/a.yaml`` and a document with a file beside were read."""
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures/a.yaml").write_text("a: 1")
    (tmp_path / "api.yaml").write_text("a: 1")
    made = Ledger()
    with made.open():
        for path in Folder(tmp_path / "fixtures").yaml_files():
            read_source(path)
        _, uri, library = open_root(tmp_path / "api.yaml")
        with pytest.raises(Broken):
            library.open(uri.replace("api.yaml", "missing.yaml"))
    return made


CHANGES: dict[str, Callable[[Path], Any]] = {
    "written": lambda folder: (folder / "fixtures/a.yaml").write_text("a: 2"),
    "deleted": lambda folder: (folder / "fixtures/a.yaml").unlink(),
    "added": lambda folder: (folder / "fixtures/b.yaml").write_text("b: 1"),
    "appeared": lambda folder: (folder / "missing.yaml").write_text("b: 1"),
    "moved": lambda folder: (folder / "fixtures").rename(folder / "elsewhere"),
}


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("change", CHANGES)
def test_waiting_ends_when_what_was_read_changes(ledger: Ledger, tmp_path: Path, change: str) -> None:
    assert waits(ledger, lambda: CHANGES[change](tmp_path))


def test_what_nobody_reads_is_no_change(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "fixtures/.a.yaml.swp").write_text("a: 3")
    (tmp_path / "fixtures/notes.txt").write_text("a: 3")
    (tmp_path / "fixtures/.git").mkdir()
    (tmp_path / "fixtures/.git/b.yaml").write_text("a: 3")
    assert not ledger.changed()


def test_waiting_ends_when_it_is_told_to(ledger: Ledger) -> None:
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    assert not wait_for_change(ledger, stop)


def test_a_file_that_changed_after_it_was_read_is_changed_however_early(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1")
    ledger = Ledger()
    with ledger.open():
        read_source(path)
        path.write_text("a: 22")
        read_source(path)
    assert ledger.changed(), "who read it first made something of what it was then"


def test_a_folder_without_the_link_that_led_to_it_is_changed(tmp_path: Path) -> None:
    """As Kubernetes replaces a mounted ConfigMap: ``..data`` comes to lead to another folder."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "api.yaml").write_text(f"a: {name}")
    link = tmp_path / "data"
    link.symlink_to("one")
    ledger = Ledger()
    with ledger.open():
        read_source(link / "api.yaml")
    assert not ledger.changed()
    link.unlink()
    link.symlink_to("two")
    assert ledger.changed()
