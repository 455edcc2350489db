"""Counting what processes do, and what it costs them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import psutil


@dataclass(frozen=True)
class Figure:
    """What was done over a stretch of time.

    Attributes:
        records: How many records.
        seconds: In what time.
        cpu_seconds: By name, what the processes at work took of the processors.
    """

    records: int
    seconds: float
    cpu_seconds: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.seconds

    def __str__(self) -> str:
        """Say the rate, and CPU-seconds for 100,000 records by process."""
        cost = ", ".join(
            f"{name} {seconds * 100_000 / self.records:.2f}"
            for name, seconds in self.cpu_seconds.items()
        )
        return f"{self.rate:>9,.0f}/s   CPU-s per 100,000: {cost}"


class Stopwatch:
    """Measures from the first progress to the last: starts do not count.

    Args:
        processes: By name; the processes whose cost is of interest.
    """

    def __init__(self, processes: dict[str, Iterable[int]]) -> None:
        self._processes = {
            name: [psutil.Process(pid) for pid in pids]
            for name, pids in processes.items()
        }
        self._began: tuple[float, dict[str, float]] | None = None
        self._records_at_first = 0
        self.records = 0

    def note(self, records: int) -> None:
        """Note how many records are done by now, in all."""
        self.records = records
        if records and self._began is None:
            self._records_at_first = records
            self._began = time.monotonic(), self._cpu_seconds()

    def figure(self) -> Figure:
        """Return what was done since the first progress; call it at the last.

        Raises:
            ValueError: There was no progress but the first.
        """
        if self._began is None or self.records == self._records_at_first:
            raise ValueError("Too little was done to be measured: take more records.")
        began, cpu_seconds = self._began
        return Figure(
            self.records - self._records_at_first,
            time.monotonic() - began,
            {
                name: seconds - cpu_seconds[name]
                for name, seconds in self._cpu_seconds().items()
            },
        )

    def _cpu_seconds(self) -> dict[str, float]:
        return {
            name: sum(sum(process.cpu_times()[:2]) for process in processes)
            for name, processes in self._processes.items()
        }
