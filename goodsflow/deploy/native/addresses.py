"""The addresses of a native platform, for its clients."""

from __future__ import annotations

from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.ports import Ports
from goodsflow.model.endpoints import Endpoints, Service


def endpoints_of(home: Home, ports: Ports) -> Endpoints:
    """Return the addresses of a platform with these ports."""

    def service(part: str, health: str) -> Service:
        root = f"http://{ports.address(part, 'http')}"
        return Service(health_url=root + health, metrics_url=root + "/metrics")

    return Endpoints(
        bootstrap_servers={
            "inbound": ",".join(
                ports.address(broker, "broker") for broker in ("kafka-0", "kafka-1")
            ),
            "analytics": ",".join(
                ports.address(broker, "broker")
                for broker in ("kafka-mirror-0", "kafka-mirror-1")
            ),
        },
        ca_file=home.certs / "ca.crt",
        secrets_dir=home.secrets,
        state_dir=home.state,
        schema_registry_url=f"http://{ports.address('schema-registry', 'http')}"
        "/apis/ccompat/v7",
        connect_url=f"http://{ports.address('kafka-connect', 'http')}",
        webhdfs_url=f"http://{ports.address('hdfs-nn', 'http')}",
        hdfs_url=f"hdfs://{ports.address('hdfs-nn', 'rpc')}",
        spark_connect_url=f"sc://{ports.address('spark-connect', 'grpc')}",
        dagster_url=f"http://{ports.address('dagster-webserver', 'http')}",
        services={
            "shop-api": service("shop-api", "/health"),
            "blocking": service("blocking", "/health/"),
        },
        supervisor_socket=home.socket,
    )
