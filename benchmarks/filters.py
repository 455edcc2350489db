"""From `goods` to `goods-filtered`: the platform's filter, and its peers.

Each runs in a process of its own, in a group of its own, from the first offset on.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

from confluent_kafka import Consumer, Producer

from benchmarks.meter import Figure, Stopwatch
from goodsflow.blocking.app import create_pipeline
from goodsflow.blocking.filtering import Outcome, decide
from goodsflow.blocking.pipeline import next_positions
from goodsflow.blocking.settings import BlockingSettings
from goodsflow.blocking.status import PipelineStatus
from goodsflow.endpoints import load_endpoints
from goodsflow.kafka.config import client_config, producer_config

_BATCH_RECORDS = BlockingSettings().batch_records
_BATCH_SECONDS = BlockingSettings().batch_seconds
_BLOCKED = BlockingSettings().blocked_products
_PATIENCE_SECONDS = 120.0

Filter = Callable[[Path, int, list[int], str], Figure]


def goodsflow_blocking(
    home: Path,
    records: int,
    broker_pids: list[int],
    name: str,
    *,
    batch_records: int = _BATCH_RECORDS,
) -> Figure:
    """Run the pipeline of ``blocking`` as it is, without faust around it."""
    watch = _stopwatch(broker_pids)

    class Status(PipelineStatus):
        def note_commit(self, outcomes: Counter[Outcome]) -> None:
            super().note_commit(outcomes)
            watch.note(watch.records + outcomes.total())
            if watch.records >= records:
                pipeline.stop()

    settings = BlockingSettings(
        group_id=f"blocking-{name}",
        transactional_id=f"blocking-{name}",
        batch_records=batch_records,
    )
    pipeline = create_pipeline(settings, load_endpoints(home), Status())
    thread = Thread(target=pipeline.run, daemon=True)
    thread.start()
    thread.join(_PATIENCE_SECONDS)
    return watch.figure()


def larger_batches(
    home: Path, records: int, broker_pids: list[int], name: str
) -> Figure:
    """Run the same pipeline with transactions ten times as large."""
    return goodsflow_blocking(
        home, records, broker_pids, name, batch_records=10 * _BATCH_RECORDS
    )


def plain_loop(home: Path, records: int, broker_pids: list[int], name: str) -> Figure:
    """Consume and produce with librdkafka: at least once, and nothing is looked at."""
    consumer, producer = _clients(home, name, {})
    watch = _stopwatch(broker_pids)
    while watch.records < records:
        batch = consumer.consume(_BATCH_RECORDS, _BATCH_SECONDS)
        for message in batch:
            _pass_on(producer, message)
        if batch:
            producer.flush()
            consumer.commit(asynchronous=True)
            watch.note(watch.records + len(batch))
    figure = watch.figure()
    consumer.close()
    return figure


def transactional_loop(
    home: Path, records: int, broker_pids: list[int], name: str
) -> Figure:
    """Do the same with a transaction for each batch; nothing is looked at."""
    return _in_transactions(home, records, broker_pids, name, lambda _: True)


def deciding_loop(
    home: Path, records: int, broker_pids: list[int], name: str
) -> Figure:
    """Do the same, and parse each card and look it up in the block list."""
    return _in_transactions(
        home,
        records,
        broker_pids,
        name,
        lambda value: decide(value, _BLOCKED).outcome == "passed",
    )


def _in_transactions(
    home: Path,
    records: int,
    broker_pids: list[int],
    name: str,
    passes: Callable[[bytes | None], bool],
) -> Figure:
    consumer, producer = _clients(home, name, {"transactional.id": f"blocking-{name}"})
    producer.init_transactions()
    watch = _stopwatch(broker_pids)
    while watch.records < records:
        batch = consumer.consume(_BATCH_RECORDS, _BATCH_SECONDS)
        if not batch:
            continue
        producer.begin_transaction()
        for message in batch:
            if passes(message.value()):
                _pass_on(producer, message)
        producer.send_offsets_to_transaction(
            next_positions(batch), consumer.consumer_group_metadata()
        )
        producer.commit_transaction()
        watch.note(watch.records + len(batch))
    figure = watch.figure()
    consumer.close()
    return figure


def _clients(home: Path, name: str, more: dict[str, Any]) -> tuple[Consumer, Producer]:
    endpoints = load_endpoints(home)
    consumer = Consumer(
        client_config(endpoints, "inbound", "blocking")
        | {
            "group.id": f"blocking-{name}",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe(["goods"])
    config = producer_config(endpoints, "inbound", "blocking") | {"linger.ms": 0}
    return consumer, Producer(config | more)


def _pass_on(producer: Producer, message: Any) -> None:
    if message.error():
        raise RuntimeError(message.error().str())
    producer.produce("goods-filtered", message.value(), message.key())
    producer.poll(0)


def _stopwatch(broker_pids: list[int]) -> Stopwatch:
    return Stopwatch({"filter": [os.getpid()], "brokers": broker_pids})


FILTERS: dict[str, Filter] = {
    "plain librdkafka loop, at least once": plain_loop,
    "librdkafka loop in transactions": transactional_loop,
    "the same, parsing each card": deciding_loop,
    "goodsflow.blocking": goodsflow_blocking,
    "goodsflow.blocking, batches of 10,000": larger_batches,
}
