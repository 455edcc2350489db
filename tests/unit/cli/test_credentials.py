"""`goodsflow credentials` on a platform in containers."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from goodsflow.cli.main import cli
from tests.support import write_endpoints


def test_a_rotation_in_containers_is_rejected_before_anything_is_written(
    tmp_path: Path,
) -> None:
    """A new password that no container receives would lock its principal out."""
    write_endpoints(tmp_path)

    result = CliRunner().invoke(
        cli, ["--home", str(tmp_path), "credentials", "rotate", "shop-api"]
    )

    assert result.exit_code == 2
    assert "containers" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["endpoints.json"]
