"""Colours and proportions of all charts: one fixed colour per member, safe for colour-blind readers.

The hues are those of Okabe and Ito (2008), with a lightness that stands out from the light and from the dark
background (a contrast of at least 3 to both).
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from goldilocks.dashboard.written import family

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
# All of them, the most different ones first.
HUES = list(dict.fromkeys([*PALETTE, *SLOTS.values()]))
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
# Stands out from both backgrounds: for rules and marks inside charts.
NEUTRAL = "#7a8793"
# Seen on every colour of a scale beside a light one.
DARK = "#14171a"
# Words in charts: no colour has enough contrast to both backgrounds, so the pages have another one for the dark one.
INK, INK_IN_THE_DARK = "#3f4750", "#c6ced6"
FONT = "Inter, 'Noto Sans', 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
GRID_OPACITY = 0.25

_MEMBER = re.compile(r"[^,(]+(?:\([^)]*\))?")


@dataclass(frozen=True)
class Paint:
    """Which colour each name has.

    Attributes:
        fixed: colours that never change, by name; of any other name the colour follows from the name itself.
    """

    fixed: Mapping[str, str] = field(default_factory=dict)

    def colour(self, name: str) -> str:
        """Return the colour of a name alone: its own, or that of the member that it begins with."""
        # Arguments and circumstances may follow the name: uniform(bound=0.1); normal(std=0.01), batch norm.
        member = _MEMBER.match(name)
        alone = member[0] if member else name
        fixed = self.fixed.get(name) or self.fixed.get(alone) or self.fixed.get(family(alone))
        return fixed or PALETTE[hashlib.sha256(name.encode()).digest()[0] % len(PALETTE)]

    def colours(self, names: Sequence[str]) -> list[str]:
        """Return a colour for each name, no two alike as long as the palette reaches.

        Args:
            names: the names shown together; the fixed ones keep their colour.
        """
        taken = {name: self.fixed[name] for name in names if name in self.fixed}
        free = [hue for hue in HUES if hue not in taken.values()]
        for name in names:
            if name not in taken:
                wish = self.colour(name)
                taken[name] = wish if wish not in taken.values() or not free else free[0]
                if taken[name] in free:
                    free.remove(taken[name])
        return [taken[name] for name in names]


# Where no name has a colour of its own.
PLAIN = Paint()
