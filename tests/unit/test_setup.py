"""What ``setup.sh`` says before it installs anything."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from goodsflow.endpoints import PROJECT_ROOT


def make_jdk(folder: Path, version: str, *programs: str) -> Path:
    """Make a folder as JAVA_HOME names one, of programs that tell a version."""
    (folder / "bin").mkdir(parents=True)
    for program in programs:
        file = folder / "bin" / program
        file.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
        file.chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("version", "programs", "found"),
    [
        ("11.0.22", ("java", "javac"), "Java 11, and no JDK of 17 or newer"),
        ("1.8.0_402", ("java", "javac"), "Java 8, and no JDK of 17 or newer"),
        ("17.0.9", ("java",), "Java 17, and no JDK of 17 or newer"),
        ("", (), "no JDK of 17 or newer"),
    ],
)
def test_a_java_home_that_will_not_do_is_refused_by_name(
    tmp_path: Path, version: str, programs: tuple[str, ...], found: str
) -> None:
    """A JDK was installed in vain first: packages do not change JAVA_HOME."""
    java_home = make_jdk(tmp_path / "jdk", version, *programs)
    done = subprocess.run(
        [str(PROJECT_ROOT / "setup.sh")],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=30,
        env=os.environ | {"JAVA_HOME": str(java_home)},
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"setup: JAVA_HOME is {java_home}: {found}. Point it at one, or unset it\n"
    )
