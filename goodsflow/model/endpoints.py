"""Where the platform's parts are, and where their secrets lie.

Whoever starts the platform (the native launcher, or the containers) writes one
``endpoints.json``; every client reads it. It holds addresses and paths, never a secret:
passwords stay in files below ``secrets_dir``, one for each principal.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import msgspec

from goodsflow.common.errors import GoodsflowError
from goodsflow.common.secrets import Secret

ClusterName = Literal["inbound", "analytics"]
"""The platform's two Kafka clusters."""

PROJECT_ROOT = Path(__file__).resolve().parents[2]
"""The checkout: where ``platform.yaml``, ``schemas/`` and ``containers/`` are."""


class EndpointsError(GoodsflowError):
    """The platform's addresses or one of its secrets could not be read."""


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A never-ending service of ours: where it answers about itself over HTTP.

    Attributes:
        health_url: Answers 200 when the service is healthy.
        metrics_url: Metrics in the Prometheus text format.
    """

    health_url: str
    metrics_url: str


class ContainerEngine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The Docker engine that runs the parts, a container each.

    Attributes:
        url: Its API: http://host:port, or unix:///socket.
        project: The Compose project whose containers they are.
    """

    url: str
    project: str


class Endpoints(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The addresses of a running (or starting) platform.

    Attributes:
        bootstrap_servers: By cluster, host:port,…
        external_bootstrap_servers: For clients on the host, where the brokers are in
            networks of their own.
        ca_file: PEM certificate of the platform's CA.
        secrets_dir: Holds <cluster>/<principal>.password, mode 0600.
        state_dir: Where clients keep files, such as indexes.
        schema_registry_url: Confluent-compatible API root.
        connect_url: REST API of the Connect workers.
        webhdfs_url: HTTP address of the NameNode.
        hdfs_url: RPC address of the NameNode, hdfs://host:port.
        spark_connect_url: sc://host:port
        dagster_url: The webserver.
        ksqldb_url: None where the platform has no ksqlDB.
        ksqldb_user: Where ksqlDB asks for one; secrets_dir holds its
            ksqldb/<user>.password.
        services: By name.
        supervisor_socket: Unix socket of the supervisor of a native platform.
        container_engine: The engine, where the parts are containers.
    """

    bootstrap_servers: dict[ClusterName, str]
    external_bootstrap_servers: dict[ClusterName, str] = {}
    ca_file: Path
    secrets_dir: Path
    state_dir: Path
    schema_registry_url: str
    connect_url: str
    webhdfs_url: str
    hdfs_url: str
    spark_connect_url: str
    dagster_url: str
    ksqldb_url: str | None = None
    ksqldb_user: str | None = None
    services: dict[str, Service] = {}
    supervisor_socket: Path | None = None
    container_engine: ContainerEngine | None = None

    def as_json(self) -> bytes:
        """Return what ``endpoints.json`` holds."""
        return msgspec.json.format(msgspec.json.encode(self, enc_hook=str), indent=2)

    @classmethod
    def from_json(cls, data: bytes | str) -> Endpoints:
        """Read what ``as_json`` returned.

        Raises:
            msgspec.DecodeError: It is something else.
        """
        return msgspec.json.decode(data, type=cls, dec_hook=_as_path)

    def replace(self, **changes: Any) -> Endpoints:
        """Return the same with other values of some attributes."""
        return msgspec.structs.replace(self, **changes)

    def password(self, cluster: ClusterName, principal: str) -> Secret:
        """Read a principal's SCRAM password.

        Raises:
            EndpointsError: The file is missing, unreadable or empty.
        """
        return _read_password(
            self.password_file(cluster, principal),
            f"principal '{principal}' on cluster '{cluster}'",
            "Is the principal declared in platform.yaml, and has `goodsflow up` run "
            "since?",
        )

    def ksqldb_password(self) -> Secret:
        """Read the password of ``ksqldb_user``.

        Raises:
            EndpointsError: The file is missing, unreadable or empty.
        """
        return _read_password(
            self.secrets_dir / "ksqldb" / f"{self.ksqldb_user}.password",
            f"ksqlDB's user '{self.ksqldb_user}'",
            "Write it there.",
        )

    def password_file(self, cluster: ClusterName, principal: str) -> Path:
        """Return the file that holds a principal's SCRAM password.

        Raises:
            EndpointsError: The name is a path, and could lead to another's file.
        """
        if "/" in principal or "\0" in principal:
            raise EndpointsError(f"'{principal}' is no name of a principal.")
        return self.secrets_dir / cluster / f"{principal}.password"

    def principals(self, cluster: ClusterName) -> list[str]:
        """Return the principals whose password files are here, sorted."""
        files = (self.secrets_dir / cluster).glob("*.password")
        return sorted(file.stem for file in files)


def _read_password(path: Path, whose: str, advice: str) -> Secret:
    try:
        password = path.read_text(encoding="utf-8").strip()
        reason = "" if password else "it is empty"
    except OSError as error:
        reason = error.strerror or str(error)
    except UnicodeDecodeError:
        reason = "it is no text"
    if reason:
        raise EndpointsError(
            f"Cannot read the password of {whose} from {path}: {reason}. {advice}"
        )
    return Secret(password)


def _as_path(kind: type, text: object) -> Path:
    if kind is not Path or not isinstance(text, str):
        raise TypeError(f"Expected a path, found {text!r}")
    return Path(text)


def default_home() -> Path:
    """Return the platform's folder: $GOODSFLOW_HOME, or the project's .goodsflow."""
    configured = os.environ.get("GOODSFLOW_HOME")
    return Path(configured).resolve() if configured else PROJECT_ROOT / ".goodsflow"


def load_endpoints(home: Path | None = None) -> Endpoints:
    """Read ``endpoints.json`` of the platform in ``home``.

    Args:
        home: The platform's folder; ``default_home()`` where not given.

    Raises:
        EndpointsError: There is none, or it does not fit.
    """
    path = (home or default_home()) / "endpoints.json"
    try:
        return Endpoints.from_json(path.read_bytes())
    except FileNotFoundError as error:
        raise EndpointsError(
            f"No platform has been started here: {path} does not exist. "
            "Start one with `make up`, or point GOODSFLOW_HOME at its folder."
        ) from error
    except (OSError, msgspec.DecodeError) as error:
        raise EndpointsError(
            f"Cannot read the platform's addresses from {path}: {error}"
        ) from error
