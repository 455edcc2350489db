"""The bootstrap container and Dagster."""

from __future__ import annotations

import pytest

from goodsflow.clients.dagster.client import RunResult
from goodsflow.deploy.compose.bootstrap import BootstrapRunError, bootstrap


class Dagster:
    """Dagster, whose run ends with a status, and what has been asked of it."""

    def __init__(self, status: str) -> None:
        self.status = status
        self.asked: list[str] = []

    def launch(self, job: str) -> str:
        """Launch a run."""
        self.asked.append(job)
        return "r1"

    def run_result(self, run_id: str) -> RunResult:
        """Tell of its end."""
        assert run_id == "r1"
        return RunResult(self.status, ("hdfs: no space",))


def test_the_bootstrap_is_launched_and_awaited() -> None:
    """Services that depend on it start when its container has ended."""
    dagster = Dagster("SUCCESS")
    assert bootstrap(dagster) == "r1"  # type: ignore[arg-type]
    assert dagster.asked == ["bootstrap"]


def test_a_failed_bootstrap_shows_the_reason() -> None:
    """'Failed' alone would make users read the log of each part."""
    with pytest.raises(BootstrapRunError, match="hdfs: no space"):
        bootstrap(Dagster("FAILURE"))  # type: ignore[arg-type]
