"""Pictures of the pages, for the README and for one's own eyes.

python -m tests.browser.screenshots [--store FILE] [--out dashboard/assets] [--width 1440] [--dark] [--every]
"""

import argparse
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.server import CHROMIUM_OPTIONS, chromium, served
from tests.dashboard import opening

MOST_HEIGHT = 6000
# What the README shows.
PAGES = {"activation_statistics": "activation_statistics"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", default="data/grid.duckdb")
    parser.add_argument("--out", default="dashboard/assets")
    parser.add_argument("--width", type=int, default=1440)
    parser.add_argument("--height", type=int, default=1250)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--every", action="store_true", help="every page, in its full length")
    options = parser.parse_args()
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    with served(options.store) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_OPTIONS)
        scheme = "dark" if options.dark else "light"
        pages = {name: "" if name == "lecture" else name for name in opening.PAGES} if options.every else PAGES
        for name, address in pages.items():
            page = browser.new_page(viewport={"width": options.width, "height": options.height}, color_scheme=scheme)
            page.goto(f"{url}/{address}")
            page.wait_for_selector("h1")
            page.wait_for_selector("[data-testid=stStatusWidget]", state="detached")
            page.wait_for_timeout(3000)
            if options.every:
                # Streamlit scrolls inside of the window: a window as high as the page shows all of it.
                height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
                page.set_viewport_size({"width": options.width, "height": min(height, MOST_HEIGHT)})
                page.wait_for_timeout(1500)
            page.screenshot(path=out / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
