"""Passwords, generated once and kept in files that only their owner can read."""

from __future__ import annotations

from pathlib import Path

from goodsflow.common.secrets import write_secret
from goodsflow.deploy.native.errors import PreflightError
from goodsflow.model.spec import Platform

ZOOKEEPER_PASSWORD_FILES = {
    "inbound": "zookeeper.password",
    "analytics": "zookeeper-mirror.password",
}


def make_missing_secrets(folder: Path, platform: Platform) -> int:
    """Generate a password for each principal and each ZooKeeper that has none.

    Returns:
        How many were generated.

    Raises:
        PreflightError: A file cannot be written.
    """
    wanted = [folder / name for name in ZOOKEEPER_PASSWORD_FILES.values()]
    for cluster_name, cluster in platform.clusters.items():
        wanted += [
            folder / cluster_name / f"{principal}.password"
            for principal in cluster.principals
        ]
    return sum(make_secret(path) for path in wanted)


def make_secret(path: Path) -> bool:
    """Generate a password, unless the file exists.

    Returns:
        Whether it was generated.

    Raises:
        PreflightError: The file cannot be written.
    """
    if path.exists():
        return False
    try:
        write_secret(path)
    except OSError as error:
        raise PreflightError(
            f"Cannot write the secret {path}: {error.strerror}."
        ) from error
    return True
