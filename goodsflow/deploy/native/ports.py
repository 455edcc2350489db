"""Which port each part listens on, and whether one is free."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

from goodsflow.deploy.native.errors import PreflightError

LOOPBACK = "127.0.0.1"

DEFAULT_PORTS: dict[str, dict[str, int]] = {
    "zookeeper": {"client": 2181, "metrics": 9411},
    "zookeeper-mirror": {"client": 2182, "metrics": 9412},
    "kafka-0": {"broker": 9092, "metrics": 9413},
    "kafka-1": {"broker": 9093, "metrics": 9414},
    "kafka-mirror-0": {"broker": 9094, "metrics": 9415},
    "kafka-mirror-1": {"broker": 9095, "metrics": 9416},
    "schema-registry": {"http": 8085},
    "kafka-connect": {"http": 8083, "metrics": 9417},
    "hdfs-nn": {"rpc": 8020, "http": 9870, "metrics": 9418},
    "hdfs-dn-0": {"data": 9866, "http": 9864, "ipc": 9867, "metrics": 9419},
    "hdfs-dn-1": {"data": 9876, "http": 9874, "ipc": 9877, "metrics": 9420},
    "spark-master": {"rpc": 7077, "ui": 8080},
    "spark-worker": {"rpc": 7078, "ui": 8081},
    "spark-connect": {"grpc": 15002, "ui": 4040},
    "shop-api": {"http": 9101},
    "blocking": {"http": 9102},
    "dagster-webserver": {"http": 3000},
    "exporter": {"http": 9103},
    "prometheus": {"http": 9090},
}
MAX_OFFSET = 65535 - max(
    port for ports in DEFAULT_PORTS.values() for port in ports.values()
)


@dataclass(frozen=True)
class Ports:
    """The ports of one platform: the defaults, moved by an offset.

    An offset lets a second platform (the tests') run beside the first.

    Attributes:
        monitored: Whether the ports for metrics are used, which Prometheus reads.
    """

    offset: int = 0
    monitored: bool = False

    def of(self, part: str, role: str) -> int:
        """Return a port by the part and what it is for."""
        return DEFAULT_PORTS[part][role] + self.offset

    def has(self, part: str, role: str) -> bool:
        """Say whether a part has a port for this."""
        return role in DEFAULT_PORTS.get(part, {})

    def all_of(self, part: str) -> list[int]:
        """Return every port of a part that is used."""
        return [
            port + self.offset
            for role, port in DEFAULT_PORTS.get(part, {}).items()
            if self.monitored or role != "metrics"
        ]

    def address(self, part: str, role: str) -> str:
        """Return host:port."""
        return f"{LOOPBACK}:{self.of(part, role)}"


def check_free(ports: Ports, parts: Iterable[str]) -> None:
    """Check that the parts that are to be started can have their ports.

    Raises:
        PreflightError: Names each port that is taken, its part and the holder.
    """
    taken = [
        f"port {port} of {part} is taken by {_holder(port)}"
        for part in parts
        for port in ports.all_of(part)
        if not _is_free(port)
    ]
    if taken:
        raise PreflightError(
            "Nothing was started, because ports are taken:\n"
            + "\n".join(f"  {line}" for line in taken)
            + "\nStop the holder, or move the platform with --port-offset."
        )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do, so that connections of an earlier run do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _holder(port: int) -> str:
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return "another process (only root may see which)"
    for connection in connections:
        if (
            connection.laddr
            and connection.laddr.port == port
            and connection.status == psutil.CONN_LISTEN
            and connection.pid
        ):
            try:
                name = psutil.Process(connection.pid).name()
            except psutil.NoSuchProcess:
                continue
            return f"pid {connection.pid} ({name})"
    return "another process"
