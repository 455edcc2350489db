"""Counts what processes do, and what it costs them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import psutil

_MANY = 50_000
"""With fewer, all records may arrive in one batch, so no rate can be measured."""


@dataclass(frozen=True)
class Figure:
    """What was done in a span of time.

    Attributes:
        records: How many records.
        seconds: How long they took.
        cpu_seconds: The processor time they took, by the name of the processes.
    """

    records: int
    seconds: float
    cpu_seconds: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.seconds

    def cost(self, name: str) -> float:
        """Return CPU-seconds for 100,000 records."""
        return self.cpu_seconds[name] * 100_000 / self.records

    def __str__(self) -> str:
        """Give the rate, and CPU-seconds for 100,000 records by process."""
        cost = ", ".join(f"{name} {self.cost(name):.2f}" for name in self.cpu_seconds)
        return f"{self.rate:,.0f}/s, CPU-s per 100,000: {cost}"


class Stopwatch:
    """Measures from the first progress to the last, so that start-up does not count.

    With few records, as in a smoke run, it measures from its own start instead.

    Args:
        processes: The processes whose cost matters, by name.
        expected: How many records there will be.
    """

    def __init__(self, processes: Mapping[str, Iterable[int]], expected: int) -> None:
        self._processes = {
            name: [psutil.Process(pid) for pid in pids]
            for name, pids in processes.items()
        }
        self._began: tuple[float, dict[str, float]] | None = None
        self._records_at_first = 0
        self.records = 0
        if expected < _MANY:
            self._begin()

    def note(self, records: int) -> None:
        """Note how many records are done by now, in total."""
        self.records = records
        if records and self._began is None:
            self._records_at_first = records
            self._begin()

    def figure(self) -> Figure:
        """Return what was done since the first progress; call it at the last.

        Raises:
            ValueError: There was no progress after the first.
        """
        if self._began is None or self.records == self._records_at_first:
            raise ValueError(
                f"Only {self.records} records were done, all at once: too few to "
                "measure."
            )
        began, cpu_seconds = self._began
        return Figure(
            self.records - self._records_at_first,
            time.monotonic() - began,
            {
                name: seconds - cpu_seconds[name]
                for name, seconds in self._cpu_seconds().items()
            },
        )

    def _begin(self) -> None:
        self._began = time.monotonic(), self._cpu_seconds()

    def _cpu_seconds(self) -> dict[str, float]:
        return {
            name: sum(sum(process.cpu_times()[:2]) for process in processes)
            for name, processes in self._processes.items()
        }
