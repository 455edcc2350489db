"""What became of the cards: counts, Prometheus metrics, health."""

from __future__ import annotations

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

_LEAST_PATIENCE_SECONDS = 30.0


class Tally:
    """Counts deliveries; written by the producing thread, read by the web server.

    Attributes:
        delivered: Cards that the broker has acknowledged.
        failed: Cards that it never will.
        trouble: The newest failure or outage, for a person; None where all is well.
        registry: The counts as Prometheus metrics.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.delivered = 0
        self.failed = 0
        self.trouble: str | None = None
        self.registry = CollectorRegistry()
        self._clock = clock
        self._last_delivery = clock()
        self._delivered_total = Counter(
            "goodsflow_shop_api_cards_delivered_total",
            "Cards that the broker has acknowledged.",
            registry=self.registry,
        )
        self._failures_total = Counter(
            "goodsflow_shop_api_delivery_failures_total",
            "Cards that could not be delivered.",
            registry=self.registry,
        )
        self._last_delivery_timestamp = Gauge(
            "goodsflow_shop_api_last_delivery_timestamp_seconds",
            "When the last card was acknowledged, in seconds since 1970; 0: never.",
            registry=self.registry,
        )

    def note_delivery(self) -> None:
        """Count a card that the broker has acknowledged."""
        self.delivered += 1
        self.trouble = None
        self._last_delivery = self._clock()
        self._delivered_total.inc()
        self._last_delivery_timestamp.set_to_current_time()

    def note_failure(self, reason: str) -> None:
        """Count a card that could not be delivered."""
        self.failed += 1
        self.trouble = reason
        self._failures_total.inc()

    def ailment(self, pause_seconds: float) -> str | None:
        """Say why the service is not healthy, in one line; None where it is.

        It is healthy for a while after each delivery, and as long after its start.

        Args:
            pause_seconds: The time between two cards.
        """
        patience = max(_LEAST_PATIENCE_SECONDS, 3 * pause_seconds)
        silence = self._clock() - self._last_delivery
        if silence <= patience and (self.delivered or not self.failed):
            return None
        since = "the last delivery" if self.delivered else "the start"
        reason = f": {self.trouble}" if self.trouble else ""
        return (
            f"no card was delivered in the {silence:.0f} s since {since} "
            f"({self.failed} failed){reason}"
        )
