"""What Hypothesis works out once is kept in the user's cache, or where the user says."""

from __future__ import annotations

from pathlib import Path

import pytest

from mock_server.contract.fuzz.process import fuzzing_environment
from mock_server.contract.tables import hypothesis_folder


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"HYPOTHESIS_STORAGE_DIRECTORY": "/given", "XDG_CACHE_HOME": "/cache"}, "/given"),
        ({"XDG_CACHE_HOME": "/cache", "HOME": "/home/me"}, "/cache/mock-server/hypothesis"),
        ({"HOME": "/home/me"}, "/home/me/.cache/mock-server/hypothesis"),
    ],
)
def test_it_is_where_the_user_says_or_in_the_users_cache(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], folder: str
) -> None:
    for name in ("HYPOTHESIS_STORAGE_DIRECTORY", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert hypothesis_folder() == Path(folder)
    assert fuzzing_environment()["HYPOTHESIS_STORAGE_DIRECTORY"] == folder


def test_the_fuzzing_runs_elsewhere_and_finds_a_folder_that_was_given_from_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HYPOTHESIS_STORAGE_DIRECTORY", "kept")
    assert fuzzing_environment()["HYPOTHESIS_STORAGE_DIRECTORY"] == str(Path.cwd() / "kept")


def test_without_a_home_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("HYPOTHESIS_STORAGE_DIRECTORY", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nobody)
    assert hypothesis_folder() is None
    assert "HYPOTHESIS_STORAGE_DIRECTORY" not in fuzzing_environment()
