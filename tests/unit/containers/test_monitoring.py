"""Rules, alerts, dashboards, and the scripts that start the monitoring."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from goodsflow.model.endpoints import PROJECT_ROOT

CONTAINERS = PROJECT_ROOT / "containers"
PROMETHEUS = CONTAINERS / "prometheus"
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None,
    reason="promtool is not installed; `./setup.sh --dev` gets it on Debian",
)


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def alerts() -> set[str]:
    """Return the name of every alert."""
    groups = yaml.safe_load((PROMETHEUS / "rules/alerts.yml").read_text())["groups"]
    return {rule["alert"] for group in groups for rule in group["rules"]}


@needs_promtool
def test_configuration_and_rules_are_valid() -> None:
    """Prometheus would not start with an invalid rule."""
    done = run("promtool", "check", "config", str(PROMETHEUS / "prometheus.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_alerts_fire_and_stay_silent_as_they_should() -> None:
    """An alert that cannot fire is only noticed when it is needed."""
    done = run("promtool", "test", "rules", str(PROMETHEUS / "tests/alerts.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_tests_for_firing_and_for_silence() -> None:
    """A new alert without a test is unreliable."""
    tests = yaml.safe_load((PROMETHEUS / "tests/alerts.yml").read_text())["tests"]
    asked = [case for test in tests for case in test["alert_rule_test"]]
    fire = {case["alertname"] for case in asked if case["exp_alerts"]}
    # Of a certificate and its neighbour, only the one fires: that is both at once.
    silent = {case["alertname"] for case in asked if not case["exp_alerts"]}
    assert fire == alerts()
    assert silent | {"CertificateEndsSoon"} == alerts()


def test_prometheus_is_given_every_target_with_its_job_and_part(
    tmp_path: Path,
) -> None:
    """Without its labels, a target would be missing from alerts and panels."""
    program = tmp_path / "bin" / "prometheus"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    done = run(
        str(PROMETHEUS / "run.sh"),
        PATH=f"{program.parent}:{os.environ['PATH']}",
        PART_NAME="prometheus",
        PART_CONFIG_DIR=str(tmp_path / "config"),
        PART_DATA_DIR=str(tmp_path / "data"),
        PROMETHEUS_ADDRESS="127.0.0.1",
        PROMETHEUS_PORT="9090",
        SCRAPE_TARGETS="kafka/kafka-0=a:1/metrics spark/spark-master=b:2/metrics/m/p",
    )
    assert done.returncode == 0, done.stderr
    assert "--web.listen-address=127.0.0.1:9090" in done.stdout.splitlines()
    assert json.loads((tmp_path / "config/targets.json").read_text()) == [
        {
            "targets": ["a:1"],
            "labels": {
                "job": "kafka",
                "part": "kafka-0",
                "__metrics_path__": "/metrics",
            },
        },
        {
            "targets": ["b:2"],
            "labels": {
                "job": "spark",
                "part": "spark-master",
                "__metrics_path__": "/metrics/m/p",
            },
        },
    ]
    assert (tmp_path / "config/rules/alerts.yml").is_file()


def agent(**environment: str) -> subprocess.CompletedProcess[str]:
    """Call metrics_agent of part.sh, as containers/kafka/run.sh does."""
    script = f'. "{CONTAINERS}/base/part.sh"; metrics_agent kafka; echo "[$agent]"'
    return run("/bin/sh", "-c", script, str(CONTAINERS / "kafka/run.sh"), **environment)


def test_a_part_without_a_metrics_port_has_no_agent() -> None:
    """An agent costs memory in each JVM."""
    assert agent(PART_METRICS_PORT="").stdout == "[]\n"


def test_a_part_with_a_port_has_the_agent_with_its_rules(tmp_path: Path) -> None:
    """With another port or other rules, an agent would be useless."""
    jar = tmp_path / "a jar"
    jar.touch()
    done = agent(
        PART_METRICS_PORT="1",
        PART_METRICS_ADDRESS="127.0.0.1",
        JMX_EXPORTER_JAR=str(jar),
    )
    rules = CONTAINERS / "jmx-exporter/rules/kafka.yml"
    assert done.stdout == f"[-javaagent:{jar}=127.0.0.1:1:{rules}]\n"


def test_a_missing_agent_is_named(tmp_path: Path) -> None:
    """The JVM's own message names neither the part nor what to do."""
    done = agent(
        PART_NAME="kafka-0",
        PART_METRICS_PORT="1",
        PART_METRICS_ADDRESS="127.0.0.1",
        JMX_EXPORTER_JAR=str(tmp_path / "none.jar"),
    )
    assert done.returncode == 1
    assert "kafka-0: cannot read the JMX exporter" in done.stderr


def test_the_dashboards_are_up_to_date() -> None:
    """Manual edits would be lost with the next change."""
    done = run(sys.executable, str(CONTAINERS / "grafana/generate.py"), "--check")
    assert done.returncode == 0, done.stderr


def dashboards() -> Iterator[dict[str, object]]:
    """Return each dashboard."""
    for path in sorted((CONTAINERS / "grafana/dashboards").glob("*.json")):
        yield json.loads(path.read_text())


def test_dashboards_use_the_provisioned_data_source() -> None:
    """With another ID, a panel shows an error."""
    provisioned = yaml.safe_load(
        (CONTAINERS / "grafana/provisioning/datasources/prometheus.yml").read_text()
    )
    uid = provisioned["datasources"][0]["uid"]
    boards = list(dashboards())
    assert len({board["uid"] for board in boards}) == len(boards) == 4
    named = set(
        re.findall(r'"uid": "([^"]+)"', json.dumps([b["panels"] for b in boards]))
    )
    assert named == {uid}
