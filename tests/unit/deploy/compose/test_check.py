"""containers/check.sh, with a fake `docker`."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from goodsflow.model.endpoints import PROJECT_ROOT

_GIB = 1024**3
_DOCKER = """\
#!/bin/sh
case "$1 $2" in
  "compose version") {compose} ;;
  "compose ps") {containers} ;;
  "info --format") {info} ;;
  *) exit 9 ;;
esac
"""


def check(
    folder: Path,
    *,
    compose: str = "echo 2.40.3",
    info: str = f"echo {16 * _GIB} /nonexistent",
    containers: str = ":",
    project: Path = PROJECT_ROOT,
    **settings: str,
) -> subprocess.CompletedProcess[str]:
    """Run it with a `docker` that does as these lines of shell say."""
    docker = folder / "docker"
    docker.write_text(_DOCKER.format(compose=compose, info=info, containers=containers))
    docker.chmod(0o700)
    with_docker = {"PATH": f"{folder}:{os.environ['PATH']}"}
    environment = with_docker | free_ports() | settings
    return run({k: v for k, v in environment.items() if v}, project)


def run(
    environment: dict[str, str], project: Path = PROJECT_ROOT
) -> subprocess.CompletedProcess[str]:
    """Run it."""
    return subprocess.run(
        [project / "containers" / "check.sh"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def published() -> list[str]:
    """Return the settings of the ports on the host, as the file names them."""
    text = (PROJECT_ROOT / "docker-compose.yml").read_text()
    return [
        part.split(":-")[0]
        for part in text.split("127.0.0.1:${")[1:]
        if part.startswith("GOODSFLOW_")
    ]


def free_ports() -> dict[str, str]:
    """Give every published port a number that is free, whatever runs here."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return dict.fromkeys(published(), str(one.getsockname()[1]))


def test_a_suitable_machine_is_ready(tmp_path: Path) -> None:
    """Users run it before `docker compose up`."""
    done = check(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(published()) >= 5


@pytest.mark.parametrize(
    ("wrong", "said", "advice"),
    [
        ({"compose": "exit 1"}, "the old docker-compose cannot", "Install it: https"),
        ({"compose": "echo 2.9.0"}, "is 2.9.0, but at least 2.20.0", "Update it"),
        ({"compose": "echo v2.19.1"}, "is v2.19.1, but at least", "Update it"),
        (
            {"info": "echo Got permission denied on the socket; exit 1"},
            "You don't have permission to use the Docker engine",
            "usermod -aG docker",
        ),
        (
            {"info": "echo Cannot connect to the Docker daemon; exit 1"},
            "does not answer: Cannot connect",
            "systemctl start docker",
        ),
        (
            {"info": f"echo {2 * _GIB} /nonexistent"},
            "has 2048 MiB of memory",
            "Give its machine more",
        ),
    ],
)
def test_each_problem_is_reported_with_its_solution(
    tmp_path: Path, wrong: dict[str, str], said: str, advice: str
) -> None:
    """Docker's own errors come late and are hard to understand."""
    done = check(tmp_path, **wrong)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert advice in done.stderr


def test_a_port_in_use_is_reported_with_its_setting(tmp_path: Path) -> None:
    """Docker names the port, but not the setting that changes it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        taken = check(tmp_path, GOODSFLOW_DAGSTER_PORT=port)
    assert taken.returncode == 1
    assert f"Port {port} of the host is in use" in taken.stderr
    assert "set GOODSFLOW_DAGSTER_PORT to a free port" in taken.stderr


# Compose 2.20 prints a list, later ones a line for each container.
@pytest.mark.parametrize("form", ["[{}]", "{}"])
def test_a_port_is_in_use_unless_a_container_of_the_project_has_it(
    tmp_path: Path, form: str
) -> None:
    """While one part was up, the check used to ignore all other ports."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        others, own = (
            check(
                tmp_path,
                GOODSFLOW_DAGSTER_PORT=port,
                containers=f"echo '{form.replace('{}', container)}'",
            )
            for container in (published_by(f"1{port}"), published_by(port))
        )
    assert f"Port {port} of the host is in use" in others.stderr
    assert (own.returncode, own.stderr) == (0, "")


def published_by(port: str) -> str:
    """Return a container as `docker compose ps` shows it, with a port on the host."""
    publishers = [
        {"URL": "127.0.0.1", "TargetPort": 3000, "PublishedPort": int(port)},
        {"URL": "", "TargetPort": 9404, "PublishedPort": 0},
    ]
    return json.dumps({"Name": "one", "Publishers": publishers}, separators=(",", ":"))


def test_a_port_of_several_services_is_reported_once(tmp_path: Path) -> None:
    """A broker's port is also part of its external address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        done = check(tmp_path, GOODSFLOW_KAFKA_PORT_0=port)
    assert done.stderr.count("is in use") == 1
    assert "1 problem to fix" in done.stderr


@pytest.mark.parametrize(
    "line",
    ["{}={}", '{}="{}"', "{}='{}' # moved", "{}={} # moved", "export {} = {}\r"],
)
def test_a_setting_is_read_as_compose_reads_it(tmp_path: Path, line: str) -> None:
    """A port in quotes used to be invalid, and thus count as free."""
    (tmp_path / "containers").mkdir()
    for file in ("containers/check.sh", "docker-compose.yml"):
        shutil.copy(PROJECT_ROOT / file, tmp_path / file)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        text = line.format("GOODSFLOW_DAGSTER_PORT", port)
        (tmp_path / ".env").write_text(f"GOODSFLOW_DAGSTER_PORT=1\n{text}\n")
        done = check(tmp_path, project=tmp_path, GOODSFLOW_DAGSTER_PORT="")
    assert f"Port {port} of the host is in use" in done.stderr


def test_missing_docker_is_reported(tmp_path: Path) -> None:
    """This is the most likely problem of a newcomer."""
    for name in ("bash", "dirname"):
        (tmp_path / name).symlink_to(f"/bin/{name}")
    done = run({"PATH": str(tmp_path)})
    assert done.returncode == 1
    assert "Docker is not installed." in done.stderr
