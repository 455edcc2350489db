"""Trouble that is made on purpose, and the alerts that it must raise.

Those that need more than a few minutes of trouble are only seen to fire by promtool:
see ``containers/prometheus/tests``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from confluent_kafka import Producer

from goodsflow.connect import ConnectClient
from goodsflow.endpoints import Endpoints
from goodsflow.kafka.config import producer_config
from goodsflow.local.supervisor import SupervisorClient

pytestmark = pytest.mark.faults

_BROKEN = "hdfs-sink-broken"
_EXPECTED = {
    ("PartDown", "kafka-1"),
    ("PartDown", "hdfs-dn-1"),
    ("UnderReplicatedPartitions", "inbound"),
    ("DataNodeGone", None),
    ("ConnectorTaskFailed", _BROKEN),
    ("MirrorLag", "goods-filtered"),
    ("DeadLetters", "goods-dead-letter"),
}
_PATIENCE_SECONDS = 420


@contextmanager
def stopped(endpoints: Endpoints, part: str) -> Iterator[None]:
    """Keep a part stopped."""
    assert endpoints.supervisor_socket
    supervisor = SupervisorClient(endpoints.supervisor_socket)
    supervisor.stop(part)
    try:
        yield
    finally:
        supervisor.start(part)


@contextmanager
def paused(endpoints: Endpoints, connector: str) -> Iterator[None]:
    """Keep a connector paused."""
    with ConnectClient(endpoints.connect_url) as client:
        client.pause(connector)
        try:
            yield
        finally:
            client.resume(connector)


@contextmanager
def broken_connector(endpoints: Endpoints) -> Iterator[None]:
    """Keep a connector whose tasks fail at their first record."""
    with ConnectClient(endpoints.connect_url) as client:
        config = client.config("hdfs-sink") | {
            "name": _BROKEN,
            "value.converter": "org.apache.kafka.connect.json.JsonConverter",
            "errors.tolerance": "none",
            "topics.dir": "/tmp/broken",  # noqa: S108 - on HDFS, and never written
        }
        client.put_config(_BROKEN, config)
        try:
            yield
        finally:
            client.delete(_BROKEN)


def send_what_nobody_can_read(endpoints: Endpoints) -> None:
    """Put a record on goods that is no card."""
    producer = Producer(producer_config(endpoints, "inbound", "admin"))
    producer.produce("goods", key=b"broken", value=b"no card")
    assert producer.flush(30) == 0


def firing(prometheus: str) -> set[tuple[str, str | None]]:
    """Return the alerts that fire, with what each is about."""
    answer = httpx.get(f"{prometheus}/api/v1/alerts", trust_env=False, timeout=30)
    return {
        (
            alert["labels"]["alertname"],
            next(
                (
                    alert["labels"][name]
                    for name in ("connector", "topic", "instance", "cluster")
                    if name in alert["labels"]
                ),
                None,
            ),
        )
        for alert in answer.json()["data"]["alerts"]
        if alert["state"] == "firing"
    }


@pytest.mark.timeout(900)
def test_trouble_raises_its_alerts_and_its_end_takes_them_back(
    prometheus: str, endpoints: Endpoints
) -> None:
    """An alert whose metric is not there when it matters stays silent."""
    with ExitStack() as trouble:
        for part in ("kafka-1", "hdfs-dn-1"):
            trouble.enter_context(stopped(endpoints, part))
        trouble.enter_context(broken_connector(endpoints))
        trouble.enter_context(paused(endpoints, "mm2-source"))
        send_what_nobody_can_read(endpoints)
        await_alerts(prometheus, _EXPECTED, are_there=True)
    # The card that nobody could read stays in its alert for ten minutes.
    await_alerts(
        prometheus,
        {alert for alert in _EXPECTED if alert[0] != "DeadLetters"},
        are_there=False,
    )


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
