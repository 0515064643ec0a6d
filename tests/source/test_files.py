"""Reading files: bounded, in UTF-8, and inside their folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from mock_server.errors import Broken, Place, Problem
from mock_server.source import Folder, Source, read_bytes, read_source


def fault_of_source(path: Path) -> Problem:
    with pytest.raises(Broken) as caught:
        read_source(path, "shown.yaml")
    return caught.value.problems[0]


def fault_inside(folder: Path, name: str) -> Problem:
    with pytest.raises(Broken) as caught:
        Folder(folder).inside(name)
    return caught.value.problems[0]


def test_a_text_is_read_as_utf_8_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: \xc3\xa4")
    assert read_source(path).text == "name: ä"


@pytest.mark.parametrize(
    "data, line, column, byte",
    [(b"\xff", 1, 1, "ff"), (b"a: 1\nb: \xe4\n", 2, 4, "e4"), (b"a\r\n\r\n  \x80", 3, 3, "80")],
)
def test_a_file_that_is_not_utf_8_says_which_byte_and_where(
    tmp_path: Path, data: bytes, line: int, column: int, byte: str
) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(data)
    problem = fault_of_source(path)
    assert (problem.code, problem.message) == ("MS102", f"the file is not UTF-8: byte 0x{byte}")
    assert problem.place == Place("shown.yaml", line, column)
    assert problem.hint == "save it as UTF-8"


def test_a_missing_file_is_named_with_the_reason(tmp_path: Path) -> None:
    problem = fault_of_source(tmp_path / "nope.yaml")
    assert (problem.code, problem.message) == (
        "MS101",
        f"cannot read {tmp_path / 'nope.yaml'}: No such file or directory",
    )
    assert problem.hint == "check the path and its rights"


def test_a_folder_in_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    assert fault_of_source(tmp_path).message == f"cannot read {tmp_path}: Is a directory"


def test_a_file_larger_than_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 11)
    assert read_bytes(path, 11) == b"x" * 11
    with pytest.raises(Broken) as caught:
        read_bytes(path, 10)
    assert caught.value.problems == [Problem("MS105", f"{path} is larger than 10 bytes")]


def test_a_source_is_shown_as_a_person_in_the_working_folder_would_type_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "a.yaml").write_text("a")
    (tmp_path / "b.yaml").write_text("b")
    monkeypatch.chdir(tmp_path / "here")
    assert read_source(tmp_path / "here" / "a.yaml").path == "a.yaml"
    assert read_source(tmp_path / "b.yaml").path == str(tmp_path / "b.yaml")


def test_a_folder_lists_its_yaml_files_sorted_and_nothing_else(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "deep/er/c.yaml", "d.json", "README.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (tmp_path / "folder.yaml").mkdir()
    found = Folder(tmp_path).yaml_files()
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["a.yml", "b.yaml", "deep/er/c.yaml"]


@pytest.mark.parametrize("name", ["nope", "file"])
def test_a_folder_that_is_none_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Broken) as caught:
        Folder(tmp_path / name).yaml_files()
    (problem,) = caught.value.problems
    assert (problem.code, problem.message) == ("MS101", f"{tmp_path / name} is not a folder")


@pytest.mark.parametrize("name", ["a.json", "deep/a.json", "deep/../a.json", "./a.json", "link-inside"])
def test_a_name_inside_the_folder_is_found(tmp_path: Path, name: str) -> None:
    (tmp_path / "link-inside").symlink_to(tmp_path / "a.json")
    assert Folder(tmp_path).inside(name).is_relative_to(tmp_path.resolve())


@pytest.mark.parametrize("name", ["../x", "deep/../../x", "/etc/passwd", "link-out", "folder-out/x"])
def test_a_name_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "fixtures"
    folder.mkdir()
    (tmp_path / "secret").write_text("x")
    (folder / "link-out").symlink_to(tmp_path / "secret")
    (folder / "folder-out").symlink_to(tmp_path)
    problem = fault_inside(folder, name)
    assert (problem.code, problem.message) == ("MS106", f"{name!r} leads outside {folder}")
    assert problem.hint == "keep it in the folder"


def test_a_folder_beside_it_with_a_longer_name_is_outside(tmp_path: Path) -> None:
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures-secret").mkdir()
    assert fault_inside(tmp_path / "fixtures", "../fixtures-secret/x").code == "MS106"


def test_a_name_with_a_nul_is_refused(tmp_path: Path) -> None:
    assert fault_inside(tmp_path, "a\0b").code == "MS101"


def test_a_link_that_leads_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(Broken) as caught:
        read_bytes(Folder(tmp_path).inside("loop"))
    assert caught.value.problems[0].code == "MS101"


@pytest.mark.parametrize("text", ["a\nb", "a\nb\n", "\n\n", "", "a\r\nb\rc\u2028d\n", "ä\nb\x85c", "x" * 300 + "\n"])
def test_the_excerpt_of_a_place_is_its_line(text: str) -> None:
    lines = text.splitlines()
    for number in range(-1, len(lines) + 3):
        wanted = lines[number - 1] if 0 < number <= len(lines) else ""
        assert Source("a", text).place(number, 1) == Place("a", number, 1, wanted[:200])
