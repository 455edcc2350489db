"""Spark sessions without a server."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from goodsflow.clients.spark import SparkUnavailableError, spark_session
from goodsflow.model.endpoints import Endpoints


def test_server_that_does_not_answer_is_named_in_time(tmp_path: Path) -> None:
    """By default, pyspark retries for ten minutes."""
    endpoints = Endpoints(
        bootstrap_servers={},
        ca_file=tmp_path,
        secrets_dir=tmp_path,
        state_dir=tmp_path,
        schema_registry_url="",
        connect_url="",
        webhdfs_url="",
        hdfs_url="",
        spark_connect_url="sc://127.0.0.1:9",
        dagster_url="",
    )
    started = time.monotonic()
    with (
        pytest.raises(SparkUnavailableError, match=r"127\.0\.0\.1:9"),
        spark_session(endpoints, timeout_seconds=1),
    ):
        pass
    assert time.monotonic() - started < 30
