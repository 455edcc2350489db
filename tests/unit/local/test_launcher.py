"""What the launcher removes, and what it must not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from goodsflow.local.errors import LocalError
from goodsflow.local.home import Home
from goodsflow.local.launcher import clean


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path."""
    with tempfile.TemporaryDirectory(prefix="gf", dir="/tmp") as name:
        yield Path(name).resolve() / "home"


def test_a_folder_that_is_no_platforms_is_not_removed(folder: Path) -> None:
    """`goodsflow --home / clean` would find a run/ folder there."""
    (folder / "run").mkdir(parents=True)
    (folder / "letters").mkdir()
    with pytest.raises(LocalError, match="does not look like a platform's folder"):
        clean(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["letters", "run"]


def test_a_platforms_folder_is_removed_with_all_in_it(folder: Path) -> None:
    """Data left behind would surprise the next start."""
    home = Home(folder)
    home.make()
    with home.locked():
        pass
    assert clean(folder)
    assert not folder.exists()


def test_a_folder_that_is_not_there_is_nothing_to_remove(folder: Path) -> None:
    """`make clean` twice is no mistake."""
    assert not clean(folder)
