"""When finished batches become visible: often enough for a dashboard to fill up, seldom enough not to cost time.

A snapshot is a whole file, so publishing takes longer the larger the store is. It is done less often in proportion.
"""

import time
from collections.abc import Callable

from goldilocks import store

# Readers see finished work at least this often, as long as publishing keeps within its share of the time.
LONGEST_WAIT = 10.0
LARGEST_SHARE = 0.05


class Publisher:
    """Publishes the journal from time to time.

    Args:
        layout: the store.
        clock: seconds since some moment.
    """

    def __init__(self, layout: store.Layout, clock: Callable[[], float] = time.monotonic):
        self._layout, self._clock = layout, clock
        self._begin = self._last = clock()
        # Seconds that publishing took so far in all, and the last time something was published.
        self._spent = self._cost = 0.0

    def publish_if_due(self, prepare: Callable[[], None] = lambda: None) -> None:
        """Publish when the wait is over and another publication keeps within the share of the time of the run.

        Args:
            prepare: called before, when it is due.
        """
        now = self._clock()
        affordable = self._spent + self._cost <= LARGEST_SHARE * (now - self._begin)
        if now - self._last >= LONGEST_WAIT and affordable:
            prepare()
            self.publish()

    def publish(self) -> None:
        """Publish now."""
        start = self._clock()
        published = store.publish(self._layout)
        self._last = self._clock()
        self._spent += self._last - start
        if published is not None:
            self._cost = self._last - start
