"""Measures the HDFS sink beside a plain consumer that only counts.

usage: python -m benchmarks.sink [RECORDS]

It starts a platform of its own beside any that is up. Both read the same topic of two
partitions from its beginning to its end; starts do not count.
"""

from __future__ import annotations

import json
import sys
import time
import uuid

from confluent_kafka import Consumer, Producer, TopicPartition

from benchmarks.platform import platform
from benchmarks.report import Report
from goodsflow.clients.connect import ConnectClient
from goodsflow.clients.hdfs import HdfsClient, list_topic_files
from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.config import client_config, producer_config
from goodsflow.clients.kafka.futures import check_all
from goodsflow.model.cards import frame
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.cards.wire_format import encode_json
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints
from goodsflow.model.spec import Topic

_RECORDS = 200_000
_PATIENCE_SECONDS = 600.0
_VARIANTS = (("none", 1_000), ("none", 10_000), ("gzip", 10_000))


def main() -> None:
    """Measure both, print a table, and write it."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else _RECORDS
    report = Report(
        "sink", "The HDFS sink", "python -m benchmarks.sink", ("confluent-kafka",)
    )
    with platform() as endpoints:
        topic = f"source.bench-{uuid.uuid4().hex[:8]}"
        admin = KafkaAdmin.connect(endpoints, "analytics", "admin")
        check_all(
            admin.create_topics({topic: Topic(partitions=2, replication_factor=2)})
        )
        size = _fill(endpoints, topic, count)
        rows = [
            _row("a plain consumer that counts", *_count(endpoints, topic, count), size)
        ]
        for compression, flush_size in _VARIANTS:
            done = _sink(endpoints, topic, count, compression, flush_size)
            what = f"sink, compression {compression}, flush.size {flush_size:,}"
            rows.append(_row(what, *done, size))
    report.table(f"{count:,} cards of {size:.0f} bytes, two partitions", rows)
    report.write()


def _row(what: str, records: int, seconds: float, size: float) -> dict[str, object]:
    return {
        "": what,
        "records/s": records / seconds,
        "MB/s": records * size / seconds / 1e6,
    }


def _fill(endpoints: Endpoints, topic: str, count: int) -> float:
    """Write cards to the topic; return the mean size of a value in bytes."""
    base = sample_cards()[0].as_json()
    values = [
        frame(1, encode_json(base | {"product_id": f"p{number}"}).encode())
        for number in range(2_000)
    ]
    producer = Producer(
        producer_config(endpoints, "analytics", "admin")
        | {"queue.buffering.max.messages": 1_000_000, "linger.ms": 50}
    )
    for number in range(count):
        producer.produce(topic, values[number % len(values)], partition=number % 2)
        producer.poll(0)
    if producer.flush(120):
        raise RuntimeError("Not all cards were delivered.")
    return sum(map(len, values)) / len(values)


def _count(endpoints: Endpoints, topic: str, count: int) -> tuple[int, float]:
    consumer = Consumer(
        client_config(endpoints, "analytics", "admin")
        | {"group.id": "bench", "isolation.level": "read_committed"}
    )
    consumer.assign([TopicPartition(topic, number, 0) for number in (0, 1)])
    deadline = time.monotonic() + _PATIENCE_SECONDS
    first = seen = len(consumer.consume(1, 30))
    began = time.perf_counter()
    while seen < count and time.monotonic() < deadline:
        seen += len(consumer.consume(5_000, 1))
    seconds = time.perf_counter() - began
    consumer.close()
    if seen < count:
        raise RuntimeError(f"Only {seen} of {count} records were read.")
    return seen - first, seconds


def _sink(
    endpoints: Endpoints, topic: str, count: int, compression: str, flush_size: int
) -> tuple[int, float]:
    name = f"bench-{uuid.uuid4().hex[:8]}"
    folder = f"/{name}"
    config = json.loads((PROJECT_ROOT / "connect-config/hdfs-sink.json").read_text())
    deadline = time.monotonic() + _PATIENCE_SECONDS
    first: tuple[float, int] | None = None
    with (
        ConnectClient(endpoints.connect_url, 100) as connect,
        HdfsClient.connect(endpoints, "hdfs") as hdfs,
    ):
        hdfs.make_directory(folder, owner="connect")
        connect.put_config(
            name,
            config
            | {
                "name": name,
                "topics": topic,
                "topics.dir": folder,
                "flush.size": str(flush_size),
                "compression.type": compression,
            },
        )
        try:
            while True:
                files = list_topic_files(hdfs, folder, topic)
                done = sum(file.last_offset - file.first_offset + 1 for file in files)
                if first is None and done:
                    first = time.perf_counter(), done
                if done == count and first is not None:
                    return count - first[1], time.perf_counter() - first[0]
                if time.monotonic() > deadline:
                    raise RuntimeError(f"Only {done} of {count} records are in files.")
                time.sleep(0.05)
        finally:
            connect.delete(name)
            hdfs.delete(folder, recursive=True)


if __name__ == "__main__":
    main()
