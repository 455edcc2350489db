"""From `goods` to `goods-filtered`: the platform's filter, and its peers in Python.

Each runs in a process of its own and in a group of its own, from where the benchmark's
cards start on ``goods``.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from threading import Thread
from typing import Any

import orjson
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from benchmarks.meter import Figure, Stopwatch
from benchmarks.platform import Measured, Work
from goodsflow.clients.kafka.config import client_config, producer_config
from goodsflow.clients.kafka.topic_inspector import TopicInspector
from goodsflow.clients.kafka.topic_reader import position_of
from goodsflow.common.process import tune_garbage_collector
from goodsflow.model.blocklist import TOPIC, Scope
from goodsflow.model.cards.wire_format import HEADER_BYTES
from goodsflow.model.endpoints import load_endpoints
from goodsflow.pipeline.blocklist.reader import Position
from goodsflow.pipeline.filter.app import create_pipeline
from goodsflow.pipeline.filter.filtering import Kind
from goodsflow.pipeline.filter.settings import BlockingSettings
from goodsflow.pipeline.filter.status import PipelineStatus

_BATCH_RECORDS = BlockingSettings().batch_records
_BATCH_SECONDS = BlockingSettings().batch_seconds
_COMMIT_SECONDS = 1.0
_PATIENCE_SECONDS = 120.0


def goodsflow_filter(work: Work) -> Figure:
    """Run the pipeline of the service ``blocking``, without faust around it."""
    watch = _stopwatch(work)

    class Status(PipelineStatus):
        def note_commit(
            self, passed: int, because: Counter[Scope | Kind], *, withdrawn: int = 0
        ) -> None:
            super().note_commit(passed, because, withdrawn=withdrawn)
            watch.note(watch.records + passed + because.total())
            if watch.records >= work.records:
                pipeline.stop()

    settings = BlockingSettings(group_id=work.group, transactional_id=work.group)
    endpoints = load_endpoints(work.home)
    # Else it would start by withdrawing what is on the block list.
    topic_id, watermarks = TopicInspector(endpoints, "inbound", "admin", TOPIC).state()
    start_group(work, str(Position(topic_id, watermarks[0].end)))
    pipeline = create_pipeline(settings, endpoints, Status())
    tune_garbage_collector()
    thread = Thread(target=pipeline.run, daemon=True)
    thread.start()
    thread.join(_PATIENCE_SECONDS)
    return watch.figure()


def start_group(work: Work, metadata: str | None = None) -> None:
    """Let the group of some work start with the benchmark's first card."""
    endpoints = load_endpoints(work.home)
    with Consumer(
        client_config(endpoints, "inbound", "admin") | {"group.id": work.group}
    ) as consumer:
        starts = [
            TopicPartition("goods", number, offset)
            if metadata is None
            else TopicPartition("goods", number, offset, metadata)
            for number, offset in work.starts.items()
        ]
        consumer.commit(offsets=starts, asynchronous=False)


def plain_loop(work: Work) -> Figure:
    """Consume and produce with librdkafka: at least once, and no value is read."""
    return _at_least_once(work, lambda _: True)


def filtering_loop(work: Work) -> Figure:
    """Do the same with the least that a filter does: read the JSON, ask a block list.

    It checks no schema, and a value that is not JSON ends it.
    """
    blocked = frozenset({"listed-0"})

    def passes(value: bytes) -> bool:
        return orjson.loads(value[HEADER_BYTES:])["product_id"] not in blocked

    return _at_least_once(work, passes)


def _at_least_once(work: Work, passes: Callable[[bytes], bool]) -> Figure:
    """Pass on what passes; once a second wait until all is delivered, and commit."""
    consumer, producer = _clients(work, {"linger.ms": 5})
    watch = _stopwatch(work)
    read = 0
    due = time.monotonic() + _COMMIT_SECONDS
    while watch.records < work.records:
        batch = consumer.consume(_BATCH_RECORDS, _BATCH_SECONDS)
        for message in batch:
            if passes(message.value() or b""):
                _pass_on(producer, message)
        read += len(batch)
        if read and (time.monotonic() >= due or read >= work.records):
            producer.flush()
            consumer.commit(asynchronous=True)
            watch.note(read)
            due = time.monotonic() + _COMMIT_SECONDS
    figure = watch.figure()
    consumer.close()
    return figure


def transactional_loop(work: Work) -> Figure:
    """Do the same with a transaction for each batch; no value is read."""
    consumer, producer = _clients(
        work, {"transactional.id": work.group, "linger.ms": 0}
    )
    producer.init_transactions()
    watch = _stopwatch(work)
    while watch.records < work.records:
        batch = consumer.consume(_BATCH_RECORDS, _BATCH_SECONDS)
        if not batch:
            continue
        producer.begin_transaction()
        for message in batch:
            _pass_on(producer, message)
        nexts = dict(map(position_of, batch))
        positions = [TopicPartition("goods", *at) for at in nexts.items()]
        for position in positions:
            position.offset += 1
        producer.send_offsets_to_transaction(
            positions, consumer.consumer_group_metadata()
        )
        producer.commit_transaction()
        watch.note(watch.records + len(batch))
    figure = watch.figure()
    consumer.close()
    return figure


def _clients(work: Work, more: dict[str, Any]) -> tuple[Consumer, Producer]:
    endpoints = load_endpoints(work.home)
    start_group(work)
    consumer = Consumer(
        client_config(endpoints, "inbound", "blocking")
        | {
            "group.id": work.group,
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
        }
    )
    consumer.subscribe(["goods"])
    config = producer_config(endpoints, "inbound", "blocking")
    return consumer, Producer(config | more)


def _pass_on(producer: Producer, message: Any) -> None:
    if message.error():
        raise KafkaException(message.error())
    # Without another call in between: it is part of what is measured.
    while True:
        try:
            producer.produce("goods-filtered", message.value(), message.key())
        except BufferError:
            producer.poll(0.1)
        else:
            producer.poll(0)
            return


def _stopwatch(work: Work) -> Stopwatch:
    return Stopwatch(
        {"filter": [os.getpid()], "brokers": work.broker_pids}, work.records
    )


PLATFORM = "goodsflow.pipeline.filter"

FILTERS: dict[str, Measured] = {
    "plain librdkafka loop, at least once": plain_loop,
    "plain loop that reads JSON and asks a block list": filtering_loop,
    "librdkafka loop in transactions": transactional_loop,
    PLATFORM: goodsflow_filter,
}
