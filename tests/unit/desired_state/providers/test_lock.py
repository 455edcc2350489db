"""One apply at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from goodsflow.desired_state.providers.errors import ApplyLockedError, ProvisionError
from goodsflow.desired_state.providers.lock import apply_lock
from goodsflow.model.endpoints import PROJECT_ROOT

HOLDER = """
import sys
from pathlib import Path
from goodsflow.desired_state.providers.lock import apply_lock
with apply_lock(Path(sys.argv[1]), "the other", timeout_seconds=0):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of the lock."""
    return tmp_path / "apply.lock"


def test_a_second_apply_waits_and_is_told_for_whom(path: Path) -> None:
    """Two concurrent applies would leave a state that neither planned."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT_ROOT,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        told: list[str] = []
        with (
            pytest.raises(ApplyLockedError, match="the other, process"),
            apply_lock(path, "me", timeout_seconds=0.1, on_wait=told.append),
        ):
            pytest.fail("held by two")
        assert len(told) == 1

        holder.kill()
        # However its holder ends, the kernel frees it.
        with apply_lock(path, "me", timeout_seconds=20):
            assert path.read_text().startswith("me, process")
    assert path.read_text() == ""


def test_a_lock_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """Otherwise two applies could change the platform at the same time."""
    with (
        pytest.raises(ProvisionError, match="Cannot lock"),
        apply_lock(tmp_path / "none" / "lock", "me", timeout_seconds=0),
    ):
        pytest.fail("held nowhere")
