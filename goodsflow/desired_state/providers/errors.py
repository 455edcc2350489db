"""What goes wrong when the platform is compared with its declaration, or made so.

Tree::

    ProvisionError
    ├── DeclaredFileError      a file that the declaration names cannot be used
    ├── NotReadyInTimeError    a part or a change was not there in time
    ├── ConnectorFailedError   a connector or one of its tasks has failed
    └── ApplyLockedError       somebody else is applying
"""

from __future__ import annotations

from collections.abc import Callable

from goodsflow.common.errors import GoodsflowError


class ProvisionError(GoodsflowError):
    """The platform could not be compared with its declaration, or made so."""


class DeclaredFileError(ProvisionError):
    """A file that the declaration names cannot be used."""


class NotReadyInTimeError(ProvisionError):
    """A part was not ready, or a change was not in effect, in time."""


class ConnectorFailedError(ProvisionError):
    """A connector or one of its tasks has failed or is paused."""


class ApplyLockedError(ProvisionError):
    """Somebody else is applying a plan, and did not end in time."""


def not_ready(what: str) -> Callable[[float, str], NotReadyInTimeError]:
    """Return what makes the error of a wait in vain.

    Args:
        what: What was waited for: "the schema registry to be ready".
    """
    return lambda seconds, reason: NotReadyInTimeError(
        f"Waited {seconds:.0f} s for {what}: {reason}"
    )
