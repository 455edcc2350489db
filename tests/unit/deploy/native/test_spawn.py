"""What spawn.sh does before it runs a part's run.sh."""

import os
import socket
import subprocess
import tempfile
from pathlib import Path

from goodsflow.deploy.native import supervisor_config


def spawn(folder: Path, script: str) -> str:
    """Run a script under spawn.sh and return what it printed."""
    run = folder / "run.sh"
    run.write_text(f"#!/bin/sh\n{script}\n")
    run.chmod(0o700)
    done = subprocess.run(
        ["/bin/sh", Path(supervisor_config.__file__).with_name("spawn.sh"), run],
        env={
            "PATH": os.environ["PATH"],
            "TMPDIR": "/nowhere",
            "GOODSFLOW_STARTS_FILE": str(folder / "starts"),
            "GOODSFLOW_TEMP_DIR": str(folder / "tmp" / "part"),
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout


def test_each_start_is_counted(tmp_path: Path) -> None:
    """The supervisor does not tell how often it had to start a part again."""
    for _ in range(3):
        spawn(tmp_path, ":")
    assert len((tmp_path / "starts").read_text().splitlines()) == 3


def test_a_part_has_a_temporary_folder_for_its_owner_alone(tmp_path: Path) -> None:
    """A temporary file may contain a secret."""
    temporary = tmp_path / "tmp" / "part"
    assert spawn(tmp_path, "echo $TMPDIR") == f"{temporary}\n"
    assert temporary.stat().st_mode & 0o777 == 0o700


def test_what_an_earlier_start_left_is_deleted() -> None:
    """Otherwise a part that is killed each minute fills the disk."""
    # A path short enough for a socket.
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        temporary = folder / "tmp" / "part"
        (temporary / "jetty" / "webapp").mkdir(parents=True)
        (temporary / "jetty" / "webapp" / "index.html").write_text("x")
        (temporary / "dangling").symlink_to(folder / "nothing")
        (temporary / "lib.so").write_text("x")
        with socket.socket(socket.AF_UNIX) as listener:
            # A code server that still has runs.
            listener.bind(str(temporary / "tmpabcdefgh"))
            assert spawn(folder, 'ls -A "$TMPDIR"') == "tmpabcdefgh\n"
