"""The configuration of the platform's clients."""

from __future__ import annotations

from pathlib import Path

import pytest

from goodsflow.clients.kafka.config import (
    client_config,
    java_client_properties,
    producer_config,
)
from goodsflow.deploy.native.addresses import endpoints_of
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.ports import Ports
from goodsflow.model.endpoints import Endpoints


@pytest.fixture
def endpoints(tmp_path: Path) -> Endpoints:
    """Addresses of a platform in which anna has a password."""
    endpoints = endpoints_of(Home(tmp_path), Ports())
    path = endpoints.password_file("inbound", "anna")
    path.parent.mkdir(parents=True)
    path.write_text("pass-word\n")
    return endpoints


def test_a_client_checks_the_broker_and_logs_in(endpoints: Endpoints) -> None:
    """Without TLS or with another mechanism, brokers disconnect silently."""
    assert client_config(endpoints, "inbound", "anna") == {
        "bootstrap.servers": "127.0.0.1:9092,127.0.0.1:9093",
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": str(endpoints.ca_file),
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "anna",
        "sasl.password": "pass-word",
    }


def test_a_producer_neither_loses_nor_doubles_nor_misplaces(
    endpoints: Endpoints,
) -> None:
    """Librdkafka's default partitioner puts keys elsewhere than Java's."""
    config = producer_config(endpoints, "inbound", "anna")
    assert config["enable.idempotence"] is True
    assert config["acks"] == "all"
    assert config["partitioner"] == "murmur2_random"
    assert config["sasl.username"] == "anna"


def test_a_java_client_has_the_same(endpoints: Endpoints) -> None:
    """The names differ, the meaning must not."""
    properties = java_client_properties(endpoints, "inbound", "anna")
    assert properties["bootstrap.servers"] == "127.0.0.1:9092,127.0.0.1:9093"
    assert properties["security.protocol"] == "SASL_SSL"
    assert properties["sasl.mechanism"] == "SCRAM-SHA-512"
    assert 'username="anna" password="pass-word";' in properties["sasl.jaas.config"]
