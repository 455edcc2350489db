"""Launching the bootstrap in Dagster, as a user of its UI would.

``docker-compose.yml`` runs this once everything that the bootstrap needs is healthy. It
changes nothing if the platform is already as declared.
"""

from __future__ import annotations

import sys

from goodsflow.clients.dagster.client import (
    BOOTSTRAP_JOB,
    DagsterClient,
    RunResult,
)
from goodsflow.common.errors import GoodsflowError
from goodsflow.common.waiting import wait_for
from goodsflow.deploy.compose.addresses import DAGSTER_URL

_BOOTSTRAP_SECONDS = 420.0
_POLL_SECONDS = 1.0


class BootstrapRunError(GoodsflowError):
    """The bootstrap run did not succeed."""


def bootstrap(client: DagsterClient) -> str:
    """Have Dagster materialize the bootstrap assets.

    Returns:
        The run's ID.

    Raises:
        BootstrapRunError: The run failed; the message has its errors.
        DagsterError: Dagster does not answer, or refused.
    """
    run_id = client.launch(BOOTSTRAP_JOB)
    print(f"Dagster is running the bootstrap: run {run_id}", flush=True)
    result = _await_run(client, run_id)
    if result.status != "SUCCESS":
        raise BootstrapRunError(
            f"The bootstrap run {run_id} ended with {result.status}:\n"
            + "\n".join(f"  {error}" for error in result.errors)
            + "\nSee its log in Dagster's UI, under Runs. Then run `docker compose up "
            "-d` again."
        )
    return run_id


def _await_run(client: DagsterClient, run_id: str) -> RunResult:
    def late(seconds: float, status: str) -> BootstrapRunError:
        client.terminate(run_id)
        return BootstrapRunError(
            f"The bootstrap run {run_id} had not finished after {seconds:.0f} s "
            f"({status}) and was terminated. See the run in Dagster's UI, and `docker "
            "compose ps` for unhealthy containers."
        )

    return wait_for(
        lambda: client.run_result(run_id),
        late,
        timeout_seconds=_BOOTSTRAP_SECONDS,
        interval_seconds=_POLL_SECONDS,
        unmet=lambda result: None if result.is_finished else result.status,
    )


def main() -> None:
    """Bootstrap the platform in this container's network."""
    try:
        bootstrap(DagsterClient(DAGSTER_URL))
    except GoodsflowError as error:
        sys.exit(f"Error: {error}")
    print("The platform is as declared.")


if __name__ == "__main__":
    main()
