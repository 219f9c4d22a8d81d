"""Colours and proportions of all charts: one fixed colour per initialization, safe for colour-blind readers.

The hues are those of Okabe and Ito (2008), with a lightness between the light and the dark background.
"""

import hashlib
from collections.abc import Sequence
from typing import Literal

PALETTE = ["#0a78c2", "#d9590b", "#0b9e73", "#c0589c", "#b58900", "#4aa8dd", "#7a6ad8", "#8a6d4b", "#7f8c8d", "#a3b01e"]

# The lecture's own comparison always looks the same, on every page.
FIXED = {
    "normal(std=0.01)": PALETTE[0],
    "normal(std=0.05)": PALETTE[1],
    "xavier": PALETTE[2],
    "kaiming": PALETTE[3],
    "kaiming_slip": PALETTE[4],
    "torch_default": PALETTE[5],
    "orthogonal": PALETTE[6],
    "zeros": PALETTE[8],
    "none": PALETTE[1],
    "batch": PALETTE[0],
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
FONT = "Inter, 'Noto Sans', 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
GRID_OPACITY = 0.25


def colour(name: str) -> str:
    """Return the colour of a name: fixed for what the lecture compares, else derived from the name itself."""
    if name in FIXED:
        return FIXED[name]
    return PALETTE[hashlib.sha256(name.encode()).digest()[0] % len(PALETTE)]


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
            taken[name] = wish if wish in free or not free else free[0]
            if taken[name] in free:
                free.remove(taken[name])
    return [taken[name] for name in names]
