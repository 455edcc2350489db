"""One real platform for all tests that need one, beside any that is up already."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints, load_endpoints
from tests.support import goodsflow, status

_PORT_OFFSET = 10_000
_BEGIN_BY = pytest.StashKey[float]()

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
        "--begin-within",
        metavar="SECONDS",
        type=float,
        help="Skip the tests that would begin later than so long after the start.",
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    """Note by when a test has to begin."""
    seconds = session.config.getoption("--begin-within")
    if seconds is not None:
        session.config.stash[_BEGIN_BY] = time.monotonic() + seconds


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what there is no time for, and say so: half of a test shows nothing."""
    begin_by = item.config.stash.get(_BEGIN_BY, None)
    if begin_by is not None and time.monotonic() > begin_by:
        pytest.skip("it would begin after --begin-within")


@pytest.fixture(scope="session")
def platform_home(request: pytest.FixtureRequest) -> Iterator[Path]:
    """The folder of a platform that is up; started here, and removed afterwards."""
    given = request.config.getoption("--platform")
    if given:
        yield Path(given).resolve()
        return
    home = PROJECT_ROOT / ".goodsflow-test"
    goodsflow("clean", "--yes", home=home)
    os.environ["GOODSFLOW_SHOP_API_INTERVAL"] = "1"
    try:
        started = goodsflow(
            "up", "--port-offset", str(_PORT_OFFSET), home=home, timeout_seconds=600
        )
        if started.returncode != 0:
            pytest.exit(f"The platform did not start:\n{started.stderr}", returncode=1)
        yield home
    finally:
        cleaned = goodsflow("clean", "--yes", home=home, timeout_seconds=180)
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
