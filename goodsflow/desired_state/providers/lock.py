"""The lock that allows one apply at a time, on the command line and in Dagster.

Both lock the same file; containers share it in a volume.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from goodsflow.common.file_lock import held
from goodsflow.desired_state.providers.errors import ApplyLockedError, ProvisionError


def apply_lock(
    path: Path,
    who: str,
    *,
    timeout_seconds: float,
    on_wait: Callable[[str], None] = lambda _: None,
) -> AbstractContextManager[None]:
    """Lock the platform against other applies.

    Args:
        path: The file to lock, in a folder that exists.
        who: Who locks it, for others that wait: "goodsflow apply".
        timeout_seconds: How long to wait for another apply to finish.
        on_wait: Called once with the holder, if the file is locked.

    Raises:
        ApplyLockedError: Another apply did not finish in time.
        ProvisionError: The file cannot be written.
    """
    return held(
        path,
        f"{who}, process {os.getpid()} on {os.uname().nodename}",
        busy=lambda holder: ApplyLockedError(
            f"Another apply ({holder}) is running. It holds {path} and did not finish "
            f"within {timeout_seconds:.0f} s. Nothing was changed. Try again later."
        ),
        unusable=lambda reason: ProvisionError(
            f"Cannot lock {path} for the apply: {reason}."
        ),
        timeout_seconds=timeout_seconds,
        on_wait=on_wait,
    )
