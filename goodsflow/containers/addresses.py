"""Where the parts answer inside the containers' networks."""

from __future__ import annotations

from pathlib import Path

from goodsflow.endpoints import Endpoints, Service
from goodsflow.local.dagster import DAGSTER_YAML

SHARE = Path("/goodsflow")
"""Where each container finds its own share: addresses, certificates, secrets."""

DATA = Path("/data")
"""Where each container has its volume."""

DAGSTER_URL = "http://dagster-webserver:3000"


def endpoints() -> Endpoints:
    """Return the addresses that every container is given."""
    return Endpoints(
        bootstrap_servers={
            "inbound": "kafka-0:9092,kafka-1:9092",
            "analytics": "kafka-mirror-0:9092,kafka-mirror-1:9092",
        },
        ca_file=SHARE / "certs" / "ca.crt",
        secrets_dir=SHARE / "secrets",
        state_dir=DATA,
        schema_registry_url="http://schema-registry:8080/apis/ccompat/v7",
        connect_url="http://kafka-connect:8083",
        webhdfs_url="http://hdfs-nn:9870",
        hdfs_url="hdfs://hdfs-nn:8020",
        spark_connect_url="sc://spark-connect:15002",
        dagster_url=DAGSTER_URL,
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
    )


def dagster_yaml(postgres_password: str) -> str:
    """Return the instance's configuration: runs and events in PostgreSQL."""
    return (
        DAGSTER_YAML
        + f"""\
storage:
  postgres:
    postgres_db:
      # SQLAlchemy 2.1 would take another driver than the one dagster-postgres brings.
      scheme: postgresql+psycopg2
      hostname: postgres
      db_name: dagster
      username: dagster
      password: {postgres_password}
local_artifact_storage:
  module: dagster.core.storage.root
  class: LocalArtifactStorage
  config:
    base_dir: {DATA}/artifacts
compute_logs:
  module: dagster.core.storage.local_compute_log_manager
  class: LocalComputeLogManager
  config:
    base_dir: {DATA}/logs
"""
    )
