"""All files are written, or none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mock_server.errors import Broken
from mock_server.source.write import write_all

FILES = {"a.yaml": b"a", "sub/b.yaml": b"b", "sub/deep/c.yaml": b"c"}


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_files_are_written_into_folders_that_are_made(tmp_path: Path) -> None:
    write_all(tmp_path / "new" / "folder", FILES)
    assert tree(tmp_path / "new" / "folder") == FILES
    assert sorted(os.listdir(tmp_path / "new" / "folder")) == ["a.yaml", "sub"], "nothing is left beside them"


def test_a_file_that_is_there_is_not_overwritten_and_nothing_else_is_written(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.yaml").write_bytes(b"mine")
    with pytest.raises(Broken) as broken:
        write_all(tmp_path, FILES)
    (problem,) = broken.value.problems
    assert problem.code == "MS328"
    assert problem.message == (
        f"1 of 3 files are there already; nothing was written:\n        {tmp_path / 'sub' / 'b.yaml'}"
    )
    assert problem.hint == "give another folder, or --force to overwrite them"
    assert tree(tmp_path) == {"sub/b.yaml": b"mine"}


def test_force_overwrites_and_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"mine")
    (tmp_path / "other.yaml").write_bytes(b"mine too")
    write_all(tmp_path, FILES, force=True)
    assert tree(tmp_path) == {**FILES, "other.yaml": b"mine too"}


@pytest.mark.parametrize("failing", [1, 2, 3, 4])
def test_when_writing_fails_everything_is_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """The fault is the disk's: the call that puts a file in place fails the n-th time."""
    (tmp_path / "a.yaml").write_bytes(b"mine")
    calls = iter(range(1, 100))
    real = os.replace

    def replace(source: Path, target: Path) -> None:
        if next(calls) == failing:
            raise OSError(28, "No space left on device", str(target))
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(Broken, match="nothing was written") as broken:
        write_all(tmp_path, FILES, force=True)
    assert broken.value.problems[0].code == "MS101"
    assert tree(tmp_path) == {"a.yaml": b"mine"}
    assert os.listdir(tmp_path) == ["a.yaml"]


@pytest.mark.parametrize("name", ["a.yaml", "a.yaml/b"])
def test_a_folder_that_is_a_file_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.yaml").write_bytes(b"mine")
    with pytest.raises(Broken, match="cannot write into"):
        write_all(tmp_path / name, {"x": b""})
    assert tree(tmp_path) == {"a.yaml": b"mine"}
