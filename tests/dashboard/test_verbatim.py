"""Text of strangers stands on a page as it is; and every page passes it through the one door."""

import ast
import re

import pytest

from goldilocks.dashboard.verbatim import JOINER, verbatim
from tests.browser.server import ROOT

# What Streamlit makes of these is an image, a link, a formula, a colour, an emoji, a list, HTML.
HOSTILE = [
    "![x](http://127.0.0.1:9/i.png)",
    "[x](javascript:alert(1))",
    "http://127.0.0.1:9/",
    "https://evil.example",
    "www.evil.example",
    "someone@evil.example",
    "<img src=http://127.0.0.1:9/>",
    "$\\frac{1}{2}$",
    ":red[x]",
    ":smile:",
    ":material/home:",
    "**x**",
    "__x__",
    "`x`",
    "# x",
    "- x",
    "1. x",
    "| a | b |",
    "x\n\n![y](http://127.0.0.1:9/)",
    "[x][y]\n\n[y]: http://127.0.0.1:9/",
    "\x1b[31m\u202e",
    "run -- demo",
    "--",
    "a -> b <- c <-> d",
    "lr >= 1, lr <= 2 or lr ~= 3",
]
USUAL = ["normal(std=0.01)", "leaky_relu", "batch norm", "6 layers, lr 0.1", "σ_w² × 3", "own(folder='x', digest='y')"]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_markdown_knows_is_left(text):
    escaped = verbatim(text)
    assert "\n" not in escaped
    bare = re.sub(r"\\.", "", escaped)
    assert not re.search(r"[*`\[\]<>$#|]|://|www\.|@\w|^[-+]|^\d+\.|:\w|__", bare), escaped
    assert not re.search(r"(^|\s)(<->|->|<-|--|>=|<=|~=)(\s|$)", re.sub(r"\\(.)", r"\1", escaped)), escaped
    # What is seen is the text.
    seen = re.sub(r"\\(?=[\W_])", "", escaped.replace(JOINER, ""))
    assert seen.replace("\\", "") == " ".join(text.split()).replace("\\", "").replace("\x1b", "x1b").replace(
        "\u202e", "u202e"
    )


@pytest.mark.parametrize("text", USUAL)
def test_usual_names_stay_as_they_are(text):
    assert verbatim(text) == text


# What a page may say without the door: numbers, and texts of the program's own.
MARKDOWN = {"markdown", "caption", "info", "warning", "error", "success", "title", "subheader", "header", "expander"}
FOREIGN = re.compile(
    r"\b(init|activation|norm|network|dataset|optimizer|preprocessing|name|grid|host|error|refusal|label|verdict|reason)\b"
)


def interpolated():
    """Yield what stands between braces in the Markdown of pages, with its place."""
    for path in sorted((ROOT / "dashboard").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and ast.unparse(call.func).removeprefix("st.") in MARKDOWN and call.args:
                for part in ast.walk(call.args[0]):
                    if isinstance(part, ast.FormattedValue) and part.format_spec is None:
                        yield f"{path.relative_to(ROOT)}:{part.lineno}", ast.unparse(part.value)


def test_every_page_passes_what_it_was_told_through_the_door():
    found = list(interpolated())
    assert len(found) > 10
    local = "name = verbatim(study)"
    source = {path.name: path.read_text() for path in (ROOT / "dashboard").rglob("*.py")}
    for place, text in found:
        file = place.split("/")[-1].split(":")[0]
        if FOREIGN.search(text) and "verbatim(" not in text and not (text == "name" and local in source[file]):
            # A title of a query, a claim of the lecture: files of the program.
            assert text in ("query.title", "finding.verdict", "network", "activation"), f"{place}: {text}"
