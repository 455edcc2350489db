"""Monitoring: Prometheus, the exporter, and the metrics that each part serves.

All of it runs only if Prometheus is installed.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace

from goodsflow.deploy.native import probes
from goodsflow.deploy.native.parts import BOOTSTRAP, CONTAINERS, Part
from goodsflow.deploy.native.ports import LOOPBACK, Ports

_SELF_SERVED = {
    "schema-registry": ("http", "metrics"),
    "spark-master": ("ui", "metrics/master/prometheus"),
    "spark-worker": ("ui", "metrics/prometheus"),
    "spark-connect": ("ui", "metrics/prometheus"),
    "shop-api": ("http", "metrics"),
    "blocking": ("http", "metrics"),
    "exporter": ("http", "metrics"),
}
"""Parts that serve metrics without the JMX exporter: the port's role and the path."""


def is_monitored() -> bool:
    """Return whether Prometheus is installed."""
    return shutil.which("prometheus") is not None


def with_metrics(part: Part, ports: Ports) -> Part:
    """Return the part with the JMX exporter, if it has a port for metrics."""
    if not ports.has(part.name, "metrics"):
        return part
    return replace(
        part,
        environment={
            **part.environment,
            "PART_METRICS_ADDRESS": LOOPBACK,
            "PART_METRICS_PORT": str(ports.of(part.name, "metrics")),
            "JMX_EXPORTER_JAR": str(
                CONTAINERS / "jmx-exporter/target/lib/jmx_prometheus_javaagent.jar"
            ),
        },
    )


def monitoring_parts(ports: Ports, monitored: Iterable[Part]) -> list[Part]:
    """Return the parts that monitor the others.

    Args:
        ports: The platform's ports.
        monitored: The other parts.
    """
    exporter = _exporter(ports)
    return [exporter, _prometheus(ports, [*monitored, exporter])]


def _exporter(ports: Ports) -> Part:
    root = f"http://{ports.address('exporter', 'http')}"
    return Part(
        name="exporter",
        folder="exporter",
        address=root,
        check=lambda: probes.http_ok(f"{root}/health"),
        needs=(BOOTSTRAP,),
        follows=(("inbound", "exporter"), ("analytics", "exporter")),
        environment={
            "GOODSFLOW_EXPORTER_WEB_HOST": LOOPBACK,
            "GOODSFLOW_EXPORTER_WEB_PORT": str(ports.of("exporter", "http")),
        },
    )


def _prometheus(ports: Ports, monitored: Iterable[Part]) -> Part:
    root = f"http://{ports.address('prometheus', 'http')}"
    own = "prometheus/prometheus=" + ports.address("prometheus", "http") + "/metrics"
    return Part(
        name="prometheus",
        folder="prometheus",
        address=root,
        check=lambda: probes.http_ok(f"{root}/-/ready"),
        environment={
            "PROMETHEUS_ADDRESS": LOOPBACK,
            "PROMETHEUS_PORT": str(ports.of("prometheus", "http")),
            "SCRAPE_TARGETS": " ".join([*_targets(ports, monitored), own]),
        },
    )


def _targets(ports: Ports, monitored: Iterable[Part]) -> Iterator[str]:
    """Yield the scrape targets, in the form that containers/prometheus/run.sh reads."""
    for part in monitored:
        if ports.has(part.name, "metrics"):
            role, path = "metrics", "metrics"
        elif part.name in _SELF_SERVED:
            role, path = _SELF_SERVED[part.name]
        else:
            continue
        yield f"{part.folder}/{part.name}={ports.address(part.name, role)}/{path}"
