"""Measures the filter beside its peers: throughput, latency, memory, the block list.

usage: python -m benchmarks.filter [--cards N]

It starts a platform of its own beside any that is up. Throughput is how fast a backlog
of ``goods`` is worked off, each filter in a process of its own, one after the other.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from threading import Event, Thread

import psutil
from confluent_kafka import Producer

from benchmarks.filters import FILTERS
from benchmarks.hops import fill, framed_cards, pause_connectors
from benchmarks.meter import Figure
from benchmarks.peers import (
    QUIXSTREAMS,
    PeerError,
    kafka_streams,
    prepare,
    quixstreams,
)
from benchmarks.platform import HOME, Measured, in_a_process, pids, platform
from benchmarks.report import Report
from goodsflow.clients.connect import ConnectClient
from goodsflow.clients.kafka.config import producer_config
from goodsflow.clients.kafka.offsets import OffsetReader
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.supervisor import SupervisorClient
from goodsflow.model.blocklist import Entry, Rule
from goodsflow.model.endpoints import Endpoints
from goodsflow.pipeline.blocklist.writer import block, unblock

_RULES = 100_000
_RATE = 1_000
_LATENCY_SECONDS = 20.0
_CHANGES = 100
_PATIENCE_SECONDS = 600.0

_ALL: dict[str, Measured] = {
    **FILTERS,
    "Kafka Streams, exactly_once_v2": kafka_streams,
    f"quixstreams {QUIXSTREAMS}, exactly-once": quixstreams,
}


def main() -> None:
    """Measure, print tables, and write them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cards", type=int, default=500_000, help="in the backlog")
    parser.add_argument("--runs", type=int, default=3, help="of each filter")
    arguments = parser.parse_args()
    cards, runs = arguments.cards, arguments.runs
    prepare()
    report = Report(
        "filter",
        "The filter",
        "python -m benchmarks.filter",
        ("confluent-kafka", "faust-streaming", "orjson", "jsonschema-rs"),
    )
    with platform() as endpoints, ConnectClient(endpoints.connect_url) as connect:
        pause_connectors(connect)
        values = framed_cards(endpoints)
        size = statistics.mean(len(value) for _, value in values)
        fill(endpoints, values, cards)
        rows = _measure_all(cards, runs)
        heading = f"A backlog of {cards:,} cards of {size:.0f} bytes, {runs} times"
        report.table(heading, rows)
        report.bars(
            {str(row["filter"]): float(str(row["cards/s"])) for row in rows},
            x="cards a second",
            title="Working off a backlog",
        )
        _measure_rules(endpoints, values, cards, runs, report)
        SupervisorClient(Home(HOME).socket).start("blocking")
        _await_filter(endpoints)
        _measure_latency(endpoints, values, report)
        _measure_changes(endpoints, values, report)
    report.write()


def _measure_all(cards: int, runs: int) -> list[dict[str, object]]:
    """Measure each filter some times, in turns: a noisy neighbour meets all of them."""
    figures: dict[str, list[Figure]] = {name: [] for name in _ALL}
    for turn in range(runs):
        for number, (name, run) in enumerate(_ALL.items()):
            try:
                figure = in_a_process(run, cards, f"bench-{turn}-{number}")
            except PeerError as error:
                print(f"{name:40} {error}", flush=True)
                continue
            print(f"{name:40} {figure}", flush=True)
            figures[name].append(figure)
    return [_row(name, each) for name, each in figures.items() if each]


def _row(name: str, figures: list[Figure]) -> dict[str, object]:
    rates = [figure.rate for figure in figures]
    cost = {
        part: statistics.median(
            each.cpu_seconds[part] * 100_000 / each.records for each in figures
        )
        for part in ("filter", "brokers")
    }
    return {
        "filter": name,
        "runs": len(figures),
        "cards/s": statistics.median(rates),
        "least": min(rates),
        "most": max(rates),
        "CPU-s per 100,000": cost["filter"],
        "of the brokers": cost["brokers"],
    }


def _measure_rules(
    endpoints: Endpoints,
    values: list[tuple[bytes, bytes]],
    cards: int,
    runs: int,
    report: Report,
) -> None:
    ours = FILTERS["goodsflow.pipeline.filter"]
    rules = [Rule("product", f"listed-{number}") for number in range(_RULES)]
    rows: list[dict[str, object]] = []
    for what, listed in (("1 rule", []), (f"{_RULES:,} rules", rules)):
        if listed:
            block(endpoints, "admin", (Entry(rule, "measured") for rule in listed))
        figures = [
            in_a_process(ours, cards, f"bench-rules-{len(listed)}-{turn}")
            for turn in range(runs)
        ]
        rates = [figure.rate for figure in figures]
        fill(endpoints, values, cards)
        memory = _service_memory(endpoints)
        rows.append(
            {
                "the list has": what,
                "cards/s": statistics.median(rates),
                "most memory of the service, MiB": memory,
            }
        )
    unblock(endpoints, "admin", rules)
    report.table("A long block list", rows)


def _measure_latency(
    endpoints: Endpoints, values: list[tuple[bytes, bytes]], report: Report
) -> None:
    rows = []
    for topic in ("goods", "goods-filtered"):
        taken = sorted(_latencies(endpoints, values, topic))
        rows.append(
            {
                "from the producer to a reader of": topic,
                "cards": len(taken),
                "p50, ms": 1000 * statistics.median(taken),
                "p95, ms": 1000 * taken[int(0.95 * len(taken))],
                "p99, ms": 1000 * taken[int(0.99 * len(taken))],
            }
        )
    added = float(str(rows[1]["p50, ms"])) - float(str(rows[0]["p50, ms"]))
    report.table(f"Latency at {_RATE:,} cards a second", rows)
    report.text(f"The filter adds {added:.0f} ms at the median.")


def _latencies(
    endpoints: Endpoints, values: list[tuple[bytes, bytes]], topic: str
) -> list[float]:
    """Send at a rate for a while; return how long each card took to a reader."""
    sent: dict[bytes, float] = {}
    taken: list[float] = []
    done = Event()

    def send() -> None:
        producer = Producer(producer_config(endpoints, "inbound", "shop-api"))
        due = time.monotonic()
        for number in range(int(_RATE * _LATENCY_SECONDS)):
            due += 1 / _RATE
            producer.poll(max(0.0, due - time.monotonic()))
            product, value = values[number % len(values)]
            key = f"{topic}-{number}".encode()
            sent[key] = time.monotonic()
            producer.produce(
                "goods", value.replace(b'"%b"' % product, b'"%b"' % key), key
            )
        producer.flush()
        done.set()

    with TopicReader(endpoints, "inbound", "admin", "bench", topic) as reader:
        ends = {number: each.end for number, each in reader.watermarks().items()}
        following = reader.follow(ends)
        next(following)
        Thread(target=send, daemon=True).start()
        came_at = time.monotonic()
        for record in following:
            now = time.monotonic()
            if record is not None and record.key in sent:
                taken.append(now - sent[record.key])
                came_at = now
            if done.is_set() and len(taken) == len(sent):
                break
            if now - came_at > _PATIENCE_SECONDS:
                raise TimeoutError(f"{len(taken):,} of {len(sent):,} cards came.")
    return taken


def _measure_changes(
    endpoints: Endpoints, values: list[tuple[bytes, bytes]], report: Report
) -> None:
    """Block a product that is sent all the while, and see when the last one passed."""
    with TopicReader(
        endpoints, "inbound", "admin", "bench", "goods-filtered", whole=True
    ) as reader:
        value = values[0][1]
        taken = sorted(
            _change(endpoints, reader, value, f"change-{number}")
            for number in range(_CHANGES)
        )
    report.table(
        f"From a change of the block list to its effect, {_CHANGES} times",
        [
            {
                "p50, s": statistics.median(taken),
                "p99, s": taken[int(0.99 * len(taken))],
                "longest, s": taken[-1],
            }
        ],
    )


def _change(
    endpoints: Endpoints, reader: TopicReader, value: bytes, product: str
) -> float:
    """Return the seconds from the rule's acknowledgement to the last card to pass."""
    value = value.replace(b'"100000"', f'"{product}"'.encode())
    key = product.encode()
    stop = Event()

    def send() -> None:
        producer = Producer(
            producer_config(endpoints, "inbound", "shop-api") | {"linger.ms": 0}
        )
        while not stop.wait(0.005):
            producer.produce("goods", value, key, timestamp=int(time.time() * 1000))
            producer.poll(0)
        producer.flush()

    ends = {number: each.end for number, each in reader.watermarks().items()}
    thread = Thread(target=send, daemon=True)
    thread.start()
    last, blocked_at = 0.0, None
    rule = Rule("product", product)
    try:
        for record in reader.follow(ends):
            if record is None or record.key != key:
                continue
            if record.value is None:
                break
            last = (record.timestamp or 0) / 1000
            if blocked_at is None:
                block(endpoints, "admin", [Entry(rule, "measured")])
                blocked_at = time.time()
    finally:
        stop.set()
        thread.join()
        unblock(endpoints, "admin", [rule])
    return max(0.0, last - (blocked_at or 0.0))


def _service_memory(endpoints: Endpoints) -> float:
    """Have the service work off a backlog; return the most memory it takes, in MiB."""
    client = SupervisorClient(Home(HOME).socket)
    client.start("blocking")
    try:
        (pid,) = pids("blocking")
        most = 0.0
        for _ in _until_worked_off(endpoints):
            most = max(most, psutil.Process(pid).memory_info().rss / 2**20)
        return most
    finally:
        client.stop("blocking")


def _await_filter(endpoints: Endpoints) -> None:
    for _ in _until_worked_off(endpoints):
        pass


def _until_worked_off(endpoints: Endpoints) -> Iterator[None]:
    """Yield now and then until the service has nothing left to do.

    Raises:
        TimeoutError: It takes too long.
    """
    offsets = OffsetReader.connect(endpoints, "inbound", "admin")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while offsets.group_lag("blocking", ["goods"]).total:
        if time.monotonic() > deadline:
            raise TimeoutError("The filter did not work its backlog off.")
        yield
        time.sleep(0.1)


if __name__ == "__main__":
    main()
