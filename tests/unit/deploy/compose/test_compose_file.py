"""The guarantees of ``docker-compose.yml``, checked in the file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from goodsflow.deploy.compose.addresses import endpoints
from goodsflow.deploy.compose.runs import run_launcher
from goodsflow.deploy.compose.shares import SHARES
from goodsflow.deploy.native.catalog import platform_parts
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.ports import Ports
from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.model.spec import load_platform


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file, merge keys resolved."""
    text = (PROJECT_ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def volumes_of(service: dict[str, Any]) -> list[str]:
    """Return a service's mounts in the short form."""
    return [
        v if isinstance(v, str) else f"{v['source']}:{v['target']}"
        for v in service.get("volumes", ())
    ]


def upstream_services(compose: dict[str, Any]) -> dict[str, Any]:
    """Return the services whose images are not built here."""
    return {
        name: service
        for name, service in compose["services"].items()
        if not service["image"].startswith("goodsflow/")
    }


def test_every_container_has_a_memory_limit(compose: dict[str, Any]) -> None:
    """A part with a memory leak would take down the machine."""
    assert [n for n, s in compose["services"].items() if "mem_limit" not in s] == []


def test_the_limits_of_long_running_services_are_below_twelve_gibibytes(
    compose: dict[str, Any],
) -> None:
    """The docs promise it. Actual use is a third of the limits."""
    passing = {"prepare", "bootstrap", "ksqldb-login", "user-api"}
    limits = {n: s["mem_limit"] for n, s in compose["services"].items()}
    assert all(limit.endswith("m") for limit in limits.values())
    total = sum(int(v[:-1]) for n, v in limits.items() if n not in passing)
    assert total < 12 * 1024


def test_postgres_does_not_start_without_space_for_its_database(
    compose: dict[str, Any],
) -> None:
    """Its database needs 46 MiB, more than the minimum of other parts."""
    wanted = environment_of(compose["services"], "postgres")["PART_MIN_FREE_KIB"]
    assert wanted >= 2 * 46 * 1024


def test_ports_are_published_on_loopback_only(compose: dict[str, Any]) -> None:
    """Docker bypasses the host's firewall: other addresses would be public."""
    ports = [p for s in compose["services"].values() for p in s.get("ports", ())]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_zookeepers_share_their_network_only_with_their_brokers(
    compose: dict[str, Any],
) -> None:
    """A client of ZooKeeper needs only one password for all rights."""
    for zookeeper, broker in (
        ("zookeeper", "kafka-"),
        ("zookeeper-mirror", "kafka-mirror-"),
    ):
        members = {
            name
            for name, service in compose["services"].items()
            if zookeeper in service.get("networks", ())
        }
        assert members == {zookeeper, f"{broker}0", f"{broker}1"}
        service = compose["services"][zookeeper]
        # The second network is for its metrics; it serves clients at the address that
        # it has in the first alone.
        assert service["networks"].keys() == {zookeeper, "monitoring"}
        (alias,) = service["networks"][zookeeper]["aliases"]
        assert service["environment"]["ZOOKEEPER_ADDRESS"] == alias
        assert service["networks"]["monitoring"] is None


def scrape_targets(compose: dict[str, Any]) -> dict[str, str]:
    """Return Prometheus's targets: an address and a path by job/part."""
    text = compose["services"]["prometheus"]["environment"]["SCRAPE_TARGETS"]
    return dict(target.split("=", 1) for target in text.split())


def test_prometheus_has_the_same_targets_as_natively(
    compose: dict[str, Any], tmp_path: Path
) -> None:
    """A part under another name would be missing from panels and alerts."""
    declared = load_platform(PROJECT_ROOT / "platform.yaml")
    parts = platform_parts(Home(tmp_path), Ports(monitored=True), declared)
    native = next(p for p in parts if p.name == "prometheus").environment
    names = {t.split("=", 1)[0] for t in native["SCRAPE_TARGETS"].split()}
    assert scrape_targets(compose).keys() == names


def test_prometheus_can_reach_all_its_targets(compose: dict[str, Any]) -> None:
    """A missing network or a wrong port leaves a panel empty."""
    services = compose["services"]
    own = set(services["prometheus"]["networks"])
    for name, url in scrape_targets(compose).items():
        part = name.partition("/")[2]
        host, _, port = url.partition("/")[0].partition(":")
        assert host == ("127.0.0.1" if part == "prometheus" else part)
        assert own & set(services[part]["networks"])
        assert int(port) in environment_of(services, part).values()


def environment_of(services: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a service's environment."""
    environment: dict[str, Any] = services[name]["environment"]
    return environment


def test_each_container_mounts_its_own_share_read_only(
    compose: dict[str, Any],
) -> None:
    """A wrong share would give a part the passwords of another."""
    for name, service in compose["services"].items():
        shares = [v for v in volumes_of(service) if v.startswith("share-")]
        if name == "prepare":
            assert {v.split(":")[0] for v in shares} == {f"share-{s}" for s in SHARES}
            continue
        allowed = {name, "dagster"} if name.startswith("dagster-") else {name}
        for share in shares:
            volume, target, mode = share.split(":")
            assert volume.removeprefix("share-") in allowed
            assert (target, mode) == ("/goodsflow", "ro")
        assert not any(v.startswith("platform:") for v in volumes_of(service))


def test_only_the_proxy_has_the_engines_socket(compose: dict[str, Any]) -> None:
    """With the socket, a container is root on the host."""
    holders = {
        name
        for name, service in compose["services"].items()
        if any("docker.sock" in volume for volume in volumes_of(service))
    }
    assert holders == {"docker-proxy"}


def test_each_engine_network_has_only_its_intended_clients(
    compose: dict[str, Any],
) -> None:
    """The network decides what the proxy permits."""
    members: dict[str, set[str]] = {}
    for name, service in compose["services"].items():
        for network in service.get("networks", ()):
            members.setdefault(network, set()).add(name)
    assert members["docker-read"] == {"docker-proxy", "dagster-code"}
    assert members["docker-stop"] == {"docker-proxy", "dagster-webserver"}
    assert members["docker-launch"] == {"docker-proxy", "dagster-daemon"}


def test_a_run_matches_the_code_server(compose: dict[str, Any]) -> None:
    """Assets fail without a network; a superfluous one is an attack path."""
    code = compose["services"]["dagster-code"]
    config = run_launcher("p")["config"]
    assert config["networks"] == [f"p_{network}" for network in code["networks"]]
    of_the_run = {
        volume.removesuffix(":rw") for volume in config["container_kwargs"]["volumes"]
    }
    assert of_the_run == {f"p_{volume}" for volume in code["volumes"]}
    assert code["environment"]["DAGSTER_CURRENT_IMAGE"] == code["image"]
    for wanted in ("read_only", "cap_drop", "security_opt", "init"):
        assert config["container_kwargs"][wanted] == code[wanted]


def test_no_environment_contains_a_password(compose: dict[str, Any]) -> None:
    """`docker inspect` shows the environment to all users of the engine."""
    named = [
        (service, variable)
        for service, definition in compose["services"].items()
        for variable, value in definition.get("environment", {}).items()
        if re.search(r"PASSWORD|SECRET|TOKEN", variable)
        and not variable.endswith(("_FILE", "_DIR"))
        # Grafana's way to name a file; Compose halves the dollars.
        and not str(value).startswith("$$__file{")
    ]
    assert named == []


def test_upstream_images_are_pinned_and_restricted_like_ours(
    compose: dict[str, Any],
) -> None:
    """Nobody has tested today's `latest`."""
    for service in upstream_services(compose).values():
        version = service["image"].rpartition(":")[2]
        assert re.fullmatch(r"v?\d+\.\d+\.\d+", version), service["image"]
        assert (service["cap_drop"], service["read_only"]) == (["ALL"], True)
        assert service["security_opt"] == ["no-new-privileges:true"]
        # Ours say so in their image; its files are for that user alone.
        assert service["user"] == "10001:10001"


def test_upstream_images_can_be_omitted(
    compose: dict[str, Any],
) -> None:
    """A forgotten image, or one that others need, would fail every start."""
    path = PROJECT_ROOT / "containers" / "without-upstream.yml"
    override = yaml.safe_load(path.read_text(encoding="utf-8"))["services"]
    left_out = {n for n, s in override.items() if s.get("profiles") == ["upstream"]}
    assert upstream_services(compose).keys() <= left_out
    assert override["prepare"]["environment"] == {"GOODSFLOW_KSQLDB_URL": ""}
    for name in compose["services"].keys() - left_out:
        assert not left_out & set(compose["services"][name].get("depends_on", ()))


def test_no_environment_or_command_contains_generated_secrets(
    compose: dict[str, Any],
) -> None:
    """Upstream images accept secrets from the environment."""
    for service in upstream_services(compose).values():
        text = str(service["environment"]) + str(service.get("command", ""))
        assert not re.search(r"jaas|sasl|ssl", text, re.IGNORECASE)


def test_only_search_clients_can_reach_ksqldb(compose: dict[str, Any]) -> None:
    """It requires no login, and a statement can drop the view."""
    members = {
        name
        for name, service in compose["services"].items()
        if "search" in service.get("networks", ())
    }
    assert members == {"ksqldb", "user-api", "dagster-code"}
    assert "ports" not in compose["services"]["ksqldb"]


def test_every_address_names_an_existing_container(
    compose: dict[str, Any],
) -> None:
    """After a rename, all other containers would look for it in vain."""
    url = compose["services"]["prepare"]["environment"]["GOODSFLOW_KSQLDB_URL"]
    text = endpoints("goodsflow", ksqldb_url=url).as_json().decode()
    hosts = set(re.findall(r"(?:://|,|\")([a-z][a-z0-9-]*):\d+", text))
    assert hosts
    assert hosts <= compose["services"].keys()
