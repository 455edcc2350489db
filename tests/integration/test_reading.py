"""Reading a topic to its end, on real brokers."""

from __future__ import annotations

import gc
import time
import uuid
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.config import producer_config
from goodsflow.clients.kafka.errors import (
    AuthenticationFailedError,
    ClusterUnavailableError,
    OperationFailedError,
    TopicExistsError,
)
from goodsflow.clients.kafka.futures import check_all
from goodsflow.clients.kafka.topic_inspector import TopicInspector
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.model.endpoints import Endpoints
from goodsflow.model.records import Record
from goodsflow.model.spec import Topic
from tests.support import await_condition


@pytest.fixture
def topic(endpoints: Endpoints) -> Iterator[str]:
    """Make a topic of one partition; remove it afterwards."""
    name = f"test-reading-{uuid.uuid4().hex[:8]}"
    admin = KafkaAdmin.connect(endpoints, "analytics", "admin")
    check_all(admin.create_topics({name: Topic(partitions=1, replication_factor=2)}))
    yield name
    check_all(admin.delete_topics([name]))


def reader(endpoints: Endpoints, topic: str, principal: str = "admin") -> TopicReader:
    """Return a reader that gives up soon."""
    return TopicReader(
        endpoints, "analytics", principal, "user-test", topic, timeout_seconds=8
    )


def inspector(
    endpoints: Endpoints, topic: str, principal: str = "admin"
) -> TopicInspector:
    """Return an inspector that gives up soon."""
    return TopicInspector(endpoints, "analytics", principal, topic, timeout_seconds=8)


def watermarks(endpoints: Endpoints, topic: str, principal: str = "admin") -> object:
    """Ask a reader where a topic starts and ends."""
    with reader(endpoints, topic, principal) as one:
        return one.watermarks()


def state(endpoints: Endpoints, topic: str, principal: str = "admin") -> object:
    """Ask an inspector for a topic's state."""
    return inspector(endpoints, topic, principal).state()


Ask = Callable[[Endpoints, str, str], object]


def produce(
    endpoints: Endpoints, topic: str, *transactions: tuple[bytes, bool]
) -> None:
    """Write a value in each transaction; commit it or abort it."""
    config = producer_config(endpoints, "analytics", "admin")
    producer = Producer(config | {"transactional.id": topic})
    producer.init_transactions(20)
    for value, is_committed in transactions:
        producer.begin_transaction()
        producer.produce(topic, value, b"key")
        producer.flush(20)
        if is_committed:
            producer.commit_transaction(20)
        else:
            producer.abort_transaction(20)


def recreate(admin: KafkaAdmin, topic: str) -> None:
    """Create a topic as soon as its deletion has ended."""

    def created() -> bool:
        new = {topic: Topic(partitions=1, replication_factor=2)}
        error = admin.create_topics(new)[topic]
        if error and not isinstance(error, TopicExistsError):
            raise error
        return error is None

    await_condition(created, "the deletion ends", 30)


def topic_id_once_shown(endpoints: Endpoints, topic: str) -> str:
    """Return the ID; a broker hears of a new topic in its own time."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return inspector(endpoints, topic).topic_id()
        except OperationFailedError:
            assert time.monotonic() < deadline, "the topic is not shown"
        time.sleep(0.2)


def test_end_behind_markers_and_aborted_records_is_reached(
    endpoints: Endpoints, topic: str
) -> None:
    """Who waits for the offset before the end waits for ever: it holds a marker."""
    produce(endpoints, topic, (b"one", True), (b"never", False), (b"two", True))
    with reader(endpoints, topic) as one:
        batches = list(one.read_to_end({0: 0}, timeout_seconds=20, batch_size=1))
        ends = one.watermarks()
        one_look = inspector(endpoints, topic)
        assert one_look.state() == (one_look.topic_id(), ends)
        again = list(one.read_to_end(batches[-1].next_offsets, timeout_seconds=20))
    records = [record for batch in batches for record in batch.records]
    assert records == [Record(0, 0, b"key", b"one"), Record(0, 4, b"key", b"two")]
    assert batches[-1].next_offsets == {0: ends[0].end} == {0: 6}
    assert [batch.records for batch in again] == [()]


def test_empty_topic_ends_where_it_starts(endpoints: Endpoints, topic: str) -> None:
    """Nothing to read is an answer, and a quick one."""
    with reader(endpoints, topic) as one:
        (batch,) = one.read_to_end({0: 0}, timeout_seconds=20)
    assert (batch.records, batch.next_offsets) == ((), {0: 0})


def test_topic_that_was_recreated_has_another_id(
    endpoints: Endpoints, topic: str
) -> None:
    """Offsets alone do not tell: the new topic may have grown past the old one."""
    before = topic_id_once_shown(endpoints, topic)
    assert topic_id_once_shown(endpoints, topic) == before
    admin = KafkaAdmin.connect(endpoints, "analytics", "admin")
    check_all(admin.delete_topics([topic]))
    recreate(admin, topic)
    deadline = time.monotonic() + 30
    while topic_id_once_shown(endpoints, topic) == before:
        assert time.monotonic() < deadline, "the new topic has the ID of the old one"
        time.sleep(0.2)


@pytest.mark.parametrize("ask", [watermarks, state])
def test_missing_topic_is_named(endpoints: Endpoints, ask: Ask) -> None:
    """Taken for empty, a misspelt topic would look idle."""
    with pytest.raises(OperationFailedError, match="test-no-such-topic"):
        ask(endpoints, "test-no-such-topic", "admin")


def test_topic_without_a_right_is_refused(endpoints: Endpoints, topic: str) -> None:
    """An answer without records would hide the missing right."""
    for ask in (watermarks, state):
        with pytest.raises(OperationFailedError):
            ask(endpoints, topic, "user")
    with (
        reader(endpoints, topic, "user") as one,
        pytest.raises(OperationFailedError, match="authoriz"),
    ):
        list(one.read_to_end({0: 0}, timeout_seconds=20))


@pytest.mark.parametrize("ask", [watermarks, state])
def test_refused_login_is_told_from_an_outage(
    endpoints: Endpoints, tmp_path: Path, ask: Ask
) -> None:
    """One is put right by a person, the other by waiting."""
    (tmp_path / "analytics").mkdir()
    (tmp_path / "analytics" / "user.password").write_text("wrong")
    intruder = endpoints.replace(secrets_dir=tmp_path)
    with pytest.raises(AuthenticationFailedError):
        ask(intruder, "events", "user")
    down = endpoints.replace(bootstrap_servers={"analytics": "127.0.0.1:9"})
    with pytest.raises(ClusterUnavailableError):
        ask(down, "events", "admin")


@pytest.mark.parametrize("make", [inspector, reader])
def test_clients_go_without_the_garbage_collector(
    endpoints: Endpoints, make: Callable[[Endpoints, str], object]
) -> None:
    """The collector may run in a thread of a client, which cannot end itself there."""
    one = make(endpoints, "events")
    if isinstance(one, TopicReader):
        one.watermarks()
        one.close()
    else:
        assert isinstance(one, TopicInspector)
        one.state()
    left = weakref.ref(one)
    gc.disable()
    try:
        del one
        assert left() is None
    finally:
        gc.enable()
