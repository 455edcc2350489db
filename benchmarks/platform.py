"""The platform that is measured: one of its own, or one that is up."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from benchmarks.checks import wait_until
from benchmarks.meter import Figure
from goodsflow.clients.connect import ConnectClient
from goodsflow.clients.kafka.config import client_config
from goodsflow.clients.kafka.offsets import OffsetReader
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.platform import open_platform
from goodsflow.deploy.native.status import platform_status
from goodsflow.deploy.native.supervisor import SupervisorClient
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints

INBOUND = ("kafka-0", "kafka-1")
CONNECTORS = ("mm2-source", "hdfs-sink")

_HOME = PROJECT_ROOT / ".goodsflow-bench"
_PORT_OFFSET = 20_000
_PATIENCE_SECONDS = 600.0
_GROUPS_SECONDS = 60.0
_AT_REST = {"STOPPED", "EXITED", "FATAL"}


@dataclass(frozen=True)
class Work:
    """What a measured filter or producer is given; it runs in a process of its own.

    Attributes:
        home: The platform's folder.
        name: For groups and transactional IDs; no other run has it.
        records: How many cards to work off or to send.
        broker_pids: The processes of the inbound brokers.
        starts: Where the cards start on ``goods``, by partition.
    """

    home: Path
    name: str
    records: int
    broker_pids: list[int]
    starts: Mapping[int, int]

    @property
    def group(self) -> str:
        """The consumer group: one that the platform's filter may use."""
        return f"blocking-{self.name}"


Measured: TypeAlias = Callable[[Work], Figure]


@contextmanager
def own_platform() -> Iterator[Path]:
    """Start a platform beside any that is up; remove it at the end."""
    command = [sys.executable, "-m", "goodsflow.cli", "--home", str(_HOME)]
    subprocess.run([*command, "clean", "--yes"], check=True)
    try:
        subprocess.run([*command, "up", "--port-offset", str(_PORT_OFFSET)], check=True)
        yield _HOME
    finally:
        subprocess.run([*command, "clean", "--yes"], check=True)


@contextmanager
def stopped(
    home: Path, parts: Collection[str], *, and_start: bool = True
) -> Iterator[None]:
    """Keep parts stopped; then start those that ran, and wait until they are ready.

    Args:
        home: The platform's folder.
        parts: Their names.
        and_start: False leaves them stopped.
    """
    supervisor = SupervisorClient(Home(home).socket)
    states = {each.name: each.state for each in supervisor.processes()}
    stopping = [part for part in parts if states.get(part, "STOPPED") not in _AT_REST]
    supervisor.stop_all(stopping)
    try:
        yield
    finally:
        if and_start:
            start(home, stopping)


def start(home: Path, parts: Collection[str]) -> None:
    """Start parts, and wait until they are ready."""
    supervisor = SupervisorClient(Home(home).socket)
    for part in parts:
        supervisor.start(part)
    wait_until(partial(_are_ready, home, parts), f"{', '.join(parts)} ready")


def _are_ready(home: Path, names: Collection[str]) -> bool:
    platform = open_platform(home)
    parts = [part for part in platform.parts if part.name in names]
    states = platform_status(platform.home, parts)
    return all(each.state == "ready" for each in states)


@contextmanager
def paused(endpoints: Endpoints, connectors: Collection[str]) -> Iterator[None]:
    """Keep connectors paused; then resume them, and wait until they run."""
    with ConnectClient(endpoints.connect_url) as connect:
        try:
            for connector in connectors:
                pause(connect, connector)
            yield
        finally:
            for connector in connectors:
                resume(connect, connector)


def pause(connect: ConnectClient, connector: str) -> None:
    """Pause a connector, and wait until its tasks have paused."""
    connect.pause(connector)
    wait_until(
        lambda: {task.state for task in connect.status(connector).tasks} == {"PAUSED"},
        f"the tasks of '{connector}' are paused",
    )


def resume(connect: ConnectClient, connector: str) -> None:
    """Resume a connector, and wait until its tasks run."""
    connect.resume(connector)
    wait_until(
        lambda: connect.status(connector).is_running, f"connector '{connector}' runs"
    )


def await_filter(endpoints: Endpoints) -> None:
    """Wait until the service ``blocking`` has worked off all of ``goods``."""
    offsets = OffsetReader.connect(endpoints, "inbound", "admin")
    wait_until(
        lambda: not offsets.group_lag("blocking", ["goods"]).total,
        "the filter has worked off its backlog",
    )


def forget_groups(endpoints: Endpoints, groups: Collection[str]) -> None:
    """Delete consumer groups, so that nobody takes them for some that lag.

    One whose member was killed has it for 45 s more. What cannot be deleted after a
    minute is printed; its offsets expire in a week.
    """
    config = client_config(endpoints, "inbound", "admin") | {"log_level": 0}
    # Held on to: the futures of a client that is gone never end.
    admin = AdminClient(config)
    left = set(groups)
    deadline = time.monotonic() + _GROUPS_SECONDS
    while True:
        for group, future in admin.delete_consumer_groups(sorted(left)).items():
            error = future.exception(_GROUPS_SECONDS)
            if error is None or _is_unknown_group(error):
                left.discard(group)
        if not left:
            return
        if time.monotonic() > deadline:
            print(f"Not deleted: the consumer groups {', '.join(sorted(left))}")
            return
        time.sleep(1)


def _is_unknown_group(error: BaseException) -> bool:
    return (
        isinstance(error, KafkaException)
        and error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND
    )


def pids(home: Path, *parts: str) -> list[int]:
    """Return the processes of some of the platform's parts."""
    found = SupervisorClient(Home(home).socket).processes()
    return [process.pid for process in found if process.name in parts and process.pid]


def in_a_process(measure: Measured, work: Work) -> Figure:
    """Have work done and measured in a process of its own.

    Raises:
        TimeoutError: It takes too long.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply_async(measure, (work,)).get(_PATIENCE_SECONDS)
