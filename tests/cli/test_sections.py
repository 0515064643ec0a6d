"""Every option of the two large commands stands under a heading of their help."""

from __future__ import annotations

import click
import pytest

from mock_server.cli.contract import command as contract
from mock_server.cli.sections import Sectioned
from mock_server.cli.serve import command as serve

PLAIN = {"--control-token", "--log-format", "--quiet", "--help"}
"""What may stand under *More*."""


@pytest.mark.parametrize("command", [serve, contract], ids=["serve", "contract"])
def test_every_option_stands_under_a_heading_once(command: click.Command) -> None:
    assert isinstance(command, Sectioned)
    named = [flag for flags in command.sections.values() for flag in flags]
    assert len(set(named)) == len(named)
    flags = {each.opts[0] for each in command.params if isinstance(each, click.Option)}
    assert set(named) <= flags
    assert flags - set(named) <= PLAIN


def test_the_help_shows_the_headings_and_all_options() -> None:
    assert isinstance(serve, Sectioned)
    text = serve.get_help(click.Context(serve, info_name="serve"))
    places = [text.index(f"\n{heading}:\n") for heading in (*serve.sections, "More")]
    assert places == sorted(places)
    assert all(each.opts[0] in text for each in serve.params if isinstance(each, click.Option))
