"""Colours and proportions of all charts: one fixed colour per member, safe for colour-blind readers.

The hues are those of Okabe and Ito (2008), with a lightness that stands out from the light and from the dark
background (a contrast of at least 3 to both).
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Literal

BLUE, ORANGE, GREEN, PINK, GOLD = "#0a78c2", "#d9590b", "#0b9e73", "#c0589c", "#b08400"
SKY, VIOLET, BROWN, GREY, OLIVE, RED = "#3a93d6", "#7a6ad8", "#8a6d4b", "#7a8793", "#7d8a2a", "#c44536"
PALETTE = [BLUE, ORANGE, GREEN, PINK, GOLD, SKY, VIOLET, BROWN, GREY, OLIVE, RED]

# The names by which the cards of the engine's members ask for a colour; relatives have neighbouring hues.
SLOTS = {
    "blue": BLUE,
    "orange": ORANGE,
    "green": GREEN,
    "pink": PINK,
    "gold": GOLD,
    "sky": SKY,
    "violet": VIOLET,
    "brown": BROWN,
    "grey": GREY,
    "olive": OLIVE,
    "red": RED,
    "fern": "#3f8f4f",
    "teal": "#2a9d8f",
    "purple": "#a94fb8",
    "rose": "#d0547a",
    "tan": "#94794f",
    "steel": "#5b86a8",
    "periwinkle": "#6b80c9",
    "rust": "#b5563f",
    "moss": "#5f8a3a",
    "mauve": "#b85c8e",
}
# The lecture's own comparison always looks the same, on every page; relatives have neighbouring hues.
FIXED = {
    "normal(std=0.01)": BLUE,
    "normal(std=0.05)": ORANGE,
    "xavier": GREEN,
    "xavier_normal": "#3f8f4f",
    "xavier_uniform": OLIVE,
    "lecun_normal": "#2a9d8f",
    "kaiming": PINK,
    "kaiming_normal": "#a94fb8",
    "kaiming_uniform": "#d0547a",
    "kaiming_slip": BROWN,
    "torch_default": SKY,
    "orthogonal": VIOLET,
    "critical": RED,
    "lsuv": GOLD,
    "zeros": GREY,
    "constant": "#94794f",
    "uniform": "#5b86a8",
    "truncated_normal": "#6b80c9",
    "mean_field": "#b5563f",
    "xavier_channels": "#5f8a3a",
    "kaiming_channels": "#b85c8e",
    "none": ORANGE,
    "batch": BLUE,
    "layer": GREEN,
    "rms": VIOLET,
    "group": PINK,
    "raw": RED,
    "center": GOLD,
    "standardize": GREEN,
    "pca": SKY,
    "whiten": VIOLET,
    "scratch": GREY,
    "last_layer": BLUE,
    "dense_layers": GREEN,
    "fine_tune": ORANGE,
    "before": GREY,
    "after": BLUE,
    "measured": BLUE,
    "theory": GREY,
    "running statistics": BLUE,
    "batch statistics": ORANGE,
    "batch statistics, sorted": PINK,
    "running statistics, spoilt": GREEN,
}
BadgeColour = Literal["blue", "green", "orange", "gray", "violet", "red"]
VERDICT_COLOURS: dict[str, BadgeColour] = {
    "too small": "blue",
    "just right": "green",
    "too big": "orange",
    "dead": "gray",
    "symmetric": "violet",
    "diverged": "red",
}
VERDICT_ICONS = {
    "too small": ":material/trending_down:",
    "just right": ":material/check:",
    "too big": ":material/trending_up:",
    "dead": ":material/block:",
    "symmetric": ":material/content_copy:",
    "diverged": ":material/bolt:",
}
DIVERGED = "#d1242f"
# Readable on both backgrounds: for text and rules inside charts.
NEUTRAL = "#7a8793"
FONT = "Inter, 'Noto Sans', 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
GRID_OPACITY = 0.25

_MEMBER = re.compile(r"[^,(]+(?:\([^)]*\))?")


def colour(name: str) -> str:
    """Return the colour of a name: fixed for members of the registries, else derived from the name itself."""
    # Arguments and circumstances may follow the name: uniform(bound=0.1); normal(std=0.01), batch norm.
    member = _MEMBER.match(name)
    alone = member[0] if member else name
    fixed = FIXED.get(name) or FIXED.get(alone) or FIXED.get(alone.partition("(")[0])
    return fixed or PALETTE[hashlib.sha256(name.encode()).digest()[0] % len(PALETTE)]


def colours(names: Sequence[str]) -> list[str]:
    """Return a colour for each name, no two alike as long as the palette reaches.

    Args:
        names: the names shown together; the fixed ones keep their colour.
    """
    taken = {name: FIXED[name] for name in names if name in FIXED}
    free = [hue for hue in PALETTE if hue not in taken.values()]
    for name in names:
        if name not in taken:
            wish = colour(name)
            taken[name] = wish if wish not in taken.values() or not free else free[0]
            if taken[name] in free:
                free.remove(taken[name])
    return [taken[name] for name in names]
