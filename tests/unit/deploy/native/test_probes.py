"""The readiness probes, with small fake servers."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import certifi
import grpc
import pytest

from goodsflow.deploy.native import probes
from goodsflow.deploy.native.addresses import endpoints_of
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.ports import Ports
from goodsflow.deploy.native.probes import NotReadyError

NOBODY = "http://127.0.0.1:1"


class FourLetterWords(socketserver.ThreadingTCPServer):
    """Answers a four-letter word as ZooKeeper does, and hangs up."""

    answer = b"Zookeeper version: 3.8.4\nMode: standalone\nNode count: 5\n"


class FourLetterHandler(socketserver.BaseRequestHandler):
    """Takes one word."""

    server: FourLetterWords

    def handle(self) -> None:
        """Answer it."""
        assert self.request.recv(4) == b"srvr"
        self.request.sendall(self.server.answer)


@pytest.fixture
def zookeeper() -> Iterator[FourLetterWords]:
    """A server that serves until the test ends."""
    with FourLetterWords(("127.0.0.1", 0), FourLetterHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_zookeeper_is_ready_when_it_serves(zookeeper: FourLetterWords) -> None:
    """Its port is open long before it is ready."""
    host, port = zookeeper.server_address[:2]
    probes.zookeeper(str(host), port)
    zookeeper.answer = b"This ZooKeeper instance is not currently serving requests\n"
    with pytest.raises(NotReadyError, match=r"does not serve yet: .*not currently"):
        probes.zookeeper(str(host), port)
    zookeeper.answer = b""
    with pytest.raises(NotReadyError, match="does not serve yet"):
        probes.zookeeper(str(host), port)
    with pytest.raises(NotReadyError, match=r"does not answer on 127.0.0.1:1: "):
        probes.zookeeper("127.0.0.1", 1)


def test_a_missing_broker_is_not_ready(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Creating a client proves nothing: it connects later."""
    monkeypatch.setattr(probes, "PROBE_SECONDS", 0.5)
    (home.secrets / "inbound").mkdir()
    (home.secrets / "inbound" / "admin.password").write_text("se-cret")
    check = probes.broker(endpoints_of(home, Ports()), "inbound", "127.0.0.1:1", 0)
    with pytest.raises(NotReadyError, match=r"ssl\.ca\.location failed") as caught:
        # Its CA is not there.
        check()
    assert "se-cret" not in str(caught.value)
    (home.certs / "ca.crt").write_text(certifi.contents())
    with pytest.raises(NotReadyError, match="Connection refused") as caught:
        check()
    assert "se-cret" not in str(caught.value)


def test_a_broker_whose_admin_has_no_password_is_not_ready(home: Home) -> None:
    """The status of the other parts must still be shown."""
    check = probes.broker(endpoints_of(home, Ports()), "inbound", "127.0.0.1:1", 0)
    with pytest.raises(NotReadyError, match=r"admin\.password: No such file"):
        check()


def test_a_health_address_gives_its_reason(web: Any) -> None:
    """'503' alone would make users read the log."""
    web.always("fine")
    probes.http_ok(f"{web.url}/health")
    web.always('{"status": "DOWN",\n  "why": "journal"}', 503)
    with pytest.raises(NotReadyError, match=r'answers 503: {"status": "DOWN", "why":'):
        probes.http_ok(f"{web.url}/health")
    with pytest.raises(NotReadyError, match=r"does not answer on http://127.0.0.1:1"):
        probes.http_ok(NOBODY)


def beans(**beans: dict[str, Any]) -> Callable[[str, Any], tuple[int, object]]:
    """Answer as the NameNode's /jmx with beans by the end of their name."""

    def respond(path: str, _body: object) -> tuple[int, object]:
        name = path.rpartition("name=")[2]
        return 200, {"beans": [beans[name]] if name in beans else []}

    return respond


ACTIVE = {"State": "active"}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (beans(), "has not published its state"),
        (beans(NameNodeStatus={"State": "standby"}), "is not active but standby"),
        (beans(NameNodeStatus=ACTIVE), "has not published its state"),
        (
            beans(NameNodeStatus=ACTIVE, NameNodeInfo={"Safemode": "Safe mode is ON."}),
            "is in safe mode: Safe mode is ON",
        ),
    ],
)
def test_a_namenode_is_ready_when_it_is_active_and_writable(
    web: Any, answer: Callable[[str, Any], tuple[int, object]], message: str
) -> None:
    """In safe mode, it answers but rejects every write."""
    web.respond = answer
    with pytest.raises(NotReadyError, match=message):
        probes.namenode(web.url)
    web.respond = beans(NameNodeStatus=ACTIVE, NameNodeInfo={"Safemode": ""})
    probes.namenode(web.url)


def test_a_datanode_is_ready_when_the_namenode_receives_heartbeats(web: Any) -> None:
    """A running DataNode that is not registered gets no blocks."""
    living = {"host:1": {"xferaddr": "127.0.0.1:9866", "lastContact": 2}}
    web.respond = beans(NameNodeInfo={"LiveNodes": json.dumps(living)})
    probes.datanode(web.url, "127.0.0.1:9866")
    with pytest.raises(NotReadyError, match="does not list it as"):
        probes.datanode(web.url, "127.0.0.1:9876")
    living["host:1"]["lastContact"] = 40
    web.respond = beans(NameNodeInfo={"LiveNodes": json.dumps(living)})
    with pytest.raises(NotReadyError, match="its last heartbeat was 40 s ago"):
        probes.datanode(web.url, "127.0.0.1:9866")


def test_a_spark_master_and_its_worker_are_ready_when_alive(web: Any) -> None:
    """A recovering master accepts no applications, and lists dead workers."""
    workers = [{"port": 7078, "state": "DEAD"}, {"port": 7078, "state": "ALIVE"}]
    web.always({"status": "ALIVE", "workers": workers})
    probes.spark_master(web.url)
    probes.spark_worker(web.url, 7078)
    with pytest.raises(NotReadyError, match="does not list it"):
        probes.spark_worker(web.url, 7079)
    web.always({"status": "RECOVERING", "workers": workers[:1]})
    with pytest.raises(NotReadyError, match="is RECOVERING"):
        probes.spark_master(web.url)
    with pytest.raises(NotReadyError, match="does not list it"):
        probes.spark_worker(web.url, 7078)


def test_a_spark_connect_server_is_ready_with_its_application(
    web: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an executor, it accepts queries but never answers."""
    monkeypatch.setattr(probes, "PROBE_SECONDS", 2.0)
    with ThreadPoolExecutor(1) as pool:
        server = grpc.server(pool)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            address = f"127.0.0.1:{port}"
            application = {"name": "goodsflow-connect", "state": "RUNNING"}
            web.always({"activeapps": [application]})
            probes.spark_connect(web.url, address)
            web.always({"activeapps": [application | {"state": "WAITING"}]})
            with pytest.raises(NotReadyError, match="its application is WAITING"):
                probes.spark_connect(web.url, address)
            web.always({"activeapps": []})
            with pytest.raises(NotReadyError, match="is not registered"):
                probes.spark_connect(web.url, address)
        finally:
            server.stop(None).wait(10)
    monkeypatch.setattr(probes, "PROBE_SECONDS", 0.2)
    with pytest.raises(NotReadyError, match=r"does not accept calls on 127.0.0.1:1"):
        probes.spark_connect(web.url, "127.0.0.1:1")


def test_a_connect_worker_is_ready_with_its_plugins_and_its_group(web: Any) -> None:
    """Without a plugin, the bootstrap would fail with an HTTP 400."""
    plugins = [
        {"class": "org.goodsflow.hdfs.HdfsSinkConnector"},
        {"class": "org.apache.kafka.connect.mirror.MirrorSourceConnector"},
    ]
    web.always(plugins)
    probes.connect_worker(web.url)
    assert [path for path, _ in web.requests] == ["/connector-plugins", "/connectors"]
    web.always(plugins[:1])
    with pytest.raises(NotReadyError, match="has not loaded MirrorSourceConnector"):
        probes.connect_worker(web.url)
    web.respond = lambda path, _: (
        (200, plugins) if "plugins" in path else (500, "Request timed out")
    )
    with pytest.raises(NotReadyError, match="answers 500: Request timed out"):
        probes.connect_worker(web.url)


def test_dagsters_probes_report_its_reasons(web: Any) -> None:
    """Other kinds of errors would end a start."""
    with pytest.raises(NotReadyError, match="does not answer"):
        probes.dagster_webserver(NOBODY)
    with pytest.raises(NotReadyError, match="its state is unknown"):
        probes.dagster_daemon(NOBODY)
    silent = {"daemonType": "SENSOR", "required": True, "healthy": False}
    web.always(
        {"data": {"instance": {"daemonHealth": {"allDaemonStatuses": [silent]}}}}
    )
    with pytest.raises(NotReadyError, match="no heartbeat from SENSOR"):
        probes.dagster_daemon(web.url)


HTTP_PROBES: dict[str, Callable[[str], None]] = {
    "namenode": probes.namenode,
    "datanode": lambda url: probes.datanode(url, "127.0.0.1:9866"),
    "spark_master": probes.spark_master,
    "spark_worker": lambda url: probes.spark_worker(url, 7078),
    "connect_worker": probes.connect_worker,
    "dagster_webserver": probes.dagster_webserver,
    "dagster_daemon": probes.dagster_daemon,
}


@pytest.mark.parametrize("probe", HTTP_PROBES)
@pytest.mark.parametrize(
    "content", ["<html>", "", "null", "{}", "[]", "[1]", '{"beans": [], "workers": 1}']
)
def test_another_program_on_the_port_is_not_the_part(
    web: Any, probe: str, content: str
) -> None:
    """`status` used to fail with a KeyError when another program answered."""
    web.always(content)
    with pytest.raises(NotReadyError, match=r"."):
        HTTP_PROBES[probe](web.url)
