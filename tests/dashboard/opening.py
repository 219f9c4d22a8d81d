"""Opening a page in a test, as a browser would, without one."""

import tomllib
from functools import cache
from pathlib import Path

from streamlit import config
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest, local_script_runner

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "dashboard" / "app.py"
# In seconds: a page that takes this long hangs, however busy the machine is.
HANGS = 600
# Without a server pages run with other settings than the dashboard's, and look for components anew each time; together
# that is most of what one takes.
for option, value in tomllib.loads((APP.parent / ".streamlit" / "config.toml").read_text())["runner"].items():
    config.set_option(f"runner.{option}", value)
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


def _wait(runner, timeout):
    """Wait for the end of a page's thread; to look for it a thousand times a second keeps it from running."""
    runner._script_thread.join(timeout)
    if not runner.script_stopped():
        runner.request_stop()
        runner.join()
        raise RuntimeError(f"a page was not drawn within {timeout} seconds")


local_script_runner.require_widgets_deltas = _wait

# The title of each page, by its file.
PAGES = {
    "lecture": "Will a signal survive this network, and will it train?",
    "hands_on": "Hands on",
    "activation_statistics": "Activation statistics",
    "preprocessing": "Preprocessing",
    "batch_norm": "Batch norm up close",
    "transfer": "Transfer",
    "convergence": "Convergence",
    "trainability_map": "Trainability map",
    "edge_of_chaos": "Edge of chaos",
    "every_study": "Every study",
    "my_network": "My network",
    "what_should_i_use": "What should I use?",
    "data_and_sql": "Data & SQL",
    "runs": "Runs",
}

# The fixture whose cells a page is about, where it is not `filled_store`.
STORES = dict.fromkeys(("preprocessing", "batch_norm", "edge_of_chaos", "every_study", "hands_on"), "studied_store") | {
    "transfer": "transferred_store",
    "my_network": "diagnosed_store",
}


def open_page(page, store, monkeypatch, **query):
    """Return a page of a store after its first run.

    Args:
        page: file of the page, without folder and ending.
        store: path of the DuckDB file.
        monkeypatch: pytest's.
        query: what the address asks for.
    """
    monkeypatch.setenv("GOLDILOCKS_STORE", str(store))
    app = AppTest.from_file(APP, default_timeout=HANGS)
    for key, value in query.items():
        app.query_params[key] = value
    app.switch_page(f"views/{page}.py")
    return app.run()


def words(app):
    """Return everything that a page says in sentences."""
    kinds = (app.markdown, app.info, app.warning, app.error, app.caption)
    return " ".join(str(element.value) for kind in kinds for element in kind)
