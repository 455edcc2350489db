"""The configuration of what comes as an upstream image: ksqlDB and Kafka UI.

Neither reads a password from a file of its own, so that each is given its whole
configuration as one, in its share. Sources of the names:
https://docs.confluent.io/platform/7.9/ksqldb/operate-and-deploy/installation/server-config.html
https://ui.docs.kafbat.io/configuration/configuration-file
"""

from __future__ import annotations

import yaml

from goodsflow.clients.kafka.config import java_client_properties
from goodsflow.model.endpoints import ClusterName, Endpoints

KSQLDB_SERVICE_ID = "goodsflow_"
"""Names of ksqlDB's own topics, groups and transactions start with it; see its rights
in ``platform.yaml``."""

KSQLDB_LOG4J = """\
log4j.rootLogger=WARN, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n
log4j.logger.io.confluent.ksql.rest.server=INFO
"""
"""To the standard output, one line an event."""


def ksqldb_properties(
    endpoints: Endpoints, data_dir: str, trust_store: str, trust_store_password: str
) -> str:
    """Return the server's configuration, with the password of its principal.

    Args:
        endpoints: Their paths are those of the container, but for the passwords', which
            are read here.
        data_dir: Where the server keeps what it has read; it can be lost.
        trust_store: With the platform's CA, as JKS: for its own listener the server
            knows JKS and PKCS12 alone, and it has one setting for both.
        trust_store_password: Of that.

    Raises:
        EndpointsError: The principal has no password file.
    """
    settings = {
        "listeners": "http://0.0.0.0:8088",
        "ksql.service.id": KSQLDB_SERVICE_ID,
        **java_client_properties(endpoints, "analytics", "ksqldb"),
        "ssl.truststore.type": "JKS",
        "ssl.truststore.location": trust_store,
        "ssl.truststore.password": trust_store_password,
        "ksql.schema.registry.url": endpoints.schema_registry_url,
        "ksql.streams.state.dir": data_dir,
        # Its command topic is its memory of every view.
        "ksql.internal.topic.replicas": "2",
        "ksql.streams.replication.factor": "2",
        "ksql.streams.consumer.isolation.level": "read_committed",
        # Its log of processing errors would be one more topic, and one more right.
        "ksql.logging.processing.topic.auto.create": "false",
        "ksql.logging.processing.stream.auto.create": "false",
        # It would report its use to its vendor.
        "confluent.telemetry.enabled": "false",
        "confluent.support.metrics.enable": "false",
    }
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def kafka_ui_config(endpoints: Endpoints) -> str:
    """Return the configuration of Kafka UI, with the passwords of its principals.

    Args:
        endpoints: Their paths are those of the container, but for the passwords', which
            are read here.

    Raises:
        EndpointsError: A principal has no password file.
    """
    names: tuple[ClusterName, ...] = ("inbound", "analytics")
    clusters = []
    for name in names:
        properties = java_client_properties(endpoints, name, "ui")
        clusters.append(
            {
                "name": name,
                "bootstrapServers": properties.pop("bootstrap.servers"),
                "schemaRegistry": endpoints.schema_registry_url,
                "readOnly": True,
                "properties": properties,
            }
        )
    return yaml.safe_dump(
        {"kafka": {"clusters": clusters}}, allow_unicode=True, sort_keys=False
    )
