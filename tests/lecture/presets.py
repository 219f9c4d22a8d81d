"""Parts of a preset, chosen by the words in them."""

from goldilocks import engine
from goldilocks.engine.grid.presets import preset_text


def studies(preset, *words):
    """Return the cells of those studies of a preset whose text holds every word."""
    tables = [f"[[study]]{part}" for part in preset_text(preset).split("[[study]]")[1:]]
    return engine.Grid.from_toml("".join(part for part in tables if all(word in part for word in words))).cells
