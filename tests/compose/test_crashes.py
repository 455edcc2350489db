"""Parts that die, and come back by themselves, while cards flow.

Dagster's runs are in ``test_dagster_runs.py``.
"""

from __future__ import annotations

import pytest

from tests.compose.stack import Stack, compose
from tests.support import await_condition


@pytest.mark.timeout(600)
@pytest.mark.draw(1)
@pytest.mark.parametrize("part", ["kafka-1", "kafka-connect", "hdfs-dn-1", "blocking"])
def test_cards_arrive_exactly_once_after_a_crash(platform: Stack, part: str) -> None:
    """What was in flight may be lost, or sent a second time."""
    before = platform.container(part)
    # As a crash: `docker kill` counts as a stop by hand, which is not made good.
    compose("exec", "--no-TTY", part, "sh", "-c", "kill -9 -1", check=False)
    platform.end_to_end("-k", "exactly_once")

    def is_back() -> bool:
        now = platform.container(part)
        assert now["Id"] == before["Id"]
        return bool(now["State"]["Health"]["Status"] == "healthy")

    await_condition(is_back, f"{part} is healthy again", 150)
    # Else nothing had died.
    assert platform.container(part)["RestartCount"] > before["RestartCount"]
