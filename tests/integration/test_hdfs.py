"""The NameNode's log of edits, which no second NameNode merges."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from goodsflow.deploy.native.home import Home
from tests.support import await_condition, status_of

pytestmark = pytest.mark.faults

_OLD_SECONDS = 2 * 3600
"""More than ``dfs.namenode.checkpoint.period``, an hour."""


def newest_image(folder: Path) -> tuple[int, Path]:
    """Return the last transaction of the newest image, and the image."""
    images = [p for p in folder.glob("fsimage_*") if p.suffix != ".md5"]
    return max((int(p.name.removeprefix("fsimage_")), p) for p in images)


def test_a_namenode_with_an_old_image_writes_a_new_one_at_its_start(
    platform_home: Path,
) -> None:
    """The log of edits grew for ever, and each start replayed it from the format on."""
    folder = Home(platform_home).data("hdfs-nn") / "name" / "current"
    last, image = newest_image(folder)
    then = time.time() - _OLD_SECONDS
    os.utime(image, (then, then))
    killed = psutil.Process(status_of(platform_home, "hdfs-nn")["pid"])
    killed.kill()
    killed.wait(10)

    def is_back() -> bool:
        part: dict[str, Any] = status_of(platform_home, "hdfs-nn")
        return part["state"] == "ready" and part["pid"] != killed.pid

    await_condition(is_back, "the NameNode is ready again", 120)
    assert newest_image(folder)[0] > last
