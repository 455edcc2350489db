"""Librdkafka's error codes by meaning.

Names with a leading underscore are librdkafka's public names of client errors.
"""

from __future__ import annotations

from confluent_kafka import KafkaError

REFUSED_LOGINS = frozenset(
    {
        KafkaError._AUTHENTICATION,  # noqa: SLF001
        KafkaError._SSL,  # noqa: SLF001
        KafkaError.SASL_AUTHENTICATION_FAILED,
    }
)
"""The broker refused the credentials or the certificate.

A broker that goes down during a login causes the same error once.
"""

UNAVAILABLE = frozenset(
    {
        KafkaError._TIMED_OUT,  # noqa: SLF001
        KafkaError._TIMED_OUT_QUEUE,  # noqa: SLF001
        KafkaError._TRANSPORT,  # noqa: SLF001
        KafkaError._RESOLVE,  # noqa: SLF001
        KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.BROKER_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
        KafkaError.NOT_CONTROLLER,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        # Fewer brokers than replicas: one is still starting.
        KafkaError.INVALID_REPLICATION_FACTOR,
    }
)
"""No broker was able to answer; a retry may succeed."""
