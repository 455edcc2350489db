"""Run the exporter as a service: ``python -m goodsflow.deploy.exporter``."""

from __future__ import annotations

import logging
import sys
from threading import Event

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from goodsflow.common.env_settings import load_settings
from goodsflow.common.health_server import make_app, serving
from goodsflow.common.process import run_service
from goodsflow.deploy.exporter.readings import Readings
from goodsflow.deploy.exporter.settings import ExporterSettings
from goodsflow.deploy.exporter.sources import platform_sources
from goodsflow.model.endpoints import PROJECT_ROOT, load_endpoints
from goodsflow.model.spec import load_platform

_LOGGER = logging.getLogger("goodsflow.deploy.exporter")


def main() -> int:
    """Run the exporter until SIGTERM or SIGINT; return the exit status."""
    return run_service(lambda stop: run(load_settings(ExporterSettings), stop), _LOGGER)


def run(settings: ExporterSettings, stop: Event) -> None:
    """Read the platform's metrics at an interval and serve them.

    Raises:
        EndpointsError: No platform was started.
        SpecError: ``platform.yaml`` is invalid.
        WebServerError: It cannot listen on the address.
    """
    readings = Readings(
        platform_sources(
            load_endpoints(), load_platform(PROJECT_ROOT / "platform.yaml")
        )
    )
    registry = CollectorRegistry()
    registry.register(readings)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    app = make_app(registry, readings.unhealthy_reason)
    with serving(settings.web_host, settings.web_port, app):
        _LOGGER.info("Reading metrics every %g s", settings.interval_seconds)
        while not stop.is_set():
            readings.refresh()
            stop.wait(settings.interval_seconds)


if __name__ == "__main__":
    sys.exit(main())
