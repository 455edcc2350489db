"""Measures the search over many cards: a whole command, what it spends, the index.

usage: python -m benchmarks.search [--cards N]

It starts a platform of its own beside any that is up, and writes cards to the mirrored
topic, as many as asked for, each of another product; nothing else reads them, so that
it is the search that is measured. Beside it, a consumer that reads
the whole topic and looks at each card, as kcat and grep would.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from confluent_kafka import Producer

from benchmarks.hops import pause_connectors
from benchmarks.platform import HOME, platform
from benchmarks.report import Report
from goodsflow.clients.connect import ConnectClient
from goodsflow.clients.kafka.config import client_config, producer_config
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.clients.registry import RegistryClient
from goodsflow.model.cards import encode_json, frame
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints
from goodsflow.pipeline.search.embedded import GROUP_ID, PRINCIPAL, TOPIC
from goodsflow.pipeline.search.index import CardIndex
from goodsflow.pipeline.search.interface import SearchQuery

_CARDS = 1_000_000
_NEW = 10_000
_RUNS = 21
_TEXT = "товар 77777"
_SEARCH = ("search", "--name", _TEXT, "--limit", "20")


def main() -> None:
    """Measure, print tables, and write them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cards", type=int, default=_CARDS)
    cards = parser.parse_args().cards
    report = Report(
        "search",
        "The search",
        "python -m benchmarks.search",
        ("duckdb", "confluent-kafka", "msgspec"),
    )
    with platform() as endpoints, ConnectClient(endpoints.connect_url) as connect:
        pause_connectors(connect)
        schema_id = _schema_id(endpoints)
        _put(endpoints, schema_id, range(cards))
        scan = statistics.median(_scan(endpoints) for _ in range(3))
        rows = [_row("the first: the index is built", [_search()], cards)]
        bare, searches = [], []
        for _ in range(_RUNS):
            searches.append(_search())
            bare.append(_bare_search(endpoints))
        rows.append(_row("nothing new", searches, 0))
        rows.append(_row("a bare script, nothing new", bare, 0))
        after = []
        for run in range(7):
            first = run * _NEW % cards
            _put(endpoints, schema_id, range(first, first + _NEW))
            after.append(_search())
        rows.append(_row(f"after {_NEW:,} new cards", after, _NEW))
        for row in rows:
            row["of a scan"] = float(str(row["median, s"])) / scan
        report.table(f"`goodsflow search` over {cards:,} cards", rows)
        report.bars(
            {str(row["search"]): float(str(row["median, s"])) for row in rows},
            x="seconds, median",
            title=f"A whole search over {cards:,} cards",
        )
        report.table(
            f"Its query alone, {_RUNS} times",
            [_query_row(endpoints, SearchQuery(name=_TEXT, limit=20))],
        )
        report.table(
            "Beside it: reading the whole topic for each question",
            [{"a consumer that looks at each card, median of 3, s": scan}],
        )
    report.write()


def _schema_id(endpoints: Endpoints) -> int:
    with RegistryClient(endpoints.schema_registry_url) as registry:
        return registry.latest(f"{TOPIC}-value").schema_id


def _put(endpoints: Endpoints, schema_id: int, numbers: Sequence[int]) -> None:
    """Write cards to the topic that is searched."""
    producer = Producer(producer_config(endpoints, "analytics", "admin"))
    base = sample_cards()[0].as_json()
    for number in numbers:
        card = base | {
            "product_id": f"p{number}",
            "name": f"Товар {number}",
            "brand": f"brand {number % 997}",
        }
        value = frame(schema_id, encode_json(card).encode())
        while True:
            try:
                producer.produce(TOPIC, value, f"p{number}")
            except BufferError:
                producer.poll(0.1)
            else:
                break
        producer.poll(0)
    if producer.flush(120):
        raise RuntimeError("Not all cards were written.")


def _search() -> tuple[float, float]:
    """Search as a user does; return the seconds, and the most memory in MiB."""
    command = (sys.executable, "-m", "goodsflow.cli", "--home", str(HOME))
    return _time((*command, *_SEARCH, "--json", "--backend", "embedded"))


def _bare_search(endpoints: Endpoints) -> tuple[float, float]:
    """Do the same with a bare script; see ``benchmarks.bare_search``."""
    config = client_config(endpoints, "analytics", PRINCIPAL) | {"group.id": GROUP_ID}
    index = str(endpoints.state_dir / "search.duckdb")
    script = str(PROJECT_ROOT / "benchmarks" / "bare_search.py")
    return _time(
        (sys.executable, "-P", script, index, TOPIC, _TEXT), json.dumps(config)
    )


def _time(command: Sequence[str], stdin: str = "") -> tuple[float, float]:
    timer = str(PROJECT_ROOT / "benchmarks" / "timed.py")
    printed = subprocess.run(
        (sys.executable, "-P", timer, *command),
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
        cwd=PROJECT_ROOT,
    ).stdout
    report = json.loads(printed)
    if report["status"] or not json.loads(report["output"])["cards"]:
        raise RuntimeError(f"A search ended with {report['status']}: {command}")
    return report["seconds"], report["most_mib"]


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


def _query_row(endpoints: Endpoints, query: SearchQuery) -> dict[str, object]:
    index = CardIndex(endpoints.state_dir / "search.duckdb")
    taken = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        found = index.search(query)
        taken.append(time.perf_counter() - began)
    index.close()
    return {
        "cards found": len(found),
        "median, ms": 1000 * statistics.median(taken),
        "longest, ms": 1000 * max(taken),
    }


def _scan(endpoints: Endpoints) -> float:
    began = time.perf_counter()
    found = 0
    needle = "Товар 77777".encode()
    with TopicReader(endpoints, "analytics", PRINCIPAL, GROUP_ID, TOPIC) as reader:
        starts = {number: ends.first for number, ends in reader.watermarks().items()}
        for batch in reader.read_to_end(starts, timeout_seconds=300):
            found += sum(needle in (record.value or b"") for record in batch.records)
    if not found:
        raise RuntimeError("Nothing was found.")
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
