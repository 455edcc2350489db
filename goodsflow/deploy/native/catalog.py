"""The list of parts: the settings, dependencies and readiness probe of each."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from goodsflow.deploy.native import probes
from goodsflow.deploy.native.addresses import endpoints_of
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.monitoring import monitoring_parts, with_metrics
from goodsflow.deploy.native.parts import BOOTSTRAP, CONTAINERS, Part
from goodsflow.deploy.native.ports import LOOPBACK, Ports
from goodsflow.deploy.native.secrets import ZOOKEEPER_PASSWORD_FILES
from goodsflow.model.endpoints import PROJECT_ROOT, ClusterName, Endpoints
from goodsflow.model.spec import Platform


def platform_parts(home: Home, ports: Ports, platform: Platform) -> list[Part]:
    """Return all parts, each after the parts that it needs."""
    endpoints = endpoints_of(home, ports)
    parts = [
        *_cluster("inbound", home, ports, platform, endpoints),
        *_cluster("analytics", home, ports, platform, endpoints),
        *_hdfs(ports, endpoints),
        *_spark(ports, endpoints),
        *_dagster(home, ports, endpoints),
        _schema_registry(home, ports, endpoints),
        _kafka_connect(home, ports, endpoints),
        *_services(ports, endpoints),
    ]
    if ports.monitored:
        parts = [with_metrics(part, ports) for part in parts]
        parts += monitoring_parts(ports, parts)
    return parts


_CLUSTER_PARTS: dict[ClusterName, tuple[str, tuple[str, str]]] = {
    "inbound": ("zookeeper", ("kafka-0", "kafka-1")),
    "analytics": ("zookeeper-mirror", ("kafka-mirror-0", "kafka-mirror-1")),
}


STOP_LAST = (
    frozenset(broker for _, brokers in _CLUSTER_PARTS.values() for broker in brokers),
    frozenset(zookeeper for zookeeper, _ in _CLUSTER_PARTS.values()),
)
"""Parts that stop after all others: a broker deregisters from its ZooKeeper."""


def _target(part: str, *below: str) -> str:
    return str(CONTAINERS.joinpath(part, "target", *below))


def _cluster(
    cluster: ClusterName,
    home: Home,
    ports: Ports,
    platform: Platform,
    endpoints: Endpoints,
) -> list[Part]:
    zookeeper, brokers = _CLUSTER_PARTS[cluster]
    password_file = str(home.secrets / ZOOKEEPER_PASSWORD_FILES[cluster])
    connect = ports.address(zookeeper, "client")
    super_users = [
        name
        for name, principal in platform.clusters[cluster].principals.items()
        if principal.super_user
    ]
    parts = [
        Part(
            name=zookeeper,
            folder="zookeeper",
            address=connect,
            check=lambda: probes.zookeeper(LOOPBACK, ports.of(zookeeper, "client")),
            environment={
                "ZOOKEEPER_ADDRESS": LOOPBACK,
                "ZOOKEEPER_PORT": str(ports.of(zookeeper, "client")),
                "ZOOKEEPER_PASSWORD_FILE": password_file,
                "KAFKA_LIB_DIR": _target("kafka", "lib"),
            },
        )
    ]
    for broker_id, broker in enumerate(brokers):
        environment = {
            "KAFKA_BROKER_ID": str(broker_id),
            "KAFKA_LISTEN_ADDRESS": LOOPBACK,
            "KAFKA_ADVERTISED_HOST": LOOPBACK,
            "KAFKA_PORT": str(ports.of(broker, "broker")),
            "KAFKA_SUPER_USERS": " ".join(super_users),
            "KAFKA_SECRETS_DIR": str(home.secrets / cluster),
            "KAFKA_CERTIFICATE": str(home.certs / f"{broker}.pem"),
            "KAFKA_CA": str(home.certs / "ca.crt"),
            "KAFKA_LIB_DIR": _target("kafka", "lib"),
            "ZOOKEEPER_CONNECT": connect,
            "ZOOKEEPER_PASSWORD_FILE": password_file,
        }
        if broker_id == 0:
            environment["KAFKA_BOOTSTRAP_USERS"] = " ".join(super_users)
        parts.append(
            Part(
                name=broker,
                folder="kafka",
                address=ports.address(broker, "broker"),
                check=probes.broker(
                    endpoints, cluster, ports.address(broker, "broker"), broker_id
                ),
                needs=(zookeeper,),
                serves_as=((cluster, "broker"),),
                # It cannot register until its old session in ZooKeeper expires.
                deaths_allowed=8,
                environment=environment,
            )
        )
    return parts


def _hdfs(ports: Ports, endpoints: Endpoints) -> list[Part]:
    common = {
        "HDFS_ADDRESS": LOOPBACK,
        "HDFS_URL": endpoints.hdfs_url,
        "HDFS_LIB_DIR": _target("hdfs", "lib"),
    }
    namenode = Part(
        name="hdfs-nn",
        folder="hdfs",
        address=endpoints.hdfs_url,
        check=lambda: probes.namenode(endpoints.webhdfs_url),
        environment={
            **common,
            "HDFS_ROLE": "namenode",
            "HDFS_RPC_PORT": str(ports.of("hdfs-nn", "rpc")),
            "HDFS_HTTP_PORT": str(ports.of("hdfs-nn", "http")),
        },
    )
    return [
        namenode,
        *(_datanode(f"hdfs-dn-{i}", common, ports, endpoints) for i in (0, 1)),
    ]


def _datanode(
    name: str, common: Mapping[str, str], ports: Ports, endpoints: Endpoints
) -> Part:
    return Part(
        name=name,
        folder="hdfs",
        address=ports.address(name, "data"),
        check=lambda: probes.datanode(
            endpoints.webhdfs_url, ports.address(name, "data")
        ),
        # A DataNode itself waits for its NameNode.
        environment={
            **common,
            "HDFS_ROLE": "datanode",
            "HDFS_DATA_PORT": str(ports.of(name, "data")),
            "HDFS_HTTP_PORT": str(ports.of(name, "http")),
            "HDFS_IPC_PORT": str(ports.of(name, "ipc")),
        },
    )


def _spark(ports: Ports, endpoints: Endpoints) -> list[Part]:
    package = find_spec("pyspark")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("pyspark is not installed")
    master_url = f"spark://{ports.address('spark-master', 'rpc')}"
    master_ui = f"http://{ports.address('spark-master', 'ui')}"

    def environment(role: str, port_role: str) -> dict[str, str]:
        return {
            "SPARK_ROLE": role,
            "SPARK_HOME": str(Path(package.origin or "").parent),
            "SPARK_ADDRESS": LOOPBACK,
            "SPARK_PORT": str(ports.of(f"spark-{role}", port_role)),
            "SPARK_UI_PORT": str(ports.of(f"spark-{role}", "ui")),
            "SPARK_MASTER_URL": master_url,
            "HDFS_URL": endpoints.hdfs_url,
        }

    return [
        Part(
            name="spark-master",
            folder="spark",
            address=master_url,
            check=lambda: probes.spark_master(master_ui),
            environment=environment("master", "rpc"),
        ),
        Part(
            name="spark-worker",
            folder="spark",
            address=f"http://{ports.address('spark-worker', 'ui')}",
            check=lambda: probes.spark_worker(
                master_ui, ports.of("spark-worker", "rpc")
            ),
            needs=("spark-master",),
            environment=environment("worker", "rpc"),
        ),
        Part(
            name="spark-connect",
            folder="spark",
            address=endpoints.spark_connect_url,
            check=lambda: probes.spark_connect(
                master_ui, ports.address("spark-connect", "grpc")
            ),
            needs=("spark-master",),
            environment=environment("connect", "grpc"),
        ),
    ]


_DAGSTER_PRINCIPALS: tuple[tuple[ClusterName, str], ...] = (
    ("inbound", "dagster"),
    ("analytics", "dagster"),
    ("analytics", "recommender"),
)
"""The principals of its runs, sensors and checks, each of which logs in by itself."""


def _dagster(home: Home, ports: Ports, endpoints: Endpoints) -> list[Part]:
    common = {"DAGSTER_HOME": str(home.dagster), "PROJECT_DIR": str(PROJECT_ROOT)}
    return [
        Part(
            name="dagster-webserver",
            folder="dagster",
            address=endpoints.dagster_url,
            check=lambda: probes.dagster_webserver(endpoints.dagster_url),
            follows=_DAGSTER_PRINCIPALS,
            environment={
                **common,
                "DAGSTER_ROLE": "webserver",
                "DAGSTER_ADDRESS": LOOPBACK,
                "DAGSTER_PORT": str(ports.of("dagster-webserver", "http")),
            },
        ),
        Part(
            name="dagster-daemon",
            folder="dagster",
            address="",
            # The webserver knows the daemon by its heartbeats only.
            check=lambda: probes.dagster_daemon(endpoints.dagster_url),
            follows=_DAGSTER_PRINCIPALS,
            environment={**common, "DAGSTER_ROLE": "daemon"},
        ),
    ]


def _schema_registry(home: Home, ports: Ports, endpoints: Endpoints) -> Part:
    root = f"http://{ports.address('schema-registry', 'http')}"
    return Part(
        name="schema-registry",
        folder="schema-registry",
        address=root,
        check=lambda: probes.http_ok(f"{root}/health/ready"),
        needs=_CLUSTER_PARTS["inbound"][1],
        logins=(("inbound", "schema-registry"),),
        environment={
            "REGISTRY_ADDRESS": LOOPBACK,
            "REGISTRY_PORT": str(ports.of("schema-registry", "http")),
            "REGISTRY_DIR": _target("schema-registry", "registry"),
            "KAFKA_BOOTSTRAP_SERVERS": endpoints.bootstrap_servers["inbound"],
            "KAFKA_PASSWORD_FILE": str(
                endpoints.password_file("inbound", "schema-registry")
            ),
            "KAFKA_CA": str(home.certs / "ca.crt"),
        },
    )


def _kafka_connect(home: Home, ports: Ports, endpoints: Endpoints) -> Part:
    return Part(
        name="kafka-connect",
        folder="kafka-connect",
        address=endpoints.connect_url,
        check=lambda: probes.connect_worker(endpoints.connect_url),
        needs=_CLUSTER_PARTS["analytics"][1],
        logins=(("analytics", "kafka-connect"), ("inbound", "mirror")),
        environment={
            "CONNECT_ADDRESS": LOOPBACK,
            "CONNECT_PORT": str(ports.of("kafka-connect", "http")),
            "CONNECT_ADVERTISED_HOST": LOOPBACK,
            "CONNECT_LIB_DIR": _target("kafka-connect", "lib"),
            "CONNECT_PLUGIN_PATH": _target("kafka-connect", "plugins"),
            "ANALYTICS_BOOTSTRAP_SERVERS": endpoints.bootstrap_servers["analytics"],
            "ANALYTICS_PASSWORD_FILE": str(
                endpoints.password_file("analytics", "kafka-connect")
            ),
            "INBOUND_BOOTSTRAP_SERVERS": endpoints.bootstrap_servers["inbound"],
            "INBOUND_PASSWORD_FILE": str(endpoints.password_file("inbound", "mirror")),
            "KAFKA_CA": str(home.certs / "ca.crt"),
            "HDFS_URL": endpoints.hdfs_url,
        },
    )


def _services(ports: Ports, endpoints: Endpoints) -> list[Part]:
    return [
        _service("blocking", "GOODSFLOW_BLOCKING_WEB_PORT", ports, endpoints),
        _service("shop-api", "GOODSFLOW_SHOP_API_METRICS_PORT", ports, endpoints),
    ]


def _service(name: str, port_variable: str, ports: Ports, endpoints: Endpoints) -> Part:
    return Part(
        name=name,
        folder=name,
        address=f"http://{ports.address(name, 'http')}",
        check=lambda: probes.http_ok(endpoints.services[name].health_url),
        needs=(BOOTSTRAP,),
        follows=(("inbound", name),),
        environment={port_variable: str(ports.of(name, "http"))},
    )
