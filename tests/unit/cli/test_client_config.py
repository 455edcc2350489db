"""`goodsflow client-config`: its formats, and its errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from goodsflow.cli.main import cli
from goodsflow.deploy.native.addresses import endpoints_of
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.ports import Ports
from goodsflow.model.endpoints import EndpointsError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a platform in which the admin has a password."""
    home = Home(tmp_path)
    home.endpoints_file.write_bytes(endpoints_of(home, Ports()).as_json())
    (home.secrets / "analytics").mkdir(parents=True)
    (home.secrets / "analytics" / "admin.password").write_text("pass-word\n")
    return tmp_path


def client_config(home: Path, *arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(cli, ["--home", str(home), "client-config", *arguments])


def test_librdkafka_and_kcat_can_read_it(home: Path) -> None:
    """With -F, kcat reads name=value lines without quotes."""
    result = client_config(home, "analytics", "admin")
    assert result.exit_code == 0
    assert dict(line.split("=", 1) for line in result.stdout.splitlines()) == {
        "bootstrap.servers": "127.0.0.1:9094,127.0.0.1:9095",
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": f"{home}/certs/ca.crt",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "admin",
        "sasl.password": "pass-word",
    }


def test_a_client_outside_of_the_containers_has_other_addresses(home: Path) -> None:
    """The host cannot resolve the brokers' names, and has the CA elsewhere."""
    there = Home(home)
    endpoints = endpoints_of(there, Ports()).replace(
        external_bootstrap_servers={"analytics": "127.0.0.1:29094"}
    )
    there.endpoints_file.write_bytes(endpoints.as_json())
    result = client_config(
        home, "analytics", "admin", "--external", "--ca-file", "here/ca.crt"
    )
    lines = dict(line.split("=", 1) for line in result.stdout.splitlines())
    assert lines["bootstrap.servers"] == "127.0.0.1:29094"
    assert lines["ssl.ca.location"] == "here/ca.crt"


def test_natively_external_addresses_are_the_same(home: Path) -> None:
    """A script need not know how the platform runs."""
    inside = client_config(home, "analytics", "admin")
    assert (
        client_config(home, "analytics", "admin", "--external").stdout == inside.stdout
    )


def test_a_java_client_can_read_it(home: Path) -> None:
    """Kafka's own tools read it with --command-config."""
    result = client_config(home, "analytics", "admin", "--format", "java")
    lines = dict(line.split("=", 1) for line in result.stdout.splitlines())
    assert lines["ssl.truststore.type"] == "PEM"
    assert lines["ssl.truststore.location"] == f"{home}/certs/ca.crt"
    assert lines["sasl.jaas.config"] == (
        "org.apache.kafka.common.security.scram.ScramLoginModule required "
        'username="admin" password="pass-word";'
    )


def test_a_principal_without_a_password_is_named(home: Path) -> None:
    """It may be declared on the other cluster only."""
    result = client_config(home, "inbound", "admin")
    assert isinstance(result.exception, EndpointsError)
    assert "principal 'admin' on cluster 'inbound'" in str(result.exception)
    assert result.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [["elsewhere", "admin"], ["inbound"], ["inbound", "admin", "--format", "xml"]],
)
def test_wrong_usage_has_its_own_exit_status(home: Path, arguments: list[str]) -> None:
    """The message has to list the clusters."""
    assert client_config(home, *arguments).exit_code == 2


@pytest.mark.parametrize("name", ["../inbound/admin", "nobody", "."])
def test_only_principals_of_the_cluster_are_accepted(home: Path, name: str) -> None:
    """A path as name would read another principal's password."""
    (home / "secrets" / "inbound").mkdir()
    (home / "secrets" / "inbound" / "admin.password").write_text("other")
    result = client_config(home, "analytics", name)
    assert isinstance(result.exception, EndpointsError)
    assert "Known principals: admin." in str(result.exception)
    assert result.stdout == ""
