"""A file that one at a time may hold."""

from pathlib import Path

import pytest

from goodsflow.common.file_lock import HeldError, held


def test_a_file_that_is_held_names_its_holder_and_is_free_afterwards(
    tmp_path: Path,
) -> None:
    """Whoever waits wants to know for whom."""
    path = tmp_path / "lock"
    with held(path, "me"):
        with pytest.raises(HeldError) as caught, held(path, "other"):
            pytest.fail("held by two")
        assert caught.value.holder == "me"
    with held(path, "other"):
        assert path.read_text() == "other"
    assert path.read_text() == ""


def test_what_fails_beneath_it_frees_it(tmp_path: Path) -> None:
    """A failed apply would keep all others out."""
    path = tmp_path / "lock"
    with pytest.raises(ValueError, match="beneath"), held(path, "me"):
        raise ValueError("beneath")
    with held(path, "other"):
        pass
