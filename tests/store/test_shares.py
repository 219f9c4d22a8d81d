"""The interval of L10 holds the true share, although networks of one seed share their draws."""

from __future__ import annotations

import itertools

from tests.simulations.shares import CHANCES, COMMON, coverage

TIMES = 300
# Four standard deviations of a share that is 95 %.
LUCK = 4 * (0.95 * 0.05 / TIMES) ** 0.5


def test_the_interval_holds_the_share_in_19_of_20_experiments():
    held = {
        (name, common, seeds): coverage(CHANCES[name], common, seeds, TIMES)
        for name, common, seeds in itertools.product(CHANCES, COMMON, (3, 10))
    }
    assert {case: share for case, share in held.items() if share < 0.95 - LUCK} == {}


def test_with_every_network_as_a_trial_it_did_not():
    assert coverage(CHANCES["all 50 %"], 0.9, 10, TIMES, all_count=True) < 0.8
