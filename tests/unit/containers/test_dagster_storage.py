"""Dagster's storage, created by processes that start together."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from goodsflow.model.endpoints import PROJECT_ROOT

_SCRIPT = PROJECT_ROOT / "containers" / "dagster" / "make_storage.py"
_TOGETHER = 4


def test_processes_that_start_together_create_it_once(tmp_path: Path) -> None:
    """With two rows in the version table, Dagster never starts again."""
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    environment = {**os.environ, "DAGSTER_HOME": str(tmp_path)}
    started = [
        subprocess.Popen([sys.executable, str(_SCRIPT)], env=environment)
        for _ in range(_TOGETHER)
    ]
    assert [process.wait(120) for process in started] == [0] * _TOGETHER

    databases = sorted(tmp_path.rglob("*.db"))
    assert {path.name for path in databases} >= {"runs.db", "schedules.db", "index.db"}
    for path in databases:
        with sqlite3.connect(path) as connection:
            rows = connection.execute("SELECT count(*) FROM alembic_version").fetchone()
        connection.close()
        assert rows == (1,), path
