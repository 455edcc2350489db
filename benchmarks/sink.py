"""The HDFS sink beside a plain consumer that only counts.

Both read the same topic of two partitions and 200,000 cards, from its start to its end.
Figures are records and megabytes a second; start-up does not count. A full run takes
about 2 minutes.
"""

from __future__ import annotations

import json
import time

from confluent_kafka import Consumer, Producer, TopicPartition

from benchmarks.benchmark import Benchmark, Run
from benchmarks.cards import send
from benchmarks.checks import check
from benchmarks.topics import make_topics
from goodsflow.clients.connect import ConnectClient
from goodsflow.clients.hdfs import HdfsClient, list_topic_files
from goodsflow.clients.kafka.config import client_config, producer_config
from goodsflow.model.cards import frame
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.cards.wire_format import encode_json
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints

_PATIENCE_SECONDS = 600.0
_FULL = (("none", 1_000), ("none", 10_000), ("gzip", 10_000))
_SMOKE = (("none", 100), ("gzip", 250))


def _run(run: Run) -> None:
    count = run.pick(200_000, 1_000)
    topic = f"source.{run.name}"
    make_topics(run, "analytics", [topic])
    run.progress(f"filling {topic} with {count:,} cards")
    size = _fill(run.endpoints, topic, count)
    what = "a plain consumer that counts"
    run.progress(what)
    rows = [_row(what, *_count(run.endpoints, topic, count), size)]
    for compression, flush_size in run.pick(_FULL, _SMOKE):
        what = f"sink, compression {compression}, flush.size {flush_size:,}"
        run.progress(what)
        done = _sink(run, topic, count, compression, flush_size)
        rows.append(_row(what, *done, size))
    run.report.table(f"{count:,} cards of {size:.0f} bytes, two partitions", rows)


def _row(what: str, records: int, seconds: float, size: float) -> dict[str, object]:
    return {
        "reader": what,
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
        value = values[number % len(values)]
        send(producer, topic, None, value, partition=number % 2)
    left = producer.flush(120)
    check(not left, f"{left:,} of {count:,} cards were not delivered.")
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
    check(seen == count, f"{seen:,} of {count:,} records were read.")
    return seen - first, seconds


def _sink(
    run: Run, topic: str, count: int, compression: str, flush_size: int
) -> tuple[int, float]:
    """Have a sink of its own write the topic; return records and seconds."""
    name = f"{run.name}-{compression}-{flush_size}"
    folder = f"/{name}"
    config = json.loads((PROJECT_ROOT / "connect-config/hdfs-sink.json").read_text())
    deadline = time.monotonic() + _PATIENCE_SECONDS
    first: tuple[float, int] | None = None
    with (
        ConnectClient(run.endpoints.connect_url, 100) as connect,
        HdfsClient.connect(run.endpoints, "hdfs") as hdfs,
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
                check(done <= count, f"{done:,} records of {count:,} are in files.")
                if first is None and done:
                    # All may come at once where there are few.
                    first = time.perf_counter(), 0 if done == count else done
                if done == count and first is not None:
                    return count - first[1], time.perf_counter() - first[0]
                check(
                    time.monotonic() < deadline,
                    f"Only {done:,} of {count:,} records are in files.",
                )
                time.sleep(0.05)
        finally:
            connect.delete(name)
            hdfs.delete(folder, recursive=True)


BENCHMARK = Benchmark("sink", "The HDFS sink", 2, _run)
