"""Recomputing the recommendations of a time span into a separate topic.

The backfill uses the files of that time, archived or not, and what was known then: the
prices in all files before the span, and the searches in all events before its end. The
recommender's cursor and state stay unchanged.

Windows start at the first file of the span, so they may differ from the original ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce
from typing import TYPE_CHECKING

from goodsflow.clients.hdfs import HdfsClient, TopicFile, list_topic_files
from goodsflow.clients.spark import spark_session
from goodsflow.common.stopwatch import Stopwatch
from goodsflow.model.blocklist import BlockRules
from goodsflow.model.cards import frame
from goodsflow.model.endpoints import Endpoints
from goodsflow.pipeline.archive import ArchivedFile, FileListing, list_files
from goodsflow.pipeline.recommender import scoring
from goodsflow.pipeline.recommender.cursor import Cursor
from goodsflow.pipeline.recommender.errors import BackfillError
from goodsflow.pipeline.recommender.file_lines import (
    archived_sources,
    read_archived,
    read_lines,
)
from goodsflow.pipeline.recommender.publisher import Publisher
from goodsflow.pipeline.recommender.report import RunReport
from goodsflow.pipeline.recommender.run import (
    follow_interest,
    schema_of,
    score,
    spark_config,
)
from goodsflow.pipeline.recommender.search_interest import Interest
from goodsflow.pipeline.recommender.settings import RecommenderSettings
from goodsflow.pipeline.recommender.state import PRICES_SCHEMA
from goodsflow.pipeline.recommender.windows import HISTORY, Window, order_files

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession
    from pyspark.sql.dataframe import DataFrame

TRANSACTIONAL_ID = "recommender-backfill"


def backfill(
    endpoints: Endpoints,
    start: datetime,
    end: datetime,
    output_topic: str,
    settings: RecommenderSettings | None = None,
    *,
    blocked: BlockRules | None = None,
) -> RunReport:
    """Recompute the recommendations of a time span and publish them to another topic.

    Args:
        endpoints: Of the platform.
        start: Include files written at this time or later.
        end: Include files written before this time.
        output_topic: Where to publish. Its schema must fit recommendations.
        settings: By default, the default settings.
        blocked: Rules for cards not to recommend; by default none.

    Raises:
        BackfillError: The topic is the recommender's own.
        RecommenderError: Files overlap, a newer backfill took over, or Kafka refused.
        GoodsflowError: A system refused or didn't answer; nothing was published.
    """
    settings = settings or RecommenderSettings()
    if output_topic == settings.output_topic:
        raise BackfillError(
            f"Cannot recompute into '{output_topic}': users would get the same "
            "recommendations again. Use another topic."
        )
    watch = Stopwatch()
    redirected = settings.model_copy(
        update={
            "output_topic": output_topic,
            "transactional_id": TRANSACTIONAL_ID,
        }
    )
    root = endpoints.hdfs_url.rstrip("/")
    with (
        HdfsClient.connect(
            endpoints, settings.hdfs_user, settings.hdfs_timeout_seconds
        ) as client,
        Publisher(endpoints, redirected) as publisher,
    ):
        with watch.phase("start"):
            publisher.start()
        listing = list_files(
            client, settings.topics_dir, settings.archive_dir, settings.source_topic
        )
        events = list_topic_files(client, settings.topics_dir, settings.events_topic)
        size = sum(f.size for f in listing.json) + sum(f.size for f in listing.archived)
        timeout = settings.spark_timeout_seconds
        with spark_session(
            endpoints, spark_config(size), timeout_seconds=timeout
        ) as spark:
            with watch.phase("plan"):
                paths = [f"{root}{file.path}" for file in listing.archived]
                archived = _sources(spark, listing.archived, paths)
                ordered = list(order_files({}, [*listing.json, *archived]))
                windows = cut_windows(ordered, start, end, settings.files_per_window)
            if not windows:
                return _report(settings, windows, watch)
            with watch.phase("compute"):
                interests, kept = follow_interest(
                    spark,
                    settings,
                    Interest(),
                    windows,
                    files=[file for file in events if file.modified_at < end],
                    root=root,
                )
                before = tuple(file for file in ordered if file.modified_at < start)
                lines = _read(spark, [Window(HISTORY, before), *windows], listing, root)
                products = scoring.gather_products(scoring.parse_cards(lines)).cache()
                known = spark.createDataFrame([], PRICES_SCHEMA)
                found = score(products, known, interests, settings, blocked)
                counts = scoring.count_lines(products)
        schema_id = schema_of(endpoints, settings.output_topic)
        with watch.phase("publish"):
            publisher.publish(
                (
                    (one.product_id.encode(), frame(schema_id, one.card))
                    for one in found
                ),
                Cursor(),
            )
    return _report(
        settings,
        windows,
        watch,
        cards_in=counts.cards,
        bad_lines=counts.bad_lines,
        recommendations=found,
        searches=len(kept.weights),
    )


def cut_windows(
    ordered: Sequence[TopicFile], start: datetime, end: datetime, size: int
) -> list[Window]:
    """Divide the files of a time span into windows; the last one may be shorter.

    Args:
        ordered: All files, in the order of ``order_files``.
        start: Inclusive.
        end: Exclusive.
        size: Files per window.
    """
    chosen = [file for file in ordered if start <= file.modified_at < end]
    return [
        Window(index, tuple(chosen[place : place + size]))
        for index, place in enumerate(range(0, len(chosen), size))
    ]


def _read(
    spark: SparkSession, windows: Sequence[Window], listing: FileListing, root: str
) -> DataFrame:
    """Read the windows' files, archived ones from the archive."""
    names = {file.name for file in listing.json}
    kept = [
        Window(window.index, tuple(file for file in window.files if file.name in names))
        for window in windows
    ]
    parts = []
    if any(window.files for window in kept):
        parts.append(read_lines(spark, kept, root))
    if listing.archived:
        paths = [f"{root}{file.path}" for file in listing.archived]
        parts.append(read_archived(spark, paths, windows))
    return reduce(lambda one, other: one.unionByName(other), parts)


def _sources(
    spark: SparkSession, archived: Sequence[ArchivedFile], paths: Sequence[str]
) -> list[TopicFile]:
    if not paths:
        return []
    return [
        TopicFile(
            archived[0].topic,
            row["partition"],
            row["first_offset"],
            row["last_offset"],
            row["file_name"],
            0,
            datetime.fromtimestamp(row["written_at"], tz=UTC),
        )
        for row in archived_sources(spark, paths).collect()
    ]


def _report(
    settings: RecommenderSettings,
    windows: Sequence[Window],
    watch: Stopwatch,
    **found: object,
) -> RunReport:
    files = tuple(file for window in windows for file in window.files)
    return RunReport(
        windows=len(windows),
        files=files,
        files_waiting=len(files),
        files_needed=settings.files_per_window,
        offsets_before={},
        offsets_after={},
        seconds=watch.seconds,
        **found,  # type: ignore[arg-type]
    )
