"""One apply at a time: command line and Dagster's runs hold the same file.

Containers share it by a volume.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from goodsflow.common.file_lock import HeldError, held
from goodsflow.desired_state.providers.errors import ApplyLockedError, ProvisionError


@contextmanager
def apply_lock(
    path: Path,
    who: str,
    *,
    timeout_seconds: float,
    on_wait: Callable[[str], None] = lambda _: None,
) -> Iterator[None]:
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
    holder = f"{who}, process {os.getpid()} on {os.uname().nodename}"
    # What goes wrong beneath the lock is not the lock's.
    with ExitStack() as stack:
        try:
            stack.enter_context(
                held(path, holder, timeout_seconds=timeout_seconds, on_wait=on_wait)
            )
        except HeldError as error:
            raise ApplyLockedError(
                f"The platform is being changed by another ({error.holder}), who was "
                f"not done within {timeout_seconds:.0f} s and holds {path}. Nothing "
                "was changed. Try again when it has ended."
            ) from error
        except OSError as error:
            raise ProvisionError(
                f"Cannot hold {path} against a second apply: {error.strerror}."
            ) from error
        yield
