"""The recommender on real brokers, HDFS and Spark, with topics of its own."""

from __future__ import annotations

import gzip
import json
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import psutil
import pytest
from confluent_kafka import Producer

from goodsflow.cards import decode_card, payload_of, schema_id_of
from goodsflow.endpoints import PROJECT_ROOT, Endpoints
from goodsflow.hdfs import HdfsClient
from goodsflow.hdfs.files import topic_file_path
from goodsflow.kafka.admin import KafkaAdmin
from goodsflow.kafka.errors import ClusterUnavailableError
from goodsflow.kafka.futures import check_all
from goodsflow.kafka.offsets import OffsetReader
from goodsflow.kafka.reading import Record, TopicReader
from goodsflow.recommender import (
    FenceError,
    OverlappingFilesError,
    PublicationError,
    RecommenderSettings,
    RunReport,
    publishing,
    recommend,
    waiting_files,
)
from goodsflow.recommender.publishing import Publisher
from goodsflow.registry import RegistryClient
from goodsflow.spec import Topic
from tests.support import await_condition, status


def line(product_id: str, amount: object, available: int = 9, **more: Any) -> bytes:
    """Return a card as the sink writes it, as far as the recommender reads it."""
    card = {
        "product_id": product_id,
        "name": "Часы",
        "price": {"amount": amount, "currency": "RUB"},
        "stock": {"available": available, "reserved": 2},
    }
    return json.dumps(card | more, ensure_ascii=False).encode()


@dataclass
class Shop:
    """Topics, a group and a folder that no other test uses."""

    endpoints: Endpoints
    settings: RecommenderSettings
    schema_id: int

    def put(
        self,
        partition: int,
        first: int,
        lines: list[bytes],
        *,
        compressed: bool = False,
    ) -> str:
        """Commit a file as the sink does; one offset a line."""
        settings = self.settings
        path = topic_file_path(
            settings.topics_dir,
            settings.source_topic,
            partition,
            first,
            first + len(lines) - 1,
            compressed=compressed,
        )
        content = b"".join(one + b"\n" for one in lines)
        with HdfsClient.connect(self.endpoints, "hdfs") as client:
            client.write(path, gzip.compress(content) if compressed else content)
        return path

    def recommend(self, **options: Any) -> RunReport:
        """Run once."""
        return recommend(self.endpoints, self.settings, **options)

    def published(self) -> list[Record]:
        """Return the committed records of the output topic, in order."""
        with TopicReader(
            self.endpoints, "analytics", "admin", "test", self.settings.output_topic
        ) as reader:
            starts = dict.fromkeys(reader.watermarks(), 0)
            batches = reader.read_to_end(starts, timeout_seconds=30)
            return [record for batch in batches for record in batch.records]

    def offsets(self) -> Mapping[int, int]:
        """Return what the group has committed, by partition."""
        reader = OffsetReader.connect(self.endpoints, "analytics", "admin")
        found = reader.group_offsets(
            self.settings.group_id, [self.settings.source_topic]
        )
        return {partition: offset for (_, partition), offset in found.items()}


@pytest.fixture
def shop(endpoints: Endpoints) -> Iterator[Shop]:
    """Make topics, a schema and a folder; remove them afterwards."""
    name = f"test-recommender-{uuid.uuid4().hex[:8]}"
    settings = RecommenderSettings(
        principal="admin",
        source_topic=f"{name}-source",
        output_topic=f"{name}-output",
        group_id=name,
        transactional_id=name,
        topics_dir=f"/{name}",
        files_per_window=2,
        per_window=3,
    )
    topics = {
        settings.source_topic: Topic(partitions=2, replication_factor=2),
        settings.output_topic: Topic(partitions=1, replication_factor=2),
    }
    admin = KafkaAdmin.connect(endpoints, "analytics", "admin")
    check_all(admin.create_topics(topics))
    with HdfsClient.connect(endpoints, "hdfs") as client:
        client.make_directory(settings.topics_dir, mode="755")
    registry = RegistryClient(endpoints.schema_registry_url)
    schema = (PROJECT_ROOT / "schemas" / "goods.json").read_text()
    schema_id = registry.register(f"{settings.output_topic}-value", schema)
    yield Shop(endpoints, settings, schema_id)
    registry.close()
    check_all(admin.delete_topics(admin.topics(topics)))
    with HdfsClient.connect(endpoints, "hdfs") as client:
        client.delete(settings.topics_dir, recursive=True)


def test_windows_yield_the_best_of_their_cards_in_the_bytes_that_came(
    shop: Shop,
) -> None:
    """A card that was parsed and written anew loses what its reader does not know."""
    latest = line("cheap", 50, note="  kept: ё  ", big=12345678901234567890.123)
    shop.put(0, 0, [line("cheap", 100), line("same", 10), b"junk", b"\xff\xfe"])
    dear = [line("gone", 5, available=2), line("dear", 1), line("dear", 4)]
    shop.put(1, 3, dear, compressed=True)
    cheap = [line("cheap", 150), latest, line("b", 3), line("a", 3)]
    shop.put(0, 7, cheap, compressed=True)
    shop.put(1, 9, [line("dear", 8), line("cheap2", 2), line("free", 0)])
    found = waiting_files(shop.endpoints, "admin", shop.settings)
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


def test_second_run_repeats_nothing(shop: Shop) -> None:
    """A sensor that asks twice must not recommend twice."""
    shop.put(0, 0, [line("a", 1)])
    shop.put(0, 1, [line("a", 2)])
    assert shop.recommend().cards_out == 1
    again = shop.recommend(include_incomplete=True)
    assert (again.windows, again.files_waiting, again.cards_out) == (0, 0, 0)
    assert len(shop.published()) == 1


def test_incomplete_window_waits_unless_it_is_asked_for(shop: Shop) -> None:
    """A manual materialization takes what there is; the sensor waits for more."""
    shop.put(0, 5, [line("a", 1)])
    report = shop.recommend()
    assert (report.windows, report.files_waiting, report.files_needed) == (0, 1, 2)
    assert shop.offsets() == {}
    assert shop.recommend(include_incomplete=True).cards_out == 1
    assert shop.offsets() == {0: 6}


def test_window_without_cards_still_moves_the_offsets(shop: Shop) -> None:
    """Otherwise one window of bad lines would hold up all behind it."""
    shop.put(0, 0, [b"junk"])
    shop.put(0, 1, [line("gone", 1, available=0)])
    report = shop.recommend()
    assert (report.windows, report.cards_out, report.bad_lines) == (1, 0, 1)
    assert shop.offsets() == {0: 2}


def test_overlapping_files_stop_a_run_before_it_publishes(shop: Shop) -> None:
    """Nobody can say which of two files holds the record."""
    paths = [
        shop.put(0, 0, [line("a", 1), line("a", 2)]),
        shop.put(0, 1, [line("a", 3), line("a", 4)]),
    ]
    with pytest.raises(OverlappingFilesError) as raised:
        shop.recommend()
    assert all(path in str(raised.value) for path in paths)
    assert shop.published() == []


def test_older_run_is_fenced_and_publishes_nothing(shop: Shop) -> None:
    """Two runs at once would recommend the same files twice."""
    value = b"\0\0\0\0\1{}"
    with (
        Publisher(shop.endpoints, shop.settings) as older,
        Publisher(shop.endpoints, shop.settings) as newer,
    ):
        older.start()
        newer.start()
        with pytest.raises(FenceError):
            older.publish([(b"old", value)], {0: 1})
        newer.publish([(b"new", value)], {0: 2})
        assert newer.committed_offsets() == {0: 2}
    assert [record.key for record in shop.published()] == [b"new"]


class HeldUpProducer:
    """A producer whose commit does not return until it is let go."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self.let_go = Event()

    def __getattr__(self, name: str) -> Any:
        """Be the producer in all else."""
        return getattr(self._producer, name)

    def commit_transaction(self, timeout_seconds: float) -> None:
        """Hang with all records at the brokers, then commit after all."""
        assert self._producer.flush(10) == 0
        assert self.let_go.wait(120)
        self._producer.commit_transaction(timeout_seconds)


def test_run_that_is_held_up_is_given_up_and_cannot_commit_any_more(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that does not return kept the recommender still until Dagster ended it."""
    monkeypatch.setattr(publishing, "_GRACE_SECONDS", 2.0)
    settings = shop.settings.model_copy(update={"kafka_timeout_seconds": 10.0})
    value = b"\0\0\0\0\1{}"
    with Publisher(shop.endpoints, settings) as older:
        older.start()
        producer = HeldUpProducer(older._producer)
        older._producer = producer  # type: ignore[assignment]
        with pytest.raises(PublicationError, match="has not returned for 12 s"):
            older.publish([(b"old", value)], {0: 1})
    with Publisher(shop.endpoints, settings) as newer:
        newer.start()
        assert newer.committed_offsets() == {}
        producer.let_go.set()
        assert older._step is not None
        error = older._step.exception(60)
        assert isinstance(error, FenceError | PublicationError), error
        newer.publish([(b"new", value)], {0: 2})
    assert [record.key for record in shop.published()] == [b"new"]
    assert shop.offsets() == {0: 2}


@pytest.mark.faults
def test_run_fails_within_a_minute_where_all_brokers_fall_silent(
    shop: Shop, platform_home: Path
) -> None:
    """It then is tried again, and goes on where it was once the brokers answer."""
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
                publisher.publish([(b"silent", value)], {0: 1})
            assert time.monotonic() - began < 70
        finally:
            for broker in brokers:
                broker.resume()

    def goes_on() -> bool:
        try:
            with Publisher(shop.endpoints, shop.settings) as publisher:
                publisher.start()
                assert publisher.committed_offsets() == {}
                publisher.publish([(b"again", value)], {0: 1})
        except (ClusterUnavailableError, PublicationError):
            return False
        return True

    await_condition(goes_on, "a run publishes again", 200)
    assert [record.key for record in shop.published()] == [b"again"]
    assert shop.offsets() == {0: 1}


def test_run_that_fails_half_way_leaves_nothing_behind(shop: Shop) -> None:
    """Half of a batch published, or offsets moved without it, is loss or doubling."""

    def records() -> Iterator[tuple[bytes, bytes]]:
        yield b"half", b"\0\0\0\0\1{}"
        raise ZeroDivisionError

    with Publisher(shop.endpoints, shop.settings) as publisher:
        publisher.start()
        with pytest.raises(ZeroDivisionError):
            publisher.publish(records(), {0: 1})
        assert publisher.committed_offsets() == {}
        publisher.publish([(b"whole", b"\0\0\0\0\1{}")], {0: 1})
    assert [record.key for record in shop.published()] == [b"whole"]


def test_recommended_card_is_one_that_decodes(shop: Shop) -> None:
    """What is framed must be what the schema's readers expect."""
    shop.put(0, 0, [line("a", 1)])
    shop.recommend(include_incomplete=True)
    (record,) = shop.published()
    assert decode_card(record.value or b"")["name"] == "Часы"
