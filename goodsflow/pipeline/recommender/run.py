"""One run: read waiting files, publish recommendations and offsets atomically."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from goodsflow.clients.hdfs import HdfsClient, TopicFile, list_topic_files
from goodsflow.clients.registry import RegistryClient
from goodsflow.clients.spark import spark_session
from goodsflow.common.stopwatch import Stopwatch
from goodsflow.model.blocklist import BlockRules
from goodsflow.model.cards import frame
from goodsflow.model.endpoints import Endpoints
from goodsflow.pipeline.archive import ArchivedFile, combine, list_archive
from goodsflow.pipeline.recommender import scoring
from goodsflow.pipeline.recommender.cursor import Cursor
from goodsflow.pipeline.recommender.file_lines import read_archived, read_lines
from goodsflow.pipeline.recommender.publisher import Publisher
from goodsflow.pipeline.recommender.report import Recommendation, RunReport
from goodsflow.pipeline.recommender.search_interest import (
    Interest,
    Search,
    SearchWeight,
    interest_by_window,
    window_times,
)
from goodsflow.pipeline.recommender.settings import RecommenderSettings
from goodsflow.pipeline.recommender.state import StateStore, new_name, split_segments
from goodsflow.pipeline.recommender.windows import (
    HISTORY,
    Window,
    WindowPlan,
    check_archive,
    done_files,
    order_files,
    plan_windows,
)

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession
    from pyspark.sql.dataframe import DataFrame

_LOGGER = logging.getLogger(__name__)

_PARTITION_BYTES = 16 << 20
_MOST_PARTITIONS = 8
_PRICE_BYTES = 64
"""The approximate memory of a row of prices."""


def spark_config(size: int) -> dict[str, str]:
    """Return a session's settings for a job over so many bytes, which are usually few.

    Spark's defaults are for data that fills many machines. Each idle task would take
    about ten milliseconds of a run.
    """
    partitions = min(_MOST_PARTITIONS, 1 + size // _PARTITION_BYTES)
    config = {
        "spark.app.name": "recommender",
        "spark.sql.shuffle.partitions": str(partitions),
        # Replanning each stage pays off only for long stages.
        "spark.sql.adaptive.enabled": "false",
        # Otherwise, more than 32 paths are listed by one task each.
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "8",
    }
    if partitions == 1:
        # For a few thousand rows, compiling takes longer than running.
        config |= {
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        }
    return config


@dataclass(frozen=True)
class Computed:
    """The results that Spark computed from the files of a run."""

    recommendations: tuple[Recommendation, ...]
    cards_in: int
    bad_lines: int
    searches: int


def recommend(
    endpoints: Endpoints,
    settings: RecommenderSettings | None = None,
    *,
    include_incomplete: bool = False,
    blocked: BlockRules | None = None,
) -> RunReport:
    """Process the waiting files, publish recommendations, commit the offsets.

    The recommendations and the offsets are one Kafka transaction: a run that fails or
    is killed at any point has no effect, and the next one starts at the same offsets.

    Args:
        endpoints: Of the platform.
        settings: By default, the default settings.
        include_incomplete: Also process a last, incomplete window.
        blocked: Rules for cards not to recommend; by default none.

    Raises:
        RecommenderError: Files overlap, a newer run took over, or Kafka refused.
        GoodsflowError: A system refused or didn't answer; nothing was published.
    """
    settings = settings or RecommenderSettings()
    watch = Stopwatch()
    with (
        Publisher(endpoints, settings) as publisher,
        HdfsClient.connect(
            endpoints, settings.hdfs_user, settings.hdfs_timeout_seconds
        ) as client,
    ):
        root = endpoints.hdfs_url.rstrip("/")
        store = StateStore(client, root, settings.state_dir)
        with watch.phase("start"):
            publisher.start()
            # Only now, since an older run can no longer change it.
            cursor = publisher.cursor()
        with watch.phase("plan"):
            job = _plan(client, store, settings, cursor, include_incomplete)
        if not job.plan.windows:
            return _report(job, settings, None, watch)
        schema_id = schema_of(endpoints, settings.output_topic)
        with watch.phase("compute"):
            computed = compute(endpoints, store, settings, job, watch, blocked=blocked)
        with watch.phase("publish"):
            publisher.publish(
                (
                    (row.product_id.encode(), frame(schema_id, row.card))
                    for row in computed.recommendations
                ),
                job.end,
            )
    report = _report(job, settings, computed, watch)
    _LOGGER.info("%s", report.summary())
    return report


@dataclass(frozen=True)
class Job:
    """The work of a run.

    Attributes:
        plan: The windows of cards.
        event_files: The files of events to process.
        start: The start position. If it names a snapshot, that exists.
        snapshot: The name of the state to save.
        history: Processed files to read again because their state is missing. Nothing
            is recommended from them.
        event_history: The same for events.
        archived: The archived files that are part of the history.
    """

    plan: WindowPlan
    event_files: tuple[TopicFile, ...]
    start: Cursor
    snapshot: str
    history: tuple[TopicFile, ...] = ()
    event_history: tuple[TopicFile, ...] = ()
    archived: tuple[ArchivedFile, ...] = ()

    @property
    def end(self) -> Cursor:
        """The end position."""
        events = dict(self.start.event_offsets)
        for file in self.event_files:
            events[file.partition] = file.last_offset + 1
        return Cursor(self.plan.offsets_after, events, self.snapshot)


def _plan(
    client: HdfsClient,
    store: StateStore,
    settings: RecommenderSettings,
    cursor: Cursor,
    include_incomplete: bool,
) -> Job:
    files, event_files = (
        list_topic_files(client, settings.topics_dir, topic)
        for topic in (settings.source_topic, settings.events_topic)
    )
    plan = plan_windows(
        cursor.offsets,
        files,
        files_per_window=settings.files_per_window,
        max_windows=settings.max_windows,
        include_incomplete=include_incomplete,
    )
    events = tuple(order_files(cursor.event_offsets, event_files))
    events = events[: settings.max_event_files]
    job = Job(plan, events, cursor, snapshot="")
    job = replace(job, snapshot=new_name(job.end))
    if store.has(cursor.snapshot):
        return job
    archived = list_archive(client, settings.archive_dir, settings.source_topic)
    check_archive(cursor.offsets, archived)
    return replace(
        job,
        start=replace(cursor, snapshot=None),
        history=done_files(cursor.offsets, combine(files, archived).json),
        event_history=done_files(cursor.event_offsets, event_files),
        archived=tuple(archived),
    )


def compute(
    endpoints: Endpoints,
    store: StateStore,
    settings: RecommenderSettings,
    job: Job,
    watch: Stopwatch,
    *,
    blocked: BlockRules | None = None,
) -> Computed:
    """Compute the recommendations of all windows in one session, and save the state.

    Raises:
        SparkError: Spark refused, failed or didn't answer.
        HdfsError: The state couldn't be read or written.
    """
    root = endpoints.hdfs_url.rstrip("/")
    timeout = settings.spark_timeout_seconds
    before = store.load(job.start.snapshot)
    size = sum(file.size for file in job.history + job.plan.files)
    size += sum(file.size for file in job.archived) + before.rows * _PRICE_BYTES
    windows = list(job.plan.windows)
    if job.history:
        windows.insert(0, Window(HISTORY, job.history))
    with spark_session(endpoints, spark_config(size), timeout_seconds=timeout) as spark:
        known = store.prices(spark, before.segments)
        interests, kept = follow_interest(
            spark,
            settings,
            before.interest,
            job.plan.windows,
            files=job.event_history + job.event_files,
            root=root,
        )
        lines = read_lines(spark, windows, root)
        if job.archived:
            paths = [f"{root}{file.path}" for file in job.archived]
            lines = lines.unionByName(read_archived(spark, paths))
        cards = scoring.parse_cards(lines)
        # Used three times: for recommendations, for counts and for prices.
        products = scoring.gather_products(cards).cache()
        found = score(products, known, interests, settings, blocked)
        counts = scoring.count_lines(products)
        with watch.phase("save"):
            if job.start.snapshot is not None:
                store.prune(job.start.snapshot, before.segments)
            stay, grown = split_segments(before.segments, counts.products)
            prices = scoring.add_prices(store.prices(spark, grown), products)
            store.save(job.snapshot, stay, prices, kept)
    return Computed(found, counts.cards, counts.bad_lines, len(kept.weights))


def score(
    products: DataFrame,
    known: DataFrame,
    interests: Sequence[Interest],
    settings: RecommenderSettings,
    blocked: BlockRules | None,
) -> tuple[Recommendation, ...]:
    """Return the recommendations of all windows, by window and rank.

    Args:
        products: From ``scoring.gather_products``.
        known: The prices of earlier windows.
        interests: The users' interest at each window.
        settings: The number per window, and the scoring.
        blocked: Rules for cards not to recommend.

    Raises:
        SparkError: Spark failed.
    """
    rows = scoring.recommend_cards(
        products,
        known,
        interests,
        blocked=blocked,
        per_window=settings.per_window,
        scoring=settings.scoring,
    ).collect()
    found = [
        Recommendation(
            window=row.window,
            rank=row.rank,
            product_id=row.product_id,
            score=row.score,
            mean_amount=row.mean_amount,
            amount=row.amount,
            currency=row.currency,
            free_stock=row.free_stock,
            interest=row.interest,
            card=bytes(row.line),
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda one: (one.window, one.rank)))


def follow_interest(
    spark: SparkSession,
    settings: RecommenderSettings,
    interest: Interest,
    windows: Sequence[Window],
    *,
    files: Sequence[TopicFile],
    root: str,
) -> tuple[list[Interest], Interest]:
    """Return the interest at each window, and the interest to save.

    Times in the future count as now.

    Args:
        spark: A session on the cluster that sees the files.
        settings: With the half-life of interest.
        interest: The interest known from earlier runs.
        windows: The windows of cards; at least one.
        files: The files of events.
        root: Prefix of the files' paths.

    Raises:
        SparkError: Spark failed.
    """
    written = [window.written_at.timestamp() for window in windows]
    now = time.time()
    interest = interest.capped_at(now)
    times = window_times(written, interest, now)
    half_life = settings.scoring.half_life_seconds
    asked: list[SearchWeight] = []
    if files:
        # A search in the future of its window would get an unlimited weight.
        latest = datetime.fromtimestamp(now, UTC)
        known = [replace(f, modified_at=min(f.modified_at, latest)) for f in files]
        lines = read_lines(spark, [Window(0, tuple(known))], root)
        asked = [
            SearchWeight(
                Search(row["name"], row["brand"]), row["window"], row["weight"]
            )
            for row in scoring.count_searches(lines, times, half_life).collect()
        ]
    return interest_by_window(interest, asked, times, half_life)


def schema_of(endpoints: Endpoints, topic: str) -> int:
    """Return the ID of the latest schema of a topic's values.

    Raises:
        RegistryError: The registry doesn't have it, or doesn't answer.
    """
    with RegistryClient(endpoints.schema_registry_url) as client:
        return client.latest(f"{topic}-value").schema_id


def _report(
    job: Job,
    settings: RecommenderSettings,
    computed: Computed | None,
    watch: Stopwatch,
) -> RunReport:
    plan = job.plan
    report = RunReport(
        windows=len(plan.windows),
        files=plan.files,
        files_waiting=len(plan.waiting),
        files_needed=settings.files_per_window,
        offsets_before=plan.offsets_before,
        offsets_after=plan.offsets_after,
        seconds=watch.seconds,
    )
    if computed is None:
        return report
    return replace(
        report,
        cards_in=computed.cards_in,
        bad_lines=computed.bad_lines,
        recommendations=computed.recommendations,
        searches=computed.searches,
        event_files=len(job.event_files),
        rebuilt_from=len(job.history) + len(job.event_history) + len(job.archived),
        snapshot=job.snapshot,
    )
