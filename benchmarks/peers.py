"""Filters of other makes, each a process of its own that prints its progress.

They have to be fetched and built first, so that smoke runs leave them out.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.filters import start_group
from benchmarks.meter import Figure, Stopwatch
from benchmarks.platform import Measured, Work
from goodsflow.clients.kafka.config import client_config, java_client_properties
from goodsflow.model.endpoints import PROJECT_ROOT, load_endpoints

QUIXSTREAMS = "3.28.1"
_STREAMS = PROJECT_ROOT / "benchmarks" / "kafka-streams"
_QUIX = PROJECT_ROOT / ".tools" / "quixstreams"
_PRINCIPAL = "admin"
"""Kafka Streams chooses the names of its groups and transactional IDs itself."""

_BLOCKED = "12346"

LEAST_SHARE = 0.5
"""Of the records, for a figure: a peer may die before the end."""


class PeerError(Exception):
    """A peer did not get far enough to be measured."""


def prepare() -> None:
    """Build and install the peers.

    Raises:
        CalledProcessError: A command failed.
    """
    pom = _STREAMS / "pom.xml"
    subprocess.run(["mvn", "-B", "-ntp", "-q", "-f", pom, "package"], check=True)
    uv = PROJECT_ROOT / ".tools" / "bin" / "uv"
    if not (_QUIX / "bin" / "python").exists():
        subprocess.run([uv, "venv", "--quiet", _QUIX], check=True)
    package = f"quixstreams=={QUIXSTREAMS}"
    into = ["--python", str(_QUIX / "bin" / "python")]
    subprocess.run(
        [uv, "pip", "install", "--quiet", *into, package, "orjson"], check=True
    )


def kafka_streams(work: Work) -> Figure:
    """Run Kafka Streams, ``exactly_once_v2``, two threads."""
    with TemporaryDirectory() as folder:
        endpoints = load_endpoints(work.home)
        properties = java_client_properties(endpoints, "inbound", _PRINCIPAL)
        properties["state.dir"] = folder
        path = Path(folder) / "client.properties"
        path.touch(mode=0o600)
        path.write_text("".join(f"{key}={text}\n" for key, text in properties.items()))
        classes = [_STREAMS / "target" / "classes", _STREAMS / "target" / "lib" / "*"]
        return _measure(
            [
                *("java", "-Xmx512m", "-cp", ":".join(map(str, classes)), "Filter"),
                *(str(path), work.group, str(work.records), _BLOCKED),
            ],
            work,
        )


def quixstreams(work: Work) -> Figure:
    """Run quixstreams, ``exactly-once``."""
    with TemporaryDirectory() as folder:
        config = client_config(load_endpoints(work.home), "inbound", _PRINCIPAL)
        path = Path(folder) / "client.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(config))
        script = PROJECT_ROOT / "benchmarks" / "quix_filter.py"
        return _measure(
            [
                # Without the folder of the script on its path: "platform" is Python's.
                *(str(_QUIX / "bin" / "python"), "-P", str(script)),
                *(str(path), work.group, str(work.records), _BLOCKED),
            ],
            work,
        )


def _measure(command: Sequence[str], work: Work) -> Figure:
    start_group(work)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        watch = Stopwatch(
            {"filter": [process.pid], "brokers": work.broker_pids}, work.records
        )
        figure: Figure | None = None
        for line in process.stdout or ():
            watch.note(int(line))
            # While it runs: the cost of a process that has ended cannot be read.
            if watch.records >= LEAST_SHARE * work.records:
                figure = watch.figure()
    if figure is None:
        raise PeerError(
            f"{command[0]} ended with {process.returncode} after {watch.records} of "
            f"{work.records} records."
        )
    return figure


PEERS: dict[str, Measured] = {
    "Kafka Streams, exactly_once_v2": kafka_streams,
    f"quixstreams {QUIXSTREAMS}, exactly-once": quixstreams,
}
