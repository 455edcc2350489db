"""Counts of delivered and failed cards, as Prometheus metrics and as health."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

_LEAST_PATIENCE_SECONDS = 30.0


class Tally(Collector):
    """Counts deliveries; written by the producing thread, read by the web server.

    Attributes:
        delivered: Cards that the broker has acknowledged.
        failed: Cards that could not be delivered.
        malformed: Records that were sent malformed on purpose.
        problem: The latest failure or outage, for a person; None if there is none.
        registry: The counts as Prometheus metrics.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.delivered = 0
        self.failed = 0
        self.malformed = 0
        self.problem: str | None = None
        self.registry = CollectorRegistry()
        self._clock = clock
        self._noted = 0
        self._last_delivery = clock()
        self._last_delivery_at = 0.0
        self.registry.register(self)

    def note_deliveries(self) -> bool:
        """Note the time if cards were delivered since the last call; return whether.

        For each single card, only the count is updated.
        """
        if self.delivered == self._noted:
            return False
        self._noted = self.delivered
        self.problem = None
        self._last_delivery = self._clock()
        self._last_delivery_at = time.time()
        return True

    def note_failure(self, reason: str) -> None:
        """Count a card that could not be delivered."""
        self.failed += 1
        self.problem = reason

    def collect(self) -> Iterator[Metric]:
        """Yield the counts as metrics."""
        prefix = "goodsflow_shop_api"
        yield CounterMetricFamily(
            f"{prefix}_cards_delivered",
            "Cards that the broker has acknowledged.",
            value=self.delivered,
        )
        yield CounterMetricFamily(
            f"{prefix}_delivery_failures",
            "Cards that could not be delivered.",
            value=self.failed,
        )
        yield CounterMetricFamily(
            f"{prefix}_malformed_records",
            "Records that were sent malformed on purpose.",
            value=self.malformed,
        )
        yield GaugeMetricFamily(
            f"{prefix}_last_delivery_timestamp_seconds",
            "When the last card was acknowledged, in seconds since 1970; 0 if never.",
            value=self._last_delivery_at,
        )

    def unhealthy_reason(self, pause_seconds: float) -> str | None:
        """Return why the service is unhealthy, in one line; None if it is healthy.

        It counts as healthy for a while after its start and after each delivery.

        Args:
            pause_seconds: The time between two cards.
        """
        patience = max(_LEAST_PATIENCE_SECONDS, 3 * pause_seconds)
        silence = self._clock() - self._last_delivery
        if silence <= patience and (self.delivered or not self.failed):
            return None
        since = "the last delivery" if self.delivered else "the start"
        reason = f": {self.problem}" if self.problem else ""
        return (
            f"no card was delivered in the {silence:.0f} s since {since} "
            f"({self.failed} failed){reason}"
        )
