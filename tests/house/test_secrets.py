"""A secret is compared in constant time (``same``, ``hmac.compare_digest``), nowhere with ``==``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.test_layers import FILES, name

SECRETS = frozenset((
    "token", "control_token", "access_token", "pull_id", "state_ticket", "page_ticket", "ticket", "code", "secret",
    "client_secret", "code_verifier", "code_challenge", "verifier", "challenge", "password",
))  # fmt: skip
ROOMS = ("handshake", "web", "core", "state")
NO_SECRETS = {("core/wanted.py", "code")}
"""Called like a secret, and none: the status of ``Prefer: code=``."""


def compared(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every ``==`` and ``!=`` with a name on one side that says that it is a secret."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare) or not any(isinstance(each, ast.Eq | ast.NotEq) for each in node.ops):
            continue
        sides = [node.left, *node.comparators]
        if any(isinstance(side, ast.Constant) for side in sides):
            continue  # with a word of ours, such as an OAuth2 error's code
        for side in sides:
            found = side.attr if isinstance(side, ast.Attribute) else side.id if isinstance(side, ast.Name) else ""
            if found in SECRETS:
                yield node.lineno, found


@pytest.mark.parametrize("path", [file for file in FILES if name(file).startswith(ROOMS)], ids=name)
def test_no_secret_is_compared_in_a_time_that_tells_how_much_of_it_is_right(path: Path) -> None:
    found = [each for each in compared(ast.parse(path.read_text())) if (name(path), each[1]) not in NO_SECRETS]
    assert found == []


def test_the_test_sees_what_it_is_for() -> None:
    bad = "if given == handshake.pull_id or token != wanted: ..."
    assert [found for _, found in compared(ast.parse(bad))] == ["pull_id", "token"]


def test_secrets_are_compared_by_the_standard_library() -> None:
    callers = [name(path) for path in FILES if "compare_digest(" in path.read_text()]
    assert {"handshake/ticket.py", "web/guard.py"} <= set(callers)
