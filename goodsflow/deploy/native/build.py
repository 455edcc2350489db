"""Building the JVM parts with Maven, once for each version of their sources."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

from goodsflow.deploy.native.errors import PreflightError
from goodsflow.model.endpoints import PROJECT_ROOT

_CONTAINERS = PROJECT_ROOT / "containers"
_STAMP = _CONTAINERS / "target" / "built"
_MIN_JAVA = 17
_MAVEN_OPTIONS = (
    "-B",
    "-ntp",
    "-f",
    str(_CONTAINERS / "pom.xml"),
    "-Dmaven.test.skip=true",
)


def check_java() -> None:
    """Check that Java 17 or newer is installed.

    Raises:
        PreflightError: Java is missing or too old.
    """
    java = _java()
    if java is None:
        raise PreflightError(
            f"Java was not found. Install JDK {_MIN_JAVA} or newer (Debian, Ubuntu: "
            "`apt-get install openjdk-17-jdk-headless`; macOS: `brew install "
            "openjdk@17`), or point JAVA_HOME at one."
        )
    try:
        done = subprocess.run(
            [java, "-version"], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise PreflightError(
            f"Cannot run {java}: {error.strerror}. Point JAVA_HOME at a JDK "
            f"{_MIN_JAVA} or newer, or unset it to use the one on the PATH."
        ) from error
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    if done.returncode != 0 or not found:
        raise PreflightError(f"`{java} -version` failed: {done.stderr.strip()[:300]}")
    if int(found[1]) < _MIN_JAVA:
        raise PreflightError(
            f"{java} is Java {found[1]}, but the platform needs {_MIN_JAVA} or newer. "
            "Point JAVA_HOME at a newer one."
        )


def is_built() -> bool:
    """Return whether ``target/`` was built from the current sources."""
    try:
        return _STAMP.read_text() == _digest()
    except OSError:
        return False


def build(log_file: Path) -> None:
    """Build every JVM part.

    Raises:
        PreflightError: Maven or the compiler is missing, or the build failed.
    """
    maven = shutil.which("mvn")
    if maven is None:
        raise PreflightError(
            "Maven is not installed. Debian, Ubuntu: `apt-get install maven`; macOS: "
            "`brew install maven`."
        )
    digest = _digest()
    # An interrupted build leaves a mix of old and new jars.
    _STAMP.unlink(missing_ok=True)
    with log_file.open("w") as log:
        done = subprocess.run(
            [maven, *_MAVEN_OPTIONS, "package"],
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    if done.returncode != 0:
        errors = [
            line
            for line in log_file.read_text(errors="replace").splitlines()
            if line.startswith("[ERROR]")
        ]
        raise PreflightError(
            f"Building the JVM parts failed. The complete log is {log_file}; its "
            "errors:\n" + "\n".join(errors[:8])
        )
    _STAMP.parent.mkdir(exist_ok=True)
    _STAMP.write_text(digest)


def _java() -> str | None:
    import os

    home = os.environ.get("JAVA_HOME")
    return str(Path(home) / "bin" / "java") if home else shutil.which("java")


def _digest() -> str:
    digest = hashlib.sha256()
    sources = [
        path
        for pattern in ("**/pom.xml", "**/src/main/**/*")
        for path in _CONTAINERS.glob(pattern)
        if path.is_file() and "target" not in path.relative_to(_CONTAINERS).parts
    ]
    for path in sorted(sources):
        digest.update(str(path.relative_to(_CONTAINERS)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
