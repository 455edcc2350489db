"""The state of the pipeline: written by its thread, read by the web views."""

from __future__ import annotations

import json
import time
from collections import Counter as Counts
from collections.abc import Callable
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge

from goodsflow.model.blocklist import SCOPES, BlockRules, Scope
from goodsflow.pipeline.filter.filtering import KINDS, Kind, Outcome

_STALLED_SECONDS = 10.0
_MAX_ABORTS_IN_A_ROW = 3
_OUTCOMES: tuple[Outcome, ...] = ("passed", "blocked", "undecodable")


class PipelineStatus:
    """The state of the pipeline.

    Attributes:
        partitions: The assigned partitions; None before the first assignment. A copy
            with an empty set is a healthy spare.
        running: Whether its thread is running.
        failure: Why it failed; None if it didn't.
        problem: What delays it at the moment, such as an outage; None if nothing does.
        registry: The counts as Prometheus metrics.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.partitions: frozenset[int] | None = None
        self.running = False
        self.failure: str | None = None
        self.problem: str | None = None
        self.registry = CollectorRegistry()
        self._clock = clock
        self._progress_at = clock()
        self._brokers_up = True
        self._aborts_in_a_row = 0
        self._records = Counter(
            "goodsflow_blocking_records_total",
            "Records read, by outcome. Counted when they are committed.",
            ["outcome"],
            registry=self.registry,
        )
        for outcome in _OUTCOMES:
            self._records.labels(outcome)
        self._transactions = Counter(
            "goodsflow_blocking_transactions_total",
            "Transactions, by result.",
            ["result"],
            registry=self.registry,
        )
        for result in ("committed", "aborted"):
            self._transactions.labels(result)
        self._blocked = Counter(
            "goodsflow_blocking_blocked_total",
            "Blocked cards, by the scope of the rule.",
            ["scope"],
            registry=self.registry,
        )
        self._letters = Counter(
            "goodsflow_blocking_dead_letters_total",
            "Dead letters, by kind of failure.",
            ["kind"],
            registry=self.registry,
        )
        for scope in SCOPES:
            self._blocked.labels(scope)
        for kind in KINDS:
            self._letters.labels(kind)
        self._withdrawn = Counter(
            "goodsflow_blocking_withdrawn_total",
            "Tombstones written for cards that were blocked after they had passed.",
            registry=self.registry,
        )
        self._batch = Gauge(
            "goodsflow_blocking_last_transaction_records",
            "Records read for the last transaction.",
            registry=self.registry,
        )
        self._last_commit = Gauge(
            "goodsflow_blocking_last_commit_timestamp_seconds",
            "When records were last committed, in seconds since 1970; 0 if never.",
            registry=self.registry,
        )
        Gauge(
            "goodsflow_blocking_assigned_partitions",
            "Partitions of the source topic that this copy reads.",
            registry=self.registry,
        ).set_function(lambda: len(self.partitions or ()))

    def note_progress(self) -> None:
        """Note that the pipeline is working or waiting for records."""
        self._progress_at = self._clock()

    def show_rules(self, rules: Callable[[], BlockRules]) -> None:
        """Add a metric of the number of rules, by scope."""
        gauge = Gauge(
            "goodsflow_blocking_block_list_rules",
            "Rules of the block list.",
            ["scope"],
            registry=self.registry,
        )
        for scope in SCOPES:
            gauge.labels(scope).set_function(partial(_count, rules, scope))

    def note_commit(
        self, passed: int, causes: Counts[Scope | Kind], *, withdrawn: int = 0
    ) -> None:
        """Count the records of a committed transaction.

        Args:
            passed: The number of cards that passed.
            causes: The number of other records, by cause.
            withdrawn: The number of tombstones for withdrawals.
        """
        outcomes: Counts[Outcome] = Counts()
        outcomes["passed"] = passed
        for reason, count in causes.items():
            if reason in SCOPES:
                outcomes["blocked"] += count
                self._blocked.labels(reason).inc(count)
            else:
                outcomes["undecodable"] += count
                self._letters.labels(reason).inc(count)
        for outcome, count in outcomes.items():
            self._records.labels(outcome).inc(count)
        self._batch.set(outcomes.total())
        self._withdrawn.inc(withdrawn)
        self._transactions.labels("committed").inc()
        self._last_commit.set_to_current_time()
        self._aborts_in_a_row = 0
        self.problem = None

    def note_abort(self, reason: str) -> None:
        """Count an aborted transaction."""
        self._transactions.labels("aborted").inc()
        self._aborts_in_a_row += 1
        self.problem = reason

    def note_statistics(self, statistics: str) -> None:
        """Read from librdkafka's statistics whether any broker is connected.

        https://github.com/confluentinc/librdkafka/blob/master/STATISTICS.md
        """
        brokers = json.loads(statistics)["brokers"].values()
        self._brokers_up = any(broker["state"] == "UP" for broker in brokers)

    def stalled_seconds(self) -> float:
        """Return the time since the pipeline last made progress."""
        return self._clock() - self._progress_at

    def unhealthy_reason(self) -> str | None:
        """Return why the pipeline is unhealthy, in one line; None if it is healthy."""
        if self.failure:
            return f"the pipeline failed: {self.failure}"
        reason = self._current_problem()
        if reason and self.problem:
            return f"{reason}: {self.problem}"
        return reason

    def _current_problem(self) -> str | None:
        stalled = self.stalled_seconds()
        reason = None
        if not self.running:
            reason = "the pipeline is not running"
        elif self.partitions is None:
            reason = "no partitions are assigned yet"
        elif not self._brokers_up:
            reason = "no broker is connected"
        elif stalled > _STALLED_SECONDS:
            reason = f"no progress for {stalled:.0f} s"
        elif self._aborts_in_a_row >= _MAX_ABORTS_IN_A_ROW:
            reason = f"{self._aborts_in_a_row} transactions in a row were aborted"
        return reason


def _count(rules: Callable[[], BlockRules], scope: Scope) -> int:
    return rules().count(scope)
