"""Who reaches what, who sees what, who runs as whom: asked of the running stack."""

from __future__ import annotations

import json
import os

import pytest

from tests.compose.stack import Stack, compose, run

_UID = "10001"
_OF_ROOT = {"docker-proxy"}
"""It opens the engine's socket, which is root's; see docker-compose.yml."""

_CONNECT = """
import socket, sys
for target in sys.argv[1:]:
    host, port = target.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=4).close()
        print("reached")
    except OSError:
        print("refused")
"""
_CLIENTS, _METRICS = "2181", "9404"


@pytest.fixture(scope="module")
def secrets(platform: Stack) -> list[str]:
    """Every password and private key of the stack that is up."""
    find = (
        "for f in /goodsflow/secrets/*.password /goodsflow/secrets/*/*.password; "
        'do cat "$f"; echo; done; '
        "cat /goodsflow/certs/*.key | grep -v -e '-----'"
    )
    found = {line.strip() for line in platform.inside("sh", "-c", find).stdout.split()}
    lines = sorted(line for line in found if len(line) >= 16)
    assert len(lines) > 20, "the passwords were not found"
    return lines


def shown(text: str, secrets: list[str]) -> int:
    """Count the secrets within a text; none of them goes into pytest's report."""
    return sum(secret in text for secret in secrets)


def asked_from(network: str, *targets: str) -> list[str]:
    """Open a connection to each host:port from a new container within one network."""
    return run(
        *("docker", "run", "--rm", "--network", network),
        *("goodsflow/python:0.2.0", "/opt/venv/bin/python", "-c", _CONNECT, *targets),
    ).stdout.split()


@pytest.mark.parametrize("zookeeper", ["zookeeper", "zookeeper-mirror"])
def test_zookeeper_is_reached_from_its_own_network_alone(
    platform: Stack, zookeeper: str
) -> None:
    """By name or by address: who reaches it is a guess from any right at all."""
    project = os.environ["COMPOSE_PROJECT_NAME"]
    networks = platform.container(zookeeper)["NetworkSettings"]["Networks"]
    addresses = {name: network["IPAddress"] for name, network in networks.items()}
    own, watched = f"{project}_{zookeeper}", f"{project}_monitoring"
    assert set(addresses) == {own, watched}
    clients = [f"{host}:{_CLIENTS}" for host in (zookeeper, *addresses.values())]
    assert asked_from(f"{project}_inbound", *clients) == ["refused"] * 3
    # The same question from where it must be answered: else it proves nothing.
    metrics = f"{zookeeper}:{_METRICS}"
    assert asked_from(watched, *clients, metrics) == ["refused"] * 3 + ["reached"]
    reachable = (f"{zookeeper}:{_CLIENTS}", f"{addresses[own]}:{_CLIENTS}")
    assert asked_from(own, *reachable) == ["reached"] * 2


def test_what_is_declared_is_published_on_loopback_and_nothing_else(
    platform: Stack,
) -> None:
    """Docker's rules pass by the host's firewall: another address is open to all."""
    published = {
        (binding["HostIp"], binding["HostPort"])
        for container in platform.containers()
        for bindings in container["NetworkSettings"]["Ports"].values()
        for binding in bindings or ()
    }
    config = json.loads(compose("config", "--format", "json").stdout)
    declared = {
        ("127.0.0.1", port["published"])
        for service in config["services"].values()
        for port in service.get("ports", ())
    }
    assert len(declared) >= 5
    assert published == declared


def test_no_secret_is_in_what_the_engine_shows(
    platform: Stack, secrets: list[str]
) -> None:
    """Environments, commands and labels are read by whoever may ask the engine."""
    of_containers = json.dumps(platform.containers(also_ended=True))
    assert "ZOOKEEPER_PASSWORD_FILE" in of_containers
    assert shown(of_containers, secrets) == 0


def test_no_secret_is_in_an_image(platform: Stack, secrets: list[str]) -> None:
    """An image is handed on, with all its layers' commands."""
    images = sorted(set(compose("config", "--images").stdout.split()))
    assert len(images) >= 5
    for image in images:
        history = run("docker", "history", "--no-trunc", image).stdout
        inspected = run("docker", "image", "inspect", image).stdout
        assert shown(history + inspected, secrets) == 0, image


def test_no_secret_is_on_a_command_line_or_in_a_log(
    platform: Stack, secrets: list[str]
) -> None:
    """Both are read by others than the process's owner."""
    commands = compose("top").stdout
    assert "kafka.Kafka" in commands
    assert shown(commands, secrets) == 0
    logs = compose("logs", "--no-color").stdout
    assert len(logs) > 1000
    assert shown(logs, secrets) == 0


def test_no_process_is_root_but_the_engines_proxy(platform: Stack) -> None:
    """Root in a container is root on the host, when it breaks out."""
    for container in platform.containers():
        service = container["Config"]["Labels"]["com.docker.compose.service"]
        listed = run("docker", "top", container["Id"], "-eo", "uid,pid,args").stdout
        owners = {line.split()[0] for line in listed.splitlines()[1:]}
        assert owners
        if service not in _OF_ROOT:
            ours = container["Config"]["Image"].startswith("goodsflow/")
            assert owners == {_UID} if ours else "0" not in owners, service
        assert container["HostConfig"]["ReadonlyRootfs"], service
        assert container["HostConfig"]["CapDrop"] == ["ALL"], service
        assert not container["HostConfig"]["Privileged"], service
