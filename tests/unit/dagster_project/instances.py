"""Dagster instances as the platform has them."""

import dagster as dg


def add_bootstrap(
    instance: dg.DagsterInstance,
    status: dg.DagsterRunStatus = dg.DagsterRunStatus.SUCCESS,
) -> None:
    """Record a run of the bootstrap: before one has succeeded, sensors skip."""
    instance.add_run(dg.DagsterRun(job_name="bootstrap", status=status))
