"""Write files completely or not at all, even if the process is killed."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file with mode 0600, and replace an existing one atomically.

    Raises:
        OSError: The file cannot be written; an existing one is unchanged.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.new")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    move_whole(partial, path)


def move_whole(source: Path, target: Path) -> None:
    """Rename a file durably: the new name survives a power cut.

    Args:
        source: The file, in the same folder as the target.
        target: Its new name; an existing file is replaced.

    Raises:
        OSError: The file cannot be renamed.
    """
    source.replace(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
