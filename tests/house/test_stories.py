"""A test that tells its story in a function of its own must also run it."""

from __future__ import annotations

import ast

from tests.support import ROOT


def test_every_story_is_run() -> None:
    forgotten = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for test in ast.parse(path.read_text()).body:
            if isinstance(test, ast.FunctionDef) and test.name.startswith("test_"):
                told = {node.name for node in test.body if isinstance(node, ast.AsyncFunctionDef)}
                run = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
                forgotten += [f"{path.name}::{test.name}" for _ in told - run]
    assert not forgotten
