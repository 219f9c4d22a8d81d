"""A page as its first reader would see it, without a browser: the tree of what it shows."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

APP = Path(__file__).resolve().parents[1] / "app.py"
# In seconds: a page that takes this long hangs.
HANGS = 600


class Broken(Exception):
    """A page that ends with an error; the message says which page and what."""


def opened(page: str, query: Mapping[str, str | Sequence[str]]) -> Any:
    """Return the tree of a page.

    Args:
        page: its file, without folder and ending.
        query: what the address asks for.

    Raises:
        Broken: the page ends with an error.
    """
    app = AppTest.from_file(str(APP), default_timeout=HANGS)
    for name, value in query.items():
        app.query_params[name] = value if isinstance(value, str) else list(value)
    app.switch_page(f"views/{page}.py")
    app.run()
    if app.exception:
        raise Broken(f"the page {page} cannot be published: {app.exception[0].value}")
    return app.main


def nodes(tree: Any) -> Iterator[Any]:
    """Yield a tree and everything in it, in the order in which it is shown."""
    yield tree
    for node in getattr(tree, "children", {}).values():
        yield from nodes(node)


def keyed(tree: Any, prefix: str) -> list[Any]:
    """Return the containers whose key begins with a text, those inside of others left out.

    Args:
        tree: a page or a part of it.
        prefix: the text.
    """
    if (getattr(tree, "key", None) or "").startswith(prefix):
        return [tree]
    return [found for node in getattr(tree, "children", {}).values() for found in keyed(node, prefix)]
