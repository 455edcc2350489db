"""A run of the recommender that dies is noticed, and the next one does its work."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
import pytest

from dagster_project.launcher import first_process
from goodsflow.clients.kafka.offsets import OffsetReader
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.model.endpoints import Endpoints
from tests.support import await_condition

_NOTICED_SECONDS = 60


@pytest.fixture
def instance(platform_home: Path) -> Iterator[dg.DagsterInstance]:
    """The platform's Dagster."""
    with dg.DagsterInstance.from_config(str(platform_home / "dagster")) as instance:
        yield instance


def running(instance: dg.DagsterInstance) -> tuple[str, psutil.Process] | None:
    """Return a run of the recommender that is under way, and its process."""
    recommending = dg.RunsFilter(
        job_name="recommend", statuses=[dg.DagsterRunStatus.STARTED]
    )
    for run in instance.get_runs(recommending):
        begun = first_process(
            instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
        )
        if begun and psutil.pid_exists(begun[0]):
            return run.run_id, psutil.Process(begun[0])
    return None


def status_of(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    """Return how a run stands."""
    run = instance.get_run_by_id(run_id)
    assert run
    return run.status


def kill_one(instance: dg.DagsterInstance) -> str:
    """Kill a run's process and its code server at once; return the run's ID."""

    def kill() -> str | None:
        found = running(instance)
        if found is None:
            return None
        run_id, process = found
        server = process.parent()
        assert server
        assert "grpc" in server.cmdline(), "the run is no child of a code server"
        server.suspend()
        process.kill()
        server.kill()
        # It may have come to its end in the meantime.
        is_cut_short = status_of(instance, run_id) is dg.DagsterRunStatus.STARTED
        return run_id if is_cut_short else None

    return await_condition(kill, "a run to kill", 240)


def offsets_of(endpoints: Endpoints) -> Mapping[int, int]:
    """Return what the recommender has committed, by partition."""
    reader = OffsetReader.connect(endpoints, "analytics", "admin")
    found = reader.group_offsets("recommender", ["source.goods-filtered"])
    return {partition: offset for (_, partition), offset in found.items()}


def recommended(endpoints: Endpoints) -> int:
    """Count the committed recommendations."""
    topic = "goods-recomendations"
    with TopicReader(endpoints, "analytics", "admin", "test", topic) as reader:
        starts = dict.fromkeys(reader.watermarks(), 0)
        batches = reader.read_to_end(starts, timeout_seconds=60)
        return sum(len(batch.records) for batch in batches)


def reports_after(instance: dg.DagsterInstance, run_id: str) -> list[Mapping[str, Any]]:
    """Return the metadata of the successes after a run, the first one first."""
    killed = instance.get_run_record_by_id(run_id)
    assert killed
    done = instance.fetch_materializations(
        dg.AssetRecordsFilter(
            asset_key=dg.AssetKey("recommendations"),
            after_timestamp=killed.create_timestamp.timestamp(),
        ),
        limit=100,
        ascending=True,
    )
    materializations = [record.asset_materialization for record in done.records]
    return [
        {key: value.value for key, value in one.metadata.items()}
        for one in materializations
        if one
    ]


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_a_run_killed_with_its_code_server_is_noticed_and_its_work_done(
    endpoints: Endpoints, instance: dg.DagsterInstance
) -> None:
    """It stayed started for fifteen minutes, and no recommendation was made."""
    run_id = kill_one(instance)
    killed_at = time.monotonic()
    offsets, cards = offsets_of(endpoints), recommended(endpoints)

    def failed() -> bool:
        status = status_of(instance, run_id)
        return status is dg.DagsterRunStatus.FAILURE

    await_condition(failed, "the killed run has failed", _NOTICED_SECONDS)
    print(f"noticed after {time.monotonic() - killed_at:.1f} s")
    reports = await_condition(
        lambda: reports_after(instance, run_id), "the next run's success", 180
    )
    print(f"the next one was done after {time.monotonic() - killed_at:.1f} s")

    # It goes on where the group was left, and runs add their own cards and no others.
    start = ", ".join(f"partition {p}: {o}" for p, o in sorted(offsets.items()))
    assert reports[0]["offsets before"] == (start or "none committed")

    def adds_up() -> bool:
        made = sum(report["cards out"] for report in reports_after(instance, run_id))
        return recommended(endpoints) == cards + made

    await_condition(adds_up, "the topic holds the cards of the runs", 60)
