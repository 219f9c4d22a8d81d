"""The box for SQL as an editor: colours, and a list of what the word being typed could become.

Streamlit's own box stays what is typed into, with its address, its limit and Ctrl + Enter; the browser draws colours
over its letters and the list beside its caret. Without scripts, or where a reader wants colours of their own, the box
is plain.
"""

from importlib.resources import files
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from goldilocks.dashboard import data, sandbox

KEY = "editor"
# Of a meaning, what fits beside a word.
LONGEST = 90
STYLE = """
.st-key-BOX textarea { font-family: ui-monospace, SFMono-Regular, Menlo, monospace; font-size: 0.875rem; }
.goldilocks-sql {
  position: absolute; margin: 0; overflow: hidden; pointer-events: none; white-space: pre-wrap;
  overflow-wrap: break-word; background: none; box-sizing: border-box; border-color: transparent;
  color: light-dark(#0f1215, #e8e8e3);
}
.goldilocks-sql .keyword { color: light-dark(#0a4f94, #8cc4ff); font-weight: 600; }
.goldilocks-sql .relation { color: light-dark(#8a2a63, #ffa6d3); }
.goldilocks-sql .function { color: light-dark(#5a3fb0, #c9b8ff); }
.goldilocks-sql .text { color: light-dark(#0b5c45, #84dfb6); }
.goldilocks-sql .number { color: light-dark(#8a4200, #f2b27c); }
.goldilocks-sql .comment { color: light-dark(#565d66, #a9b1bb); font-style: italic; }
.goldilocks-coloured { -webkit-text-fill-color: transparent; caret-color: light-dark(#0f1215, #e8e8e3); }
@media (forced-colors: active) {
  .goldilocks-sql { display: none; }
  .goldilocks-coloured { -webkit-text-fill-color: currentcolor; }
}
.goldilocks-completion {
  position: fixed; z-index: 1000040; margin: 0; padding: 0.25rem; list-style: none; overflow: auto;
  max-width: min(34rem, calc(100vw - 1rem)); border-radius: 0.5rem; font-size: 0.82rem; line-height: 1.5;
  background: light-dark(#ffffff, #23282d); border: 1px solid light-dark(#c9c9c0, #464d54);
  box-shadow: 0 4px 16px rgb(0 0 0 / 18%); color: light-dark(#0f1215, #e8e8e3);
}
.goldilocks-completion[hidden] { display: none; }
.goldilocks-completion li {
  display: flex; gap: 0.75rem; padding: 0.1rem 0.5rem; border-radius: 0.3rem; cursor: pointer; white-space: nowrap;
  margin: 0; font-size: inherit;
}
.goldilocks-completion li[aria-selected=true] { background: light-dark(#dcebf8, #34495c); }
.goldilocks-completion b { font-family: ui-monospace, monospace; font-weight: 500; }
.goldilocks-completion span {
  color: light-dark(#4d545c, #b9c1ca); overflow: hidden; text-overflow: ellipsis;
}
"""

_folder = files("goldilocks.dashboard.editor")
_editor = component(
    "editor", js="\n".join(_folder.joinpath(name).read_text("utf-8") for name in ("words.js", "page.js"))
)


def attach(box: str) -> None:
    """Make an editor for SQL of a text area that the page has.

    Args:
        box: the key of the text area.
    """
    st.html(f"<style>{STYLE.replace('BOX', box)}</style>")
    _editor(key=KEY, data={"box": box, **words()}, height=1)


@data.cached
def words() -> dict[str, Any]:
    """Return what a statement can name.

    Returns:
        `relations` and `columns` with their meanings, which relations have which column, `names` of members,
        `functions` and `keywords`.
    """
    frame = data.query("vocabulary")
    relations: dict[str, str] = {}
    columns: dict[str, dict[str, Any]] = {}
    others: dict[str, dict[str, None]] = {"name": {}, "function": {}, "keyword": {}}
    for row in frame.itertuples(index=False):
        if row.kind == "relation":
            relations[row.word] = _short(row.meaning)
        elif row.kind == "column":
            columns.setdefault(row.word, {"meaning": _short(row.meaning), "of": []})["of"].append(row.relation)
        elif row.word not in sandbox.HIDDEN:
            others[row.kind][row.word] = None
    listed = {f"{kind}s": list(found) for kind, found in others.items()}
    return {"relations": relations, "columns": columns, **listed}


def _short(meaning: str) -> str:
    first = str(meaning).split(". ")[0].removesuffix(".")
    return first if len(first) <= LONGEST else first[: LONGEST - 2].rsplit(" ", 1)[0] + " …"
