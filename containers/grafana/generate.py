"""Generates Grafana's dashboards: ``python containers/grafana/generate.py [--check]``.

With ``--check``, it writes nothing and fails if a JSON file under ``dashboards/`` (with
which Grafana is provisioned) is out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from clusters import CLUSTERS
from connectors import CONNECTORS
from flow import FLOW
from hdfs_spark import HDFS_SPARK
from panels import render

_FOLDER = Path(__file__).parent / "dashboards"


def main(arguments: Sequence[str]) -> int:
    """Write or check every dashboard; return the exit status."""
    wanted = {
        _FOLDER / f"{board.uid}.json": render(board)
        for board in (FLOW, CONNECTORS, CLUSTERS, HDFS_SPARK)
    }
    stale = {path for path in _FOLDER.glob("*.json") if path not in wanted}
    stale |= {
        path
        for path, text in wanted.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    if "--check" in arguments:
        for path in sorted(stale):
            sys.stderr.write(f"{path} is out of date: run {Path(__file__).name}\n")
        return 1 if stale else 0
    for path in stale - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
