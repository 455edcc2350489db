"""What a benchmark is, and what a run of it is given."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from benchmarks.cards import withdraw
from benchmarks.platform import INBOUND, Work, forget_groups, paused, pids, stopped
from benchmarks.report import Report
from goodsflow.model.endpoints import ClusterName, Endpoints

T = TypeVar("T")


@dataclass
class Run:
    """One run of a benchmark.

    Attributes:
        home: The folder of the platform.
        endpoints: Of the platform.
        report: Takes the figures.
        smoke: Whether it is to take seconds: little work, each thing once.
        cleanup: Undone at the end, also where the benchmark fails.
        name: Part of all that the run makes; no other run has it.
    """

    home: Path
    endpoints: Endpoints
    report: Report
    smoke: bool
    cleanup: ExitStack
    name: str = field(default_factory=lambda: f"bench-{uuid.uuid4().hex[:8]}")
    _began: float = field(default_factory=time.monotonic)
    _groups: list[str] = field(default_factory=list)
    _products: dict[tuple[ClusterName, str], set[str | bytes]] = field(
        default_factory=dict
    )

    def pick(self, full: T, smoke: T) -> T:
        """Return the one for this kind of run."""
        return smoke if self.smoke else full

    def progress(self, text: str) -> None:
        """Print what is done now, after the seconds since the start."""
        print(f"{time.monotonic() - self._began:6.0f} s  {text}", flush=True)

    def keep_stopped(self, *parts: str) -> None:
        """Stop parts until the end of the run."""
        self.cleanup.enter_context(stopped(self.home, parts))

    def keep_paused(self, *connectors: str) -> None:
        """Pause connectors until the end of the run."""
        self.cleanup.enter_context(paused(self.endpoints, connectors))

    def withdraw_at_end(
        self,
        keys: Iterable[str | bytes],
        cluster: ClusterName = "inbound",
        topic: str = "goods",
    ) -> None:
        """Take products away again when the run has ended."""
        self._products.setdefault((cluster, topic), set()).update(keys)

    def clean_up(self) -> None:
        """Take away products and consumer groups; ``cleanup`` has all else."""
        while self._products:
            place, keys = self._products.popitem()
            withdraw(self.endpoints, *place, keys)
        if self._groups:
            forget_groups(self.endpoints, self._groups)
            self._groups.clear()

    def broker_pids(self) -> list[int]:
        """Return the processes of the inbound brokers."""
        return pids(self.home, *INBOUND)

    def work(
        self, records: int, name: str, starts: Mapping[int, int] | None = None
    ) -> Work:
        """Return work for a process of its own, under a name of its own.

        Args:
            records: How many cards to work off or to send.
            name: No other work of this run has it.
            starts: Where the cards start, for a consumer group that reads them.
        """
        work = Work(
            self.home,
            f"{self.name}-{name}",
            records,
            self.broker_pids(),
            dict(starts or {}),
        )
        if starts:
            self._groups.append(work.group)
        return work


@dataclass(frozen=True)
class Benchmark:
    """A benchmark as the runner knows it.

    Attributes:
        name: On the command line, and of its page.
        title: Of its page.
        minutes: What a full run takes on two slow cores.
        run: Does the work, checks it, and fills the report.
        packages: Whose versions the page names.
    """

    name: str
    title: str
    minutes: int
    run: Callable[[Run], None]
    packages: tuple[str, ...] = ("confluent-kafka",)
