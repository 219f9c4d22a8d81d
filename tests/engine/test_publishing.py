"""Publishing keeps within its share of a long run, however large the store grows, and still happens often."""

import pytest

from goldilocks import store
from goldilocks.engine.execution.publication import LARGEST_SHARE, LONGEST_WAIT, Publisher


class Simulation:
    """A run whose publications take so long as the store is large, on a clock of its own."""

    def __init__(self, monkeypatch, seconds_at_the_start, growth_per_second):
        self.now = self.spent = 0.0
        self.moments = []
        self.cost = lambda: seconds_at_the_start + growth_per_second * self.now
        monkeypatch.setattr(store, "publish", self.publish)
        self.publisher = Publisher(store.Layout.at("unused.duckdb"), lambda: self.now)

    def publish(self, layout):
        self.spent += self.cost()
        self.now += self.cost()
        self.moments.append(self.now)
        return "a snapshot"

    def run(self, seconds, batch=0.5):
        while self.now < seconds:
            self.now += batch
            self.publisher.publish_if_due()


@pytest.mark.parametrize(("start", "growth"), [(0.1, 0.0), (3.0, 0.0), (3.0, 1e-3), (40.0, 1e-2)])
def test_an_hour_spends_at_most_its_share_on_publishing(monkeypatch, start, growth):
    run = Simulation(monkeypatch, start, growth)
    run.run(3600)
    # What the next one costs is guessed from the last, so the last may have been a little dearer than it was allowed.
    assert run.spent <= LARGEST_SHARE * run.now + growth * run.now * LARGEST_SHARE
    assert run.moments[0] <= LONGEST_WAIT + start + 1
    assert len(run.moments) > 2


def test_a_small_store_is_published_whenever_the_wait_is_over(monkeypatch):
    run = Simulation(monkeypatch, 0.05, 0.0)
    run.run(200)
    gaps = [later - sooner for sooner, later in zip(run.moments, run.moments[1:], strict=False)]
    assert max(gaps) <= LONGEST_WAIT + 1
