"""The checks for Java and Maven, and the build."""

from __future__ import annotations

from pathlib import Path

import pytest

from goodsflow.deploy.native import build
from goodsflow.deploy.native.errors import PreflightError


def program(file: Path, script: str) -> None:
    """Write a shell script that can be run."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o700)


def java(version: str) -> str:
    """Return the script of a Java that calls itself this version."""
    return f"""echo 'openjdk version "{version}" 2021-01-19' >&2"""


@pytest.fixture(autouse=True)
def stamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What says that all is built; this repository's own stays as it is."""
    file = tmp_path / "target" / "built"
    monkeypatch.setattr(build, "_STAMP", file)
    return file


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the PATH, empty; there is no JAVA_HOME."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return folder


@pytest.mark.parametrize("version", ["17", "17.0.12", "21-ea", "25.0.1"])
def test_a_new_enough_java_is_accepted(path: Path, version: str) -> None:
    """Each vendor formats its version differently."""
    program(path / "java", java(version))
    build.check_java()


@pytest.mark.parametrize(
    ("version", "found"), [("1.8.0_292", "8"), ("11.0.2", "11"), ("16", "16")]
)
def test_an_old_java_is_named_with_its_version(
    path: Path, version: str, found: str
) -> None:
    """'Class file version 61' does not help users."""
    program(path / "java", java(version))
    with pytest.raises(PreflightError, match=f"bin/java is Java {found}, .* needs 17"):
        build.check_java()


def test_missing_java_says_how_to_install_it(path: Path) -> None:
    """Otherwise, every part would die, one after the other."""
    with pytest.raises(PreflightError, match=r"Java was not found. Install JDK 17"):
        build.check_java()


def test_java_home_has_precedence_over_the_path(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts' run.sh uses it, so it must be the one that is checked."""
    program(path / "java", java("17"))
    program(tmp_path / "old" / "bin" / "java", java("11.0.2"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    with pytest.raises(PreflightError, match="old/bin/java is Java 11"):
        build.check_java()


def test_a_java_home_without_java_is_named(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade of the JDK can leave it behind."""
    program(path / "java", java("17"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "gone"))
    with pytest.raises(PreflightError, match=r"run .*gone/bin/java: No such file"):
        build.check_java()


@pytest.mark.parametrize(
    "script", ["echo 'no runtime present' >&2; exit 1", "echo something >&2"]
)
def test_a_failing_java_is_quoted(path: Path, script: str) -> None:
    """On macOS, /usr/bin/java exists without Java."""
    program(path / "java", script)
    with pytest.raises(PreflightError, match=r"-version` failed: (no runtime|some)"):
        build.check_java()


def test_missing_maven_says_how_to_install_it(path: Path, tmp_path: Path) -> None:
    """Nothing can be built."""
    with pytest.raises(PreflightError, match="Maven is not installed"):
        build.build(tmp_path / "build.log")


def test_a_failed_build_shows_its_errors_and_its_log(
    path: Path, tmp_path: Path
) -> None:
    """Of a thousand lines, only the few with ERROR matter."""
    program(path / "mvn", "echo '[INFO] fine'; echo '[ERROR] no such jar'; exit 1")
    log = tmp_path / "build.log"
    with pytest.raises(PreflightError) as caught:
        build.build(log)
    assert str(caught.value).endswith(f"log is {log}; its errors:\n[ERROR] no such jar")
    assert "[INFO] fine" in log.read_text()


def test_after_a_failed_build_nothing_counts_as_built(
    path: Path, tmp_path: Path, stamp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a revert of the sources, mixed jars used to count as built."""
    monkeypatch.setattr(build, "_digest", lambda: "before")
    program(path / "mvn", "exit 0")
    build.build(tmp_path / "build.log")
    assert build.is_built()
    program(path / "mvn", f"[ ! -e {stamp} ] || echo '[ERROR] still there'; exit 1")
    with pytest.raises(PreflightError, match=r"build.log; its errors:\n$"):
        build.build(tmp_path / "build.log")
    assert not build.is_built()
