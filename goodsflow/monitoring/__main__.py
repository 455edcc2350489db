"""Run the exporter as a service: ``python -m goodsflow.monitoring``."""

from __future__ import annotations

import logging
import signal
import sys
from threading import Event

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from goodsflow.endpoints import PROJECT_ROOT, load_endpoints
from goodsflow.errors import GoodsflowError
from goodsflow.monitoring.readings import Readings
from goodsflow.monitoring.settings import ExporterSettings
from goodsflow.monitoring.sources import platform_sources
from goodsflow.settings import load_settings
from goodsflow.spec import load_platform
from goodsflow.web import make_app, serving

_LOGGER = logging.getLogger("goodsflow.monitoring")


def main() -> int:
    """Read and tell until SIGTERM or SIGINT; return the exit status."""
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    # One line for each request to Connect says nothing to an operator.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        run(load_settings(ExporterSettings), stop)
    except GoodsflowError as error:
        _LOGGER.error("%s", error)  # noqa: TRY400 - expected: no traceback
        return 1
    return 0


def run(settings: ExporterSettings, stop: Event) -> None:
    """Read the platform again and again, and serve what was read.

    Raises:
        EndpointsError: No platform was started.
        SpecError: ``platform.yaml`` is invalid.
        WebServerError: The address cannot be listened on.
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
    app = make_app(registry, readings.ailment)
    with serving(settings.web_host, settings.web_port, app):
        _LOGGER.info("Looking every %g s", settings.interval_seconds)
        while not stop.is_set():
            readings.refresh()
            stop.wait(settings.interval_seconds)


if __name__ == "__main__":
    sys.exit(main())
