"""Errors of planning and applying.

Tree::

    ProvisionError
    ├── DeclaredFileError      a file that the declaration names is unusable
    ├── NotReadyInTimeError    a part was not ready or a change not in effect in time
    ├── ConnectorFailedError   a connector or one of its tasks has failed
    └── ApplyLockedError       another apply is running
"""

from __future__ import annotations

from collections.abc import Callable

from goodsflow.common.errors import GoodsflowError


class ProvisionError(GoodsflowError):
    """Planning or applying failed."""


class DeclaredFileError(ProvisionError):
    """A file that the declaration names is missing or invalid."""


class NotReadyInTimeError(ProvisionError):
    """A part was not ready, or a change was not in effect, in time."""


class ConnectorFailedError(ProvisionError):
    """A connector or one of its tasks has failed or is paused."""


class ApplyLockedError(ProvisionError):
    """Another apply is running and did not finish in time."""


def not_ready(what: str) -> Callable[[float, str], NotReadyInTimeError]:
    """Return a function that makes the error for a wait that timed out.

    Args:
        what: The condition: "the schema registry to be ready".
    """
    return lambda seconds, reason: NotReadyInTimeError(
        f"Waited {seconds:.0f} s for {what}: {reason}"
    )
