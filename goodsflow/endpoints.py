"""Where the platform's parts are, and where their secrets lie.

Whoever starts the platform (the native launcher, or the containers) writes one
``endpoints.json``; every client reads it. It holds addresses and paths, never a secret:
passwords stay in files below ``secrets_dir``, one for each principal.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from goodsflow.errors import GoodsflowError

ClusterName = Literal["inbound", "analytics"]
"""The platform's two Kafka clusters."""

PROJECT_ROOT = Path(__file__).resolve().parents[1]
"""The checkout: where ``platform.yaml``, ``schemas/`` and ``containers/`` are."""


class EndpointsError(GoodsflowError):
    """The platform's addresses or one of its secrets could not be read."""


class Service(BaseModel):
    """A never-ending service of ours: where it answers about itself over HTTP."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    health_url: str = Field(description="Answers 200 when the service is healthy.")
    metrics_url: str = Field(description="Metrics in the Prometheus text format.")


class ContainerEngine(BaseModel):
    """The Docker engine that runs the parts, a container each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(description="Its API: http://host:port, or unix:///socket.")
    project: str = Field(description="The Compose project whose containers they are.")


class Endpoints(BaseModel):
    """The addresses of a running (or starting) platform."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bootstrap_servers: dict[ClusterName, str]
    external_bootstrap_servers: dict[ClusterName, str] = Field(
        default_factory=dict,
        description="For clients on the host, where the brokers are in networks of "
        "their own.",
    )
    ca_file: Path = Field(description="PEM certificate of the platform's CA.")
    secrets_dir: Path = Field(
        description="Holds <cluster>/<principal>.password, mode 0600."
    )
    state_dir: Path = Field(description="Where clients keep files, such as indexes.")
    schema_registry_url: str = Field(description="Confluent-compatible API root.")
    connect_url: str
    webhdfs_url: str = Field(description="HTTP address of the NameNode.")
    hdfs_url: str = Field(description="RPC address of the NameNode, hdfs://host:port.")
    spark_connect_url: str = Field(description="sc://host:port")
    dagster_url: str
    ksqldb_url: str | None = Field(
        default=None, description="None where the platform has no ksqlDB."
    )
    ksqldb_user: str | None = Field(
        default=None,
        description="Where ksqlDB asks for one; secrets_dir holds its "
        "ksqldb/<user>.password.",
    )
    services: dict[str, Service] = Field(default_factory=dict)
    supervisor_socket: Path | None = Field(
        default=None, description="Unix socket of the supervisor of a native platform."
    )
    container_engine: ContainerEngine | None = Field(
        default=None, description="The engine, where the parts are containers."
    )

    def password(self, cluster: ClusterName, principal: str) -> SecretStr:
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

    def ksqldb_password(self) -> SecretStr:
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
        """Return the file that holds a principal's SCRAM password."""
        return self.secrets_dir / cluster / f"{principal}.password"


def _read_password(path: Path, whose: str, advice: str) -> SecretStr:
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
    return SecretStr(password)


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
        return Endpoints.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise EndpointsError(
            f"No platform has been started here: {path} does not exist. "
            "Start one with `make up`, or point GOODSFLOW_HOME at its folder."
        ) from error
    except (OSError, ValidationError) as error:
        raise EndpointsError(
            f"Cannot read the platform's addresses from {path}: {error}"
        ) from error
