"""From `goods` to `goods-filtered`: the platform's filter, and its peers.

Each runs in a process of its own, in a group of its own, from the first offset on.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import orjson
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from benchmarks.meter import Figure, Stopwatch
from benchmarks.platform import Measured
from goodsflow.clients.kafka.config import client_config, producer_config
from goodsflow.clients.kafka.topic_inspector import TopicInspector
from goodsflow.clients.kafka.topic_reader import position_of
from goodsflow.common.process import tune_garbage_collector
from goodsflow.model.blocklist import TOPIC, Scope
from goodsflow.model.cards.wire_format import HEADER_BYTES
from goodsflow.model.endpoints import Endpoints, load_endpoints
from goodsflow.pipeline.blocklist.reader import Position
from goodsflow.pipeline.filter.app import create_pipeline
from goodsflow.pipeline.filter.filtering import Kind
from goodsflow.pipeline.filter.settings import BlockingSettings
from goodsflow.pipeline.filter.status import PipelineStatus

_BATCH_RECORDS = BlockingSettings().batch_records
_BATCH_SECONDS = BlockingSettings().batch_seconds
_COMMIT_SECONDS = 1.0
_PATIENCE_SECONDS = 120.0


def goodsflow_blocking(
    home: Path, records: int, broker_pids: list[int], name: str
) -> Figure:
    """Run the pipeline of ``blocking`` as it is, without faust around it."""
    watch = _stopwatch(broker_pids)

    class Status(PipelineStatus):
        def note_commit(
            self, passed: int, because: Counter[Scope | Kind], *, withdrawn: int = 0
        ) -> None:
            super().note_commit(passed, because, withdrawn=withdrawn)
            watch.note(watch.records + passed + because.total())
            if watch.records >= records:
                pipeline.stop()

    settings = BlockingSettings(
        group_id=f"blocking-{name}", transactional_id=f"blocking-{name}"
    )
    endpoints = load_endpoints(home)
    _begin(endpoints, settings.group_id)
    pipeline = create_pipeline(settings, endpoints, Status())
    tune_garbage_collector()
    thread = Thread(target=pipeline.run, daemon=True)
    thread.start()
    thread.join(_PATIENCE_SECONDS)
    return watch.figure()


def _begin(endpoints: Endpoints, group_id: str) -> None:
    """Let a group start with the first card, and with the block list worked off.

    Else it would begin by withdrawing what is on the list.
    """
    topic_id, watermarks = TopicInspector(endpoints, "inbound", "admin", TOPIC).state()
    position = str(Position(topic_id, watermarks[0].end))
    consumer = Consumer(
        client_config(endpoints, "inbound", "blocking") | {"group.id": group_id}
    )
    partitions = consumer.list_topics("goods", 20).topics["goods"].partitions
    starts = [TopicPartition("goods", number, 0, position) for number in partitions]
    consumer.commit(offsets=starts, asynchronous=False)
    consumer.close()


def plain_loop(home: Path, records: int, broker_pids: list[int], name: str) -> Figure:
    """Consume and produce with librdkafka: at least once, and nothing is looked at."""
    return _at_least_once(home, records, broker_pids, name, lambda _: True)


def filtering_loop(
    home: Path, records: int, broker_pids: list[int], name: str
) -> Figure:
    """Do the same with the least that a filter does: read the JSON, ask a block list.

    No schema is checked, and what is no JSON ends it.
    """
    blocked = frozenset({"listed-0"})

    def passes(value: bytes) -> bool:
        return orjson.loads(value[HEADER_BYTES:])["product_id"] not in blocked

    return _at_least_once(home, records, broker_pids, name, passes)


def _at_least_once(
    home: Path,
    records: int,
    broker_pids: list[int],
    name: str,
    passes: Callable[[bytes], bool],
) -> Figure:
    """Pass on what passes; once a second wait until all is delivered, and commit."""
    consumer, producer = _clients(home, name, {"linger.ms": 5})
    watch = _stopwatch(broker_pids)
    read = 0
    due = time.monotonic() + _COMMIT_SECONDS
    while watch.records < records:
        batch = consumer.consume(_BATCH_RECORDS, _BATCH_SECONDS)
        for message in batch:
            if passes(message.value() or b""):
                _pass_on(producer, message)
        read += len(batch)
        if read and (time.monotonic() >= due or read >= records):
            producer.flush()
            consumer.commit(asynchronous=True)
            watch.note(read)
            due = time.monotonic() + _COMMIT_SECONDS
    figure = watch.figure()
    consumer.close()
    return figure


def transactional_loop(
    home: Path, records: int, broker_pids: list[int], name: str
) -> Figure:
    """Do the same with a transaction for each batch; nothing is looked at."""
    consumer, producer = _clients(
        home, name, {"transactional.id": f"blocking-{name}", "linger.ms": 0}
    )
    producer.init_transactions()
    watch = _stopwatch(broker_pids)
    while watch.records < records:
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
    config = producer_config(endpoints, "inbound", "blocking")
    return consumer, Producer(config | more)


def _pass_on(producer: Producer, message: Any) -> None:
    if message.error():
        raise KafkaException(message.error())
    while True:
        try:
            producer.produce("goods-filtered", message.value(), message.key())
        except BufferError:
            producer.poll(0.1)
        else:
            producer.poll(0)
            return


def _stopwatch(broker_pids: list[int]) -> Stopwatch:
    return Stopwatch({"filter": [os.getpid()], "brokers": broker_pids})


FILTERS: dict[str, Measured] = {
    "plain librdkafka loop, at least once": plain_loop,
    "plain loop that reads JSON and asks a block list": filtering_loop,
    "librdkafka loop in transactions": transactional_loop,
    "goodsflow.pipeline.filter": goodsflow_blocking,
}
