"""One apply at a time: command line and Dagster's runs hold the same file.

Containers share it by a volume.
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
    """Hold the right to change the platform.

    Args:
        path: The file; its folder is there.
        who: For whoever waits: "goodsflow apply".
        timeout_seconds: How long to wait for another to end.
        on_wait: Is told once who holds it, where somebody does.

    Raises:
        ApplyLockedError: Another did not end in time.
        ProvisionError: The file cannot be written.
    """
    return held(
        path,
        f"{who}, process {os.getpid()} on {os.uname().nodename}",
        busy=lambda holder: ApplyLockedError(
            f"The platform is being changed by another ({holder}), who was not done "
            f"within {timeout_seconds:.0f} s and holds {path}. Nothing was changed. "
            "Try again when it has ended."
        ),
        unusable=lambda reason: ProvisionError(
            f"Cannot hold {path} against a second apply: {reason}."
        ),
        timeout_seconds=timeout_seconds,
        on_wait=on_wait,
    )
