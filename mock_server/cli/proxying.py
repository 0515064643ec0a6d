"""``serve --proxy``: the flags about the real API behind the mock, and whether there can be one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from mock_server.settings import PROXY_TIMEOUT_S, Settings

Command = TypeVar("Command", bound=Callable[..., Any])
EXIT_USAGE = 2
_HINT = "give the address of the API, as https://api.example.com/v1; a token goes into --proxy-header"


def headers_option(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """``'NAME: VALUE'`` as pairs."""
    pairs = []
    for value in values:
        name, colon, rest = value.partition(":")
        token = name.strip()
        if not colon or not token or not all(char.isalnum() or char in "!#$%&'*+-.^_`|~" for char in token):
            raise click.BadParameter("write it as 'NAME: VALUE'")
        if any(char in rest for char in "\r\n\0"):
            raise click.BadParameter("a header's value has no line breaks")
        pairs.append((token, rest.strip()))
    return tuple(pairs)


def upstream_options(command: Command, *more_names: str) -> Command:
    """What ``serve --proxy`` and ``record`` say alike; ``more_names`` are others for the header."""
    timeout = click.option(
        "--proxy-timeout",
        default=PROXY_TIMEOUT_S,
        show_default=True,
        type=click.FloatRange(0.1, 3600),
        metavar="SECONDS",
        help="Answer 504 when the real API takes longer.",
    )
    header = click.option(
        "--proxy-header",
        *more_names,
        "proxy_headers",
        multiple=True,
        callback=headers_option,
        metavar="'NAME: VALUE'",
        help="Send this to the real API in place of the client's; may be repeated.",
    )
    return header(timeout(command))


def proxy_options(command: Command) -> Command:
    """The flags of ``serve``; ``proxy_of`` reads what was given."""
    url = click.option(
        "--proxy", metavar="URL", help="Pass requests of which no fixture speaks on to the real API at URL."
    )
    return url(upstream_options(command))


def proxy_of(given: dict[str, Any], *, stateful: bool) -> dict[str, Any]:
    """The words of ``Settings`` for ``{"proxy": "https://…", "proxy_timeout": 30.0, "proxy_headers": ()}``."""
    if given["proxy"] and stateful:
        raise click.UsageError("--proxy and --stateful exclude one another: only one of the two can keep the resources")
    return {
        "proxy": given["proxy"],
        "proxy_timeout_s": given["proxy_timeout"],
        "proxy_headers": given["proxy_headers"],
    }


def refusal(settings: Settings) -> str | None:
    """Why what was given cannot be an upstream (MS495); one that is only away now may come back."""
    import asyncio

    from mock_server.web.upstream import BadUpstream, Upstream, UpstreamFailed

    assert settings.proxy is not None
    try:
        asyncio.run(Upstream(settings.proxy, settings.proxy_timeout_s).find())
    except BadUpstream as error:
        return f"error MS495: {error}\n      hint: {_HINT}"
    except UpstreamFailed as error:
        click.echo(f"warning MS493: {error}; requests for it are answered with 502 until it is there", err=True)
    return None
