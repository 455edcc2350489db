"""A file is either the new or the old one, never a part."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from goodsflow.common.atomic_file import write_whole


def test_a_writer_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk or a kill once left it empty."""
    file = tmp_path / "file"
    write_whole(file, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdopen", full)
        with pytest.raises(OSError, match="No space left"):
            write_whole(file, b"new")
    assert file.read_bytes() == b"old"
    # What the first attempt has left is no hindrance.
    write_whole(file, b"new")
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]


def test_a_reader_keeps_the_file_that_it_has_opened(tmp_path: Path) -> None:
    """Written in place, a reader would get parts of both."""
    file = tmp_path / "file"
    write_whole(file, b"old")
    with file.open("rb") as reader:
        write_whole(file, b"newer")
        assert reader.read() == b"old"


def test_it_is_for_its_owner_alone_in_a_folder_that_is_made(tmp_path: Path) -> None:
    """Some files contain passwords."""
    file = tmp_path / "folder" / "file"
    write_whole(file, b"secret")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
