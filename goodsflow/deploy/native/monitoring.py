"""What watches the platform: Prometheus and the exporter, and what each part serves.

All of it is there only where Prometheus is installed, so that it costs nothing else.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace

from goodsflow.deploy.native import probes
from goodsflow.deploy.native.parts import BOOTSTRAP, CONTAINERS, Part
from goodsflow.deploy.native.ports import LOOPBACK, Ports

_SERVED_BY_ITSELF = {
    "schema-registry": ("http", "metrics"),
    "spark-master": ("ui", "metrics/master/prometheus"),
    "spark-worker": ("ui", "metrics/prometheus"),
    "spark-connect": ("ui", "metrics/prometheus"),
    "shop-api": ("http", "metrics"),
    "blocking": ("http", "metrics"),
    "exporter": ("http", "metrics"),
}
"""Parts that serve metrics without help: the port's role, and the path."""


def is_monitored() -> bool:
    """Say whether Prometheus is on this machine."""
    return shutil.which("prometheus") is not None


def with_metrics(part: Part, ports: Ports) -> Part:
    """Return the part with the JMX exporter in it, where it has a port for that."""
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


def monitoring_parts(ports: Ports, watched: Iterable[Part]) -> list[Part]:
    """Return the parts that watch the others.

    Args:
        ports: Where they answer.
        watched: The other parts.
    """
    exporter = _exporter(ports)
    return [exporter, _prometheus(ports, [*watched, exporter])]


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


def _prometheus(ports: Ports, watched: Iterable[Part]) -> Part:
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
            "SCRAPE_TARGETS": " ".join([*_targets(ports, watched), own]),
        },
    )


def _targets(ports: Ports, watched: Iterable[Part]) -> Iterator[str]:
    """Name each part that serves metrics, as containers/prometheus/run.sh takes it."""
    for part in watched:
        if ports.has(part.name, "metrics"):
            role, path = "metrics", "metrics"
        elif part.name in _SERVED_BY_ITSELF:
            role, path = _SERVED_BY_ITSELF[part.name]
        else:
            continue
        yield f"{part.folder}/{part.name}={ports.address(part.name, role)}/{path}"
