"""Passwords in files of their own, which their owner alone can read."""

from __future__ import annotations

import secrets
from pathlib import Path

from goodsflow.common.atomic_file import write_whole


def write_secret(path: Path) -> None:
    """Write a new password, whole or not at all, with mode 0600.

    Raises:
        OSError: The file cannot be written.
    """
    # URL-safe characters need no quoting in JAAS, properties or XML.
    write_whole(path, secrets.token_urlsafe(24).encode())
