"""The ports of the parts, and a check that they are free."""

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
    """The ports of one platform: the defaults plus an offset.

    With an offset, a second platform (the tests') can run next to the first.

    Attributes:
        monitored: Whether Prometheus runs, so that the ports for metrics are used.
    """

    offset: int = 0
    monitored: bool = False

    def of(self, part: str, role: str) -> int:
        """Return the port that a part uses for a role."""
        return DEFAULT_PORTS[part][role] + self.offset

    def has(self, part: str, role: str) -> bool:
        """Return whether a part has a port for a role."""
        return role in DEFAULT_PORTS.get(part, {})

    def all_of(self, part: str) -> list[int]:
        """Return the ports that a part uses."""
        return [
            port + self.offset
            for role, port in DEFAULT_PORTS.get(part, {}).items()
            if self.monitored or role != "metrics"
        ]

    def address(self, part: str, role: str) -> str:
        """Return host:port."""
        return f"{LOOPBACK}:{self.of(part, role)}"


def check_free(ports: Ports, parts: Iterable[str]) -> None:
    """Check that the ports of the parts to be started are free.

    Raises:
        PreflightError: Ports are in use; it names each, with its part and its user.
    """
    taken = [
        f"port {port} of {part} is used by {_user_of(port)}"
        for part in parts
        for port in ports.all_of(part)
        if not _is_free(port)
    ]
    if taken:
        raise PreflightError(
            "Nothing was started, because ports are in use:\n"
            + "\n".join(f"  {line}" for line in taken)
            + "\nStop these processes, or use other ports with --port-offset."
        )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do, so that old connections in TIME_WAIT do not matter.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _user_of(port: int) -> str:
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return "another process (only root can see which)"
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
