"""When the recommender is started, and when it is not."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from dagster_project.assets.recommendations import WINDOW_TAG
from dagster_project.definitions import build_definitions
from dagster_project.jobs import MAX_RUNTIME_TAG
from dagster_project.sensors.recommendations import (
    PastRuns,
    build_recommendations_sensor,
    decide,
    past_runs,
    pause_seconds,
    runtime_seconds,
    unfinished_run,
)
from goodsflow.clients.hdfs import HdfsUnavailableError, TopicFile
from goodsflow.common.counting import counted
from goodsflow.pipeline.recommender.backlog import Backlog
from tests.unit.dagster_project.instances import add_bootstrap

SENSOR = build_recommendations_sensor(dg.DefaultSensorStatus.STOPPED)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def waiting(files: int, windows: int, start: dict[int, int] | None = None) -> Backlog:
    """Return so many files of partition 0, ten offsets each, from ``start``."""
    begin = (start or {}).get(0, 0)
    return Backlog(
        files=tuple(
            TopicFile("t", 0, begin + 10 * i, begin + 10 * i + 9, f"/{i}", 1, NOW)
            for i in range(files)
        ),
        complete_windows=windows,
        files_per_window=10,
        start_offsets=start or {},
        end_offsets={0: begin + 100 * windows},
    )


class FakeRecommender:
    """Answers what waits, or raises."""

    def __init__(self, answer: Backlog | Exception) -> None:
        """Answer so."""
        self.answer = answer

    def backlog(self) -> Backlog:
        """Answer."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize("files", [0, 9])
def test_an_incomplete_window_is_skipped_with_the_number_of_files(files: int) -> None:
    """Skipped alone leaves open whether the sensor read anything."""
    decision = decide(waiting(files, 0), PastRuns())
    assert isinstance(decision, dg.SkipReason)
    assert decision.skip_message == f"{files} files waiting; a window takes 10."


def test_a_backlog_is_one_run() -> None:
    """A run for each window would cost each its overhead."""
    decision = decide(waiting(35, 3, {0: 50}), PastRuns())
    assert isinstance(decision, dg.RunRequest)
    assert decision.run_key == "0:50>0:350#0"
    assert decision.tags == {WINDOW_TAG: "0:50", MAX_RUNTIME_TAG: "900"}


def test_a_run_that_was_ended_early_gets_more_time() -> None:
    """Recomputing a lost state takes one long run; cut short, it would never end."""
    times = [runtime_seconds(cut_short) for cut_short in (0, 1, 2, 9, 5000)]
    assert times == [900, 1800, 3600, 21_600, 21_600]
    decision = decide(waiting(10, 1), PastRuns(5, 2, "last", 601.0))
    assert isinstance(decision, dg.RunRequest)
    assert decision.tags[MAX_RUNTIME_TAG] == "3600"


@pytest.mark.parametrize(
    ("past", "run_key"),
    [
        (PastRuns(), "start>0:100#0"),
        # It failed, and its pause is over.
        (PastRuns(1, 0, "one", 16.0), "start>0:100#one"),
        # It succeeded, and somebody has set the offsets back.
        (PastRuns(last_run_id="one"), "start>0:100#one"),
        # So many failures that doubling would overflow.
        (PastRuns(5000, 0, "last", 601.0), "start>0:100#last"),
        # A failure does not block if its end has no time or lies ahead of the clock.
        (PastRuns(1, 0, "one", None), "start>0:100#one"),
    ],
)
def test_a_finished_run_does_not_block_its_window(past: PastRuns, run_key: str) -> None:
    """Dagster remembers a run key for ever: the same again would never run."""
    decision = decide(waiting(10, 1), past)
    assert isinstance(decision, dg.RunRequest)
    assert decision.run_key == run_key


@pytest.mark.parametrize(
    ("failed", "since", "left"), [(1, 5.0, 10), (2, 5.0, 25), (50, 0.0, 600)]
)
def test_after_a_failure_it_waits_longer_each_time(
    failed: int, since: float, left: int
) -> None:
    """A run that fails at once would start again at every tick."""
    decision = decide(waiting(10, 1), PastRuns(failed, 0, "last", since))
    assert isinstance(decision, dg.SkipReason)
    assert f"{counted(failed, 'run')} from start failed" in str(decision.skip_message)
    assert f"the next one starts in {left} s" in str(decision.skip_message)


def test_the_pause_is_bounded() -> None:
    """Unbounded, a window that failed over night would wait until next year."""
    assert [pause_seconds(n) for n in (1, 2, 3, 7, 5000)] == [15, 30, 60, 600, 600]


def evaluate(
    recommender: FakeRecommender, instance: dg.DagsterInstance
) -> dg.RunRequest | dg.SkipReason:
    """Run the sensor's shell on a platform that is bootstrapped."""
    add_bootstrap(instance)
    context = dg.build_sensor_context(
        instance=instance, resources={"recommender": recommender}
    )
    result = SENSOR(context)
    assert isinstance(result, dg.RunRequest | dg.SkipReason)
    return result


def add_run(
    instance: dg.DagsterInstance,
    status: dg.DagsterRunStatus,
    start: str | None = None,
    job: str = "recommend",
) -> str:
    """Record a run as it would be after a launch; return its ID."""
    definition = build_definitions().resolve_job_def(job)
    tags = {WINDOW_TAG: start} if start else {}
    return instance.create_run_for_job(definition, status=status, tags=tags).run_id


def test_the_shell_asks_for_a_run() -> None:
    """The decision has to reach Dagster as it is."""
    with dg.DagsterInstance.ephemeral() as instance:
        result = evaluate(FakeRecommender(waiting(10, 1)), instance)
    assert isinstance(result, dg.RunRequest)


def test_no_run_is_asked_for_while_one_is_not_finished() -> None:
    """Two at once fence each other: correct, and a waste of both."""
    with dg.DagsterInstance.ephemeral() as instance:
        add_run(instance, dg.DagsterRunStatus.STARTED)
        result = evaluate(FakeRecommender(waiting(10, 1)), instance)
    assert isinstance(result, dg.SkipReason)
    assert "has not finished" in str(result.skip_message)


def test_a_bootstrap_under_way_is_no_run_of_the_recommender() -> None:
    """Skipping for any run would stop recommendations during other work."""
    with dg.DagsterInstance.ephemeral() as instance:
        add_run(instance, dg.DagsterRunStatus.STARTED, job="bootstrap")
        assert unfinished_run(instance, NOW.timestamp()) is None


def test_a_run_that_died_unseen_does_not_block_for_ever() -> None:
    """Killed together with its code server, it stays 'started' in Dagster."""
    with dg.DagsterInstance.ephemeral() as instance:
        definition = build_definitions().resolve_job_def("recommend")
        run = instance.create_run_for_job(definition, tags={MAX_RUNTIME_TAG: "1800"})
        instance.report_dagster_event(
            dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, "recommend"),
            run_id=run.run_id,
        )
        now = datetime.now(tz=UTC).timestamp()
        assert unfinished_run(instance, now) == run.run_id
        # It may take so long, where others of its window have failed.
        assert unfinished_run(instance, now + 1800) == run.run_id
        assert unfinished_run(instance, now + 3600) is None


def test_failures_are_counted_by_where_the_window_starts() -> None:
    """By its whole key, each new file would make the failures forgotten."""
    with dg.DagsterInstance.ephemeral() as instance:
        add_run(instance, dg.DagsterRunStatus.FAILURE, "0:50")
        newest = add_run(instance, dg.DagsterRunStatus.SUCCESS, "0:50")
        add_run(instance, dg.DagsterRunStatus.FAILURE, "0:10")
        later = (datetime.now(tz=UTC) + timedelta(seconds=5)).timestamp()
        past = past_runs(instance, "0:50", later)
        set_back = past_runs(instance, "0:50", later - 3600)
    assert (past.failed, past.cut_short) == (1, 0)
    assert past.last_run_id == newest
    assert past.seconds_since_failure is not None
    assert 0 <= past.seconds_since_failure < 60
    assert (set_back.failed, set_back.seconds_since_failure) == (1, None)


def test_only_what_took_as_long_as_it_might_was_cut_short() -> None:
    """Ten failures at once, of an outage, would let the next run hang for hours."""
    with dg.DagsterInstance.ephemeral() as instance:
        definition = build_definitions().resolve_job_def("recommend")
        for limit in ("0", "900", "an hour"):
            run = instance.create_run_for_job(
                definition, tags={WINDOW_TAG: "0:50", MAX_RUNTIME_TAG: limit}
            )
            for event in (
                dg.DagsterEventType.RUN_START,
                dg.DagsterEventType.RUN_FAILURE,
            ):
                instance.report_dagster_event(
                    dg.DagsterEvent(event.value, "recommend"), run_id=run.run_id
                )
        past = past_runs(instance, "0:50", datetime.now(tz=UTC).timestamp())
    assert (past.failed, past.cut_short) == (3, 1)


def test_a_failed_read_is_a_failed_tick() -> None:
    """Taken for an empty answer, an outage of HDFS would look like a quiet shop."""
    unreadable = FakeRecommender(HdfsUnavailableError("no answer from WebHDFS"))
    with (
        dg.DagsterInstance.ephemeral() as instance,
        pytest.raises(HdfsUnavailableError, match="no answer"),
    ):
        evaluate(unreadable, instance)
