"""Health of the pipeline."""

import json
from collections import Counter

from prometheus_client import generate_latest

from goodsflow.pipeline.filter.status import PipelineStatus


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def healthy(clock: Clock | None = None) -> PipelineStatus:
    """Return the status of a healthy pipeline."""
    status = PipelineStatus(clock or Clock())
    status.running = True
    status.partitions = frozenset({0, 1})
    return status


def statistics(*states: str) -> str:
    """Return librdkafka's statistics, with brokers in these states."""
    return json.dumps({"brokers": {str(i): {"state": s} for i, s in enumerate(states)}})


def test_a_pipeline_with_its_partitions_is_healthy() -> None:
    """This includes a spare copy without partitions."""
    assert healthy().unhealthy_reason() is None
    spare = healthy()
    spare.partitions = frozenset()
    assert spare.unhealthy_reason() is None


def test_a_pipeline_is_unhealthy_before_its_first_assignment() -> None:
    """The start would be reported as complete while nothing is filtered."""
    status = PipelineStatus(Clock())
    assert status.unhealthy_reason() == "the pipeline is not running"
    status.running = True
    assert status.unhealthy_reason() == "no partitions are assigned yet"
    status.problem = "2/2 brokers are down"
    assert (
        status.unhealthy_reason()
        == "no partitions are assigned yet: 2/2 brokers are down"
    )


def test_a_failed_pipeline_is_unhealthy_with_its_reason() -> None:
    """The app keeps running for a moment, but it isn't healthy."""
    status = healthy()
    status.failure = "fenced"
    assert status.unhealthy_reason() == "the pipeline failed: fenced"


def test_a_pipeline_without_progress_is_unhealthy() -> None:
    """The thread is running and has its partitions, but no card passes."""
    clock = Clock()
    status = healthy(clock)
    status.note_progress()
    clock.now += 9
    assert status.unhealthy_reason() is None
    clock.now += 2
    assert status.unhealthy_reason() == "no progress for 11 s"


def test_it_is_unhealthy_while_no_broker_is_connected() -> None:
    """Assigned partitions stay assigned when every broker is gone."""
    status = healthy()
    status.note_statistics(statistics("DOWN", "TRY_CONNECT"))
    assert status.unhealthy_reason() == "no broker is connected"
    status.note_statistics(statistics("DOWN", "UP"))
    assert status.unhealthy_reason() is None


def test_it_is_unhealthy_while_one_transaction_after_the_other_is_aborted() -> None:
    """It keeps trying, but no card passes."""
    status = healthy()
    for _ in range(3):
        assert status.unhealthy_reason() is None
        status.note_abort("no reason")
    assert (
        status.unhealthy_reason() == "3 transactions in a row were aborted: no reason"
    )
    status.note_commit(0, Counter())
    assert status.unhealthy_reason() is None


def test_counters_of_all_outcomes_start_at_zero() -> None:
    """A series that appears with its first event has no rate for it."""
    status = healthy()
    text = generate_latest(status.registry).decode()
    assert 'goodsflow_blocking_records_total{outcome="undecodable"} 0.0' in text
    assert "goodsflow_blocking_assigned_partitions 2.0" in text
    status.note_commit(3, Counter({"brand": 1, "json": 2}), withdrawn=5)
    status.note_abort("because")
    text = generate_latest(status.registry).decode()
    assert 'goodsflow_blocking_records_total{outcome="passed"} 3.0' in text
    assert 'goodsflow_blocking_records_total{outcome="blocked"} 1.0' in text
    assert 'goodsflow_blocking_records_total{outcome="undecodable"} 2.0' in text
    assert 'goodsflow_blocking_blocked_total{scope="brand"} 1.0' in text
    assert 'goodsflow_blocking_dead_letters_total{kind="json"} 2.0' in text
    assert "goodsflow_blocking_withdrawn_total 5.0" in text
    assert "goodsflow_blocking_last_transaction_records 6.0" in text
    assert 'goodsflow_blocking_transactions_total{result="aborted"} 1.0' in text
