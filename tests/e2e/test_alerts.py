"""Trouble that is made on purpose, and the alerts that it must raise.

Alerts wait and look back for a minute here where they do so for two to nine: what holds
the spans themselves is promtool, in ``containers/prometheus/tests``. All else in the
rules is as it is everywhere.
"""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import dagster as dg
import hdfs
import httpx2
import psutil
import pytest
import requests
import yaml
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from goodsflow.clients.connect import ConnectClient, ConnectRebalancingError
from goodsflow.clients.kafka.config import client_config, producer_config
from goodsflow.clients.kafka.offsets import OffsetReader
from goodsflow.deploy.native.supervisor import SupervisorClient
from goodsflow.model.endpoints import PROJECT_ROOT, ClusterName, Endpoints
from goodsflow.pipeline.recommender import read_backlog
from tests.support import await_condition, goodsflow, status

pytestmark = pytest.mark.faults

_RULES = PROJECT_ROOT / "containers/prometheus/rules"
_LONG_SPANS = re.compile(r"(?<=\[)[2-9]m(?=\])|(?:(?<=for: )|(?<=offset ))[2-9]m\b")
_TASK_FAILS = "hdfs-sink-broken"
_START_FAILS = "mm2-source-broken"
_ONE_COPY = "one-copy"
_FOLDER = "/tmp/one-copy"  # noqa: S108 - on HDFS
_CARDS = 200
_PASSED_ON = _CARDS // 2
"""Of as many sample cards at least so many are not forbidden: four in five are not."""
_PATIENCE_SECONDS = 420


@contextmanager
def short_spans(prometheus: str, home: Path) -> Iterator[None]:
    """Let Prometheus wait, and look back, for a minute where it does so for longer."""

    def give(shorten: bool) -> None:
        for source in _RULES.glob("*.yml"):
            text = source.read_text()
            copy = home / "config/prometheus/rules" / source.name
            copy.write_text(_LONG_SPANS.sub("1m", text) if shorten else text)
        psutil.Process(status(home)["prometheus"]["pid"]).send_signal(signal.SIGHUP)
        await_condition(
            lambda: (longest_wait(prometheus) <= 60) == shorten,
            "Prometheus has taken up the rules",
        )

    try:
        give(shorten=True)
        yield
    finally:
        give(shorten=False)


def longest_wait(prometheus: str) -> float:
    """Return how long an alert's condition has to hold at most, in seconds."""
    answer = httpx2.get(f"{prometheus}/api/v1/rules", trust_env=False, timeout=30)
    return max(
        float(rule.get("duration", 0))
        for group in answer.json()["data"]["groups"]
        for rule in group["rules"]
    )


@contextmanager
def stopped(endpoints: Endpoints, part: str) -> Iterator[None]:
    """Keep a part stopped."""
    supervisor = supervisor_of(endpoints)
    supervisor.stop(part)
    try:
        yield
    finally:
        supervisor.start(part)


def supervisor_of(endpoints: Endpoints) -> SupervisorClient:
    """Return a client of the platform's supervisor."""
    assert endpoints.supervisor_socket
    return SupervisorClient(endpoints.supervisor_socket)


def restart(endpoints: Endpoints, home: Path, part: str) -> None:
    """Restart a part, and wait until it is ready."""
    with stopped(endpoints, part):
        pass
    await_condition(
        lambda: status(home)[part]["state"] == "ready", f"{part} is ready again"
    )


@contextmanager
def certificate_that_ends_soon(
    endpoints: Endpoints, home: Path, broker: str
) -> Iterator[None]:
    """Let a broker show a certificate with 20 days left; then do as the alert says."""
    try:
        for file in (home / "certs").glob(f"{broker}.*"):
            file.unlink()
        make_certificates(home, "--days", "20")
        restart(endpoints, home, broker)
        yield
    finally:
        make_certificates(home)
        restart(endpoints, home, broker)
        # It looks at a certificate every five minutes, but at each start.
        restart(endpoints, home, "exporter")


def make_certificates(home: Path, *options: str) -> None:
    """Let cert.sh make what is missing or ends soon."""
    subprocess.run(
        [PROJECT_ROOT / "certs/cert.sh", "--out", home / "certs", *options],
        check=True,
        timeout=60,
        capture_output=True,
    )


@contextmanager
def paused(endpoints: Endpoints, connector: str) -> Iterator[None]:
    """Keep a connector paused."""
    with ConnectClient(endpoints.connect_url) as client:
        when_settled(lambda: client.pause(connector))
        try:
            await_condition(
                lambda: {t.state for t in client.status(connector).tasks} == {"PAUSED"},
                f"the tasks of {connector} have paused",
            )
            yield
        finally:
            when_settled(lambda: client.resume(connector))


@contextmanager
def broken_connectors(endpoints: Endpoints) -> Iterator[None]:
    """Keep a connector whose tasks fail at their first record, and one in its start."""
    with ConnectClient(endpoints.connect_url) as client:
        no_json = client.config("hdfs-sink") | {
            "value.converter": "org.apache.kafka.connect.json.JsonConverter",
            "errors.tolerance": "none",
            "topics.dir": "/tmp/broken",  # noqa: S108 - on HDFS, and never written
        }
        no_ca = client.config("mm2-source") | {
            "source.cluster.ssl.truststore.location": "/nowhere/ca.crt"
        }
        with ExitStack() as made:
            for name, config in ((_TASK_FAILS, no_json), (_START_FAILS, no_ca)):
                put = partial(client.put_config, name, config | {"name": name})
                when_settled(put)
                made.callback(when_settled, partial(client.delete, name))
            yield


def when_settled(ask: Callable[[], None]) -> None:
    """Ask Connect for something, again while it still deals with what was before."""

    def taken() -> bool:
        try:
            ask()
        except ConnectRebalancingError:
            return False
        return True

    await_condition(taken, "Connect has rebalanced")


@contextmanager
def topic_on(endpoints: Endpoints, broker_id: int) -> Iterator[None]:
    """Keep a topic on inbound that only one of its brokers has."""
    config = client_config(endpoints, "inbound", "admin")
    client = AdminClient(config)
    topic = NewTopic(_ONE_COPY, 1, replica_assignment=[[broker_id]])
    client.create_topics([topic])[_ONE_COPY].result(60)

    def deleted() -> bool:
        # The client of before may still take a broker that has gone for the controller.
        client = AdminClient(config)
        try:
            client.delete_topics([_ONE_COPY])[_ONE_COPY].result(60)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.NOT_CONTROLLER:
                raise
            return False
        return True

    try:
        yield
    finally:
        await_condition(deleted, f"the topic {_ONE_COPY} is deleted")


@contextmanager
def files_with_one_copy(endpoints: Endpoints) -> Iterator[None]:
    """Keep so many files with one copy on HDFS that each DataNode has one."""
    session = requests.Session()
    session.trust_env = False
    client = hdfs.InsecureClient(
        endpoints.webhdfs_url, user="hdfs", timeout=30, session=session
    )
    try:
        for number in range(24):
            client.write(f"{_FOLDER}/{number}", data=b"one", replication=1)
        yield
    finally:
        client.delete(_FOLDER, recursive=True)
        session.close()


def send_what_nobody_can_read(endpoints: Endpoints) -> None:
    """Put a record on goods that is no card, and wait until it is put aside."""
    with arriving(endpoints, "inbound", "goods-dead-letter", 1):
        producer = Producer(producer_config(endpoints, "inbound", "admin"))
        producer.produce("goods", key=b"broken", value=b"no card")
        assert producer.flush(30) == 0


def await_window(endpoints: Endpoints, home: Path) -> None:
    """Wait until a window of files is complete that no run of the recommender takes."""
    under_way = dg.RunsFilter(
        job_name="recommend",
        statuses=[dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED],
    )
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        await_condition(
            lambda: not instance.get_runs(under_way), "no run of it is under way"
        )
    await_condition(
        lambda: read_backlog(endpoints).complete_windows, "a window is complete"
    )


def send_cards(home: Path) -> None:
    """Send as many cards at once as a group that stands still has to be behind."""
    sent = goodsflow("shop-api", "--rate", "1000", "--count", str(_CARDS), home=home)
    assert sent.returncode == 0, sent.stderr


@contextmanager
def arriving(
    endpoints: Endpoints, cluster: ClusterName, topic: str, records: int
) -> Iterator[None]:
    """Wait at the end until so many records have arrived on a topic since."""
    reader = OffsetReader.connect(endpoints, cluster, "admin")

    def end() -> int:
        return sum(ends.end for ends in reader.topic_offsets([topic])[topic].values())

    before = end()
    yield
    await_condition(
        lambda: end() >= before + records, f"{records} records arrive on {topic}"
    )


def firing(prometheus: str) -> set[tuple[str, str | None]]:
    """Return the alerts that fire, with what each is about."""
    answer = httpx2.get(f"{prometheus}/api/v1/alerts", trust_env=False, timeout=30)
    names = ("connector", "topic", "shown_by", "source", "instance", "cluster")
    return {
        (
            alert["labels"]["alertname"],
            next((alert["labels"][n] for n in names if n in alert["labels"]), None),
        )
        for alert in answer.json()["data"]["alerts"]
        if alert["state"] == "firing"
    }


def alert_names() -> set[str]:
    """Return the name of each alert that there is a rule for."""
    return {
        rule["alert"]
        for path in _RULES.glob("*.yml")
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }


@pytest.mark.timeout(1200)
def test_trouble_raises_its_alerts_and_its_end_takes_them_back(
    prometheus: str, endpoints: Endpoints, platform_home: Path
) -> None:
    """An alert whose metric is not there when it matters stays silent."""
    parts = status(platform_home)
    expected = {
        ("PartDown", "kafka-1"),
        ("PartDown", "hdfs-dn-1"),
        ("PartDown", "blocking"),
        ("PartDown", "shop-api"),
        ("ReadingFailed", f"certificate of {parts['kafka-1']['address']}"),
        ("CertificateEndsSoon", parts["kafka-mirror-1"]["address"]),
        ("UnderReplicatedPartitions", "inbound"),
        ("OfflinePartitions", "inbound"),
        ("ConnectorFailed", _START_FAILS),
        ("ConnectorTaskFailed", _TASK_FAILS),
        ("MirrorLag", "goods-filtered"),
        ("FilterLag", "goods"),
        ("SinkLag", "source.goods-filtered"),
        ("SinkStands", "source.goods-filtered"),
        ("RecommenderLag", "source.goods-filtered"),
        ("NoCards", None),
        ("DeadLetters", "goods-dead-letter"),
        ("DataNodeGone", None),
        ("MissingBlocks", "hdfs-nn"),
    }
    assert {name for name, _ in expected} == alert_names()
    with short_spans(prometheus, platform_home):
        await_alerts(prometheus, expected, are_there=False)
        with ExitStack() as trouble:
            make_trouble(trouble, endpoints, platform_home)
            await_alerts(prometheus, expected, are_there=True)
        # The card that nobody could read stays in its alert for ten minutes.
        ended = {alert for alert in expected if alert[0] != "DeadLetters"}
        await_alerts(prometheus, ended, are_there=False)


def make_trouble(trouble: ExitStack, endpoints: Endpoints, home: Path) -> None:
    """Make the trouble that each alert is for.

    Readers stop one after the other, from the last to the first, so that each has the
    cards before it that it would need a long time for at the rate that is left: none.
    """
    begin = trouble.enter_context
    begin(certificate_that_ends_soon(endpoints, home, "kafka-mirror-1"))
    begin(topic_on(endpoints, broker_id=1))
    begin(files_with_one_copy(endpoints))
    begin(broken_connectors(endpoints))
    # The recommender's sensor and its runs' queue are in it.
    begin(stopped(endpoints, "dagster-daemon"))
    await_window(endpoints, home)
    begin(paused(endpoints, "hdfs-sink"))
    with arriving(endpoints, "analytics", "source.goods-filtered", _PASSED_ON):
        send_cards(home)
    begin(paused(endpoints, "mm2-source"))
    with arriving(endpoints, "inbound", "goods-filtered", _PASSED_ON):
        send_cards(home)
    send_what_nobody_can_read(endpoints)
    begin(stopped(endpoints, "blocking"))
    send_cards(home)
    begin(stopped(endpoints, "shop-api"))

    begin(stopped(endpoints, "kafka-1"))
    begin(stopped(endpoints, "hdfs-dn-1"))
    restart(endpoints, home, "exporter")


def await_alerts(
    prometheus: str, expected: set[tuple[str, str | None]], *, are_there: bool
) -> None:
    """Wait until all of the alerts have been seen to fire, or none does any more."""
    left = set(expected)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while left:
        now = firing(prometheus)
        left = left - now if are_there else left & now
        what = "did not fire" if are_there else "still fire"
        assert not left or time.monotonic() < deadline, f"{left} {what}; {now} do"
        time.sleep(2)
