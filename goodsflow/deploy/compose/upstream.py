"""The configuration of the upstream images: ksqlDB and Kafka UI.

Neither can read a password file, so each has its complete configuration, including the
passwords, in its share. The settings are documented here:
https://docs.confluent.io/platform/7.9/ksqldb/operate-and-deploy/installation/server-config.html
https://ui.docs.kafbat.io/configuration/configuration-file
"""

from __future__ import annotations

import yaml

from goodsflow.clients.kafka.config import java_client_properties
from goodsflow.model.endpoints import ClusterName, Endpoints

KSQLDB_SERVICE_ID = "goodsflow_"
"""The prefix of ksqlDB's own topics, groups and transactions; ``platform.yaml`` grants
rights on it."""

KSQLDB_LOG4J = """\
log4j.rootLogger=WARN, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n
log4j.logger.io.confluent.ksql.rest.server=INFO
"""
"""Logs to standard output, with one line per event."""


def ksqldb_properties(
    endpoints: Endpoints, data_dir: str, trust_store: str, trust_store_password: str
) -> str:
    """Return the server's configuration, including its principal's password.

    Args:
        endpoints: Has the paths in the container, except for the passwords, which
            are read here.
        data_dir: The folder of the server's state, which it can rebuild.
        trust_store: The JKS file with the platform's CA. The server supports only JKS
            and PKCS12 for its own listener, and one setting applies to both.
        trust_store_password: The password of the trust store.

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
        # Its command topic stores the definition of every view.
        "ksql.internal.topic.replicas": "2",
        "ksql.streams.replication.factor": "2",
        "ksql.streams.consumer.isolation.level": "read_committed",
        # Its log of processing errors would need another topic and more rights.
        "ksql.logging.processing.topic.auto.create": "false",
        "ksql.logging.processing.stream.auto.create": "false",
        # Do not report usage to the vendor.
        "confluent.telemetry.enabled": "false",
        "confluent.support.metrics.enable": "false",
    }
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def kafka_ui_config(endpoints: Endpoints) -> str:
    """Return the configuration of Kafka UI, including its principals' passwords.

    Args:
        endpoints: Has the paths in the container, except for the passwords, which
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
