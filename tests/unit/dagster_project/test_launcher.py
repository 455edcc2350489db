"""A run whose process is gone is noticed by Dagster's run monitoring."""

from __future__ import annotations

import logging
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
import pytest
from dagster._core.events import EngineEventData
from dagster._daemon.monitoring.run_monitoring import monitor_started_run

from dagster_project.definitions import build_definitions
from dagster_project.launcher import ProcessRunLauncher, find_process
from goodsflow.clients.dagster.client import write_instance_config


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance as the native platform configures it."""
    write_instance_config(tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        yield instance


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives until it is killed."""
    with subprocess.Popen(["sleep", "300"]) as process:
        yield process
        process.kill()


def started_run(instance: dg.DagsterInstance, pid: int | None) -> dg.DagsterRun:
    """Record a run that has started, in a process where one is given."""
    job = build_definitions().resolve_job_def("recommend")
    run = instance.create_run_for_job(job)
    if pid is not None:
        instance.report_engine_event(
            "Started process for run", run, EngineEventData.in_process(pid)
        )
    event: Any = dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, run.job_name)
    instance.report_dagster_event(event, run_id=run.run_id)
    return run


def monitored(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    """Return the run's status after a round of run monitoring."""
    record = instance.get_run_record_by_id(run.run_id)
    assert record
    workspace: Any = None
    monitor_started_run(instance, workspace, record, logging.getLogger())
    after = instance.get_run_by_id(run.run_id)
    assert after
    return after.status


def test_a_run_whose_process_was_killed_has_failed(
    instance: dg.DagsterInstance, process: subprocess.Popen[bytes]
) -> None:
    """The sensor would wait for it until its longest run time is over."""
    assert isinstance(instance.run_launcher, ProcessRunLauncher)
    assert instance.run_monitoring_enabled
    run = started_run(instance, process.pid)
    assert monitored(instance, run) is dg.DagsterRunStatus.STARTED
    process.kill()
    process.wait()
    assert monitored(instance, run) is dg.DagsterRunStatus.FAILURE
    [record] = instance.get_records_for_run(
        run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE
    ).records
    event = record.event_log_entry.dagster_event
    assert event
    assert f"pid {process.pid}" in str(event.message)


def test_a_clock_that_is_set_ends_no_run(
    instance: dg.DagsterInstance,
    process: subprocess.Popen[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A process's start is reported in the time of day that it would be now."""
    run = started_run(instance, process.pid)
    assert monitored(instance, run) is dg.DagsterRunStatus.STARTED
    created = psutil.Process(process.pid).create_time()
    monkeypatch.setattr(psutil.Process, "create_time", lambda _: created + 3600)
    assert monitored(instance, run) is dg.DagsterRunStatus.STARTED
    process.kill()
    process.wait()
    assert monitored(instance, run) is dg.DagsterRunStatus.FAILURE


def test_a_run_that_has_not_named_its_process_is_let_be(
    instance: dg.DagsterInstance,
) -> None:
    """Failed for that, a run that has only just begun would never get anywhere."""
    run = started_run(instance, None)
    assert monitored(instance, run) is dg.DagsterRunStatus.STARTED


def test_another_process_with_the_same_id_is_not_the_run() -> None:
    """IDs come round again, soon in a container or after the machine's restart."""
    created = psutil.Process().create_time()
    assert find_process(os.getpid(), time.time())
    assert not find_process(os.getpid(), created - 60)


def test_a_process_that_nobody_has_reaped_is_not_alive(
    process: subprocess.Popen[bytes],
) -> None:
    """A parent that hangs keeps a dead child in the list of processes."""
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert psutil.pid_exists(process.pid)
    assert not find_process(process.pid, time.time())
