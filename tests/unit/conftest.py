"""What unit tests of several rooms share. None of them needs a platform or a JVM."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests import draw
from tests.unit.web import Web


def pytest_configure(config: pytest.Config) -> None:
    """Try fewer inputs than in a soak, and never for want of speed fewer."""
    soak = draw.configured(config).soak
    hypothesis.settings.register_profile(
        "unit",
        max_examples=300 if soak else 50,
        deadline=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("unit")


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose path leaves room for a socket's name, as `tmp_path` may not."""
    with tempfile.TemporaryDirectory(prefix="gf") as folder:
        yield Path(folder).resolve()


@pytest.fixture
def web() -> Iterator[Web]:
    """A web server that serves until the test ends."""
    with Web() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()
