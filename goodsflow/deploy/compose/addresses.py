"""The addresses of the parts in the containers' networks."""

from __future__ import annotations

from pathlib import Path

import yaml

from goodsflow.clients.dagster.client import DAGSTER_YAML
from goodsflow.deploy.compose.runs import MAX_CONCURRENT_RUNS, run_launcher
from goodsflow.model.endpoints import ClusterName, ContainerEngine, Endpoints, Service

SHARE = Path("/goodsflow")
"""The path of each container's share, with addresses, certificates and secrets."""

DATA = Path("/data")
"""The path of each container's data volume."""

DAGSTER_URL = "http://dagster-webserver:3000"

ENGINE_URL = "http://docker-proxy:2375"
"""The proxy of the Docker engine. What it permits depends on the network."""

PASSFILE = "secrets/pgpass"
"""The path, in a share, of PostgreSQL's password file for clients."""


def endpoints(
    project: str,
    *,
    ksqldb_url: str | None = None,
    external_bootstrap_servers: dict[ClusterName, str] | None = None,
) -> Endpoints:
    """Return the addresses that every container receives.

    Args:
        project: The name of the Compose project.
        ksqldb_url: The URL of ksqlDB; None if the platform has none.
        external_bootstrap_servers: The brokers' addresses for clients on the host.
    """
    return Endpoints(
        bootstrap_servers={
            "inbound": "kafka-0:9092,kafka-1:9092",
            "analytics": "kafka-mirror-0:9092,kafka-mirror-1:9092",
        },
        external_bootstrap_servers=external_bootstrap_servers or {},
        ca_file=SHARE / "certs" / "ca.crt",
        secrets_dir=SHARE / "secrets",
        state_dir=DATA,
        schema_registry_url="http://schema-registry:8080/apis/ccompat/v7",
        connect_url="http://kafka-connect:8083",
        webhdfs_url="http://hdfs-nn:9870",
        hdfs_url="hdfs://hdfs-nn:8020",
        spark_connect_url="sc://spark-connect:15002",
        dagster_url=DAGSTER_URL,
        ksqldb_url=ksqldb_url,
        services={
            "shop-api": Service(
                health_url="http://shop-api:9101/health",
                metrics_url="http://shop-api:9101/metrics",
            ),
            "blocking": Service(
                health_url="http://blocking:9102/health/",
                metrics_url="http://blocking:9102/metrics",
            ),
        },
        container_engine=ContainerEngine(url=ENGINE_URL, project=project),
    )


def passfile(password: str) -> str:
    """Return the content of ``PASSFILE``.

    See https://www.postgresql.org/docs/15/libpq-pgpass.html
    """
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    return f"postgres:5432:dagster:dagster:{escaped}\n"


def dagster_yaml(project: str) -> str:
    """Return the Dagster instance's configuration, with storage in PostgreSQL.

    It becomes part of every run's command line, and contains no secrets.

    Args:
        project: The name of the Compose project.
    """
    instance = yaml.safe_load(DAGSTER_YAML)
    instance["concurrency"]["runs"]["max_concurrent_runs"] = MAX_CONCURRENT_RUNS
    instance["run_launcher"] = run_launcher(project)
    instance["storage"] = {
        "postgres": {
            "postgres_db": {
                # By default, SQLAlchemy 2.1 uses another driver than the one that
                # dagster-postgres installs.
                "scheme": "postgresql+psycopg2",
                "hostname": "postgres",
                "db_name": "dagster",
                "username": "dagster",
                "params": {"passfile": str(SHARE / PASSFILE)},
            }
        }
    }
    instance["local_artifact_storage"] = {
        "module": "dagster.core.storage.root",
        "class": "LocalArtifactStorage",
        "config": {"base_dir": f"{DATA}/artifacts"},
    }
    instance["compute_logs"] = {
        "module": "dagster.core.storage.local_compute_log_manager",
        "class": "LocalComputeLogManager",
        "config": {"base_dir": f"{DATA}/logs"},
    }
    return yaml.safe_dump(instance, sort_keys=False)
