"""Presets: the grid files that come with the program, one `.toml` each; what they are for is their first comment."""

from functools import lru_cache
from importlib.resources import files


@lru_cache
def preset_names() -> tuple[str, ...]:
    """Return the names of all presets."""
    folder = files("goldilocks.engine.grid") / "preset_files"
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


def preset_text(name: str) -> str:
    """Return the TOML of a preset.

    Args:
        name: one of `preset_names()`.
    """
    return (files("goldilocks.engine.grid") / "preset_files" / f"{name}.toml").read_text(encoding="utf-8")


def preset_purpose(name: str) -> str:
    """Return the first comment of a preset: what it is for."""
    return preset_text(name).splitlines()[0].lstrip("# ")
