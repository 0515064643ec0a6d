"""Writing a set of files: all of them, or none."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from mock_server.errors import Broken, Problem

MAX_LISTED = 20


def write_all(folder: Path, files: Mapping[str, bytes], *, force: bool = False) -> None:
    """Write every file below ``folder``, which is made if need be. The names are relative, with ``/``.

    Raises ``Broken``: MS328 when one of them is there already and ``force`` is not given, MS101 when
    writing fails. Nothing is changed then.
    """
    targets = {folder / name: data for name, data in files.items()}
    there = [target for target in targets if target.exists() or target.is_symlink()]
    if there and not force:
        listed = "".join(f"\n        {target}" for target in there[:MAX_LISTED])
        more = f"\n        and {len(there) - MAX_LISTED} more" if len(there) > MAX_LISTED else ""
        message = f"{len(there)} of {len(targets)} files are there already; nothing was written:{listed}{more}"
        raise Broken([Problem("MS328", message, hint="give another folder, or --force to overwrite them")])
    try:
        _write(folder, targets)
    except OSError as error:
        reason = f"{error.strerror or error}: {error.filename}" if error.filename else str(error)
        message = f"cannot write into {folder}: {reason}; nothing was written"
        raise Broken([Problem("MS101", message, hint="check the path and its rights")]) from None


def _write(folder: Path, targets: Mapping[Path, bytes]) -> None:
    """Everything is written beside first, where a full disk hurts nobody, and then put in place."""
    made: list[Path] = []
    try:
        _make_folder(folder, made)
        stage = Path(tempfile.mkdtemp(prefix=".scaffold-", dir=folder))
        try:
            for number, data in enumerate(targets.values()):
                (stage / str(number)).write_bytes(data)
            _put_in_place(stage, list(targets), made)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    except BaseException:
        for path in reversed(made):
            with suppress(OSError):  # somebody else put something in: it stays
                path.rmdir()
        raise


def _put_in_place(stage: Path, targets: list[Path], made: list[Path]) -> None:
    placed: list[tuple[Path, Path | None]] = []
    try:
        for number, target in enumerate(targets):
            _make_folder(target.parent, made)
            before = stage / f"{number}.before" if target.exists() or target.is_symlink() else None
            if before:
                os.replace(target, before)
            placed.append((target, before))
            os.replace(stage / str(number), target)
    except BaseException:
        for target, before in reversed(placed):
            target.unlink(missing_ok=True)
            if before:
                os.replace(before, target)
        raise


def _make_folder(folder: Path, made: list[Path]) -> None:
    """The folder and those above it that are missing, each noted in ``made``."""
    if folder.is_dir():
        return
    _make_folder(folder.parent, made)
    folder.mkdir()
    made.append(folder)
