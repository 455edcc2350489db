"""What the container that bootstraps asks of Dagster."""

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

    def turn_on_new(self) -> list[str]:
        """Turn on what nobody has turned on or off."""
        self.asked.append("turn on what is new")
        return ["new_sensor"]


def test_a_sensor_that_somebody_has_turned_off_is_not_turned_on_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each `docker compose up` turned on all of them."""
    dagster = Dagster("SUCCESS")
    assert bootstrap(dagster) == "r1"  # type: ignore[arg-type]
    assert dagster.asked == ["bootstrap", "turn on what is new"]
    assert "Turned on: new_sensor\n" in capsys.readouterr().out


def test_after_a_bootstrap_that_failed_nothing_is_turned_on() -> None:
    """Sensors would act on half a platform."""
    dagster = Dagster("FAILURE")
    with pytest.raises(BootstrapRunError, match="hdfs: no space"):
        bootstrap(dagster)  # type: ignore[arg-type]
    assert dagster.asked == ["bootstrap"]
