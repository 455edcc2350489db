"""What a start needs of the machine: Java and Maven, told apart by what they say."""

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
def test_a_new_enough_java_will_do(path: Path, version: str) -> None:
    """Each vendor writes its version in another way."""
    program(path / "java", java(version))
    build.check_java()


@pytest.mark.parametrize(
    ("version", "found"), [("1.8.0_292", "8"), ("11.0.2", "11"), ("16", "16")]
)
def test_an_old_java_is_named_with_its_version(
    path: Path, version: str, found: str
) -> None:
    """A class file version of 61 says nothing to a person."""
    program(path / "java", java(version))
    with pytest.raises(PreflightError, match=f"bin/java is Java {found}, .* needs 17"):
        build.check_java()


def test_no_java_at_all_says_how_to_install_one(path: Path) -> None:
    """Every part would die of it, one after the other."""
    with pytest.raises(PreflightError, match=r"Java was not found. Install JDK 17"):
        build.check_java()


def test_java_home_goes_before_the_path(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts' run.sh goes by it too: the one checked must be the one used."""
    program(path / "java", java("17"))
    program(tmp_path / "old" / "bin" / "java", java("11.0.2"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    with pytest.raises(PreflightError, match="old/bin/java is Java 11"):
        build.check_java()


def test_a_java_home_with_no_java_is_named(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is left behind when a JDK is upgraded."""
    program(path / "java", java("17"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "gone"))
    with pytest.raises(PreflightError, match=r"run .*gone/bin/java: No such file"):
        build.check_java()


@pytest.mark.parametrize(
    "script", ["echo 'no runtime present' >&2; exit 1", "echo something >&2"]
)
def test_a_java_that_fails_says_what_it_said(path: Path, script: str) -> None:
    """On macOS /usr/bin/java is there without any Java."""
    program(path / "java", script)
    with pytest.raises(PreflightError, match=r"-version` failed: (no runtime|some)"):
        build.check_java()


def test_no_maven_says_how_to_install_it(path: Path, tmp_path: Path) -> None:
    """Nothing can be built."""
    with pytest.raises(PreflightError, match="Maven is not installed"):
        build.build(tmp_path / "build.log")


def test_a_failed_build_shows_its_errors_and_its_log(
    path: Path, tmp_path: Path
) -> None:
    """Of a thousand lines the few that begin with ERROR tell."""
    program(path / "mvn", "echo '[INFO] fine'; echo '[ERROR] no such jar'; exit 1")
    log = tmp_path / "build.log"
    with pytest.raises(PreflightError) as caught:
        build.build(log)
    assert str(caught.value).endswith(f"log is {log}; its errors:\n[ERROR] no such jar")
    assert "[INFO] fine" in log.read_text()


def test_a_build_that_fails_leaves_nothing_that_counts_as_built(
    path: Path, tmp_path: Path, stamp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the sources of before back, the jars of two states passed for theirs."""
    monkeypatch.setattr(build, "_digest", lambda: "before")
    program(path / "mvn", "exit 0")
    build.build(tmp_path / "build.log")
    assert build.is_built()
    program(path / "mvn", f"[ ! -e {stamp} ] || echo '[ERROR] still there'; exit 1")
    with pytest.raises(PreflightError, match=r"build.log; its errors:\n$"):
        build.build(tmp_path / "build.log")
    assert not build.is_built()
