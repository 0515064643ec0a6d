"""What a mock says that it serves, so that nobody has to tell it twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from mock_server.contract.client import Client
from mock_server.contract.model import Sent
from mock_server.contract.target import split_url

if TYPE_CHECKING:
    from mock_server.contract.prove import Question


def as_served(question: Question, deadline: float | None = None) -> Question:
    """The question with the document and the fixtures that a mock at ``url`` was started with.

    Only where neither was given, and both are files of this machine. Anything else that answers there is
    left to the probes, which know how to complain. Raises ``OutOfTime`` at the deadline (of ``time.monotonic``).
    """
    if question.url is None or question.specs or question.fixtures is not None:
        return question
    origin, _ = split_url(question.url)
    with Client(origin, headers=question.headers, deadline=deadline) as client:
        seen = client.send(Sent("GET", "/__mock/serving", (("Accept", "application/json"),), b"")).seen
    try:
        said = orjson.loads(seen.body) if seen.status == 200 else None
    except orjson.JSONDecodeError:
        return question
    if not isinstance(said, dict) or not isinstance(said.get("specs"), list):
        return question
    specs = tuple(Path(each) for each in said["specs"] if isinstance(each, str))
    fixtures = Path(said["fixtures"]) if isinstance(said.get("fixtures"), str) else None
    if len(specs) != len(said["specs"]) or not all(map(Path.is_file, specs)) or (fixtures and not fixtures.is_dir()):
        return question
    return replace(
        question,
        specs=specs,
        fixtures=fixtures,
        any_token=said.get("any_token") is True,
        formats=said.get("formats") is not False,
        strict_query=said.get("strict_query") is True,
    )
