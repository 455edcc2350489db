"""One real platform for all tests that need one, beside any that is up already."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints, load_endpoints
from tests import draw
from tests.support import goodsflow, status

_PORT_OFFSET = 10_000

# Where `./setup.sh --dev` puts Prometheus: the platform of the tests is watched.
os.environ["PATH"] += f":{PROJECT_ROOT / '.tools/prometheus/usr/bin'}"


# Programs started from a shell's background ignore Ctrl-C, and hand that on to theirs.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a developer test against a platform that is up already."""
    parser.addoption(
        "--platform",
        metavar="HOME",
        help="Use the platform whose folder this is, instead of starting one.",
    )
    parser.addoption(
        "--prometheus",
        metavar="URL",
        help="Ask this Prometheus, wherever the platform is that it watches.",
    )
    parser.addoption(
        "--keep-platform",
        action="store_true",
        help="Use the tests' platform if it is up, and leave it up afterwards.",
    )
    draw.add_options(parser)


def pytest_report_header(config: pytest.Config) -> str:
    """Say what has been drawn, so that it can be drawn again."""
    drawn = draw.configured(config)
    return "soak: every case" if drawn.soak else f"draw: --seed {drawn.seed}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Draw the cases of this run."""
    draw.deselect(config, items)


@pytest.fixture(scope="session")
def drawn(pytestconfig: pytest.Config) -> draw.Draw:
    """How much this run takes of what could be repeated for hours."""
    return draw.configured(pytestconfig)


@pytest.fixture(scope="session")
def platform_home(request: pytest.FixtureRequest) -> Iterator[Path]:
    """The folder of a platform that is up; started here, and removed afterwards."""
    given = request.config.getoption("--platform")
    if given:
        yield Path(given).resolve()
        return
    home = PROJECT_ROOT / ".goodsflow-test"
    keep = request.config.getoption("--keep-platform")
    if not keep:
        goodsflow("clean", "--yes", home=home)
    os.environ["GOODSFLOW_SHOP_API_INTERVAL"] = "1"
    try:
        started = goodsflow(
            "up", "--port-offset", str(_PORT_OFFSET), home=home, timeout_seconds=900
        )
        if started.returncode != 0:
            pytest.exit(f"The platform did not start:\n{started.stderr}", returncode=1)
        yield home
    finally:
        if not keep:
            cleaned = goodsflow("clean", "--yes", home=home, timeout_seconds=180)
    if not keep:
        assert cleaned.returncode == 0, cleaned.stderr


@pytest.fixture(scope="session")
def endpoints(platform_home: Path) -> Endpoints:
    """The addresses of a platform that is up and bootstrapped."""
    return load_endpoints(platform_home)


@pytest.fixture(scope="session")
def prometheus(request: pytest.FixtureRequest) -> str:
    """Return the address of the platform's Prometheus."""
    given = request.config.getoption("--prometheus")
    if given:
        return str(given).rstrip("/")
    parts = status(request.getfixturevalue("platform_home"))
    if "prometheus" not in parts:
        pytest.skip("Prometheus is not installed; `./setup.sh --dev` gets it on Debian")
    return str(parts["prometheus"]["address"])
