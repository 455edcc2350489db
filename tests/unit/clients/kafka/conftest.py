"""Addresses of a platform that does not run, with two brokers."""

from __future__ import annotations

from pathlib import Path

import pytest

from goodsflow.model.endpoints import Endpoints


@pytest.fixture
def endpoints(tmp_path: Path) -> Endpoints:
    """Addresses where nothing listens; the secrets' folder is empty."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    return Endpoints(
        bootstrap_servers={
            "inbound": "127.0.0.1:1,127.0.0.1:2",
            "analytics": "127.0.0.1:3,127.0.0.1:4",
        },
        ca_file=tmp_path / "ca.crt",
        secrets_dir=secrets,
        state_dir=tmp_path / "state",
        schema_registry_url="http://127.0.0.1:5",
        connect_url="http://127.0.0.1:6",
        webhdfs_url="http://127.0.0.1:7",
        hdfs_url="hdfs://127.0.0.1:8",
        spark_connect_url="sc://127.0.0.1:9",
        dagster_url="http://127.0.0.1:10",
    )
