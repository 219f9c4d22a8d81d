"""When finished batches become visible: often enough for a dashboard to fill up, seldom enough not to cost time."""

import time

import store

# Readers see finished work at least this often, as long as publishing keeps within its share of the time.
LONGEST_WAIT = 10.0
LARGEST_SHARE = 0.05


class Publisher:
    """Publishes the journal from time to time.

    Args:
        layout: the store.
    """

    def __init__(self, layout: store.Layout):
        self._layout = layout
        self._cost = 0.0
        self._last = time.monotonic()

    def publish_if_due(self) -> None:
        """Publish when the wait is over and the share of time allows it."""
        waited = time.monotonic() - self._last
        if waited >= max(LONGEST_WAIT, self._cost / LARGEST_SHARE):
            self.publish()

    def publish(self) -> None:
        """Publish now."""
        start = time.monotonic()
        store.publish(self._layout)
        self._last = time.monotonic()
        self._cost = self._last - start
