"""What a test says that was asked, in the words of ``POST /__mock/verify``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mock_server.testing.wishes import Misused

Claim = dict[str, Any]


def claim(
    operation: str | None,
    *,
    status: int | str | None = None,
    where: Mapping[str, Any] | None = None,
    response: str | None = None,
    times: int | None = None,
    at_least: int | None = None,
    at_most: int | None = None,
) -> Claim:
    """``{"operation": "POST /oauth2", "where": {…}, "times": {"exactly": 1}}``. Raises ``Misused``."""
    if times is not None and (at_least is not None or at_most is not None):
        raise Misused("say `times`, or `at_least` and `at_most`")
    said: Claim = {}
    if operation is not None:
        said["operation"] = operation
    if status is not None:
        said["status"] = str(status)
    if where:
        said["where"] = dict(where)
    if response is not None:
        said["response"] = response
    bounds = {"exactly": times, "at_least": at_least, "at_most": at_most}
    said["times"] = {word: number for word, number in bounds.items() if number is not None} or {"at_least": 1}
    return said


def of_order(patterns: Sequence[str | Mapping[str, Any]]) -> Claim:
    """``{"in_order": [{"operation": "POST /oauth2"}, …]}``."""
    return {"in_order": [{"operation": each} if isinstance(each, str) else dict(each) for each in patterns]}
