"""The search over 1,000,000 cards: a whole command, what it spends, the index.

Cards of as many products are written to the mirrored topic, and nothing else reads
them. A search is measured in seconds and in MiB of memory: the first one, which builds
the index, later ones with nothing new, and after 10,000 new cards. Peers are a bare
script that asks the same index, and a consumer that reads the whole topic and checks
each card, as kcat and grep would. A full run takes about 4 minutes.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import Producer

from benchmarks.benchmark import Benchmark, Run
from benchmarks.cards import send
from benchmarks.checks import check
from benchmarks.platform import CONNECTORS
from goodsflow.clients.kafka.config import client_config, producer_config
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.clients.registry import RegistryClient
from goodsflow.model.cards import encode_json, frame
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.pipeline.search.embedded import GROUP_ID, PRINCIPAL, TOPIC
from goodsflow.pipeline.search.index import CardIndex
from goodsflow.pipeline.search.interface import SearchQuery

_LIMIT = 20


def _run(run: Run) -> None:
    run.keep_paused(*CONNECTORS)
    cards, runs = run.pick(1_000_000, 2_000), run.pick(21, 1)
    new = run.pick(10_000, 100)
    bench = _Search(run, cards)
    # It may be there on a platform that was used before.
    for file in run.endpoints.state_dir.glob("search.duckdb*"):
        file.unlink()
    run.progress(f"writing {cards:,} cards to {TOPIC}")
    bench.put(range(cards))
    run.progress("reading the whole topic, and building the index")
    scan = statistics.median(bench.scan() for _ in range(run.pick(3, 1)))
    rows = [_row("the first: the index is built", [bench.search()], cards)]
    run.progress(f"{runs} times: a search with nothing new, and a bare script")
    bare, searches = [], []
    for _ in range(runs):
        searches.append(bench.search())
        bare.append(bench.bare_search())
    rows.append(_row("nothing new", searches, 0))
    rows.append(_row("a bare script, nothing new", bare, 0))
    after = []
    times = run.pick(7, 1)
    run.progress(f"{times} times: a search after {new:,} new cards")
    for turn in range(times):
        first = turn * new % cards
        bench.put(range(first, first + new))
        after.append(bench.search())
    rows.append(_row(f"after {new:,} new cards", after, new))
    for row in rows:
        row["of a scan"] = float(str(row["median, s"])) / scan
    run.report.table(f"`goodsflow search` over {cards:,} cards", rows)
    run.report.bars(
        {str(row["search"]): float(str(row["median, s"])) for row in rows},
        x="seconds, median",
        title=f"A whole search over {cards:,} cards",
    )
    run.report.table(
        f"Its query alone, times: {runs}",
        [bench.query_row(runs)],
    )
    run.report.table(
        "For comparison: reading the whole topic for each search",
        [{"a consumer that checks each card, median, s": scan}],
    )


@dataclass
class _Search:
    """Searches among so many cards for one text, and checks what is found."""

    run: Run
    cards: int

    def __post_init__(self) -> None:
        endpoints = self.run.endpoints
        with RegistryClient(endpoints.schema_registry_url) as registry:
            self._schema_id = registry.latest(f"{TOPIC}-value").schema_id
        self._text = f"{self.run.name} товар {'7' * (len(str(self.cards)) - 2)}"
        names = map(self._name, range(self.cards))
        self._expected = sum(self._text in name.lower() for name in names)
        check(
            0 < self._expected <= _LIMIT,
            f"{self._expected} cards have {self._text!r} in their names.",
        )
        self.run.withdraw_at_end(map(self._key, range(self.cards)), "analytics", TOPIC)

    def _name(self, number: int) -> str:
        return f"{self.run.name} Товар {number}"

    def _key(self, number: int) -> str:
        return f"{self.run.name}-{number}"

    def put(self, numbers: Sequence[int]) -> None:
        """Write cards to the topic that is searched."""
        producer = Producer(producer_config(self.run.endpoints, "analytics", "admin"))
        base = sample_cards()[0].as_json()
        for number in numbers:
            card = base | {
                "product_id": self._key(number),
                "name": self._name(number),
                "brand": f"brand {number % 997}",
            }
            value = frame(self._schema_id, encode_json(card).encode())
            send(producer, TOPIC, self._key(number), value)
        left = producer.flush(120)
        check(not left, f"{left:,} cards were not written.")

    def search(self) -> tuple[float, float]:
        """Search as a user does; return the seconds, and the most memory in MiB."""
        command = (sys.executable, "-m", "goodsflow.cli", "--home", str(self.run.home))
        query = ("search", "--name", self._text, "--limit", str(_LIMIT), "--json")
        return self._time((*command, *query, "--backend", "embedded"))

    def bare_search(self) -> tuple[float, float]:
        """Do the same with a bare script; see ``benchmarks.bare_search``."""
        endpoints = self.run.endpoints
        login = client_config(endpoints, "analytics", PRINCIPAL)
        index = str(endpoints.state_dir / "search.duckdb")
        script = str(PROJECT_ROOT / "benchmarks" / "bare_search.py")
        return self._time(
            (sys.executable, "-P", script, index, TOPIC, self._text),
            json.dumps(login | {"group.id": GROUP_ID}),
        )

    def _time(self, command: Sequence[str], stdin: str = "") -> tuple[float, float]:
        timer = str(PROJECT_ROOT / "benchmarks" / "timed.py")
        printed = subprocess.run(
            (sys.executable, "-P", timer, *command),
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
            cwd=PROJECT_ROOT,
        )
        report = json.loads(printed.stdout)
        check(
            report["status"] == 0,
            f"A search ended with {report['status']}: {printed.stderr[-2_000:]}",
        )
        found = len(json.loads(report["output"])["cards"])
        check(
            found == self._expected,
            f"A search found {found} cards instead of {self._expected}: {command}",
        )
        return report["seconds"], report["most_mib"]

    def query_row(self, times: int) -> dict[str, object]:
        """Measure the query alone, in the index that is there."""
        query = SearchQuery(name=self._text, limit=_LIMIT)
        index = CardIndex(self.run.endpoints.state_dir / "search.duckdb")
        taken = []
        for _ in range(times):
            began = time.perf_counter()
            found = index.search(query)
            taken.append(time.perf_counter() - began)
        index.close()
        check(len(found) == self._expected, f"The index found {len(found)} cards.")
        return {
            "cards found": len(found),
            "median, ms": 1000 * statistics.median(taken),
            "longest, ms": 1000 * max(taken),
        }

    def scan(self) -> float:
        """Read the whole topic and check each card; return the seconds."""
        began = time.perf_counter()
        found = 0
        needle = self._text.replace("товар", "Товар").encode()
        endpoints = self.run.endpoints
        with TopicReader(endpoints, "analytics", PRINCIPAL, GROUP_ID, TOPIC) as reader:
            starts = {
                number: ends.first for number, ends in reader.watermarks().items()
            }
            for batch in reader.read_to_end(starts, timeout_seconds=300):
                values = (record.value or b"" for record in batch.records)
                found += sum(needle in value for value in values)
        check(found == self._expected, f"A consumer found {found} cards.")
        return time.perf_counter() - began


def _row(
    what: str, taken: Sequence[tuple[float, float]], records: int
) -> dict[str, object]:
    seconds = [each for each, _ in taken]
    return {
        "search": what,
        "times": len(taken),
        "records read": records,
        "median, s": statistics.median(seconds),
        "longest, s": max(seconds),
        "most memory, MiB": max(memory for _, memory in taken),
    }


BENCHMARK = Benchmark(
    "search", "The search", 4, _run, ("duckdb", "confluent-kafka", "msgspec")
)
