"""The certificates and secrets that each container receives: only its own.

A share is a volume. ``prepare`` fills all shares, and each container mounts one. Run as
a program, this module prints their names: the image has a folder for each.
"""

from __future__ import annotations

from collections.abc import Mapping

_BROKER_SECRETS = ("broker", "admin", "dagster")
"""The super users, whose credentials the first broker stores in ZooKeeper."""

CA_FILE = "certs/ca.crt"
ENDPOINTS_FILE = "endpoints.json"


def _broker(name: str, cluster: str, zookeeper: str) -> tuple[str, ...]:
    return (
        f"certs/{name}.pem",
        f"secrets/{zookeeper}.password",
        *(f"secrets/{cluster}/{user}.password" for user in _BROKER_SECRETS),
    )


SHARES: Mapping[str, tuple[str, ...]] = {
    "zookeeper": ("secrets/zookeeper.password",),
    "zookeeper-mirror": ("secrets/zookeeper-mirror.password",),
    "kafka-0": _broker("kafka-0", "inbound", "zookeeper"),
    "kafka-1": _broker("kafka-1", "inbound", "zookeeper"),
    "kafka-mirror-0": _broker("kafka-mirror-0", "analytics", "zookeeper-mirror"),
    "kafka-mirror-1": _broker("kafka-mirror-1", "analytics", "zookeeper-mirror"),
    "schema-registry": ("secrets/inbound/schema-registry.password",),
    "kafka-connect": (
        "secrets/analytics/kafka-connect.password",
        "secrets/inbound/mirror.password",
    ),
    "shop-api": ("secrets/inbound/shop-api.password",),
    "blocking": ("secrets/inbound/blocking.password",),
    "exporter": (
        "secrets/inbound/exporter.password",
        "secrets/analytics/exporter.password",
    ),
    "grafana": ("secrets/grafana.password",),
    # These files contain the passwords: neither image can read password files.
    "ksqldb": ("ksqldb.properties", "ca.jks", "log4j.properties"),
    "ui": ("kafka-ui.yaml",),
    "ksqldb-login": ("secrets/analytics/ksqldb.password",),
    "user-api": ("secrets/analytics/user.password",),
    "postgres": ("secrets/postgres.password",),
    "dagster": ("dagster.yaml", "secrets/pgpass"),
    # Its runs, which mount it as well, set the credentials of every principal.
    "dagster-code": (
        "dagster.yaml",
        "secrets/pgpass",
        "secrets/inbound/*.password",
        "secrets/analytics/*.password",
    ),
    # The operator's tools.
    "admin": ("secrets/inbound/admin.password", "secrets/analytics/admin.password"),
}
"""Files or patterns below the platform's folder, by share. In addition, each share has
the CA's certificate and the addresses."""


if __name__ == "__main__":
    print("platform", *SHARES, sep="\n")
