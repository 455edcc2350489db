"""The first start of the NameNode and of PostgreSQL, and its failures."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from goodsflow.model.endpoints import PROJECT_ROOT

CONTAINERS = PROJECT_ROOT / "containers"

JAVA = """\
#!/bin/sh
# A NameNode: -D goes before its file. It formats no folder that holds something.
for word; do
  case $word in dfs.namenode.name.dir=*) folder=${word#*=file://} ;; esac
done
[ -n "${folder:-}" ] ||
  folder=$(sed -n 's|.*dfs.namenode.name.dir</name><value>file://\\([^<]*\\).*|\\1|p' \\
    "$PART_CONFIG_DIR/hdfs-site.xml")
case $* in
  *-format*)
    [ ! -e "$folder/current" ] || { echo "Not formatting." >&2; exit 1; }
    mkdir -p "$folder/current"
    [ "${CUT_SHORT:-}" != empty ] || kill -9 $$
    echo whole >"$folder/current/VERSION"
    : >"$folder/current/fsimage_0000000000000000000.md5"
    [ "${CUT_SHORT:-}" != version ] || kill -9 $$
    : >"$folder/current/fsimage_0000000000000000000"
    ;;
  *) echo "serves $folder" ;;
esac
"""


def program(file: Path, script: str) -> None:
    """Write a script that can be run."""
    file.write_text(script)
    file.chmod(0o700)


def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script of the parts'."""
    return subprocess.run(
        [CONTAINERS / script],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def name(tmp_path: Path) -> Path:
    """The NameNode's folder, which is not there yet; its parent is."""
    program(tmp_path / "java", JAVA)
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "name"


def namenode(name: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Start the NameNode once."""
    return run(
        "hdfs/run.sh",
        PATH=f"{name.parents[1]}:{os.environ['PATH']}",
        PART_NAME="hdfs-nn",
        PART_CONFIG_DIR=str(name.parents[1] / "config"),
        PART_DATA_DIR=str(name.parent),
        HDFS_ROLE="namenode",
        HDFS_LIB_DIR="x",
        HDFS_URL="hdfs://x:1",
        HDFS_ADDRESS="x",
        HDFS_RPC_PORT="1",
        HDFS_HTTP_PORT="2",
        **environment,
    )


def serves(done: subprocess.CompletedProcess[str], name: Path) -> bool:
    """Whether the NameNode came up, in its place."""
    return (done.returncode, done.stdout) == (0, f"serves {name}\n")


@pytest.mark.parametrize("moment", ["empty", "version"])
def test_an_interrupted_format_is_repeated(name: Path, moment: str) -> None:
    """The NameNode never formats a folder with files, so it did not come up."""
    assert "could not format" in namenode(name, CUT_SHORT=moment).stderr
    assert not name.exists()
    assert serves(namenode(name), name)
    assert [path.name for path in name.parent.iterdir()] == ["name"]


@pytest.mark.parametrize("files", [[], ["VERSION", "fsimage_0.md5", "fsimage.ckpt_0"]])
def test_an_interrupted_format_in_place_is_repeated(
    name: Path, files: list[str]
) -> None:
    """Earlier versions formatted in place, and may have left files."""
    (name / "current").mkdir(parents=True)
    for file in files:
        (name / "current" / file).write_text("cut")
    assert serves(namenode(name), name)
    assert (name / "current" / "VERSION").read_text() == "whole\n"


@pytest.mark.parametrize(
    "file", ["current/fsimage_0", "current/edits_1-2", "previous.tmp/fsimage_0"]
)
@pytest.mark.parametrize("linked", [False, True])
def test_a_file_system_is_never_formatted(name: Path, file: str, linked: bool) -> None:
    """Edits without an image, or an interrupted upgrade, are the only copy."""
    folder = name.with_name("disk") if linked else name
    (folder / file).parent.mkdir(parents=True)
    (folder / file).write_text("data")
    if linked:
        name.symlink_to(folder)
    assert serves(namenode(name), name)
    assert (name / file).read_text() == "data"
    assert not list(folder.rglob("VERSION"))


INITDB = """\
#!/bin/sh
for word; do
  case $word in --pgdata=*) mkdir "${word#*=}" && : >"${word#*=}/PG_VERSION" ;; esac
done
"""

POSTGRES = """\
#!/bin/sh
# By itself a single-user PostgreSQL goes on after an error, and ends well.
case "$*" in
  *--single*)
    [ -z "${FAILS:-}" ] || { echo "ERROR: no space left on device" >&2
      case "$*" in *"-c exit_on_error=true"*) exit 1 ;; esac; } ;;
  *) echo started ;;
esac
"""

PSQL = """\
#!/bin/sh
[ "$(cat "$PGPASSFILE")" = '*:*:*:dagster:se\\:c\\\\ret' ] || exit 3
case "$*" in *"-U dagster -d dagster "*) exit 0 ;; esac
echo 'FATAL:  database "other" does not exist' >&2
exit 2
"""


def postgres(
    folder: Path, script: str, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a script of PostgreSQL's, whose programs are in the folder."""
    for file, text in (("initdb", INITDB), ("postgres", POSTGRES), ("psql", PSQL)):
        program(folder / file, text)
    (folder / "password").write_text("se:c\\ret\n")
    return run(
        f"postgres/{script}",
        PATH=os.environ["PATH"],
        PART_NAME="postgres",
        PART_CONFIG_DIR=str(folder / "config"),
        PART_DATA_DIR=str(folder / "data"),
        POSTGRES_BIN_DIR=str(folder),
        POSTGRES_PASSWORD_FILE=str(folder / "password"),
        **{"POSTGRES_DATABASE": "dagster", **more},
    )


def test_a_failed_creation_of_the_database_is_repeated(tmp_path: Path) -> None:
    """PostgreSQL used to come up without it, and Dagster never."""
    failed = postgres(tmp_path, "run.sh", FAILS="yes")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "no space left on device" in failed.stderr
    assert "could not create the database dagster in" in failed.stderr
    assert not (tmp_path / "data" / "cluster").exists()
    assert postgres(tmp_path, "run.sh").stdout == "started\n"
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["cluster"]


def test_postgres_is_ready_when_its_database_answers(tmp_path: Path) -> None:
    """A server that accepts connections may not have the database."""
    assert "not configured yet" in postgres(tmp_path, "ready.sh").stderr
    postgres(tmp_path, "run.sh")
    ready = postgres(tmp_path, "ready.sh")
    assert (ready.returncode, ready.stderr) == (0, "")
    lacking = postgres(tmp_path, "ready.sh", POSTGRES_DATABASE="other")
    assert lacking.returncode == 1
    assert 'database "other" does not exist' in lacking.stderr


def test_the_password_of_postgres_is_readable_only_by_its_owner(tmp_path: Path) -> None:
    """The health check logs in with it."""
    postgres(tmp_path, "run.sh")
    assert (tmp_path / "config" / "pgpass").stat().st_mode & 0o777 == 0o600
