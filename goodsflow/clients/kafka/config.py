"""Client configurations for a principal of a cluster, for librdkafka and for Java."""

from __future__ import annotations

from typing import Any

from goodsflow.model.endpoints import ClusterName, Endpoints

SCRAM_MECHANISM = "SCRAM-SHA-512"

MOST_RECORD_BYTES = 64 * 1024 * 1024
"""For who sends on what others sent: brokers decide how large a record may be,
compressed, and the client does not."""


def client_config(
    endpoints: Endpoints, cluster: ClusterName, principal: str
) -> dict[str, Any]:
    """Return a librdkafka configuration that connects as ``principal``.

    The result carries the password: hand it to a client, never to a log.

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
    """Return ``client_config`` with what every producer of the platform sets.

    Keys land on the partition where Java and faust put them (murmur2), no record is
    lost or doubled by a retry (idempotence, acks=all).
    """
    return client_config(endpoints, cluster, principal) | {
        "enable.idempotence": True,
        "acks": "all",
        "partitioner": "murmur2_random",
        "compression.type": "lz4",
        # After an outage of all brokers librdkafka 2.16 would forget them and ask anew,
        # but its cache of coordinators seems to keep one forgotten: a transaction's
        # offsets are then never sent, and the call never returns.
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
