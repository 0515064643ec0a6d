"""The house rules of DESIGN.md, held by tests: layers, purity, sizes, who may import what."""

from __future__ import annotations

import ast
import gc
import importlib
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.support import ROOT

PACKAGE = ROOT / "mock_server"
MAX_LINES = 400
PURE = ("journal", "core", "handshake", "spec", "fixture", "codec")
IMPURE_MODULES = {
    "starlette", "uvicorn", "httptools", "asyncio", "socket", "time", "random", "secrets", "os", "threading",
    "subprocess",
}  # fmt: skip
READERS_OF_FILES = {"pathlib", "io", "tempfile", "shutil", "importlib"}
MAY_NAME_FILES = {
    "fixture/read.py": {"pathlib"},  # takes the folder; mock_server.source reads it
    "spec/metaschema.py": {"pathlib", "importlib"},  # finds the installed meta-schemas
}
ONLY_IMPORTER: dict[str, str | tuple[str, ...]] = {
    "jsonschema_rs": "spec/schema.py",
    "yaml": "source/tree.py",
    "jinja2": ("web/pages.py", "contract/report/html.py"),
    "uvicorn": "server/",
    "httptools": "server/",
    "h11": ("web/caller.py", "web/upstream.py"),
    "starlette": "web/",
    "click": "cli/",
    "schemathesis": "contract/",
    "rich": "contract/report/live.py",
    "redis": "state/connection.py",
    "watchfiles": "source/watch.py",
}
BANNED_NAMES = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}

FILES = sorted(PACKAGE.rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """A file, taken apart once for all that ask."""
    return ast.parse(path.read_text())


@cache
def imported(path: Path) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """Every import of a file, wherever in it."""
    return tuple(node for node in ast.walk(tree(path)) if isinstance(node, ast.Import | ast.ImportFrom))


@cache
def roots(path: Path) -> frozenset[str]:
    """The packages that a file imports of."""
    found: set[str] = set()
    for node in imported(path):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif node.module and node.level == 0:
            found.add(node.module)
    return frozenset(module.partition(".")[0] for module in found)


def names_from(path: Path, module: str) -> set[str]:
    """The names that a file imports out of a module."""
    found = [node for node in imported(path) if isinstance(node, ast.ImportFrom)]
    return {alias.name for node in found if node.module == module for alias in node.names}


def test_an_import_only_points_down() -> None:
    """The layers themselves are written in pyproject.toml, where import-linter reads them."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_something_to_look_at() -> None:
    """The tests below name every file that breaks their rule: of none they would say nothing."""
    assert len(FILES) > 300
    assert {name(path).partition("/")[0] for path in FILES} >= {*PURE}


def test_the_pure_rooms_know_no_clock_chance_or_socket() -> None:
    pure = [path for path in FILES if name(path).startswith(PURE)]
    known = {name(path): roots(path) & IMPURE_MODULES for path in pure}
    assert {file: modules for file, modules in known.items() if modules} == {}
    read = {name(path): roots(path) & READERS_OF_FILES - MAY_NAME_FILES.get(name(path), set()) for path in pure}
    assert {file: modules for file, modules in read.items() if modules} == {}


@pytest.mark.parametrize("library", ONLY_IMPORTER)
def test_a_library_has_one_importer(library: str) -> None:
    importers = {name(path) for path in FILES if library in roots(path)}
    assert importers, "a library that nobody imports any more"
    assert all(importer.startswith(ONLY_IMPORTER[library]) for importer in importers), importers


def test_a_file_is_short_and_named_for_what_it_is() -> None:
    assert [name(path) for path in FILES if len(path.read_text().splitlines()) > MAX_LINES] == []
    assert [name(path) for path in FILES if path.stem in BANNED_NAMES] == []


def test_every_module_says_what_it_is_for() -> None:
    assert [name(path) for path in FILES if not ast.get_docstring(tree(path))] == []


def test_what_has_fields_writes_their_types_as_text() -> None:
    """mock_server.named and mock_server.value read nothing else, and later Pythons would give them something else."""
    texts = {name(path): path.read_text() for path in FILES}
    have_fields = {file for file, text in texts.items() if "(NamedTuple)" in text or "@dataclass" in text}
    assert not {file for file in have_fields if "from __future__ import annotations" not in texts[file]}


def test_named_tuples_and_dataclasses_are_the_cheap_ones_where_a_start_meets_them() -> None:
    """What typing makes takes ten times as long to define (mock_server/named.py), and a start defines seventy."""
    assert not [name(path) for path in FILES if path.stem != "named" and "NamedTuple" in names_from(path, "typing")]


@pytest.mark.parametrize("module", ["mock_server", "mock_server.cli", "mock_server.world", "mock_server.server.run"])
def test_serving_imports_nothing_heavy(module: str) -> None:
    """Schemathesis, Jinja2, rich and the OAS validator's package are imported by the command that needs them,
    Starlette's applications with the first page."""
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {
        "schemathesis",
        "jinja2",
        "rich",
        "openapi_spec_validator",
        "pydantic",
        "requests",
        "sqlite3",
        "redis",
        "starlette.requests",
    } & set(loaded)


def test_every_expression_that_is_compiled_later_can_be() -> None:
    """Whoever is the first to use one must not be the one to learn that it is none."""
    for path in FILES:
        if "import regex" in path.read_text():
            importlib.import_module(".".join(("mock_server", *path.relative_to(PACKAGE).with_suffix("").parts)))
    gc.unfreeze()  # of the tests' conftest.py
    found = [each for each in gc.get_objects() if type(each).__module__ == "mock_server.later"]
    assert len(found) > 80
    assert all(each.flags >= 0 for each in found)
    gc.freeze()
