"""The newest readings, as metrics. Each source is read, and fails, independently."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from goodsflow.common.errors import GoodsflowError

_LOGGER = logging.getLogger(__name__)
_MAX_REFRESH_SECONDS = 120.0
_CURRENT_SECONDS = 60.0
"""Sources that are read less often do not show the current state of the platform."""


METRICS: Mapping[str, str] = {
    "goodsflow_topic_end_offset": (
        "The offset after a partition's last record. Transaction markers count."
    ),
    "goodsflow_group_committed_offset": "A consumer group's committed offset.",
    "goodsflow_group_lag_records": (
        "Records from a consumer group's committed offset to the partition's end."
    ),
    "goodsflow_hdfs_topic_files": "Files of a topic that the HDFS sink has committed.",
    "goodsflow_hdfs_topic_bytes": (
        "Total size of a topic's files that the HDFS sink has committed."
    ),
    "goodsflow_recommender_waiting_files": (
        "Committed files beyond the offsets of the recommender's group."
    ),
    "goodsflow_recommender_oldest_waiting_file_timestamp_seconds": (
        "When the oldest file that waits for the recommender was written, in seconds "
        "since 1970."
    ),
    "goodsflow_certificate_end_timestamp_seconds": (
        "When a certificate expires, in seconds since 1970."
    ),
}
"""Every metric of the sources, with its help text."""

_SUCCESS = "goodsflow_exporter_read_success"


@dataclass(frozen=True)
class Sample:
    """One value of one metric."""

    metric: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Source:
    """A source of samples.

    Attributes:
        name: Its label in the metric of whether reading it succeeded.
        read: Raises a GoodsflowError if it cannot be read.
        every_seconds: How long a successful reading stays valid.
    """

    name: str
    read: Callable[[], Sequence[Sample]]
    every_seconds: float = 0.0


class Readings(Collector):
    """Reads the sources and serves their newest samples to Prometheus.

    The samples of a source that cannot be read are absent, because old values would
    seem healthy.
    """

    def __init__(
        self, sources: Iterable[Source], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sources = tuple(sources)
        self._clock = clock
        self._samples: dict[str, Sequence[Sample]] = {}
        self._read_at: dict[str, float] = {}
        self._failures: dict[str, str] = {}
        self._refreshed_at: float | None = None

    def refresh(self) -> None:
        """Read every source whose last reading is no longer valid."""
        for source in self._sources:
            if self._is_due(source):
                self._read(source)
        self._refreshed_at = self._clock()

    def _is_due(self, source: Source) -> bool:
        read_at = self._read_at.get(source.name)
        return read_at is None or self._clock() - read_at >= source.every_seconds

    def _read(self, source: Source) -> None:
        try:
            samples = source.read()
        except GoodsflowError as error:
            self._samples.pop(source.name, None)
            self._read_at.pop(source.name, None)
            # Log each reason once, not at every refresh.
            if self._failures.get(source.name) != str(error):
                _LOGGER.warning("%s: %s", source.name, error)
            self._failures[source.name] = str(error)
            return
        if self._failures.pop(source.name, None):
            _LOGGER.info("%s: readable again", source.name)
        self._samples[source.name] = samples
        self._read_at[source.name] = self._clock()

    def unhealthy_reason(self) -> str | None:
        """Return why the exporter is unhealthy, in one line; None if it is healthy.

        The failure of a single source does not count, because it is visible as a
        metric: if one cluster is down, the exporter is still healthy.
        """
        if self._refreshed_at is None:
            return "nothing has been read yet"
        silence = self._clock() - self._refreshed_at
        if silence > _MAX_REFRESH_SECONDS:
            return f"nothing has been read for {silence:.0f} s"
        current = [s.name for s in self._sources if s.every_seconds < _CURRENT_SECONDS]
        # Copy first: another thread may be reading sources meanwhile.
        failures = dict(self._failures)
        if current and failures.keys() >= set(current):
            return f"no source can be read: {failures[current[0]]}"
        return None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the newest samples, and whether reading each source succeeded."""
        # Copy first: another thread may be reading sources meanwhile.
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
            _SUCCESS,
            "Whether a source's newest reading succeeded.",
            labels=["source"],
        )
        for source in self._sources:
            success.add_metric([source.name], float(source.name not in failures))
        yield success
