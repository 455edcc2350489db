"""What Prometheus reads of the containers, by the test of the native platform."""

from __future__ import annotations

import json
import os
import sys

import httpx2
import pytest

from goodsflow.model.endpoints import PROJECT_ROOT
from tests.compose.stack import compose, run


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("platform")
def test_every_panel_and_rule_finds_its_series() -> None:
    """A network that Prometheus is not in leaves a panel empty, and an alert silent."""
    port = os.environ["GOODSFLOW_PROMETHEUS_PORT"]
    done = run(
        *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider"),
        *("tests/integration/test_monitoring.py", "--prometheus"),
        f"http://127.0.0.1:{port}",
        timeout_seconds=540,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert " skipped" not in done.stdout


@pytest.mark.usefixtures("platform")
def test_grafana_shows_the_dashboards() -> None:
    """Provisioning that it cannot read leaves it empty, and healthy."""
    if "grafana" not in compose("ps", "--services").stdout.split():
        pytest.skip("Grafana's image cannot be pulled here")
    port = os.environ["GOODSFLOW_GRAFANA_PORT"]
    answer = httpx2.get(
        f"http://127.0.0.1:{port}/api/search?type=dash-db", trust_env=False
    )
    dashboards = PROJECT_ROOT / "containers" / "grafana" / "dashboards"
    assert {found["uid"] for found in answer.json()} == {
        json.loads(path.read_text())["uid"] for path in dashboards.glob("*.json")
    }
