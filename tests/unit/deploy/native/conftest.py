"""Fixtures: a platform's folder, and a small web server."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from goodsflow.deploy.native import orphans, supervisor
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.processes import await_ends


@pytest.fixture
def home() -> Iterator[Home]:
    """A made folder with a path short enough for sockets; nothing outlives the test."""
    root = Path(tempfile.mkdtemp(prefix="gf", dir="/tmp")).resolve()
    home = Home(root)
    home.make()
    yield home
    # Its own end takes a second or two, which a test of it may spend.
    process = supervisor._process(home)
    if process:
        process.kill()
        await_ends([process], 10)
    orphans.stop_orphans(root, timeout_seconds=2)
    if root.exists():
        shutil.rmtree(root)
