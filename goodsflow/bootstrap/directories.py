"""The directories of HDFS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from goodsflow.bootstrap.errors import RefusedError
from goodsflow.bootstrap.outcome import Outcome
from goodsflow.hdfs import HdfsClient, HdfsNotFoundError
from goodsflow.reconcile import plan_directories
from goodsflow.spec import Directory


def make_directories(client: HdfsClient, desired: Mapping[str, Directory]) -> Outcome:
    """Make the declared directories that are missing; set owner and mode.

    Args:
        client: Acts as the file system's superuser: nobody else may set an owner.
        desired: By path.

    Raises:
        RefusedError: There is a file where a directory should be.
        HdfsError: The NameNode refused or did not answer.
    """
    plan = plan_directories(desired, _read(client, desired))
    for change in plan.changes:
        client.make_directory(
            change.name, owner=change.desired.owner, mode=change.desired.mode
        )
    return Outcome({"directories": len(desired)}, plan.changes)


def _read(client: HdfsClient, paths: Iterable[str]) -> dict[str, Directory]:
    found: dict[str, Directory] = {}
    for path in paths:
        try:
            status = client.status(path)
        except HdfsNotFoundError:
            continue
        if not status.is_directory:
            raise RefusedError(
                f"'{path}' on HDFS is a file of {status.owner}, a directory is "
                "declared. Move the file away."
            )
        # WebHDFS drops leading zeros.
        found[path] = Directory(owner=status.owner, mode=status.mode.zfill(3))
    return found
