"""The command `goldilocks publish`."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from goldilocks import store
from goldilocks.store.command_line.terminal import FAILED, refusals, say
from goldilocks.store.layout import DEFAULT_PATH, ENVIRONMENT_VARIABLE

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def publish(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of the site; created if missing.")],
    store_path: Annotated[
        str | None,
        typer.Option("--store", help=f"The DuckDB file. Default: ${ENVIRONMENT_VARIABLE}, or else {DEFAULT_PATH}."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a site that is there.")] = False,
) -> None:
    """Write the lecture, its stories and the map as a static site, with their data.

    Example: goldilocks publish site
    """
    with refusals():
        layout = store.Layout.at(store_path)
        from goldilocks.dashboard.publishing import pages, site

        os.environ.setdefault("STREAMLIT_LOGGER_LEVEL", "error")
        try:
            written = site.publish(
                folder, layout, lambda line: print(line, file=sys.stderr, flush=True), overwrite=overwrite
            )
        except pages.Broken as error:
            print(error, file=sys.stderr)
            raise typer.Exit(FAILED) from None
        except OSError as error:
            print(f"{error.filename or folder} cannot be written: {error.strerror}", file=sys.stderr)
            raise typer.Exit(FAILED) from None
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
        say(f"{len(written)} pages, {size:.1f} MB: open {folder / 'index.html'}, or let a web server serve the folder")


def main(name: str = "goldilocks publish") -> None:
    """Run the command line.

    Args:
        name: what it is called with.
    """
    app(prog_name=name)


if __name__ == "__main__":
    main()
