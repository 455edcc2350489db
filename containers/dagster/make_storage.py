"""Makes Dagster's SQLite files once, however many of its processes start together.

Each would make them itself, and two at a time leave a version table with two rows, with
which Dagster never starts again. Only the first start pays for this.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def make_storage(home: Path) -> None:
    """Make the storage of an instance where nobody has yet.

    Args:
        home: DAGSTER_HOME, with its ``dagster.yaml``.
    """
    made = home / ".storage-made"
    if made.exists():
        return
    with (home / ".storage.lock").open("a") as lock:
        # Freed however this process ends.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if made.exists():
            return
        from dagster import DagsterInstance

        with DagsterInstance.get():
            made.touch()


if __name__ == "__main__":
    make_storage(Path(os.environ["DAGSTER_HOME"]))
