"""The filter beside its peers: throughput, latency, memory, changes of the block list.

Throughput is how fast a backlog of 500,000 cards on ``goods`` is worked off, in cards a
second: each filter in a process of its own, one after the other, three times. Peers are
loops around librdkafka in Python, Kafka Streams and quixstreams; a smoke run leaves the
last two out, since they have to be fetched and built. Then: the service's memory in MiB
with a long block list, what the filter adds to a card's latency in milliseconds, and
the seconds from a change of the block list to its effect. A full run takes about 15
minutes.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from threading import Event, Thread

import psutil
from confluent_kafka import Producer

from benchmarks.benchmark import Benchmark, Run
from benchmarks.cards import (
    MANY,
    Cards,
    count_cards,
    ends_of,
    fill,
    framed_cards,
    under_another_id,
)
from benchmarks.checks import check, no_dead_letters, wait_until
from benchmarks.filters import FILTERS, PLATFORM
from benchmarks.following import Places, measure_latencies, percentiles
from benchmarks.meter import Figure
from benchmarks.peers import LEAST_SHARE, PEERS, PeerError, prepare
from benchmarks.platform import (
    CONNECTORS,
    Measured,
    await_filter,
    in_a_process,
    pids,
    start,
)
from goodsflow.clients.kafka.config import producer_config
from goodsflow.clients.kafka.offsets import OffsetReader
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.supervisor import SupervisorClient
from goodsflow.model.blocklist import Entry, Rule
from goodsflow.pipeline.blocklist.writer import block, unblock

_RATE = 1_000
_FILTERED = "goods-filtered"
_PATIENCE_SECONDS = 600.0


def _run(run: Run) -> None:
    peers = run.pick(PEERS, {})
    if peers:
        run.progress("building and installing the peers")
        prepare()
    run.keep_stopped("blocking")
    run.keep_paused(*CONNECTORS)
    backlog = _Backlog(run, run.pick(500_000, 1_000))
    with no_dead_letters(run.endpoints, run.name):
        _measure_filters(backlog, {**FILTERS, **peers})
        _measure_rules(backlog)
        run.progress("starting the filter's service")
        start(run.home, ["blocking"])
        await_filter(run.endpoints)
        _measure_latency(run, backlog.cards)
        _measure_changes(run, backlog.cards)


class _Backlog:
    """Cards on ``goods`` that each filter works off in turn."""

    def __init__(self, run: Run, count: int) -> None:
        self.run = run
        self.count = count
        self.cards = framed_cards(run.endpoints, run.name)
        run.withdraw_at_end(key for key, _ in self.cards[:count])
        self._starts = ends_of(run.endpoints, "inbound", "goods")
        self._filled = 0
        self.fill()

    def fill(self) -> None:
        """Put the cards on ``goods``, once more if they are there already."""
        self.run.progress(f"filling goods with {self.count:,} cards")
        self._filled += self.count
        fill(self.run.endpoints, self.cards, self.count, self.run.broker_pids())

    def work_off(
        self, measure: Measured, name: str, least_share: float = 1.0
    ) -> Figure:
        """Have a filter work the cards off, and check that they come out.

        Args:
            measure: The filter.
            name: Of its group.
            least_share: Of the cards, that have to come out.
        """
        run = self.run
        before = ends_of(run.endpoints, "inbound", _FILTERED)
        work = run.work(self.count, name, self._starts)
        figure = in_a_process(measure, work)
        came = count_cards(
            run.endpoints,
            "inbound",
            _FILTERED,
            before,
            prefix=run.name,
            expected=self.count,
        )
        least = least_share * self.count
        check(
            least <= came and (came <= self._filled or self.count >= MANY),
            f"{came:,} of {self.count:,} cards came out of the filter.",
        )
        return figure


def _measure_filters(backlog: _Backlog, filters: Mapping[str, Measured]) -> None:
    """Measure each filter some times, in turns: a noisy neighbour meets all of them."""
    run = backlog.run
    runs = run.pick(3, 1)
    figures: dict[str, list[Figure]] = {name: [] for name in filters}
    for turn in range(runs):
        for number, (name, measure) in enumerate(filters.items()):
            share = LEAST_SHARE if name in PEERS else 1.0
            try:
                figure = backlog.work_off(measure, f"{turn}-{number}", share)
            except PeerError as error:
                run.progress(f"{name}: {error}")
                continue
            run.progress(f"{name}: {figure}")
            figures[name].append(figure)
    silent = [name for name, each in figures.items() if not each]
    check(not silent, f"No run could be measured of: {', '.join(silent)}")
    rows = [_row(name, each) for name, each in figures.items()]
    size = statistics.mean(len(value) for _, value in backlog.cards)
    heading = f"A backlog of {backlog.count:,} cards of {size:.0f} bytes"
    run.report.table(heading, rows)
    run.report.bars(
        {str(row["filter"]): float(str(row["cards/s"])) for row in rows},
        x="cards a second",
        title="Working off a backlog",
    )


def _row(name: str, figures: list[Figure]) -> dict[str, object]:
    rates = [figure.rate for figure in figures]
    return {
        "filter": name,
        "runs": len(figures),
        "cards/s": statistics.median(rates),
        "least": min(rates),
        "most": max(rates),
        "CPU-s per 100,000": statistics.median(each.cost("filter") for each in figures),
        "of the brokers": statistics.median(each.cost("brokers") for each in figures),
    }


def _measure_rules(backlog: _Backlog) -> None:
    """Measure the platform's filter with the usual rules, and with many."""
    run = backlog.run
    count = run.pick(100_000, 100)
    rules = [Rule("product", f"{run.name}-listed-{number}") for number in range(count)]
    rows: list[dict[str, object]] = []
    for what, listed in (("1 rule", []), (f"{count:,} rules", rules)):
        if listed:
            run.cleanup.callback(unblock, run.endpoints, "admin", rules)
            block(run.endpoints, "admin", (Entry(rule, "measured") for rule in listed))
        elif run.smoke:
            continue
        run.progress(f"the filter and its service with {what}")
        figures = [
            backlog.work_off(FILTERS[PLATFORM], f"rules-{len(listed)}-{turn}")
            for turn in range(run.pick(3, 1))
        ]
        backlog.fill()
        rows.append(
            {
                "the list has": what,
                "cards/s": statistics.median(figure.rate for figure in figures),
                "most memory of the service, MiB": _service_memory(run, backlog.count),
            }
        )
    run.report.table("A long block list", rows)


def _service_memory(run: Run, least: int) -> float:
    """Have the service work off its backlog; return the most memory it took, in MiB."""
    offsets = OffsetReader.connect(run.endpoints, "inbound", "admin")

    def lag() -> int:
        return offsets.group_lag("blocking", ["goods"]).total

    check(lag() >= least, f"The service's backlog is {lag():,}, less than {least:,}.")
    supervisor = SupervisorClient(Home(run.home).socket)
    supervisor.start("blocking")
    most = 0.0

    def is_worked_off() -> bool:
        nonlocal most
        (pid,) = pids(run.home, "blocking")
        most = max(most, psutil.Process(pid).memory_info().rss / 2**20)
        return not lag()

    try:
        wait_until(is_worked_off, "the service has worked off its backlog", 600, 0.1)
    finally:
        supervisor.stop("blocking")
    return most


def _measure_latency(run: Run, cards: Cards) -> None:
    rows: list[dict[str, object]] = []
    medians = []
    count = run.pick(20 * _RATE, _RATE)
    for topic in ("goods", _FILTERED):
        run.progress(f"latency to {topic}: {count:,} cards, {_RATE:,} a second")
        keys = [f"{run.name}-{topic}-{number}" for number in range(count)]
        run.withdraw_at_end(keys)
        place: Places = {topic: ("inbound", topic)}
        taken = measure_latencies(run.endpoints, cards, place, keys, _RATE)[topic]
        rows.append({"from the producer to a reader of": topic} | percentiles(taken))
        medians.append(statistics.median(taken))
    run.report.table(f"Latency at {_RATE:,} cards a second", rows)
    added = 1000 * (medians[1] - medians[0])
    run.report.text(f"The filter adds {added:.0f} ms at the median.")


def _measure_changes(run: Run, cards: Cards) -> None:
    """Block a product that is sent all the while, and see when its last card passed."""
    times = run.pick(100, 2)
    run.progress(f"changing the block list {times} times")
    with TopicReader(
        run.endpoints, "inbound", "admin", "bench", _FILTERED, whole=True
    ) as reader:
        taken = sorted(
            _change(run, reader, *under_another_id(cards[0], f"{run.name}-change-{n}"))
            for n in range(times)
        )
    run.report.table(
        f"From a change of the block list to its effect, {times} times",
        [
            {
                "p50, s": statistics.median(taken),
                "p99, s": taken[int(0.99 * len(taken))],
                "longest, s": taken[-1],
            }
        ],
    )


def _change(run: Run, reader: TopicReader, key: bytes, value: bytes) -> float:
    """Return the seconds from the rule's acknowledgement to the last card to pass."""
    stop = Event()
    run.withdraw_at_end([key])

    def send() -> None:
        producer = Producer(
            producer_config(run.endpoints, "inbound", "shop-api") | {"linger.ms": 0}
        )
        while not stop.wait(0.005):
            producer.produce("goods", value, key, timestamp=int(time.time() * 1000))
            producer.poll(0)
        producer.flush()

    ends = {number: each.end for number, each in reader.watermarks().items()}
    thread = Thread(target=send, daemon=True)
    thread.start()
    last, blocked_at = 0.0, None
    rule = Rule("product", key.decode())
    deadline = time.monotonic() + _PATIENCE_SECONDS
    try:
        for record in reader.follow(ends):
            check(time.monotonic() < deadline, f"Product {key!r} was not withdrawn.")
            if record is None or record.key != key:
                continue
            if record.value is None:
                break
            last = (record.timestamp or 0) / 1000
            if blocked_at is None:
                block(run.endpoints, "admin", [Entry(rule, "measured")])
                blocked_at = time.time()
    finally:
        stop.set()
        thread.join()
        unblock(run.endpoints, "admin", [rule])
    check(blocked_at is not None, f"Product {key!r} never passed the filter.")
    return max(0.0, last - (blocked_at or 0.0))


BENCHMARK = Benchmark(
    "filter",
    "The filter",
    15,
    _run,
    ("confluent-kafka", "faust-streaming", "orjson", "jsonschema-rs"),
)
