"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    _ParamType = click.ParamType[Path | str]
else:
    _ParamType = click.ParamType  # generic from click 8.4 on

Function = TypeVar("Function", bound=Callable[..., Any])


class Spec(_ParamType):
    """A file, or an address of http or https."""

    name = "spec"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Path | str:
        if isinstance(value, str) and value.lower().startswith(("http://", "https://")):
            return value
        return Path(value)


def sources(function: Function) -> Function:
    """``[SPEC…] [--fixtures DIR] …``; without a SPEC the bundled document and fixtures."""
    spec = click.argument("specs", nargs=-1, metavar="[SPEC]...", type=Spec())
    fixtures = click.option(
        "--fixtures",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Folder of fixtures that refine the document.",
    )
    remote = click.option(
        "--allow-remote",
        multiple=True,
        metavar="HOST",
        help="Fetch documents and references from this host (HOST or HOST:PORT); may be repeated. Default: none.",
    )
    folders = click.option(
        "--allow-folder",
        "allow_folders",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Follow references to files in this folder too; may be repeated. Default: the document's own folder.",
    )
    return spec(fixtures(remote(folders(function))))
