"""`goru live`: a page on which networks train while techniques are switched on and off."""

import os
import sys
from typing import Annotated

import typer

from goru.cli.arguments import names


def live_command(
    source: Annotated[
        str | None, typer.Argument(help="A table, as for `goru fit`; without one, points in the plane.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="The column to predict, as for `goru fit`.")] = None,
    task: Annotated[str | None, typer.Option(help="classification or regression, as for `goru fit`.")] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Columns to ignore: A,B, or repeat the option.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page. Default: any free port.")] = 0,
    lang: Annotated[
        str | None, typer.Option(help="The page's language: en or ko. Default: the browser's, if it is one of them.")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
) -> None:
    """Open a page on which networks train while you switch batch norm, weight decay and dropout on and off."""
    from goru.live.serving import open_page

    if not open_page(source, target, task, names(drop), port, lang, browser):
        sys.stdout.flush()
        os._exit(0)  # a program is being compiled, which nobody will use, and which Python would trip over as it ends
