"""The recommender on real brokers, HDFS and Spark, with its own topics."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import psutil
import pytest
from confluent_kafka import Producer

from goodsflow.clients.hdfs import HdfsClient
from goodsflow.clients.kafka.errors import ClusterUnavailableError, KafkaError
from goodsflow.model.blocklist import BlockRules, Rule
from goodsflow.model.cards import decode_card, payload_of, schema_id_of
from goodsflow.pipeline.archive import ArchiveSettings, archive_topic
from goodsflow.pipeline.recommender import (
    Cursor,
    FenceError,
    MissingFilesError,
    OverlappingFilesError,
    PublicationError,
    publisher,
    read_backlog,
    recommend,
    state,
)
from goodsflow.pipeline.recommender.publisher import Publisher
from goodsflow.pipeline.recommender.settings import Scoring
from tests.integration.shops import Shop, line
from tests.support import await_condition, status


def test_windows_yield_their_best_cards_byte_for_byte(
    shop: Shop,
) -> None:
    """Serializing a card again would lose unknown fields."""
    latest = line("cheap", 50, note="  kept: ё  ", big=12345678901234567890.123)
    shop.put(0, 0, [line("cheap", 100), line("same", 10), b"junk", b"\xff\xfe"])
    dear = [line("gone", 5, available=2), line("dear", 1), line("dear", 4)]
    shop.put(1, 3, dear, compressed=True)
    cheap = [line("cheap", 150), latest, line("b", 3), line("a", 3)]
    shop.put(0, 7, cheap, compressed=True)
    shop.put(1, 9, [line("dear", 8), line("cheap2", 2), line("free", 0)])
    found = read_backlog(shop.endpoints, "admin", shop.settings)
    assert (len(found.files), found.complete_windows) == (4, 2)
    assert (found.start_offsets, found.end_offsets) == ({}, {0: 11, 1: 12})

    report = shop.recommend()

    assert (report.windows, report.cards_in, report.bad_lines) == (2, 12, 2)
    assert [(r.window, r.product_id, r.score) for r in report.recommendations] == [
        (0, "cheap", 1.0),
        (0, "same", 1.0),
        (0, "dear", 0.625),
        (1, "cheap", 2.0),
        (1, "a", 1.0),
        (1, "b", 1.0),
    ]
    records = shop.published()
    assert [(r.key or b"").decode() for r in records] == [
        r.product_id for r in report.recommendations
    ]
    assert latest in [payload_of(r.value or b"") for r in records]
    assert {schema_id_of(r.value or b"") for r in records} == {shop.schema_id}
    assert {"gone", "free"}.isdisjoint(r.product_id for r in report.recommendations)
    assert shop.offsets() == report.offsets_after == {0: 11, 1: 12}


def test_a_second_run_repeats_nothing(shop: Shop) -> None:
    """A sensor that starts two runs must not cause duplicates."""
    shop.put(0, 0, [line("a", 1)])
    shop.put(0, 1, [line("a", 2)])
    assert shop.recommend().cards_out == 1
    again = shop.recommend(include_incomplete=True)
    assert (again.windows, again.files_waiting, again.cards_out) == (0, 0, 0)
    assert len(shop.published()) == 1


def test_an_incomplete_window_is_only_taken_on_request(shop: Shop) -> None:
    """A manual materialization takes all files; the sensor waits for more."""
    shop.put(0, 5, [line("a", 1)])
    report = shop.recommend()
    assert (report.windows, report.files_waiting, report.files_needed) == (0, 1, 2)
    assert shop.offsets() == {}
    assert shop.recommend(include_incomplete=True).cards_out == 1
    assert shop.offsets() == {0: 6}


def test_a_window_without_cards_moves_the_offsets(shop: Shop) -> None:
    """Otherwise, one window of bad lines would block all later ones."""
    shop.put(0, 0, [b"junk"])
    shop.put(0, 1, [line("gone", 1, available=0)])
    report = shop.recommend()
    assert (report.windows, report.cards_out, report.bad_lines) == (1, 0, 1)
    assert shop.offsets() == {0: 2}


def test_overlapping_files_end_a_run_before_it_publishes(shop: Shop) -> None:
    """Nobody could tell which of two files contains the record."""
    paths = [
        shop.put(0, 0, [line("a", 1), line("a", 2)]),
        shop.put(0, 1, [line("a", 3), line("a", 4)]),
    ]
    with pytest.raises(OverlappingFilesError) as raised:
        shop.recommend()
    assert all(path in str(raised.value) for path in paths)
    assert shop.published() == []


def test_an_older_run_is_fenced_and_publishes_nothing(shop: Shop) -> None:
    """Two simultaneous runs would process the same files twice."""
    value = b"\0\0\0\0\1{}"
    with (
        Publisher(shop.endpoints, shop.settings) as older,
        Publisher(shop.endpoints, shop.settings) as newer,
    ):
        older.start()
        newer.start()
        with pytest.raises(FenceError):
            older.publish([(b"old", value)], Cursor({0: 1}))
        newer.publish([(b"new", value)], Cursor({0: 2}))
        assert newer.cursor() == Cursor({0: 2})
    assert [record.key for record in shop.published()] == [b"new"]


class StuckProducer:
    """A producer whose commit doesn't return until the test allows it."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self.let_go = Event()

    def __getattr__(self, name: str) -> Any:
        """Delegate everything else to the producer."""
        return getattr(self._producer, name)

    def commit_transaction(self, timeout_seconds: float) -> None:
        """Wait while all records are at the brokers, then commit."""
        assert self._producer.flush(10) == 0
        assert self.let_go.wait(120)
        self._producer.commit_transaction(timeout_seconds)


def test_a_stuck_run_is_abandoned_and_cannot_commit(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stuck call would block the recommender until Dagster ended the run."""
    monkeypatch.setattr(publisher, "_GRACE_SECONDS", 2.0)
    settings = shop.settings.model_copy(update={"kafka_timeout_seconds": 10.0})
    value = b"\0\0\0\0\1{}"
    with Publisher(shop.endpoints, settings) as older:
        older.start()
        producer = StuckProducer(older._producer)
        older._producer = producer  # type: ignore[assignment]
        with pytest.raises(PublicationError, match="has not returned for 12 s"):
            older.publish([(b"old", value)], Cursor({0: 1}))
    with Publisher(shop.endpoints, settings) as newer:
        newer.start()
        assert newer.cursor() == Cursor()
        producer.let_go.set()
        assert older._step is not None
        error = older._step.exception(60)
        assert isinstance(error, FenceError | PublicationError), error
        newer.publish([(b"new", value)], Cursor({0: 2}))
    assert [record.key for record in shop.published()] == [b"new"]
    assert shop.offsets() == {0: 2}


@pytest.mark.faults
def test_a_run_fails_within_a_minute_if_no_broker_answers(
    shop: Shop, platform_home: Path
) -> None:
    """Its retry continues at the same offsets once the brokers answer."""
    value = b"\0\0\0\0\1{}"
    parts = status(platform_home)
    brokers = [psutil.Process(parts[f"kafka-mirror-{n}"]["pid"]) for n in (0, 1)]
    with Publisher(shop.endpoints, shop.settings) as publisher:
        publisher.start()
        try:
            for broker in brokers:
                broker.suspend()
            began = time.monotonic()
            with pytest.raises(PublicationError):
                publisher.publish([(b"silent", value)], Cursor({0: 1}))
            assert time.monotonic() - began < 70
        finally:
            for broker in brokers:
                broker.resume()

    def continues() -> bool:
        try:
            with Publisher(shop.endpoints, shop.settings) as publisher:
                publisher.start()
                assert publisher.cursor() == Cursor()
                publisher.publish([(b"again", value)], Cursor({0: 1}))
        except (ClusterUnavailableError, PublicationError):
            return False
        return True

    def keys() -> list[bytes | None]:
        try:
            return [record.key for record in shop.published()]
        except KafkaError:
            # A broker that has just come back may not know the partitions yet.
            return []

    await_condition(continues, "a run publishes again", 200)
    assert await_condition(keys, "the topic can be read", 60) == [b"again"]
    assert shop.offsets() == {0: 1}


def test_a_failed_run_has_no_effect(shop: Shop) -> None:
    """Partial results would cause losses or duplicates."""

    def records() -> Iterator[tuple[bytes, bytes]]:
        yield b"half", b"\0\0\0\0\1{}"
        raise ZeroDivisionError

    with Publisher(shop.endpoints, shop.settings) as publisher:
        publisher.start()
        with pytest.raises(ZeroDivisionError):
            publisher.publish(records(), Cursor({0: 1}))
        assert publisher.cursor() == Cursor()
        publisher.publish([(b"whole", b"\0\0\0\0\1{}")], Cursor({0: 1}))
    assert [record.key for record in shop.published()] == [b"whole"]


def test_a_recommended_card_can_be_decoded(shop: Shop) -> None:
    """Readers decode it with its schema."""
    shop.put(0, 0, [line("a", 1)])
    shop.recommend(include_incomplete=True)
    (record,) = shop.published()
    assert decode_card(record.value or b"")["name"] == "Часы"


def test_the_score_matches_the_documentation(shop: Shop) -> None:
    """A score must be possible to verify by hand."""
    settings = shop.settings.model_copy(update={"scoring": Scoring(), "per_window": 9})
    now = datetime.now(UTC)
    shop.put(0, 0, [line("clock", 100, brand="Tick"), line("shoe", 30, name="Туфли")])
    shop.put(0, 2, [line("clock", 80, 12, brand="Tick"), line("sofa", 9, 7, name="d")])
    # 7 days are the half-life: one request of now and one that counts half of it.
    week = timedelta(days=7)
    shop.ask(0, {"brand": "TICK"}, {"name": "нет", "brand": "tick"}, {}, at=now)
    shop.ask(3, {"name": "час", "brand": "tick"}, at=now - week)

    report = recommend(shop.endpoints, settings)

    found = {row.product_id: row for row in report.recommendations}
    assert (report.event_files, report.searches) == (2, 3)
    clock = found["clock"]
    assert clock.interest == pytest.approx(1.5, rel=1e-3)
    assert clock.score == pytest.approx(
        (100 + 80) / 2 / 80 * 10 / (10 + 5) * (1 + 0.25 * math.log1p(1.5)), rel=1e-3
    )
    assert found["shoe"].score == pytest.approx(1 * 7 / (7 + 5))
    assert found["sofa"].score == pytest.approx(1 * 5 / (5 + 5))
    assert list(found) == ["clock", "shoe", "sofa"]
    assert shop.cursor().event_offsets == {0: 4}


def test_prices_and_searches_of_earlier_runs_count(shop: Shop) -> None:
    """Otherwise, a price would only be compared with those of the same minute."""
    shop.put(0, 0, [line("a", 100)])
    shop.put(0, 1, [line("b", 10)])
    shop.ask(0, {"name": "часы"}, at=datetime.now(UTC))
    first = shop.recommend()
    shop.put(0, 2, [line("a", 50)])
    shop.put(0, 3, [line("c", 10)])
    second = shop.recommend()
    assert {row.product_id: row.score for row in second.recommendations} == (
        pytest.approx({"a": (1.5) * 1.173, "c": 1.173}, rel=1e-3)
    )
    assert (second.event_files, second.searches) == (0, 1)
    assert first.snapshot != second.snapshot == shop.cursor().snapshot


@pytest.mark.parametrize("loss", ["snapshot", "name"])
def test_a_lost_state_is_rebuilt_from_the_files(shop: Shop, loss: str) -> None:
    """Otherwise, all prices would be new after somebody changed the offsets."""
    shop.put(0, 0, [line("a", 100), line("a", 60)])
    shop.put(0, 2, [line("b", 10)])
    shop.ask(0, {"brand": "нет"}, at=datetime.now(UTC))
    snapshot = shop.recommend().snapshot
    if loss == "snapshot":
        with HdfsClient.connect(shop.endpoints, "hdfs") as client:
            client.delete(f"{shop.settings.state_dir}/{snapshot}", recursive=True)
    else:
        with Publisher(shop.endpoints, shop.settings) as publisher:
            publisher.start()
            publisher.publish([], replace(shop.cursor(), snapshot=None))
    shop.put(0, 3, [line("a", 40)])
    shop.put(0, 4, [line("c", 10)])
    report = shop.recommend()
    assert (report.rebuilt_from, report.cards_in) == (3, 2)
    assert "rebuilt from 3 files" in report.summary()
    scores = {row.product_id: row.score for row in report.recommendations}
    assert scores == pytest.approx({"a": 200 / 3 / 40, "c": 1.0})
    assert shop.recommend().rebuilt_from == 0


def test_archived_files_count_but_are_not_processed_again(shop: Shop) -> None:
    """Otherwise, the archive would change prices or repeat recommendations."""
    for number, amount in enumerate((100, 80, 60, 40)):
        shop.put(0, number, [line("a", amount)])
    snapshot = shop.recommend().snapshot
    where = shop.settings
    report = archive_topic(
        shop.endpoints,
        datetime.now(UTC).date(),
        ArchiveSettings(
            principal="admin",
            topic=where.source_topic,
            group_id=where.group_id,
            topics_dir=where.topics_dir,
            archive_dir=where.archive_dir,
        ),
    )
    assert report.files_in == 3
    with HdfsClient.connect(shop.endpoints, "hdfs") as client:
        client.delete(f"{where.state_dir}/{snapshot}", recursive=True)
    shop.put(0, 4, [line("a", 20)])
    shop.put(0, 5, [line("c", 10)])
    after = shop.recommend()
    assert {row.product_id: row.score for row in after.recommendations} == {
        "a": 60 / 20,
        "c": 1.0,
    }
    # Three files in one of Parquet, and the one that the archive leaves.
    assert after.rebuilt_from == 2
    with Publisher(shop.endpoints, where) as publisher:
        publisher.start()
        publisher.publish([], Cursor({0: 0}))
    with pytest.raises(MissingFilesError, match=r"before archived files: .*\.parquet"):
        shop.recommend()


def test_one_run_yields_the_same_as_two(shop: Shop) -> None:
    """Recommendations must not depend on the size of the backlog."""
    settings = shop.settings.model_copy(update={"max_windows": 1})
    for number, amount in enumerate((100, 90, 120, 60, 70, 50)):
        shop.put(number % 2, number, [line("a", amount), line(f"b{number}", 5)][:1])
    apart = [recommend(shop.endpoints, settings) for _ in range(3)]
    with Publisher(shop.endpoints, shop.settings) as publisher:
        publisher.start()
        publisher.publish([], Cursor({0: 0, 1: 0}))
    together = shop.recommend()
    assert together.windows == 3
    assert [row.score for row in together.recommendations] == [
        row.score for run in apart for row in run.recommendations
    ]


def test_prices_of_kept_segments_count(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise, a product would only be compared with its newest prices."""
    monkeypatch.setattr(state, "SMALL_ROWS", 0)
    shop.put(0, 0, [line(f"b{number}", 100) for number in range(9)])
    for number in (9, 10, 11):
        shop.put(0, number, [line("b0", 200)])
    scores, folders = [], []
    one = shop.settings.model_copy(update={"files_per_window": 1, "max_windows": 1})
    with HdfsClient.connect(shop.endpoints, "hdfs") as client:
        for _ in range(4):
            report = recommend(shop.endpoints, one)
            scores.append(report.recommendations[0].mean_amount)
            found = client.list_directory(shop.settings.state_dir)
            folders.append({each.name for each in found})
    assert scores == [100, 150, pytest.approx(500 / 3), 175]
    first = next(iter(folders[0]))
    assert all(first in each for each in folders)
    # That, the one that the run started from, and the one that it wrote.
    assert [len(each) for each in folders] == [1, 2, 3, 3]


def test_sold_out_and_blocked_products_are_not_recommended(shop: Shop) -> None:
    """Users couldn't buy these products."""
    blocked = BlockRules([Rule("product", "x"), Rule("store", "closed")])
    shop.put(0, 0, [line("sold", 1), line("x", 1), line("y", 1, store_id="closed")])
    shop.put(0, 3, [line("there", 1)])
    shop.put(0, 4, [line("sold", 1, available=2)])
    shop.put(0, 5, [line("back", 1)])
    report = recommend(shop.endpoints, shop.settings, blocked=blocked)
    assert [(r.window, r.product_id) for r in report.recommendations] == [
        (0, "there"),
        (1, "back"),
    ]


def test_a_long_block_list_is_applied(shop: Shop) -> None:
    """Spark is too slow to plan a condition with thousands of products."""
    blocked = BlockRules(Rule("product", f"p{number}") for number in range(20_000))
    blocked.add(Rule("brand", "b"))
    shop.put(0, 0, [line("p19999", 1), line("p20000", 1), line("z", 1, brand="b")])
    shop.put(0, 3, [line("p20000", 1)])
    report = recommend(shop.endpoints, shop.settings, blocked=blocked)
    assert {row.product_id for row in report.recommendations} == {"p20000"}


def test_prices_in_another_currency_are_not_compared(shop: Shop) -> None:
    """100 roubles would look more expensive than 2 dollars."""
    dollars = {"price": {"amount": 1, "currency": "USD"}}
    shop.put(0, 0, [line("a", 100)])
    shop.put(0, 1, [line("a", 0, **dollars)])
    (row,) = shop.recommend().recommendations
    assert (row.score, row.mean_amount, row.currency) == (1.0, 1.0, "USD")


def test_offsets_after_all_files_end_a_run(shop: Shop) -> None:
    """Otherwise, after a reset of the sink, the recommender would wait forever."""
    path = shop.put(0, 0, [line("a", 1)])
    with Publisher(shop.endpoints, shop.settings) as publisher:
        publisher.start()
        publisher.publish([], Cursor({0: 5}))
    with pytest.raises(MissingFilesError, match="up to offset 5") as raised:
        shop.recommend()
    assert path in str(raised.value)


def test_snapshots_do_not_pile_up(shop: Shop) -> None:
    """A snapshot per run would fill the file system."""
    for number in range(4):
        shop.put(0, number, [line("a", 1)])
        shop.recommend(include_incomplete=True)
    with HdfsClient.connect(shop.endpoints, "hdfs") as client:
        names = [one.name for one in client.list_directory(shop.settings.state_dir)]
    assert shop.cursor().snapshot in names
    assert len(names) == 2
