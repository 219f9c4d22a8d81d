"""Names, labels and aliases of strangers in a real browser: text on every page, and no request to anybody else."""

from urllib.parse import quote

import pytest

from tests.breadth import only
from tests.browser.server import forked
from tests.browser.visiting import address, settle
from tests.dashboard.opening import PAGES
from tests.store.builder import Batch, write

ELSEWHERE = "http://127.0.0.1:9"
NAME = f"![i]({ELSEWHERE}/i.png) [l]({ELSEWHERE}/l) <img src={ELSEWHERE}/h> $strangers$ :red[r] :smile: {ELSEWHERE}/b"
MADE = f"""
[...document.querySelectorAll(`a[href*="{ELSEWHERE}"], img[src*="{ELSEWHERE}"], .katex annotation`)]
  .filter(found => !found.matches("annotation") || found.textContent.includes("strangers"))
  .map(found => found.outerHTML)
"""
ALIAS = f"SELECT 1 AS \"{NAME}\", 2 AS y, '{NAME}' AS image UNION ALL SELECT 2, 3, '{NAME}'"


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory):
    batch = Batch().run(grid=NAME, host=NAME, command=NAME, device_name=NAME)
    for kind in ("initializer", "activation", "normalization", "optimizer", "preset", "study"):
        batch.scheme(kind, NAME, title=NAME, formula=NAME, reference=NAME)
    batch.metric("condition_number", label=NAME, unit=NAME, meaning=NAME, position=NAME)
    for seed in range(2):
        for init in (NAME, "xavier"):
            cell = batch.propagation(init=init, seed=seed)
            batch.training(init=init, optimizer=NAME, activation=NAME, seed=seed)
            batch.measurement(cell, "condition_number", 1.0, 2.0, NAME)
    layout = write(tmp_path_factory.mktemp("hostile") / "grid.duckdb", batch)
    with forked(layout.path) as url:
        yield url


@pytest.mark.parametrize(
    "name",
    only([*PAGES, f"data_and_sql?sql={quote(ALIAS)}", f"data_and_sql?relation={quote(NAME)}"], "lecture"),
)
def test_what_a_stranger_wrote_is_text(hostile_site, page, name):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address(hostile_site, name))
    settle(page)
    assert page.locator("[data-testid=stException]").count() == 0
    assert page.evaluate(MADE) == []
    assert [url for url in asked if not url.startswith((hostile_site, "data:", "blob:"))] == []
