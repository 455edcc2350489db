"""A native platform leaves nothing in the system's temporary folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.support import status

SHARED = Path(tempfile.gettempdir()).resolve()


def processes(home: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Return each part's process and what it has started, with the part's name."""
    for name, part in status(home).items():
        assert part["state"] == "ready", f"{name}: {part['reason']}"
        process = psutil.Process(part["pid"])
        for each in (process, *process.children(recursive=True)):
            yield name, each


def files_of(process: psutil.Process) -> set[Path]:
    """Return the files that a process has open or mapped."""
    opened = {Path(file.path) for file in process.open_files()}
    mapped = {Path(file.path) for file in process.memory_maps()}
    sockets = {Path(s.laddr) for s in process.net_connections("unix") if s.laddr}
    return {file for file in opened | mapped | sockets if file.is_absolute()}


def test_each_part_keeps_its_temporary_files_to_itself(platform_home: Path) -> None:
    """Jetty, Vert.x, Spark and JNI libraries leave files behind when killed."""
    root = platform_home.resolve()
    temporary = root / "tmp"
    strays = []
    java_parts = set()
    for name, process in processes(root):
        try:
            variables, command = process.environ(), process.cmdline()
            files = files_of(process)
        except psutil.NoSuchProcess:
            # A worker that has done its work since.
            continue
        if not Path(variables.get("TMPDIR", "/")).is_relative_to(temporary):
            strays.append(f"{name}: TMPDIR of {command[:3]}")
        if command and Path(command[0]).name == "java":
            java_parts.add(name)
            folders = [w.partition("=")[2] for w in command if "java.io.tmpdir=" in w]
            if not folders or not Path(folders[-1]).is_relative_to(root):
                strays.append(f"{name}: java.io.tmpdir of {command[:3]}")
            if "-XX:-UsePerfData" not in command:
                strays.append(f"{name}: UsePerfData of {command[:3]}")
        strays += [
            f"{name}: {file}"
            for file in files
            if file.is_relative_to(SHARED)
            and not file.is_relative_to(root)
            # The code may lie there too.
            and not file.is_relative_to(Path(__file__).parents[2])
        ]
    assert strays == []
    assert java_parts >= {
        *("hdfs-nn", "kafka-0", "kafka-connect", "schema-registry"),
        *("spark-connect", "spark-master", "spark-worker", "zookeeper"),
    }


def test_what_jetty_unpacks_lies_in_the_parts_folders(platform_home: Path) -> None:
    """Each start of an HDFS part unpacks its web pages into a new folder."""
    unpacked = {path.parent.name for path in (platform_home / "tmp").glob("*/jetty-*")}
    assert unpacked >= {"hdfs-nn", "hdfs-dn-0", "hdfs-dn-1"}
