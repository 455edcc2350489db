"""Monitoring of a native platform, with and without Prometheus."""

from pathlib import Path

import pytest

from goodsflow.deploy.native.catalog import platform_parts
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.parts import Part
from goodsflow.deploy.native.ports import Ports
from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.model.spec import load_platform

_JVM_PARTS = {
    "zookeeper",
    "zookeeper-mirror",
    "kafka-0",
    "kafka-1",
    "kafka-mirror-0",
    "kafka-mirror-1",
    "kafka-connect",
    "hdfs-nn",
    "hdfs-dn-0",
    "hdfs-dn-1",
}
_SILENT_PARTS = {"dagster-webserver", "dagster-daemon"}


def parts(home: Path, *, monitored: bool) -> dict[str, Part]:
    """Return the parts by name."""
    platform = load_platform(PROJECT_ROOT / "platform.yaml")
    found = platform_parts(Home(home), Ports(5000, monitored=monitored), platform)
    return {part.name: part for part in found}


def test_without_prometheus_nothing_is_served_or_started(tmp_path: Path) -> None:
    """A plain `make up` would waste memory on unused metrics."""
    found = parts(tmp_path, monitored=False)
    assert not {"prometheus", "exporter"} & found.keys()
    assert not any("PART_METRICS_PORT" in p.environment for p in found.values())


def test_without_prometheus_ports_for_metrics_need_not_be_free() -> None:
    """A start would fail because of an unused port."""
    assert Ports(0).all_of("zookeeper") == [2181]
    assert len(Ports(0, monitored=True).all_of("zookeeper")) == 2


def test_with_prometheus_the_jvm_parts_serve_their_metrics(tmp_path: Path) -> None:
    """A missing part is a gap in every dashboard."""
    found = parts(tmp_path, monitored=True)
    serving = {n for n, p in found.items() if "PART_METRICS_PORT" in p.environment}
    assert serving == _JVM_PARTS
    assert found["kafka-0"].environment["PART_METRICS_ADDRESS"] == "127.0.0.1"


def test_prometheus_has_every_part_with_metrics_as_target(tmp_path: Path) -> None:
    """A new part without monitoring could fail unnoticed."""
    found = parts(tmp_path, monitored=True)
    targets = found["prometheus"].environment["SCRAPE_TARGETS"].split()
    read = {target.partition("=")[0].partition("/")[2] for target in targets}
    assert read == found.keys() - _SILENT_PARTS
    assert "kafka/kafka-0=127.0.0.1:14413/metrics" in targets


@pytest.mark.parametrize("rules", ["kafka", "zookeeper", "kafka-connect", "hdfs"])
def test_each_part_with_the_agent_has_rules(rules: str) -> None:
    """Without rules the agent would serve thousands of series."""
    run = (PROJECT_ROOT / "containers" / rules / "run.sh").read_text()
    assert f"metrics_agent {rules}\n" in run
    assert '${agent:+"$agent"}' in run
    assert (PROJECT_ROOT / f"containers/jmx-exporter/rules/{rules}.yml").is_file()
