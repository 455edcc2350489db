"""How many cards a second each hop of the flow works off while the others wait.

A backlog of 200,000 cards on ``goods`` goes through the platform's filter, then
MirrorMaker 2, then the HDFS sink. Figures are cards a second, and CPU-seconds of the
hop's processes for 100,000 cards. The yardstick is the producer that fills ``goods``;
each hop's peers are in its own benchmark. A full run takes about 3 minutes.
"""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.benchmark import Benchmark, Run
from benchmarks.cards import MANY, count_cards, ends_of, fill, framed_cards
from benchmarks.checks import check, no_dead_letters, wait_until
from benchmarks.filters import PLATFORM, goodsflow_filter
from benchmarks.meter import Figure, Stopwatch
from benchmarks.platform import (
    CONNECTORS,
    INBOUND,
    in_a_process,
    pause,
    pids,
    resume,
)
from goodsflow.clients.connect import ConnectClient
from goodsflow.clients.hdfs import HdfsClient, list_topic_files
from goodsflow.clients.kafka.offsets import OffsetReader

_FILTERED = "goods-filtered"
_MIRRORED = "source.goods-filtered"
_ANALYTICS = ("kafka-mirror-0", "kafka-mirror-1")
_SINK_SHARE = 0.95
"""Of the mirrored offsets: the last ones may be markers of transactions."""


def _run(run: Run) -> None:
    count = run.pick(200_000, 1_000)
    run.keep_stopped("blocking")
    run.keep_paused(*CONNECTORS)
    cards = framed_cards(run.endpoints, run.name)
    run.withdraw_at_end(key for key, _ in cards[:count])
    starts = ends_of(run.endpoints, "inbound", "goods")
    filtered_from = ends_of(run.endpoints, "inbound", _FILTERED)
    mirrored_from = ends_of(run.endpoints, "analytics", _MIRRORED)
    rows: list[dict[str, object]] = []

    def note(hop: str, figure: Figure) -> None:
        run.progress(f"{hop}: {figure}")
        rows.append(_row(hop, figure))

    with (
        no_dead_letters(run.endpoints, run.name),
        ConnectClient(run.endpoints.connect_url) as connect,
    ):
        run.progress(f"filling goods with {count:,} cards")
        figure = fill(run.endpoints, cards, count, run.broker_pids())
        note("librdkafka producer, ready-made bytes", figure)
        work = run.work(count, "filter", starts)
        note(PLATFORM, in_a_process(goodsflow_filter, work))
        came = count_cards(
            run.endpoints,
            "inbound",
            _FILTERED,
            filtered_from,
            prefix=run.name,
            expected=count,
        )
        check(
            came == count or came > count >= MANY,
            f"{came:,} of {count:,} cards passed the filter.",
        )
        resume(connect, "mm2-source")
        note("MirrorMaker 2, exactly once", _mirror(run, mirrored_from, count))
        pause(connect, "mm2-source")
        resume(connect, "hdfs-sink")
        note("HDFS sink, 1,000 cards a file", _sink(run, mirrored_from))
    size = sum(len(value) for _, value in cards) / len(cards)
    run.report.table(f"Each hop alone, {count:,} cards of {size:.0f} bytes", rows)


def _row(hop: str, figure: Figure) -> dict[str, object]:
    cost = {name: f"{figure.cost(name):.2f}" for name in figure.cpu_seconds}
    return {
        "hop": hop,
        "cards/s": figure.rate,
        "CPU-s per 100,000": ", ".join(f"{each} {cost[each]}" for each in cost),
    }


def _mirror(run: Run, starts: Mapping[int, int], count: int) -> Figure:
    """Wait until MirrorMaker 2 has copied what the filter passed.

    Markers of transactions take offsets too, so that the count is a little high: one
    in a partition for each transaction.
    """
    reader = OffsetReader.connect(run.endpoints, "analytics", "admin")
    watch = Stopwatch(
        {
            "Connect": pids(run.home, "kafka-connect"),
            "brokers": pids(run.home, *INBOUND, *_ANALYTICS),
        },
        count,
    )

    def done() -> bool:
        offsets = reader.topic_offsets([_MIRRORED])[_MIRRORED]
        watch.note(sum(one.end - starts[at] for at, one in offsets.items()))
        return watch.records >= count

    wait_until(done, "the cards are mirrored")
    figure = watch.figure()

    def came() -> int:
        return count_cards(
            run.endpoints,
            "analytics",
            _MIRRORED,
            starts,
            prefix=run.name,
            expected=count,
        )

    wait_until(lambda: came() >= count, f"all {count:,} cards are mirrored", 60, 1)
    check(
        count >= MANY or came() == count,
        f"{came():,} cards were mirrored instead of {count:,}.",
    )
    return figure


def _sink(run: Run, starts: Mapping[int, int]) -> Figure:
    """Wait until the sink has written what was mirrored."""
    ends = ends_of(run.endpoints, "analytics", _MIRRORED)
    target = int(_SINK_SHARE * (sum(ends.values()) - sum(starts.values())))
    watch = Stopwatch(
        {
            "Connect": pids(run.home, "kafka-connect"),
            "HDFS": pids(run.home, "hdfs-nn", "hdfs-dn-0", "hdfs-dn-1"),
        },
        target,
    )
    with HdfsClient.connect(run.endpoints, "recommender", 30) as client:

        def done() -> bool:
            reached = dict(starts)
            for file in list_topic_files(client, "/data/kafka/topics", _MIRRORED):
                at = file.partition
                reached[at] = max(reached[at], file.last_offset + 1)
            watch.note(sum(reached.values()) - sum(starts.values()))
            return watch.records >= target

        wait_until(done, "the mirrored cards are on HDFS")
    return watch.figure()


BENCHMARK = Benchmark("hops", "Each hop of the flow", 3, _run)
