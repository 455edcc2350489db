"""Filters of other makes, each a process of its own that tells how far it is."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.meter import Figure, Stopwatch
from goodsflow.clients.kafka.config import client_config, java_client_properties
from goodsflow.model.endpoints import PROJECT_ROOT, load_endpoints

QUIXSTREAMS = "3.28.1"
_STREAMS = PROJECT_ROOT / "benchmarks" / "kafka-streams"
_QUIX = PROJECT_ROOT / ".tools" / "quixstreams"
_PRINCIPAL = "admin"
"""Kafka Streams makes groups and transactional IDs of names of its own."""

_BLOCKED = "12346"

_LEAST_SHARE = 0.5
"""Of the records, for a figure: a peer may die on its way."""


class PeerError(Exception):
    """A peer did not get far enough to be measured."""


def prepare() -> None:
    """Build and install what is compared.

    Raises:
        CalledProcessError: It could not be.
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


def kafka_streams(
    home: Path, records: int, broker_pids: list[int], name: str
) -> Figure:
    """Run Kafka Streams, ``exactly_once_v2``, two threads."""
    with TemporaryDirectory() as folder:
        properties = java_client_properties(load_endpoints(home), "inbound", _PRINCIPAL)
        properties["state.dir"] = folder
        path = Path(folder) / "client.properties"
        path.touch(mode=0o600)
        path.write_text("".join(f"{key}={text}\n" for key, text in properties.items()))
        classes = [_STREAMS / "target" / "classes", _STREAMS / "target" / "lib" / "*"]
        return _measure(
            [
                *("java", "-Xmx512m", "-cp", ":".join(map(str, classes)), "Filter"),
                *(str(path), f"bench-{name}", str(records), _BLOCKED),
            ],
            records,
            broker_pids,
        )


def quixstreams(home: Path, records: int, broker_pids: list[int], name: str) -> Figure:
    """Run quixstreams, ``exactly-once``."""
    with TemporaryDirectory() as folder:
        config = client_config(load_endpoints(home), "inbound", _PRINCIPAL)
        path = Path(folder) / "client.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(config))
        script = PROJECT_ROOT / "benchmarks" / "quix_filter.py"
        return _measure(
            [
                # Without the folder of the script on its path: "platform" is Python's.
                *(str(_QUIX / "bin" / "python"), "-P", str(script)),
                *(str(path), f"bench-{name}", str(records), _BLOCKED),
            ],
            records,
            broker_pids,
        )


def _measure(command: Sequence[str], records: int, broker_pids: list[int]) -> Figure:
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        watch = Stopwatch({"filter": [process.pid], "brokers": broker_pids})
        figure: Figure | None = None
        for line in process.stdout or ():
            watch.note(int(line))
            # As it goes: of a process that is gone no cost can be read.
            if watch.records >= _LEAST_SHARE * records:
                figure = watch.figure()
    if figure is None:
        raise PeerError(
            f"{command[0]} ended with {process.returncode} after {watch.records} of "
            f"{records} records."
        )
    return figure
