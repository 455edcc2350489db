"""``setup.sh``: its checks, its repairs, and when ``make`` runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from goodsflow.model.endpoints import PROJECT_ROOT


def make_jdk(folder: Path, version: str, *programs: str) -> Path:
    """Create a folder for JAVA_HOME, with programs that print a version."""
    (folder / "bin").mkdir(parents=True)
    for program in programs:
        file = folder / "bin" / program
        file.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
        file.chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("version", "programs", "found"),
    [
        ("11.0.22", ("java", "javac"), " (Java 11)"),
        ("1.8.0_402", ("java", "javac"), " (Java 8)"),
        ("17.0.9", ("java",), " (Java 17)"),
        ("", (), ""),
    ],
)
def test_an_unsuitable_java_home_is_rejected_by_name(
    tmp_path: Path, version: str, programs: tuple[str, ...], found: str
) -> None:
    """A JDK used to be installed in vain, as JAVA_HOME has precedence."""
    java_home = make_jdk(tmp_path / "jdk", version, *programs)
    done = subprocess.run(
        [str(PROJECT_ROOT / "setup.sh")],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=120,
        env=os.environ | {"JAVA_HOME": str(java_home)},
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"setup: JAVA_HOME is {java_home}{found}, which is not a JDK 17 or newer. "
        "Point it at one, or unset it.\n"
    )


UV = """\
#!/bin/sh
case "$1" in
  venv)
    for folder; do :; done
    [ ! -e "$folder" ] || { echo "A virtual environment already exists" >&2; exit 2; }
    mkdir -p "$folder/bin"
    cp "$0" "$folder/bin/python"
    ;;
  *) [ -z "${OFFLINE:-}" ] ;;
esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of the repository with what ``setup.sh`` needs."""
    folder = tmp_path / "clone"
    (folder / "requirements").mkdir(parents=True)
    for name in (
        *("setup.sh", "Makefile", "pyproject.toml"),
        *("requirements/base.txt", "requirements/dev.txt"),
    ):
        shutil.copy(PROJECT_ROOT / name, folder / name)
    make_jdk(tmp_path / "jdk", "17.0.9", "java", "javac")
    for name, script in (("uv", UV), ("mvn", ""), ("openssl", "")):
        write_program(tmp_path / "bin" / name, script)
    return folder


def write_program(file: Path, script: str) -> None:
    """Write a script that can be run."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(script or "#!/bin/sh\n")
    file.chmod(0o755)


def run_in(clone: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the clone, with every program that it needs."""
    bin_folder, jdk = clone.with_name("bin"), clone.with_name("jdk")
    return subprocess.run(
        command,
        cwd=clone,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=240,
        env={
            "PATH": f"{bin_folder}:/usr/bin:/bin",
            "JAVA_HOME": str(jdk),
            **more,
        },
    )


def test_a_venv_without_its_python_is_replaced(clone: Path) -> None:
    """A system upgrade can remove it, and uv does not replace an existing venv."""
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to("/nonexistent/python3.10")
    done = run_in(clone, "./setup.sh")
    assert done.returncode == 0, done.stderr
    assert (clone / ".venv" / ".goodsflow").exists()


def test_an_interrupted_installation_is_repeated(
    clone: Path,
) -> None:
    """After a revert of the requirements, a mix of packages used to pass."""
    stamp = clone / ".venv" / ".goodsflow"
    requirements = clone / "requirements" / "base.txt"
    before = requirements.read_text()
    assert run_in(clone, "./setup.sh").returncode == 0
    write_program(clone / ".venv" / "bin" / "goodsflow", "")
    assert run_in(clone, "./setup.sh", OFFLINE="yes").returncode == 0
    requirements.write_text("other==1")
    assert run_in(clone, "./setup.sh", OFFLINE="yes").returncode != 0
    assert not stamp.exists()
    requirements.write_text(before)
    assert run_in(clone, "./setup.sh", OFFLINE="yes").returncode != 0
    assert run_in(clone, "./setup.sh").returncode == 0
    assert stamp.exists()


@pytest.mark.parametrize(
    ("target", "command"),
    [("down", "down"), ("status", "status"), ("clean", "clean --yes")],
)
def test_stopping_and_status_use_the_installed_version(
    clone: Path, target: str, command: str
) -> None:
    """`make` used to replace packages of a running platform, or need a network."""
    goodsflow = clone / ".venv" / "bin" / "goodsflow"
    write_program(goodsflow, '#!/bin/sh\necho "goodsflow $*"\n')
    write_program(clone / "setup.sh", "#!/bin/sh\necho set up\nexit 1\n")
    installed = run_in(clone, "make", target)
    assert (installed.returncode, installed.stdout) == (0, f"goodsflow {command}\n")
    goodsflow.unlink()
    bare = run_in(clone, "make", target)
    assert (bare.returncode, bare.stdout) == (2, "set up\n")
