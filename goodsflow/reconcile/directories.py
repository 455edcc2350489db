"""Directories of HDFS: there, with their owner and mode."""

from __future__ import annotations

from collections.abc import Mapping

from goodsflow.reconcile.plan import Change, Plan
from goodsflow.spec import Directory


def plan_directories(
    desired: Mapping[str, Directory], actual: Mapping[str, Directory]
) -> Plan[Directory]:
    """Compare the declared directories with those of the file system."""
    changes: list[Change[Directory]] = []
    for path, directory in desired.items():
        there = actual.get(path)
        if there is None:
            text = (
                f"make directory '{path}' of {directory.owner}, mode {directory.mode}"
            )
            changes.append(Change("directory", "create", path, directory, text))
            continue
        differences = _differences(directory, there)
        if differences:
            text = f"update directory '{path}': {', '.join(differences)}"
            changes.append(Change("directory", "update", path, directory, text))
    return Plan(tuple(changes))


def _differences(desired: Directory, actual: Directory) -> list[str]:
    differences = []
    if actual.owner != desired.owner:
        differences.append(f"owner from {actual.owner} to {desired.owner}")
    if int(actual.mode, 8) != int(desired.mode, 8):
        differences.append(f"mode from {actual.mode} to {desired.mode}")
    return differences
