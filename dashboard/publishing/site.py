"""The static site: the lecture, its stories and the trainability map as plain files, with data and SQL beside them.

Every web server can serve it, and it can be opened from a disk: scripts lie beside the pages, and nothing is fetched
from elsewhere.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb

from goldilocks import store
from goldilocks.dashboard.lecture.chapters import CHAPTERS
from goldilocks.dashboard.lecture.overview import STYLE
from goldilocks.dashboard.lecture.row import Row
from goldilocks.dashboard.publishing.markup import Markup, choices
from goldilocks.dashboard.publishing.pages import keyed, nodes, opened
from goldilocks.store.errors import StoreInvalid
from goldilocks.store.exchange import export
from goldilocks.store.files import durable
from goldilocks.store.layout import ENVIRONMENT_VARIABLE
from goldilocks.store.quoting import literal

HERE = Path(__file__).parent
DATABASE, PARQUET, ROWS = "data/goldilocks.duckdb", "data/parquet", "data/figures"
# Pages whose stories are published, and that of the map, which is published as it opens, too.
WITH_STORIES, MAP = ("activation_statistics", "convergence", "trainability_map"), "trainability_map"
MAP_TITLE = "Trainability map"
INTRODUCTION = (
    "<p>Weight initialization and batch normalization, after lecture 7 of CS231n: measured results instead of slides. "
    "Each row asks before it shows.</p>"
)
# Of a page: its title, what it is about, and what to do there.
LEADING = ("title", "markdown", "info")
# The overview of the lecture's claims, and a link in it.
CLAIMS, ROW_LINK = '<table class="claims">', re.compile(r'<a href="[^"]*" data-row="(\d+)">')
LINK = re.compile(r'<a href="([^"]*)">(.*?)</a>')
Said = Callable[[str], None]


@dataclass(frozen=True)
class Story:
    """A view of a page that tells something: its title, the page, and what is chosen there."""

    title: str
    page: str
    query: Mapping[str, Sequence[str]]

    @property
    def file(self) -> str:
        """Its file in the site."""
        return f"{re.sub(r'[^a-z0-9]+', '-', self.title.lower()).strip('-')}.html"


def publish(
    folder: Path, layout: store.Layout, say: Said = lambda line: None, *, overwrite: bool = False
) -> list[Path]:
    """Write the site.

    Args:
        folder: where to; it is created.
        layout: the store that it shows; its newest snapshot is copied, and all pages are of that one.
        say: called with what is being written.
        overwrite: whether a site that is there may be replaced.

    Returns:
        The pages.

    Raises:
        StoreInvalid: the folder is a file, or has something in it.
        StoreMissing: there is no store.
        Broken: a page ends with an error.
    """
    if folder.exists() and not folder.is_dir():
        raise StoreInvalid(f"{folder} is a file: choose a folder, which is created if missing")
    if folder.exists() and any(folder.iterdir()) and not (overwrite and _is_site(folder)):
        again = "--overwrite replaces it" if _is_site(folder) else "choose another one"
        raise StoreInvalid(f"{folder} is not empty: {again}")
    snapshot = layout.resolve()
    for page in folder.glob("*.html"):
        page.unlink()
    for part in ("data", "assets"):
        shutil.rmtree(folder / part, ignore_errors=True)
        (folder / part).mkdir(parents=True, exist_ok=True)
    say("the results, as a DuckDB file and as Parquet")
    durable.copy(snapshot, folder / DATABASE)
    # All pages are of this copy, whatever is published meanwhile.
    os.environ[ENVIRONMENT_VARIABLE] = str((folder / DATABASE).absolute())
    with store.open(folder / DATABASE) as handle:
        export.export(handle, folder / PARQUET)
    with duckdb.connect(folder / DATABASE, read_only=True) as connection:
        return _Site(folder, connection, say).write()


def _is_site(folder: Path) -> bool:
    return (folder / "index.html").is_file() and (folder / DATABASE).is_file()


class _Site:
    """Writes one site.

    Args:
        folder: where to.
        connection: to its copy of the store.
        say: called with what is being written.
    """

    def __init__(self, folder: Path, connection: duckdb.DuckDBPyConnection, say: Said):
        self.folder, self.connection, self.say = folder, connection, say
        (folder / ROWS).mkdir(exist_ok=True)

    def write(self) -> list[Path]:
        """Write pages and scripts, and return the pages."""
        import vl_convert

        # Its stub asks for a snippet, without which the bundle is Vega, Vega-Lite and Vega-Embed themselves.
        scripts = vl_convert.javascript_bundle()  # type: ignore[call-arg]
        (self.folder / "assets" / "vega.js").write_text(scripts, encoding="utf-8")
        for name in ("site.css", "site.js"):
            shutil.copyfile(HERE / name, self.folder / "assets" / name)
        self.say("the lecture")
        pages = [self._page("index.html", "The lecture", self._lecture(Markup(self._kept("lecture"))))]
        stories = []
        for page in WITH_STORIES:
            tree = opened(page, {})
            if page == MAP:
                self.say("the trainability map")
                pages.append(self._page("map.html", MAP_TITLE, self._whole(tree, "map", MAP_TITLE)))
            for story in _stories(tree):
                self.say(story.title)
                body = self._whole(opened(story.page, story.query), story.file.removesuffix(".html"), story.title)
                stories.append(story)
                pages.append(self._page(story.file, story.title, body))
        links = "\n".join(f'<li><a href="{one.file}">{escape(one.title)}</a></li>' for one in stories)
        pages.append(self._page("stories.html", "Stories", f"<h1>Stories</h1>\n<ul>\n{links}\n</ul>"))
        return pages

    def _lecture(self, markup: Markup) -> str:
        # With the answers the opening would tell those of some rows.
        first = opened("lecture", {})
        parts = [markup.of(node for node in nodes(first) if node.type == "title"), INTRODUCTION]
        parts.append(markup.of(keyed(first, "figure-opening")))
        overview = len(parts)
        for (chapter, rows), asked in zip(CHAPTERS.items(), _chapters(first), strict=True):
            tree = opened("lecture", {"lecture_chapter": asked, "lecture_answers": "true"})
            parts.append(f"<h2>{escape(chapter)}</h2>")
            shown = {found.key: found for found in keyed(tree, "row-")}
            parts += [_row(row, shown[f"row-{row.number}"], markup) for row in rows]
        parts.insert(overview, _overview(tree))
        return "\n".join(parts)

    def _whole(self, tree: Any, prefix: str, title: str) -> str:
        """Return a page under a title of its own, without what leads a reader to choose."""
        shown = (node for node in tree.children.values() if node.type not in LEADING)
        return f"<h1>{escape(title)}</h1>\n{choices(tree)}\n{Markup(self._kept(prefix)).of(shown)}"

    def _kept(self, prefix: str) -> Callable[[str, str], str]:
        def kept(name: str, sql: str) -> str:
            address = f"{ROWS}/{prefix}-{name}.csv"
            target = literal(str((self.folder / address).absolute()))
            self.connection.execute(f"COPY ({sql}\n) TO {target} (FORMAT csv, HEADER)")
            return address

        return kept

    def _page(self, name: str, title: str, body: str) -> Path:
        home = {"index.html": "The lecture", "stories.html": "Stories", "map.html": "Trainability map"}
        links = "\n".join(f'<a href="{file}">{said}</a>' for file, said in home.items())
        path = self.folder / name
        path.write_text(
            PAGE.format(title=escape(title), links=links, database=DATABASE, parquet=PARQUET, body=body),
            encoding="utf-8",
        )
        return path


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Goldilocks</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="assets/site.css">
<script src="assets/vega.js" defer></script>
<script src="assets/site.js" defer></script>
</head>
<body>
<nav aria-label="Pages">
{links}
<a href="{database}" download>All results (DuckDB)</a>
<a href="{parquet}">Parquet</a>
</nav>
<main>
{body}
</main>
</body>
</html>
"""


def _chapters(tree: Any) -> list[str]:
    """Return the chapters of the lecture as its address has them."""
    (switch,) = [node for node in nodes(tree) if getattr(node, "key", None) == "lecture_chapter"]
    return [option.content for option in switch.proto.options]


def _overview(tree: Any) -> str:
    """Return the overview of all claims, whose links lead to the rows of the page."""
    (table,) = [node.value for node in nodes(tree) if node.type == "html" and CLAIMS in node.value]
    linked = ROW_LINK.sub(r'<a href="#L\1">', table)
    return (
        f"<style>{STYLE}</style>\n<details><summary>All claims, and what became of them</summary>\n{linked}\n</details>"
    )


def _row(row: Row, shown: Any, markup: Markup) -> str:
    """Return a row of the lecture: its question first, and what the data say when it is opened."""
    body, number = markup.of([shown]), f"L{row.number}"
    options = "".join(f"<li>{escape(option)}</li>" for option in row.prediction.options)
    asked = f"<h3>{number}</h3>\n<p>{escape(row.prediction.question)}</p>\n<ul>{options}</ul>"
    answer = f"<details><summary>What the data say</summary>\n{body}\n</details>"
    return f'<section id="{number}">\n{asked}\n{answer}\n</section>'


def _stories(tree: Any) -> Iterator[Story]:
    """Yield the stories that a page offers."""
    for node in nodes(tree):
        if node.type == "html" and 'class="stories"' in node.value:
            for address, title in LINK.findall(node.value):
                parts = urlsplit(unescape(address))
                yield Story(unescape(title), parts.path, parse_qs(parts.query, keep_blank_values=True))
