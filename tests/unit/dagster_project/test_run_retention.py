"""Old runs go, with what they left on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.run_retention import delete_old_runs


@dg.op
def write() -> None:
    """Leave something in the run's log."""
    print("written")


@dg.job
def often() -> None:
    """Run often."""
    write()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance with files, as a native platform's."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


def run(instance: dg.DagsterInstance) -> str:
    """Run the job, and return the run's ID."""
    return often.execute_in_process(instance=instance).run_id


def files_of(folder: Path, run_id: str) -> list[Path]:
    """Return what is there of a run."""
    return [path for path in folder.rglob("*") if run_id in str(path)]


def test_old_runs_leave_nothing(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    """A thousand a day fill a disk within months."""
    runs = [run(instance) for _ in range(3)]
    assert all(files_of(tmp_path, run_id) for run_id in runs)
    reported: list[int] = []
    later = datetime.now(UTC) + timedelta(days=1)
    assert delete_old_runs(instance, "often", later, 1, reported.append) == 2
    assert [files_of(tmp_path, run_id) for run_id in runs[:2]] == [[], []]
    # The newest one stays as it was.
    assert instance.get_run_by_id(runs[2])
    assert instance.all_logs(runs[2])
    assert reported == [2]


def test_new_runs_and_those_under_way_stay(instance: dg.DagsterInstance) -> None:
    """Somebody reads them, or waits for them."""
    done, last = run(instance), run(instance)
    under_way = instance.create_run_for_job(
        often, status=dg.DagsterRunStatus.STARTED
    ).run_id
    before = datetime.now(UTC) - timedelta(days=14)
    assert delete_old_runs(instance, "often", before, 0) == 0
    later = datetime.now(UTC) + timedelta(days=1)
    assert delete_old_runs(instance, "often", later, 0) == 1
    assert instance.get_run_by_id(done) is None
    assert instance.get_run_by_id(under_way)
    # It made what there is.
    assert instance.get_run_by_id(last)
    assert delete_old_runs(instance, "another", later, 0) == 0
