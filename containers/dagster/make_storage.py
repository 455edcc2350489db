"""Creates Dagster's SQLite files once, even if several of its processes start together.

Each process would create them itself. Two at the same time leave a version table with
two rows, with which Dagster never starts again. Only the first start pays for this.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def make_storage(home: Path) -> None:
    """Create the storage of an instance, if it does not exist yet.

    Args:
        home: DAGSTER_HOME, with its ``dagster.yaml``.
    """
    marker = home / ".storage-made"
    if marker.exists():
        return
    with (home / ".storage.lock").open("a") as lock:
        # Released when this process ends, even if it is killed.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if marker.exists():
            return
        from dagster import DagsterInstance

        with DagsterInstance.get():
            marker.touch()


if __name__ == "__main__":
    make_storage(Path(os.environ["DAGSTER_HOME"]))
