"""Plan HDFS directories: each exists, with its owner and mode."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from goodsflow.desired_state.planning.plan import Change, Difference, Plan, Target
from goodsflow.model.spec import Directory


def plan_directories(
    target: Target,
    desired: Mapping[str, Directory],
    actual: Mapping[str, Directory],
    files: Collection[str] = (),
) -> Plan:
    """Compare the declared directories with HDFS.

    Args:
        target: HDFS.
        desired: The declared directories by path.
        actual: Those of them that exist.
        files: Declared paths where a file is in the way.
    """
    changes: list[Change] = []
    for path, directory in desired.items():
        there = actual.get(path)
        if path in files:
            changes.append(
                Change(
                    target,
                    "create",
                    path,
                    desired=directory,
                    why="There is a file of this name. Move it away.",
                    is_possible=False,
                )
            )
        elif there is None:
            differences = (
                Difference("owner", None, directory.owner),
                Difference("mode", None, directory.mode),
            )
            changes.append(Change(target, "create", path, differences, directory))
        elif found := tuple(_differences(directory, there)):
            changes.append(Change(target, "update", path, found, directory))
    return Plan(tuple(changes))


def _differences(desired: Directory, actual: Directory) -> Iterator[Difference]:
    if actual.owner != desired.owner:
        yield Difference("owner", actual.owner, desired.owner)
    if int(actual.mode, 8) != int(desired.mode, 8):
        yield Difference("mode", actual.mode, desired.mode)
