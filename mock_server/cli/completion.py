"""``mock-server completion``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, get_completion_class

if TYPE_CHECKING:
    from mock_server.world import World

    Names = Callable[[World], list[tuple[str, str]]]
    """Each name with what it is."""

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_MOCK_SERVER_COMPLETE"
"""How the shell's script asks us; click makes the name of the program's."""


@click.command("completion", short_help="Print a script that completes our commands in a shell.")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print a script for bash, zsh or fish that completes commands, options, and names out of the document.

    \b
    bash:  echo 'eval "$(mock-server completion bash)"' >> ~/.bashrc
    zsh:   echo 'eval "$(mock-server completion zsh)"' >> ~/.zshrc
    fish:  mock-server completion fish > ~/.config/fish/completions/mock-server.fish
    """
    from mock_server.cli import group

    found = get_completion_class(shell)
    assert found is not None, "click has all three"
    click.echo(found(group, {}, "mock-server", VARIABLE).source())


def of_requests(context: click.Context, option: click.Parameter, begun: str) -> list[CompletionItem]:
    """Paths and operationIds: what a request may be called without a blank."""

    def names(world: World) -> list[tuple[str, str]]:
        operations = world.operations.values()
        paths = [(each.path, each.key) for each in operations]
        return paths + [(each.operation_id, each.key) for each in operations if each.operation_id]

    return _named(context, begun, names)


def of_responses(context: click.Context, option: click.Parameter, begun: str) -> list[CompletionItem]:
    """The names of all answers."""

    def names(world: World) -> list[tuple[str, str]]:
        return [
            (name, f"{status} of {key}")
            for key, plan in world.plans.items()
            for name, status in plan.responses.statuses().items()
        ]

    return _named(context, begun, names)


def of_scenarios(context: click.Context, option: click.Parameter, begun: str) -> list[CompletionItem]:

    def names(world: World) -> list[tuple[str, str]]:
        return [(each.name, each.description) for each in world.fixtures.scenarios.values()]

    return _named(context, begun, names)


def _named(context: click.Context, begun: str, names: Names) -> list[CompletionItem]:
    """Of the document and fixtures that the line names so far. Files that cannot be served complete nothing."""
    from mock_server.errors import Broken
    from mock_server.settings import Settings
    from mock_server.world import build_world

    try:
        world = build_world(Settings(specs=context.params.get("specs") or (), fixtures=context.params.get("fixtures")))
    except Broken:
        return []
    found = {name: help_ for name, help_ in reversed(names(world)) if name.startswith(begun)}
    return [CompletionItem(name, help=found[name]) for name in sorted(found)]
