"""Passwords in files of their own, which their owner alone can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_secret(path: Path) -> None:
    """Write a new password, whole or not at all, with mode 0600.

    Raises:
        OSError: The file cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_suffix(".new")
    partial.unlink(missing_ok=True)
    # URL-safe characters need no quoting in JAAS, properties or XML.
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(24))
        file.flush()
        os.fsync(file.fileno())
    move_secret(partial, path)


def move_secret(source: Path, target: Path) -> None:
    """Put a file in another's place, so that it is there after a power cut too.

    Args:
        source: In the same folder.
        target: Is replaced.

    Raises:
        OSError: It cannot be renamed.
    """
    source.replace(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
