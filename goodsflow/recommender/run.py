"""One run: files that wait in, recommendations and moved offsets out, in one step."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from goodsflow.cards import frame
from goodsflow.compaction import ArchivedFile, combine, list_archive
from goodsflow.endpoints import Endpoints
from goodsflow.hdfs import HdfsClient, TopicFile, list_topic_files
from goodsflow.recommender import scoring
from goodsflow.recommender.cursor import Cursor
from goodsflow.recommender.interest import (
    Asked,
    Interest,
    Search,
    interest_by_window,
    window_times,
)
from goodsflow.recommender.lines import read_archived, read_lines
from goodsflow.recommender.publishing import Publisher
from goodsflow.recommender.report import Recommendation, RunReport
from goodsflow.recommender.settings import RecommenderSettings
from goodsflow.recommender.state import StateStore, new_name
from goodsflow.recommender.windows import (
    HISTORY,
    Window,
    WindowPlan,
    check_archive,
    done_files,
    order_files,
    plan_windows,
)
from goodsflow.registry import RegistryClient
from goodsflow.spark import spark_session
from goodsflow.stopwatch import Stopwatch

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

_LOGGER = logging.getLogger(__name__)

_SPARK_CONFIG = {
    "spark.app.name": "recommender",
    # The default of 200 is for data that fills many machines.
    "spark.sql.shuffle.partitions": "4",
}


@dataclass(frozen=True)
class Computed:
    """What Spark made of the files of a run."""

    recommendations: tuple[Recommendation, ...]
    cards_in: int
    bad_lines: int
    searches: int


def recommend(
    endpoints: Endpoints,
    settings: RecommenderSettings | None = None,
    *,
    include_incomplete: bool = False,
) -> RunReport:
    """Take the files that wait, publish what they recommend, move the offsets.

    The cards and the offsets are one Kafka transaction: a run that fails or is killed
    at any point has done nothing, and the next one starts where this one did.

    Args:
        endpoints: Of the platform.
        settings: The defaults where not given.
        include_incomplete: Also make a last, shorter window of the files that wait.

    Raises:
        RecommenderError: Files overlap, a newer run took over, or Kafka refused.
        GoodsflowError: A system refused or did not answer; nothing has changed.
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
            # Only now: an older run can no longer move it.
            cursor = publisher.cursor()
        with watch.phase("plan"):
            job = _plan(client, store, settings, cursor, include_incomplete)
        if not job.plan.windows:
            return _report(job, settings, None, watch)
        schema_id = _schema_id(endpoints, settings.output_topic)
        with watch.phase("compute"):
            computed = compute(endpoints, store, settings, job, watch)
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
    """What a run does.

    Attributes:
        plan: The windows of cards.
        event_files: The files of events that it takes.
        start: Where it starts; its snapshot is one that is there.
        snapshot: The name of the state that it leaves.
        history: Files that are done, where what was known of them is gone: they are
            read again, and nothing is recommended for them.
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
        """Where the run ends."""
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
) -> Computed:
    """Compute the recommendations of all windows in one session, and save the state.

    Raises:
        SparkError: Spark refused, failed or did not answer.
        HdfsError: The state could not be read or written.
    """
    root = endpoints.hdfs_url.rstrip("/")
    timeout = settings.spark_timeout_seconds
    windows = list(job.plan.windows)
    if job.history:
        windows.insert(0, Window(HISTORY, job.history))
    with spark_session(endpoints, _SPARK_CONFIG, timeout_seconds=timeout) as spark:
        known = store.prices(spark, job.start.snapshot)
        interests, kept = _follow_interest(spark, settings, job, store, root)
        lines = read_lines(spark, windows, root)
        if job.archived:
            paths = [f"{root}{file.path}" for file in job.archived]
            lines = lines.unionByName(read_archived(spark, paths))
        cards = scoring.parse_cards(lines)
        # Asked thrice: for recommendations, for counts, for the prices to keep.
        products = scoring.gather_products(cards).cache()
        rows = scoring.recommend_cards(
            products,
            known,
            interests,
            blocked=settings.blocked_products,
            per_window=settings.per_window,
            scoring=settings.scoring,
        ).collect()
        cards_in, bad_lines = scoring.count_lines(products)
        with watch.phase("save"):
            if job.start.snapshot is not None:
                store.prune(job.start.snapshot)
            store.save(job.snapshot, scoring.add_prices(known, products), kept)
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
    found.sort(key=lambda one: (one.window, one.rank))
    return Computed(tuple(found), cards_in, bad_lines, len(kept.weights))


def _follow_interest(
    spark: SparkSession,
    settings: RecommenderSettings,
    job: Job,
    store: StateStore,
    root: str,
) -> tuple[list[Interest], Interest]:
    """Return the interest at each window, and what to keep of it."""
    interest = store.interest(job.start.snapshot)
    written = [window.written_at.timestamp() for window in job.plan.windows]
    times = window_times(written, interest)
    half_life = settings.scoring.half_life_seconds
    asked: list[Asked] = []
    files = job.event_history + job.event_files
    if files:
        lines = read_lines(spark, [Window(0, files)], root)
        asked = [
            Asked(Search(row["name"], row["brand"]), row["window"], row["weight"])
            for row in scoring.count_searches(lines, times, half_life).collect()
        ]
    return interest_by_window(interest, asked, times, half_life)


def _schema_id(endpoints: Endpoints, topic: str) -> int:
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
