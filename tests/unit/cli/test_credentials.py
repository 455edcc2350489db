"""`goodsflow credentials` where it cannot do its work."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from goodsflow.cli.main import cli
from goodsflow.endpoints import Endpoints


def test_a_rotation_in_containers_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    """A password set at the cluster that no container is given locks its owner out."""
    endpoints = Endpoints(
        bootstrap_servers={"inbound": "a:1", "analytics": "b:1"},
        ca_file=tmp_path / "ca",
        secrets_dir=tmp_path / "secrets",
        state_dir=tmp_path,
        schema_registry_url="http://r",
        connect_url="http://c",
        webhdfs_url="http://h",
        hdfs_url="hdfs://h",
        spark_connect_url="sc://s",
        dagster_url="http://d",
    )
    (tmp_path / "endpoints.json").write_text(endpoints.model_dump_json())

    result = CliRunner().invoke(
        cli, ["--home", str(tmp_path), "credentials", "rotate", "shop-api"]
    )

    assert result.exit_code == 2
    assert "containers" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["endpoints.json"]
