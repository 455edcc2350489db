"""A fake server for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.clients.ksqldb.fake_server import FakeKsqldb, serving


@pytest.fixture
def server() -> Iterator[FakeKsqldb]:
    """A server that serves until the test ends."""
    with serving() as server:
        yield server
