"""The newest readings, as metrics: each source is read, and fails, by itself."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from goodsflow.common.errors import GoodsflowError

_LOGGER = logging.getLogger(__name__)
_LONGEST_TURN_SECONDS = 120.0
_CURRENT_SECONDS = 60.0
"""A reading that is good for longer tells nothing of how the platform is now."""


METRICS: Mapping[str, str] = {
    "goodsflow_topic_end_offset": (
        "The offset after a partition's last record. Transaction markers count."
    ),
    "goodsflow_group_committed_offset": "What a consumer group has committed.",
    "goodsflow_group_lag_records": (
        "From what a consumer group has committed to the partition's end."
    ),
    "goodsflow_hdfs_topic_files": "Files that the HDFS sink has committed of a topic.",
    "goodsflow_hdfs_topic_bytes": "Bytes in them.",
    "goodsflow_recommender_waiting_files": (
        "Committed files beyond the offsets of the recommender's group."
    ),
    "goodsflow_recommender_oldest_waiting_file_timestamp_seconds": (
        "When the oldest of them was written, in seconds since 1970."
    ),
    "goodsflow_certificate_end_timestamp_seconds": (
        "When a certificate ends, in seconds since 1970."
    ),
}
"""Every metric that sources give, with its help."""

_SUCCESS = "goodsflow_exporter_read_success"


@dataclass(frozen=True)
class Sample:
    """One value of one metric."""

    metric: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Source:
    """Something that is read.

    Attributes:
        name: For the metric that says whether reading it succeeds.
        read: Raises a GoodsflowError where it cannot be read.
        every_seconds: How long a successful reading is good for.
    """

    name: str
    read: Callable[[], Sequence[Sample]]
    every_seconds: float = 0.0


class Readings(Collector):
    """Reads the sources, and gives Prometheus what was read last.

    What could not be read is absent: an old value would look like a healthy one.
    """

    def __init__(
        self, sources: Iterable[Source], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sources = tuple(sources)
        self._clock = clock
        self._samples: dict[str, Sequence[Sample]] = {}
        self._read_at: dict[str, float] = {}
        self._failures: dict[str, str] = {}
        self._turned_at: float | None = None

    def refresh(self) -> None:
        """Read every source whose last reading is no longer good."""
        for source in self._sources:
            if self._is_due(source):
                self._read(source)
        self._turned_at = self._clock()

    def _is_due(self, source: Source) -> bool:
        read_at = self._read_at.get(source.name)
        return read_at is None or self._clock() - read_at >= source.every_seconds

    def _read(self, source: Source) -> None:
        try:
            samples = source.read()
        except GoodsflowError as error:
            self._samples.pop(source.name, None)
            self._read_at.pop(source.name, None)
            # Once for each reason, not at each turn.
            if self._failures.get(source.name) != str(error):
                _LOGGER.warning("%s: %s", source.name, error)
            self._failures[source.name] = str(error)
            return
        if self._failures.pop(source.name, None):
            _LOGGER.info("%s: can be read again", source.name)
        self._samples[source.name] = samples
        self._read_at[source.name] = self._clock()

    def unhealthy_reason(self) -> str | None:
        """Say why nothing new is told, in one line; None where all is well.

        What fails by itself is in the metrics: one cluster's outage does not make the
        exporter unhealthy.
        """
        if self._turned_at is None:
            return "nothing has been read yet"
        silence = self._clock() - self._turned_at
        if silence > _LONGEST_TURN_SECONDS:
            return f"nothing has been read for {silence:.0f} s"
        current = [s.name for s in self._sources if s.every_seconds < _CURRENT_SECONDS]
        # The web server asks while another thread reads: take what is there at once.
        failures = dict(self._failures)
        if current and failures.keys() >= set(current):
            return f"nothing can be read: {failures[current[0]]}"
        return None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the newest readings, and which of them succeeded."""
        # The web server asks while another thread reads: take what is there at once.
        samples = [sample for each in tuple(self._samples.values()) for sample in each]
        failures = set(self._failures)
        for metric, text in METRICS.items():
            chosen = [sample for sample in samples if sample.metric == metric]
            if not chosen:
                continue
            labels = sorted({name for sample in chosen for name in sample.labels})
            family = GaugeMetricFamily(metric, text, labels=labels)
            for sample in chosen:
                family.add_metric(
                    [sample.labels.get(name, "") for name in labels], sample.value
                )
            yield family
        success = GaugeMetricFamily(
            _SUCCESS, "Whether the newest reading succeeded.", labels=["source"]
        )
        for source in self._sources:
            success.add_metric([source.name], float(source.name not in failures))
        yield success
