"""Colours: one per member, always the same, readable on both backgrounds, told apart by colour-blind readers."""

import itertools
import tomllib
from pathlib import Path

import pytest

from goldilocks.dashboard import theme

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


@pytest.mark.parametrize("colour", sorted({*theme.PALETTE, *theme.FIXED.values(), theme.DIVERGED, theme.NEUTRAL}))
def test_every_colour_stands_out_from_both_backgrounds(colour):
    config = tomllib.loads((ROOT / "dashboard" / ".streamlit" / "config.toml").read_text())["theme"]
    for mode in ("light", "dark"):
        assert contrast(colour, config[mode]["backgroundColor"]) >= 3


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_colour_blind_readers_tell_the_lectures_schemes_apart(blindness):
    for one, other in itertools.combinations(theme.colours(LECTURE), 2):
        distance = sum((a - b) ** 2 for a, b in zip(seen(one, blindness), seen(other, blindness), strict=True)) ** 0.5
        assert distance > 0.05, (one, other)


def test_every_registered_initializer_and_normalization_has_a_colour_of_its_own():
    from goldilocks.engine.catalog import entries

    for kind in ("initializers", "normalizations"):
        names = [entry.name for entry in entries(kind)]
        assert {name for name in names if theme.colour(name) == theme.colour(f"{name}(x=1)")} >= set(names) - {"normal"}
        fixed = [theme.FIXED[name] for name in names if name in theme.FIXED]
        assert len(set(fixed)) == len(fixed)


def test_a_colour_does_not_depend_on_its_neighbours():
    assert (
        theme.colours(["xavier", "lecun_normal"])[0] == theme.colours(["zeros", "xavier"])[1] == theme.colour("xavier")
    )
    assert len(set(theme.colours(LECTURE))) == len(LECTURE)


def test_circumstances_after_a_name_keep_its_colour():
    names = ["scratch, 5 per class", "fine_tune, 5 per class"]
    assert theme.colours(names) == [theme.FIXED["scratch"], theme.FIXED["fine_tune"]]


@pytest.mark.parametrize("name", ["normal(std=0.01)", "kaiming", "uniform(bound=0.1)"])
def test_circumstances_do_not_change_a_colour(name):
    assert theme.colour(f"{name}, batch norm, lr 0.1") == theme.colour(name)
