"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


def sources(function: Function) -> Function:
    """``[SPEC…] [--fixtures DIR]``; without a SPEC the bundled document and fixtures."""
    spec = click.argument("specs", nargs=-1, metavar="[SPEC]...", type=click.Path(path_type=Path))
    fixtures = click.option(
        "--fixtures",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Folder of fixtures that refine the document.",
    )
    return spec(fixtures(function))
