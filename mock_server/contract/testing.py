"""The contract command as one function, for tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from mock_server.contract.model import Result
    from mock_server.contract.prove import Question
    from mock_server.record.secret import Secrets

Application = Callable[..., Any]
"""An ASGI application: ``async def app(scope, receive, send)``, or an object that is called so."""
Specs = str | os.PathLike[str]
MAX_SHOWN = 20


def assert_contract(
    target: str | Application | None = None,
    *,
    spec: Specs | Sequence[Specs] = (),
    fixtures: str | os.PathLike[str] | None = None,
    base_path: str = "",
    token: str | None = None,
    token_other: str | None = None,
    token_without_scope: str | None = None,
    token_unpaid: str | None = None,
    headers: Mapping[str, str] | None = None,
    consent: str = "visit",
    clock: str | None = None,
    profile: Literal["quick", "full"] = "quick",
    seed: int = 0,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    max_time: float | None = None,
    max_response_time: float | None = None,
    rate_limit: float | None = None,
    require_coverage: float | None = None,
    strict: bool = False,
) -> Result:
    """Make a contract run; what ``mock-server contract`` would find is the message of an ``AssertionError``.

    ``target`` is the URL of a deployment (``"http://127.0.0.1:4010/api"``), an ASGI application, which is served
    by a thread on a free port meanwhile (its operations below ``base_path``), or None for our own mock. ``spec``
    and ``fixtures`` say what is promised; without them it is the bundled document. The other arguments are the
    options of the command: times in seconds, ``rate_limit`` in requests a second. The seed is fixed, so that a
    test gives the same result every day.

    Returns the result: its ``coverage``, ``not_run``, and findings that did not count. Raises ``CannotRun`` when
    nothing could be tested (a wrong token, another API), ``Broken`` when the document or fixtures cannot be read.
    It blocks: an application of a running event loop is tested from ``asyncio.to_thread``.
    """
    from mock_server.contract.prove import Question
    from mock_server.contract.target import Tokens

    specs = (spec,) if isinstance(spec, str | os.PathLike) else tuple(spec)
    question = Question(
        specs=tuple(_source(each) for each in specs),
        fixtures=Path(fixtures) if fixtures is not None else None,
        tokens=Tokens(token, token_other, token_without_scope, token_unpaid),
        headers=tuple((headers or {}).items()),
        consent=consent,
        clock_url=clock,
        seed=seed,
        profile=profile,
        max_time_s=max_time,
        max_response_s=max_response_time,
        rate=rate_limit,
        only=tuple(only),
        skip=tuple(skip),
        strict=strict,
        require_coverage=require_coverage,
    )
    with _url(target, base_path) as url:
        return _asserted(question, url)


def _source(spec: Specs) -> Path | str:
    if isinstance(spec, str) and spec.lower().startswith(("http://", "https://")):
        return spec
    return Path(spec)


@contextmanager
def _url(target: str | Application | None, base_path: str) -> Iterator[str | None]:
    if target is None or isinstance(target, str):
        yield target
        return
    if not callable(target) or _is_wsgi(target):
        message = "an ASGI application or a URL is wanted; serve a WSGI application by its own server and give the URL"
        raise TypeError(message)
    from mock_server.contract.errors import CannotRun
    from mock_server.server.thread import NotStarted, in_thread

    try:
        with in_thread(target) as origin:
            yield origin + "/" + base_path.strip("/") if base_path.strip("/") else origin
    except NotStarted as error:
        hint = "start it by itself first; its own words stand in its log"
        raise CannotRun("MS534", f"the application does not start: {error}", hint) from None


def _is_wsgi(target: Application) -> bool:
    """Whether it takes ``(environ, start_response)``."""
    import inspect

    try:
        parameters = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    return len(positional) == 2


def _asserted(question: Question, url: str | None) -> Result:
    from dataclasses import replace

    from mock_server.contract.prove import prove

    kept: list[Secrets] = []
    result = prove(replace(question, url=url), watch=lambda secrets, _: kept.append(secrets))
    if result.interrupted:
        raise KeyboardInterrupt
    if result.counted:
        raise AssertionError(_message(result, kept[0]))
    return result


def _message(result: Result, secrets: Secrets) -> str:
    """The headline, each finding with the lines that show it again, and how to repeat the run."""
    from mock_server.contract.report.shown import plural, show
    from mock_server.contract.report.terminal import finding_lines, printable_lines

    shown = show(result, secrets)
    found = shown.of_group("finding")
    blocks = [shown.headline]
    blocks += [f"{number}. " + "\n".join(finding_lines(each)) for number, each in enumerate(found[:MAX_SHOWN], 1)]
    if len(found) > MAX_SHOWN:
        blocks.append(f"… and {plural(len(found) - MAX_SHOWN, 'finding')} more")
    return "\n\n".join(printable_lines(block) for block in blocks)
