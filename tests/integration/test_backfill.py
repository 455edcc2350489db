"""Recomputing the recommendations of a time span, on real parts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.futures import check_all
from goodsflow.model.spec import Topic
from goodsflow.pipeline.archive import ArchiveSettings, archive_topic
from goodsflow.pipeline.recommender import BackfillError, RunReport
from goodsflow.pipeline.recommender.backfill import backfill
from tests.integration.shops import Shop, line

LONG = timedelta(days=1)


@pytest.fixture
def elsewhere(shop: Shop) -> Iterator[str]:
    """Create a topic for the recomputed recommendations."""
    name = f"{shop.settings.output_topic}-backfill"
    admin = KafkaAdmin.connect(shop.endpoints, "analytics", "admin")
    check_all(admin.create_topics({name: Topic(partitions=1, replication_factor=2)}))
    yield name
    check_all(admin.delete_topics([name]))


def scores(report: RunReport) -> list[tuple[int, str, float]]:
    """Return the recommendations with their scores."""
    return [(r.window, r.product_id, r.score) for r in report.recommendations]


def fill(shop: Shop) -> None:
    """Commit the files of four windows, in processing order."""
    for number, amount in enumerate((100, 80, 60, 40, 30, 90, 20, 10)):
        shop.put(0, number, [line("a", amount), line(f"b{number}", 5)][:1])


def test_a_span_yields_the_same_and_leaves_the_cursor_unchanged(
    shop: Shop, elsewhere: str
) -> None:
    """If a backfill moved the cursor, files would be skipped."""
    fill(shop)
    began = datetime.now(UTC) - LONG
    live = shop.recommend()
    cursor, published = shop.cursor(), len(shop.published())

    again = backfill(shop.endpoints, began, began + 2 * LONG, elsewhere, shop.settings)

    assert scores(again) == scores(live)
    assert shop.cursor() == cursor
    assert len(shop.published()) == published
    keys = [record.key for record in shop.published(elsewhere)]
    assert keys == [r.product_id.encode() for r in live.recommendations]


def test_archived_files_and_those_before_the_span_count(
    shop: Shop, elsewhere: str
) -> None:
    """After the archive ran, the same day would yield something else."""
    fill(shop)
    live = shop.recommend()
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
    assert report.files_in == 7
    written = [window.modified_at for window in live.files]
    began = written[4]

    again = backfill(shop.endpoints, began, began + LONG, elsewhere, where)

    rest = [(w - 2, product, score) for w, product, score in scores(live) if w >= 2]
    assert scores(again) == rest
    assert again.windows == 2


def test_days_without_files_yield_nothing(shop: Shop, elsewhere: str) -> None:
    """An error for each quiet day would hide real errors."""
    shop.put(0, 0, [line("a", 1)])
    past = datetime(2020, 1, 1, tzinfo=UTC)
    report = backfill(shop.endpoints, past, past + LONG, elsewhere, shop.settings)
    assert (report.windows, report.cards_out) == (0, 0)
    assert report.summary().startswith("Nothing to recommend: 0 files waiting")


def test_a_backfill_into_the_users_topic_is_rejected(shop: Shop) -> None:
    """A typo would flood the users with old recommendations."""
    now = datetime.now(UTC)
    topic = shop.settings.output_topic
    with pytest.raises(BackfillError, match="Use another topic"):
        backfill(shop.endpoints, now - LONG, now, topic, shop.settings)
