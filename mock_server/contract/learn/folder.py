"""From what was observed to a folder of fixtures: decided, tried out, and then put in place whole."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from pathlib import Path
from typing import Any

from mock_server.contract.errors import CannotRun
from mock_server.contract.learn.decide import Decided, decide
from mock_server.contract.learn.rewrite import rewrite
from mock_server.contract.model import Learnt
from mock_server.contract.profile import place_of
from mock_server.contract.run import Run
from mock_server.errors import Broken
from mock_server.settings import Settings
from mock_server.source import Folder, load, read_bytes, read_source
from mock_server.source.emit import emit
from mock_server.source.write import write_all
from mock_server.spec.operations import Operation
from mock_server.world import build_world, bundled


def check_destination(folder: Path, settings: Settings) -> None:
    """Before a run that takes minutes. Raises ``CannotRun`` (MS530)."""
    origin = fixtures_folder(settings)
    if origin is None:
        hint = "write them first: mock-server scaffold SPEC DIR, and give --fixtures DIR"
        raise CannotRun("MS530", "without fixtures nothing is assumed, so there is nothing to learn", hint)
    if folder.exists() and not folder.is_dir():
        raise CannotRun("MS530", f"{folder} is no folder", "give --learn a folder that does not exist yet")
    if settings.fixtures and folder.exists() and folder.samefile(settings.fixtures):
        return
    if folder.is_dir() and any(folder.iterdir()):
        hint = "give a new folder, or --fixtures and --learn the same one to change it in place"
        raise CannotRun("MS530", f"{folder} is not empty", hint)
    if folder.resolve().is_relative_to(origin.resolve()):
        raise CannotRun("MS530", f"{folder} lies in the fixtures that are read", "give a folder beside them")


def fixtures_folder(settings: Settings) -> Path | None:
    """The one that is read: what was given, else the bundled one for the bundled document."""
    return settings.fixtures or (None if settings.specs else bundled("fixtures"))


def learnt(run: Run, folder: Path, settings: Settings) -> Learnt:
    """As ``learn``; what went wrong is told in its hints, and takes nothing away from the run that was made."""
    try:
        return learn(run, folder, settings)
    except CannotRun as error:
        return Learnt("", (), (), (str(error),), "")


def learn(run: Run, folder: Path, settings: Settings) -> Learnt:
    """Write what was observed. Nothing is written when it could not be served. Raises ``CannotRun`` (MS530)."""
    origin = fixtures_folder(settings)
    assert origin is not None
    files = {path.relative_to(origin).as_posix(): read_bytes(path) for path in _all_files(origin)}
    changed: dict[str, bytes] = {}
    changes, kept, hints, diff = [], [], [], []
    for operation in run.contract.operations:
        decided = _decided(run, operation)
        if decided is None:
            continue
        kept += [f"{operation.key}: {why}" for why in decided.kept]
        name = _file_of(origin, operation) if decided.respond else None
        if name is None:
            continue
        before = files[name].decode("utf-8-sig")
        made = rewrite(before, decided)
        if made.text == before:
            continue
        changed[name] = made.text.encode()
        diff += list(
            unified_diff(before.splitlines(), made.text.splitlines(), f"a/{name}", f"b/{name}", lineterm="", n=1)
        )
        changes += list(_told(run, operation, decided))
        hints += list(_undocumented(operation, decided))
        if not made.comments_kept:
            hints.append(f"{name} is written in a way that cannot be changed line by line: its comments are lost")
    _try_out({**files, **changed}, settings)
    in_place = folder.exists() and folder.samefile(origin)
    try:
        write_all(folder, changed if in_place else {**files, **changed}, force=in_place)
    except Broken as broken:
        raise CannotRun("MS530", broken.problems[0].message, "give --learn another folder") from None
    scrub = run.secrets.scrub
    return Learnt(str(folder), tuple(changes), tuple(kept), tuple(hints), scrub("\n".join(diff)))


def _decided(run: Run, operation: Operation) -> Decided | None:
    fixture = run.contract.fixtures.operations.get(operation.key)
    seen = [each for each in run.observations if each.operation == operation.key]
    return decide(run, operation, fixture, seen) if fixture and seen else None


def _all_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield Folder(folder).inside(path.absolute())


def _file_of(folder: Path, operation: Operation) -> str | None:
    for path in Folder(folder).yaml_files():
        data = load(read_source(path)).data
        if isinstance(data, dict) and data.get("operation") in (operation.key, operation.operation_id or operation.key):
            return path.relative_to(folder).as_posix()
    return None


def _told(run: Run, operation: Operation, decided: Decided) -> Iterator[str]:
    """``POST /oauth2/credentials: pending is 409, was 402 (collected before anybody consented)``."""
    old = run.contract.fixtures.operations[operation.key].responses
    for each in decided.respond:
        before = old.get(each.like or each.name)
        was = f", was {before.status}" if before and before.status != each.answer.status else ""
        yield f"{operation.key}: {each.name} is {each.answer.status}{was} ({each.reason})"


def _undocumented(operation: Operation, decided: Decided) -> Iterator[str]:
    """A status that the document does not have: what to add to it, and where."""
    for status in dict.fromkeys(each.answer.status for each in decided.respond):
        if operation.documented(status) is not None or not operation.responses:
            continue
        reason = next(each.reason for each in decided.respond if each.answer.status == status)
        entry: dict[str, Any] = {"description": f"{reason[:1].upper()}{reason[1:]}.", **_content(operation)}
        snippet = f'        "{status}":\n{emit(entry, 10).rstrip()}'
        where = place_of(operation, "responses").partition(" ")[0]
        yield f"{operation.key} answers {status}, which is not documented; add below {where}:\n{snippet}"


def _content(operation: Operation) -> Mapping[str, Any]:
    """The content of another error of the operation, when that is a reference to a schema."""
    for status, entry in operation.responses.items():
        node, _ = operation.document.at(entry.pointer, entry.pointer, "#")
        for name, media in (node.get("content") or {}).items() if status[:1] in ("4", "d") else ():
            schema = media.get("schema") if isinstance(media, dict) else None
            if isinstance(schema, dict) and schema.keys() == {"$ref"}:
                return {"content": {name: {"schema": dict(schema)}}}
    return {}


def _try_out(files: Mapping[str, bytes], settings: Settings) -> None:
    """What is written must be servable."""
    with tempfile.TemporaryDirectory(prefix="mock-server-learn-") as scratch:
        folder = Path(scratch) / "fixtures"
        write_all(folder, files)
        given = Settings(specs=settings.specs, fixtures=folder, allow_remote=settings.allow_remote)
        if not settings.specs:
            given = Settings(specs=(bundled("openapi.yaml"),), fixtures=folder, allow_remote=settings.allow_remote)
        try:
            build_world(given)
        except Broken as broken:
            error = next(each for each in broken.problems if each.severity == "error")
            hint = "what was observed does not fit the document; nothing was written"
            raise CannotRun("MS530", f"{error.code}: {error.message}", hint) from None
