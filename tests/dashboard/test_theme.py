"""Colours: one per member, always the same, readable on both backgrounds, told apart by colour-blind readers."""

import itertools
import tomllib
from pathlib import Path

import pytest

from goldilocks.dashboard import theme
from goldilocks.engine.catalog import entries
from tests.dashboard.seen import SEEN

ROOT = Path(__file__).resolve().parents[2]
LECTURE = ["normal(std=0.01)", "normal(std=0.05)", "xavier", "kaiming", "kaiming_slip"]
# Machado, Oliveira & Fernandes 2009, full severity, on linear RGB.
BLINDNESS = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def linear(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def luminance(colour):
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear(colour), strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def seen(colour, blindness):
    return [max(0.0, sum(a * b for a, b in zip(row, linear(colour), strict=True))) for row in BLINDNESS[blindness]]


@pytest.mark.parametrize("colour", sorted({*theme.PALETTE, *theme.SLOTS.values(), theme.DIVERGED, theme.NEUTRAL}))
def test_every_colour_stands_out_from_both_backgrounds(colour):
    config = tomllib.loads((ROOT / "dashboard" / ".streamlit" / "config.toml").read_text())["theme"]
    for mode in ("light", "dark"):
        assert contrast(colour, config[mode]["backgroundColor"]) >= 3


def test_words_in_charts_are_read_on_either_background_and_in_files():
    config = tomllib.loads((ROOT / "dashboard" / ".streamlit" / "config.toml").read_text())["theme"]
    for words, mode in ((theme.INK, "light"), (theme.INK_IN_THE_DARK, "dark")):
        for below in ("backgroundColor", "secondaryBackgroundColor"):
            assert contrast(words, config[mode][below]) >= 4.5
    assert contrast(theme.INK, "#ffffff") >= 4.5


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_colour_blind_readers_tell_the_lectures_schemes_apart(blindness):
    for one, other in itertools.combinations(SEEN.paint.colours(LECTURE), 2):
        distance = sum((a - b) ** 2 for a, b in zip(seen(one, blindness), seen(other, blindness), strict=True)) ** 0.5
        assert distance > 0.05, (one, other)


def test_every_registered_initializer_and_normalization_has_a_colour_of_its_own():
    for kind in ("initializers", "normalizations"):
        names = [entry.name for entry in entries(kind)]
        assert {name for name in names if SEEN.paint.colour(name) == SEEN.paint.colour(f"{name}(x=1)")} >= set(
            names
        ) - {"normal"}
        fixed = [SEEN.paint.fixed[name] for name in names if name in SEEN.paint.fixed]
        assert len(set(fixed)) == len(fixed)


def test_a_colour_does_not_depend_on_its_neighbours():
    assert (
        SEEN.paint.colours(["xavier", "lecun_normal"])[0]
        == SEEN.paint.colours(["zeros", "xavier"])[1]
        == SEEN.paint.colour("xavier")
    )
    assert len(set(SEEN.paint.colours(LECTURE))) == len(LECTURE)


def test_circumstances_after_a_name_keep_its_colour():
    names = ["scratch, 5 per class", "fine_tune, 5 per class"]
    assert SEEN.paint.colours(names) == [SEEN.paint.fixed["scratch"], SEEN.paint.fixed["fine_tune"]]


@pytest.mark.parametrize("name", ["normal(std=0.01)", "kaiming", "uniform(bound=0.1)"])
def test_circumstances_do_not_change_a_colour(name):
    assert SEEN.paint.colour(f"{name}, batch norm, lr 0.1") == SEEN.paint.colour(name)


# What the pictures of version 0.1 showed.
BEFORE = {
    "normal(std=0.01)": "#0a78c2", "normal(std=0.05)": "#d9590b", "xavier": "#0b9e73", "xavier_normal": "#3f8f4f",
    "xavier_uniform": "#7d8a2a", "lecun_normal": "#2a9d8f", "kaiming": "#c0589c", "kaiming_normal": "#a94fb8",
    "kaiming_uniform": "#d0547a", "kaiming_slip": "#8a6d4b", "torch_default": "#3a93d6", "orthogonal": "#7a6ad8",
    "critical": "#c44536", "lsuv": "#b08400", "zeros": "#7a8793", "constant": "#94794f", "uniform": "#5b86a8",
    "truncated_normal": "#6b80c9", "mean_field": "#b5563f", "xavier_channels": "#5f8a3a",
    "kaiming_channels": "#b85c8e", "none": "#d9590b", "batch": "#0a78c2", "layer": "#0b9e73", "rms": "#7a6ad8",
    "group": "#c0589c", "raw": "#c44536", "center": "#b08400", "standardize": "#0b9e73", "pca": "#3a93d6",
    "whiten": "#7a6ad8", "scratch": "#7a8793", "last_layer": "#0a78c2", "dense_layers": "#0b9e73",
    "fine_tune": "#d9590b", "before": "#7a8793", "after": "#0a78c2", "measured": "#0a78c2", "theory": "#7a8793",
    "running statistics": "#0a78c2", "batch statistics": "#d9590b", "batch statistics, sorted": "#c0589c",
    "running statistics, spoilt": "#0b9e73",
}  # fmt: skip


def test_colours_are_what_they_were():
    assert {name: SEEN.paint.colour(name) for name in BEFORE} == BEFORE
    assert SEEN.paint.fixed.keys() == BEFORE.keys()


def test_a_name_without_a_card_has_a_colour_all_the_same():
    assert theme.PLAIN.colours(["xavier", "kaiming"]) == [theme.PLAIN.colour(name) for name in ("xavier", "kaiming")]
    assert theme.Paint({"xavier": theme.RED}).colour("xavier@123abc(factor=2), batch norm") == theme.RED
