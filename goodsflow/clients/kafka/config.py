"""Client configurations for a cluster's principal: for librdkafka and for Java."""

from __future__ import annotations

from typing import Any

from goodsflow.model.endpoints import ClusterName, Endpoints

SCRAM_MECHANISM = "SCRAM-SHA-512"

MOST_RECORD_BYTES = 64 * 1024 * 1024
"""The limit for clients that forward records: brokers limit a record's compressed size,
and a forwarding client must not refuse what they accept."""


def client_config(
    endpoints: Endpoints, cluster: ClusterName, principal: str
) -> dict[str, Any]:
    """Return a librdkafka configuration that connects as ``principal``.

    It contains the password: never log it.

    Raises:
        EndpointsError: The principal has no password file.
    """
    return {
        "bootstrap.servers": endpoints.bootstrap_servers[cluster],
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": str(endpoints.ca_file),
        "sasl.mechanism": SCRAM_MECHANISM,
        "sasl.username": principal,
        "sasl.password": endpoints.password(cluster, principal).reveal(),
    }


def producer_config(
    endpoints: Endpoints, cluster: ClusterName, principal: str
) -> dict[str, Any]:
    """Return ``client_config`` plus the settings of every producer of the platform.

    Keys go to the same partition as with Java and faust (murmur2), and retries neither
    lose nor duplicate a record (idempotence, acks=all).
    """
    return client_config(endpoints, cluster, principal) | {
        "enable.idempotence": True,
        "acks": "all",
        "partitioner": "murmur2_random",
        "compression.type": "lz4",
        # After an outage of all brokers, librdkafka 2.16 would discard its metadata and
        # bootstrap again, but its coordinator cache seems to keep a discarded broker: a
        # transaction's offsets are then never sent, and the call never returns.
        "metadata.recovery.strategy": "none",
    }


def java_client_properties(
    endpoints: Endpoints, cluster: ClusterName, principal: str
) -> dict[str, str]:
    """Return the configuration of a Java client that connects as ``principal``."""
    password = endpoints.password(cluster, principal).reveal()
    return {
        "bootstrap.servers": endpoints.bootstrap_servers[cluster],
        "security.protocol": "SASL_SSL",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(endpoints.ca_file),
        "sasl.mechanism": SCRAM_MECHANISM,
        "sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required "
            f'username="{principal}" password="{password}";'
        ),
    }
