"""The addresses of the platform's parts, and the paths of their secrets.

The launcher, or the containers' set-up, writes one ``endpoints.json``; every client
reads it. It holds addresses and paths, never a secret: each principal's password is in
a file of its own below ``secrets_dir``.
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
    """The HTTP addresses at which one of our services reports on itself.

    Attributes:
        health_url: Answers 200 while the service is healthy.
        metrics_url: Metrics in the Prometheus text format.
    """

    health_url: str
    metrics_url: str


class ContainerEngine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The Docker engine that runs each part in a container.

    Attributes:
        url: Its API: ``http://host:port`` or ``unix:///socket``.
        project: The Compose project that the containers belong to.
    """

    url: str
    project: str


class Endpoints(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The addresses of a running (or starting) platform.

    Attributes:
        bootstrap_servers: ``host:port,…`` by cluster.
        external_bootstrap_servers: The same for clients on the host, if the brokers run
            in container networks.
        ca_file: PEM certificate of the platform's CA.
        secrets_dir: Contains ``CLUSTER/PRINCIPAL.password``, mode 0600.
        state_dir: Where clients keep files, such as indexes.
        schema_registry_url: Root of the Confluent-compatible API.
        connect_url: REST API of the Connect workers.
        webhdfs_url: HTTP address of the NameNode.
        hdfs_url: RPC address of the NameNode, ``hdfs://host:port``.
        spark_connect_url: ``sc://host:port``
        dagster_url: The Dagster webserver.
        ksqldb_url: None if the platform has no ksqlDB.
        ksqldb_user: None if ksqlDB needs no login; otherwise ``secrets_dir`` contains
            ``ksqldb/USER.password``.
        services: Our services by name.
        supervisor_socket: Unix socket of a native platform's supervisor.
        container_engine: The Docker engine, if the parts run in containers.
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
        """Return the content of ``endpoints.json``."""
        return msgspec.json.format(msgspec.json.encode(self, enc_hook=str), indent=2)

    @classmethod
    def from_json(cls, data: bytes | str) -> Endpoints:
        """Parse the content of ``endpoints.json``.

        Raises:
            msgspec.DecodeError: The content is something else.
        """
        return msgspec.json.decode(data, type=cls, dec_hook=_as_path)

    def replace(self, **changes: Any) -> Endpoints:
        """Return a copy with some attributes changed."""
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
            "Write the password to that file.",
        )

    def password_file(self, cluster: ClusterName, principal: str) -> Path:
        """Return the file that holds a principal's SCRAM password.

        Raises:
            EndpointsError: The name contains a slash and could lead to another file.
        """
        if "/" in principal or "\0" in principal:
            raise EndpointsError(f"'{principal}' is not a valid principal name.")
        return self.secrets_dir / cluster / f"{principal}.password"

    def principals(self, cluster: ClusterName) -> list[str]:
        """Return the principals that have a password file, sorted."""
        files = (self.secrets_dir / cluster).glob("*.password")
        return sorted(file.stem for file in files)


def _read_password(path: Path, whose: str, advice: str) -> Secret:
    try:
        password = path.read_text(encoding="utf-8").strip()
        reason = "" if password else "it is empty"
    except OSError as error:
        reason = error.strerror or str(error)
    except UnicodeDecodeError:
        reason = "it is not text"
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
    """Return the platform's folder: $GOODSFLOW_HOME or the project's .goodsflow."""
    configured = os.environ.get("GOODSFLOW_HOME")
    return Path(configured).resolve() if configured else PROJECT_ROOT / ".goodsflow"


def load_endpoints(home: Path | None = None) -> Endpoints:
    """Read ``endpoints.json`` of the platform in ``home``.

    Args:
        home: The platform's folder; ``default_home()`` if omitted.

    Raises:
        EndpointsError: The file is missing or invalid.
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
