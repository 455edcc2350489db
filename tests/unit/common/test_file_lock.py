"""Locking a file."""

from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from goodsflow.common.errors import GoodsflowError
from goodsflow.common.file_lock import held


class BusyError(GoodsflowError):
    """Another process holds the file."""


class UnusableError(GoodsflowError):
    """The file cannot be locked."""


def hold(
    path: Path, holder: str, *, make_folder: bool = False
) -> AbstractContextManager[None]:
    """Hold a file with this test's errors."""
    return held(
        path, holder, busy=BusyError, unusable=UnusableError, make_folder=make_folder
    )


def test_a_file_that_is_held_names_its_holder_and_is_free_afterwards(
    tmp_path: Path,
) -> None:
    """A process that waits shows for whom it waits."""
    path = tmp_path / "lock"
    with hold(path, "me"), pytest.raises(BusyError, match=r"^me$"), hold(path, "other"):
        pytest.fail("held by two")
    with hold(path, "other"):
        assert path.read_text() == "other"
    assert path.read_text() == ""


def test_a_holder_that_has_not_said_its_name_is_unknown(tmp_path: Path) -> None:
    """The holder may be read between the lock and the write."""
    path = tmp_path / "lock"
    with hold(path, ""), pytest.raises(BusyError, match=r"^unknown$"), hold(path, "b"):
        pytest.fail("held by two")


def test_a_failure_in_the_block_unlocks_it(tmp_path: Path) -> None:
    """Otherwise a failed apply would lock out all others."""
    path = tmp_path / "lock"
    with pytest.raises(FileNotFoundError, match="beneath"), hold(path, "me"):
        # Not the lock's, and so not its error.
        raise FileNotFoundError("beneath")
    with hold(path, "other"):
        pass


def test_a_folder_is_made_only_where_it_is_asked_for(tmp_path: Path) -> None:
    """A lock outside the shared volume would lock nobody out."""
    path = tmp_path / "folder" / "lock"
    with pytest.raises(UnusableError, match="No such file"), hold(path, "me"):
        pytest.fail("held nowhere")
    with hold(path, "me", make_folder=True):
        assert path.parent.stat().st_mode & 0o777 == 0o700
