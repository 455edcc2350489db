"""What is wrong with a machine, a volume or a secret is said, with what to do."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from goodsflow.model.endpoints import PROJECT_ROOT
from tests.compose.stack import compose, run

_PROJECT = "goodsflow-test-bad"
_DATA = "/opt/goodsflow/containers"


@pytest.fixture(scope="module")
def prepared(images: None) -> Iterator[None]:
    """A project whose certificates and secrets are made, and nothing else."""
    usual = os.environ["COMPOSE_PROJECT_NAME"]
    os.environ["COMPOSE_PROJECT_NAME"] = _PROJECT
    try:
        compose("up", "prepare")
        yield
    finally:
        compose("--profile", "*", "down", "--volumes", "--timeout", "5")
        os.environ["COMPOSE_PROJECT_NAME"] = usual


def change(script: str) -> None:
    """Run a shell script where every share can be written."""
    compose("run", "--rm", "--no-deps", "--no-TTY", "prepare", "sh", "-ec", script)


def fails(service: str) -> str:
    """Start a part by itself, which must end, and return what it says."""
    done = compose("run", "--rm", "--no-deps", "--no-TTY", service, check=False)
    assert done.returncode != 0
    return done.stdout + done.stderr


def check(**environment: str) -> tuple[int, str]:
    """Run containers/check.sh and return its exit status and its words."""
    done = subprocess.run(
        ["containers/check.sh"],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=120,
        cwd=PROJECT_ROOT,
        env=os.environ | environment,
    )
    return done.returncode, done.stderr


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port on which something listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_missing_certificate_is_named_and_made_anew(prepared: None) -> None:
    """Kafka would say: failed to create new KafkaAdminClient."""
    certificate = "/shares/kafka-1/certs/kafka-1.pem"
    change(f"rm {certificate}")
    said = fails("kafka-1")
    assert (
        "kafka-1: cannot read the certificate /goodsflow/certs/kafka-1.pem; "
        "run 'docker compose up prepare', which creates it" in said
    )
    compose("up", "prepare")
    change(f"test -s {certificate}")


def test_a_wrong_secret_is_told_from_a_part_that_is_down(prepared: None) -> None:
    """Which of a dozen passwords is wrong is not to be found in a stack trace."""
    try:
        compose("up", "--detach", "--wait", "--no-deps", "zookeeper")
        change("echo wrong >/shares/kafka-0/secrets/zookeeper.password")
        said = fails("kafka-0")
    finally:
        compose("stop", "zookeeper")
    assert "ZooKeeper rejects the password in /goodsflow/secrets/zookeeper." in said
    assert "run 'docker compose up prepare', then restart ZooKeeper and its" in said


@pytest.mark.parametrize(
    ("image", "part", "settings"),
    [
        ("kafka", "zookeeper", ["ADDRESS", "PORT", "PASSWORD_FILE"]),
        ("hdfs", "hdfs", ["ROLE", "URL"]),
        ("postgres", "postgres", ["DATABASE", "PASSWORD_FILE"]),
    ],
)
def test_a_full_volume_is_said_before_the_part_starts(
    images: None, image: str, part: str, settings: list[str]
) -> None:
    """Each part has its own words for it, late, and most of them unclear."""
    environment = [f"--env={part.upper()}_{name}=x" for name in settings]
    done = run(
        *("docker", "run", "--rm", "--read-only", "--network", "none"),
        *("--tmpfs", "/data:size=1m,uid=10001", "--tmpfs", "/run/part:uid=10001"),
        *(f"--env=PART_NAME={part}", *environment),
        *(f"goodsflow/{image}:0.2.0", f"{_DATA}/{part}/run.sh"),
        check=False,
    )
    assert done.returncode == 1
    said = f"{part}: only 1 MiB are free in /data, but 32 MiB are needed: free some"
    assert said in done.stderr


def test_certificates_that_find_no_room_are_said_so(images: None) -> None:
    """`prepare` is the first to write; nothing else starts before it is done."""
    done = run(
        *("docker", "run", "--rm", "--read-only", "--network", "none", "--tmpfs"),
        *("/tmp", "--tmpfs", "/shares/platform:size=8k,uid=10001"),  # noqa: S108
        *("goodsflow/python:0.2.0", "/opt/venv/bin/python", "-m"),
        *("goodsflow.deploy.compose.prepare", "/shares", "x"),
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: No space left: 8 KiB are free in /shares")
    assert "Free some space on the disk of the Docker engine" in done.stderr


def test_nothing_is_said_of_a_machine_that_will_do(images: None) -> None:
    """A check that always finds something is soon not read."""
    assert check() == (0, "")


def test_a_taken_port_is_named_with_its_setting(images: None, taken_port: int) -> None:
    """Docker names the port late, when half of the parts are up, and no remedy."""
    status, said = check(GOODSFLOW_KAFKA_PORT_1=str(taken_port))
    assert status == 1
    assert f"Port {taken_port} of the host is in use" in said
    assert "set GOODSFLOW_KAFKA_PORT_1 to a free port" in said


def test_docker_itself_names_a_taken_port(prepared: None, taken_port: int) -> None:
    """Who did not run the check sees at least this."""
    os.environ["GOODSFLOW_KAFKA_PORT_1"], usual = (
        str(taken_port),
        os.environ["GOODSFLOW_KAFKA_PORT_1"],
    )
    try:
        done = compose("up", "--detach", "--no-deps", "kafka-1", check=False)
        compose("rm", "--force", "--stop", "kafka-1")
    finally:
        os.environ["GOODSFLOW_KAFKA_PORT_1"] = usual
    assert done.returncode != 0
    assert f"127.0.0.1:{taken_port}" in done.stderr


def test_an_old_compose_is_told_to_be_updated(images: None, tmp_path: Path) -> None:
    """It would start, and leave a container out of one of its networks."""
    plugin = tmp_path / "cli-plugins" / "docker-compose"
    plugin.parent.mkdir()
    metadata = {
        "SchemaVersion": "0.1.0",
        "Vendor": "test",
        "Version": "v2.17.3",
        "ShortDescription": "Docker Compose",
    }
    plugin.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        f"  docker-cli-plugin-metadata) echo '{json.dumps(metadata)}' ;;\n"
        "  *version*) echo 2.17.3 ;;\n"
        "  *) exit 1 ;;\n"
        "esac\n"
    )
    plugin.chmod(0o755)
    status, said = check(DOCKER_CONFIG=str(tmp_path))
    assert status == 1
    assert "Docker Compose is 2.17.3, but at least 2.20.0 is needed" in said
    assert "Update it" in said


def test_an_engine_that_does_not_answer_is_said(images: None, tmp_path: Path) -> None:
    """Compose would speak of a socket."""
    status, said = check(DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    assert status == 1
    assert "The Docker engine does not answer" in said
    assert "Start it" in said
