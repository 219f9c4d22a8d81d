"""Which initializations a colour-blind reader tells apart by colour; all others are told apart by name alone."""

import itertools

import pytest

from goldilocks.engine.catalog import entries
from tests.dashboard.seen import SEEN
from tests.dashboard.test_theme import BLINDNESS, LECTURE, seen

FAR = 0.05
INITIALIZERS = [entry.name for entry in entries("initializers")]
# Relatives and strangers that some reader takes for each other. None may join them; who parts two strikes them off.
ALIKE = {
    "protanopia": {
        ("critical", "mean_field"), ("kaiming_slip", "mean_field"), ("lsuv", "xavier_channels"),
        ("lsuv", "xavier_uniform"), ("xavier_channels", "xavier_normal"), ("xavier_channels", "xavier_uniform"),
    },
    "deuteranopia": {
        ("constant", "mean_field"), ("constant", "xavier_channels"), ("constant", "xavier_normal"),
        ("critical", "mean_field"), ("critical", "xavier_channels"), ("kaiming", "zeros"),
        ("kaiming_channels", "lecun_normal"), ("kaiming_channels", "zeros"), ("kaiming_slip", "mean_field"),
        ("kaiming_slip", "xavier_normal"), ("kaiming_uniform", "xavier"), ("lecun_normal", "zeros"),
        ("lsuv", "normal(std=0.05)"), ("mean_field", "xavier_channels"), ("mean_field", "xavier_normal"),
        ("xavier_channels", "xavier_normal"), ("xavier_channels", "xavier_uniform"),
    },
    "tritanopia": {
        ("lecun_normal", "xavier"), ("normal(std=0.01)", "uniform"), ("truncated_normal", "uniform"),
    },
}  # fmt: skip
# Drawn together although alike for some reader: here the one line is flat and the other is not.
NONETHELESS = {"deuteranopia": {("normal(std=0.1)", "zeros")}}
# The lines of L16.
MODES = ["running statistics", "batch statistics", "batch statistics, sorted", "running statistics, spoilt"]
# What pages and the lecture's rows draw beside each other.
TOGETHER = {
    "the opening": LECTURE[:4],
    "the notes' slip": ["kaiming", "kaiming_slip"],
    "channels for a fan-in": ["xavier", "xavier_channels"],
    "the same for Kaiming": ["kaiming", "kaiming_channels"],
    "all zeros": ["zeros", "normal(std=0.1)", "xavier"],
    "Xavier's relatives": ["xavier", "xavier_normal", "xavier_uniform"],
    "Kaiming's relatives": ["kaiming", "kaiming_normal", "kaiming_uniform", "kaiming_slip"],
}  # fmt: skip


def alike(names, blindness):
    """Return the pairs of names that are drawn beside each other in colours that a reader takes for one."""
    painted = dict(zip(names, SEEN.paint.colours(names), strict=True))
    pairs = itertools.combinations(sorted(names), 2)
    return {(one, other) for one, other in pairs if distance(painted[one], painted[other], blindness) <= FAR}


def distance(one, other, blindness):
    return sum((a - b) ** 2 for a, b in zip(seen(one, blindness), seen(other, blindness), strict=True)) ** 0.5


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_no_initialization_becomes_like_another(blindness):
    names = [*LECTURE[:2], *(name for name in INITIALIZERS if name != "normal")]
    assert alike(names, blindness) == ALIKE[blindness]


@pytest.mark.parametrize("blindness", BLINDNESS)
@pytest.mark.parametrize("names", TOGETHER.values(), ids=TOGETHER)
def test_what_is_drawn_together_is_told_apart(names, blindness):
    assert {name.partition("(")[0] for name in names} <= set(INITIALIZERS)
    known = {pair for pair in NONETHELESS.get(blindness, ()) if set(pair) <= set(names)}
    assert alike(names, blindness) == known


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_the_modes_of_batch_norm_are_told_apart(blindness):
    assert not alike(MODES, blindness)
