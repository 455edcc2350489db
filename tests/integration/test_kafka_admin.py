"""What the administrative clients do to a real cluster, object by object."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Consumer, Producer, ThrottleEvent, TopicPartition
from confluent_kafka.admin import AdminClient

from goodsflow.clients.kafka.admin import SCRAM_ITERATIONS, KafkaAdmin
from goodsflow.clients.kafka.config import client_config, producer_config
from goodsflow.clients.kafka.credentials import PasswordFiles, credential_works
from goodsflow.clients.kafka.errors import (
    AuthenticationFailedError,
    ClusterUnavailableError,
    KafkaError,
    OperationFailedError,
    TopicExistsError,
)
from goodsflow.clients.kafka.futures import check_all
from goodsflow.clients.kafka.login import log_in
from goodsflow.clients.kafka.offsets import OffsetReader
from goodsflow.clients.kafka.quotas import (
    DEFAULT_USER,
    Default,
    QuotaAdmin,
    QuotaEntity,
)
from goodsflow.common.secrets import Secret
from goodsflow.model.endpoints import ClusterName, Endpoints
from goodsflow.model.spec import AclBinding, Topic
from tests.integration.declaration import COMPACT
from tests.support import await_condition, status_of

INBOUND: ClusterName = "inbound"
_SECONDS = 30
_BYTES_A_SECOND = 10_000.0
NEW = Topic(partitions=1, replication_factor=2, config={"cleanup.policy": "compact"})


@pytest.fixture
def quotas(endpoints: Endpoints) -> QuotaAdmin:
    """A client that may set quotas on the inbound cluster."""
    return QuotaAdmin.connect(endpoints, INBOUND, "admin", _SECONDS)


@pytest.fixture
def topic(admin: KafkaAdmin, name: str) -> Iterator[str]:
    """Make a topic of one partition; remove it afterwards."""
    check_all(admin.create_topics({name: NEW}))
    await_topic(admin, name)
    yield name
    check_all(admin.delete_topics([name]))


@pytest.fixture
def two_partitions(admin: KafkaAdmin, name: str) -> Iterator[str]:
    """Make a topic of two partitions; remove it afterwards."""
    check_all(admin.create_topics({name: COMPACT}))
    await_topic(admin, name)
    yield name
    check_all(admin.delete_topics([name]))


@pytest.fixture
def user(endpoints: Endpoints, admin: KafkaAdmin, name: str) -> Iterator[str]:
    """Let a new principal log in; remove it afterwards."""
    files = PasswordFiles(endpoints, INBOUND)
    check_all(admin.upsert_credentials({name: files.ensure(name)}))
    await_condition(
        lambda: credential_works(endpoints, INBOUND, name), "it logs in", _SECONDS
    )
    yield name
    endpoints.password_file(INBOUND, name).unlink()
    if name in admin.scram_iterations():
        check_all(admin.delete_credentials([name]))


def await_topic(admin: KafkaAdmin, name: str) -> None:
    """Wait until the brokers show a topic."""
    await_condition(lambda: admin.topics([name]), "the topic is shown", _SECONDS)


def kinds(
    outcomes: dict[str, KafkaError | None],
) -> dict[str, type[KafkaError] | None]:
    """Return which error each has."""
    return {name: type(error) if error else None for name, error in outcomes.items()}


def test_of_many_topics_those_that_can_be_made_are(
    admin: KafkaAdmin, topic: str, name: str
) -> None:
    """One mistake in a declaration must not keep the rest of it from the cluster."""
    unknown = NEW.model_copy(update={"config": {"no.such.setting": "1"}})
    new = {f"{name}-new": NEW, f"{name}-bad": unknown, topic: NEW}
    try:
        outcomes = admin.create_topics(new)
        assert kinds(outcomes) == {
            f"{name}-new": None,
            f"{name}-bad": OperationFailedError,
            topic: TopicExistsError,
        }
        assert "no.such.setting" in str(outcomes[f"{name}-bad"])
    finally:
        outcomes = admin.delete_topics([f"{name}-new", f"{name}-bad"])
    assert kinds(outcomes) == {
        f"{name}-new": None,
        f"{name}-bad": OperationFailedError,
    }


def test_settings_are_made_and_given_back_to_the_broker(
    admin: KafkaAdmin, topic: str
) -> None:
    """A setting that is declared no more would stay for ever."""
    check_all(
        admin.alter_topic_configs(
            {topic: {"retention.ms": "60000", "cleanup.policy": None}}
        )
    )
    await_condition(
        lambda: admin.topics([topic])[topic].config == {"retention.ms": "60000"},
        "one setting is made and the other taken back",
        _SECONDS,
    )


def test_of_many_settings_those_that_can_be_made_are(
    admin: KafkaAdmin, topic: str
) -> None:
    """A topic with an impossible setting must not keep the others from theirs."""
    outcomes = admin.alter_topic_configs(
        {topic: {"retention.ms": "61000"}, "goods": {"retention.ms": "no-number"}}
    )
    assert kinds(outcomes) == {topic: None, "goods": OperationFailedError}
    assert "retention.ms" not in admin.topics(["goods"])["goods"].config


def test_partitions_are_added_and_never_taken(admin: KafkaAdmin, topic: str) -> None:
    """Kafka cannot take partitions away: who asks for it must hear that."""
    outcomes = admin.add_partitions({topic: 3, "goods": 1})
    assert kinds(outcomes) == {topic: None, "goods": OperationFailedError}
    await_condition(
        lambda: admin.topics([topic])[topic].partitions == 3,
        "the topic has three partitions",
        _SECONDS,
    )


def test_a_binding_comes_back_as_it_went_and_goes_alone(
    admin: KafkaAdmin, name: str
) -> None:
    """A denial or an address that was lost on the way would open what was closed."""
    allowed = AclBinding(name, "topic", name, "literal", "read")
    wanted = {
        allowed,
        AclBinding(name, "topic", name, "literal", "read", permission="deny"),
        AclBinding(name, "topic", name, "literal", "read", host="10.0.0.1"),
        AclBinding(name, "topic", name, "prefixed", "read"),
    }

    def found() -> set[AclBinding]:
        return {b for b in admin.acl_bindings() if b.principal == name}

    try:
        check_all(admin.create_acls(wanted))
        await_condition(lambda: found() == wanted, "all four are there", _SECONDS)
        check_all(admin.delete_acls([allowed]))
        await_condition(
            lambda: found() == wanted - {allowed}, "one of them is gone", _SECONDS
        )
    finally:
        check_all(admin.delete_acls(wanted))


def test_a_binding_that_cannot_be_does_not_keep_the_others_out(
    admin: KafkaAdmin, name: str
) -> None:
    """One mistake in a declaration would lock every service out."""
    good = AclBinding(name, "topic", name, "literal", "read")
    # The cluster as a resource has one name only.
    bad = AclBinding(name, "cluster", name, "literal", "describe")
    try:
        outcomes = admin.create_acls([good, bad])
        assert outcomes[good] is None
        assert isinstance(outcomes[bad], OperationFailedError)
    finally:
        check_all(admin.delete_acls([good]))


def test_a_credential_that_is_deleted_lets_nobody_in(
    endpoints: Endpoints, admin: KafkaAdmin, user: str
) -> None:
    """Whoever has left with a password could come back with it."""
    assert admin.scram_iterations()[user] == SCRAM_ITERATIONS
    outcomes = admin.delete_credentials([user, f"{user}-unknown"])
    assert kinds(outcomes) == {user: None, f"{user}-unknown": OperationFailedError}
    await_condition(
        lambda: not credential_works(endpoints, INBOUND, user),
        "the login is refused",
        _SECONDS,
    )
    with pytest.raises(AuthenticationFailedError, match="password"):
        KafkaAdmin.connect(endpoints, INBOUND, user)


def test_a_new_password_ends_the_old_one(
    endpoints: Endpoints, admin: KafkaAdmin, user: str
) -> None:
    """A password that was changed because it leaked would still open the cluster."""
    check_all(admin.upsert_credentials({user: Secret("another-one")}))
    await_condition(
        lambda: not credential_works(endpoints, INBOUND, user),
        "the old password is refused",
        _SECONDS,
    )


def test_a_login_goes_on_at_the_broker_that_is_up(endpoints: Endpoints) -> None:
    """One broker of two that is down would look like an outage of the cluster."""
    config = client_config(endpoints, INBOUND, "admin")
    one_is_up = config["bootstrap.servers"].split(",")[0]
    config["bootstrap.servers"] = f"127.0.0.1:1,{one_is_up}"
    login = log_in(config, _SECONDS)
    assert login.error is None
    assert login.client is not None
    assert login.client.list_topics(timeout=_SECONDS).brokers


def test_without_a_broker_each_object_has_failed(
    endpoints: Endpoints, name: str
) -> None:
    """An outage amid a batch must not count as done, nor end without a word."""
    config = client_config(endpoints, INBOUND, "admin")
    nobody = {**config, "bootstrap.servers": "127.0.0.1:1", "log_level": 0}
    admin = KafkaAdmin(AdminClient(nobody), INBOUND, timeout_seconds=1)
    names = [name, f"{name}-too"]
    outcomes = admin.delete_topics(names)
    assert kinds(outcomes) == dict.fromkeys(names, ClusterUnavailableError)


def test_quotas_come_back_as_they_went_and_are_lifted(
    quotas: QuotaAdmin, user: str
) -> None:
    """A limit that is declared no more would slow a service down for ever."""
    limits = {"producer_byte_rate": 2048.0, "consumer_byte_rate": 4096.0}
    of_user = QuotaEntity(user=user)
    of_client = QuotaEntity(user=user, client_id=Default())
    try:
        check_all(
            quotas.alter({of_user: limits, of_client: {"request_percentage": 12.5}})
        )
        found = quotas.quotas()
        assert found[of_user] == limits
        assert found[of_client] == {"request_percentage": 12.5}
        assert DEFAULT_USER not in found
        check_all(quotas.alter({of_user: {"consumer_byte_rate": None}}))
        await_condition(
            lambda: quotas.quotas()[of_user] == {"producer_byte_rate": 2048.0},
            "one figure is lifted",
            _SECONDS,
        )
    finally:
        lift = dict.fromkeys(limits)
        check_all(
            quotas.alter({of_user: lift, of_client: {"request_percentage": None}})
        )
    await_condition(
        lambda: not {of_user, of_client} & quotas.quotas().keys(),
        "both are lifted",
        _SECONDS,
    )


def test_of_many_quotas_those_that_can_be_set_are(
    quotas: QuotaAdmin, user: str
) -> None:
    """One mistake in a declaration must not leave the others without a limit."""
    good, bad = QuotaEntity(user=user), QuotaEntity(user=f"{user}-too")
    try:
        outcomes = quotas.alter(
            {good: {"producer_byte_rate": 1024}, bad: {"no_such_rate": 1}}
        )
        assert outcomes[good] is None
        assert isinstance(outcomes[bad], OperationFailedError)
        assert "no_such_rate" in str(outcomes[bad])
    finally:
        check_all(quotas.alter({good: {"producer_byte_rate": None}}))


def test_a_quota_is_for_who_may_set_it(endpoints: Endpoints) -> None:
    """A service that could lift its own limit has none."""
    quotas = QuotaAdmin.connect(endpoints, INBOUND, "shop-api", _SECONDS)
    with pytest.raises(OperationFailedError):
        quotas.quotas()
    entity = QuotaEntity(user="shop-api")
    outcomes = quotas.alter({entity: {"producer_byte_rate": None}})
    assert isinstance(outcomes[entity], OperationFailedError)


def test_quotas_of_a_cluster_that_lets_nobody_in(
    endpoints: Endpoints, tmp_path: Path
) -> None:
    """A wrong password is not an outage: waiting does not help."""
    path = tmp_path / INBOUND / "admin.password"
    path.parent.mkdir()
    path.write_text("wrong")
    wrong = endpoints.replace(secrets_dir=tmp_path)
    with pytest.raises(AuthenticationFailedError):
        QuotaAdmin.connect(wrong, INBOUND, "admin", _SECONDS).quotas()
    nobody = endpoints.replace(bootstrap_servers={INBOUND: "127.0.0.1:1"})
    with pytest.raises(ClusterUnavailableError):
        QuotaAdmin.connect(nobody, INBOUND, "admin", 2).quotas()


def test_a_producer_over_its_quota_is_throttled(
    endpoints: Endpoints, admin: KafkaAdmin, quotas: QuotaAdmin, topic: str, user: str
) -> None:
    """A quota that is only noted down keeps nobody from flooding the brokers."""
    throttled: list[ThrottleEvent] = []
    config = producer_config(endpoints, INBOUND, user)
    writes = AclBinding(user, "topic", topic, "literal", "write")
    entity = QuotaEntity(user=user)
    try:
        check_all(admin.create_acls([writes]))
        check_all(quotas.alter({entity: {"producer_byte_rate": _BYTES_A_SECOND}}))
        producer = Producer(
            config | {"throttle_cb": throttled.append, "log_level": 0, "linger.ms": 0}
        )
        deadline = time.monotonic() + _SECONDS
        while not any(event.throttle_time for event in throttled):
            assert time.monotonic() < deadline, "nothing was throttled"
            producer.produce(topic, uuid.uuid4().bytes * 1000, topic)
            producer.flush(0.5)
    finally:
        check_all(quotas.alter({entity: {"producer_byte_rate": None}}))
        check_all(admin.delete_acls([writes]))
    producer.purge()
    producer.flush(_SECONDS)


@pytest.mark.faults
def test_a_client_finds_the_controller_after_an_outage_of_it(
    endpoints: Endpoints, platform_home: Path, admin: KafkaAdmin, name: str
) -> None:
    """What asks the old controller only would be refused for minutes."""
    check_all(admin.create_topics({name: NEW}))
    await_topic(admin, name)
    controller = admin._client.describe_cluster().result(_SECONDS).controller.id
    part = f"kafka-{controller}"
    before = status_of(platform_home, part)
    psutil.Process(before["pid"]).kill()

    def is_back() -> bool:
        now = status_of(platform_home, part)
        return bool(now["state"] == "ready" and now["pid"] != before["pid"])

    await_condition(is_back, "the broker is back")
    check_all(admin.delete_topics([name]))


def test_a_refused_topic_is_named_with_its_cluster(
    admin: KafkaAdmin, topic: str
) -> None:
    """The broker's reason has to reach the person who declared it."""
    unknown = COMPACT.model_copy(update={"config": {"no.such.setting": "b"}})
    with pytest.raises(OperationFailedError, match=f"inbound.*{topic}"):
        check_all(admin.create_topics({topic: unknown}))


def test_a_refused_login_is_not_an_unreachable_cluster(
    endpoints: Endpoints, tmp_path: Path
) -> None:
    """Taken for refused, an outage would have every password replaced."""
    wrong = endpoints.replace(secrets_dir=tmp_path)
    wrong.password_file("inbound", "admin").parent.mkdir()
    wrong.password_file("inbound", "admin").write_text("wrong")
    away = endpoints.replace(bootstrap_servers={"inbound": "127.0.0.1:1"})

    assert not credential_works(wrong, "inbound", "admin")
    with pytest.raises(AuthenticationFailedError) as refused:
        KafkaAdmin.connect(wrong, "inbound", "admin")
    assert "wrong" not in str(refused.value)
    with pytest.raises(ClusterUnavailableError):
        credential_works(away, "inbound", "admin", timeout_seconds=1)
    with pytest.raises(ClusterUnavailableError, match="Are its brokers up"):
        KafkaAdmin.connect(away, "inbound", "admin", timeout_seconds=1)


def test_offsets_and_lag_are_what_was_written_and_committed(
    admin: KafkaAdmin, endpoints: Endpoints, two_partitions: str
) -> None:
    """A lag that is wrong hides a service that has stopped."""
    topic = two_partitions
    again = admin.create_topics({topic: COMPACT})[topic]
    assert isinstance(again, TopicExistsError)
    config = client_config(endpoints, "inbound", "admin")
    producer = Producer(config)
    for partition, count in ((0, 3), (1, 2)):
        for _ in range(count):
            producer.produce(topic, b"v", b"k", partition=partition)
    assert producer.flush(20) == 0
    group_config = {**config, "group.id": topic, "enable.auto.commit": False}
    with Consumer(group_config) as consumer:
        consumer.commit(offsets=[TopicPartition(topic, 0, 1)], asynchronous=False)

    reader = OffsetReader.connect(endpoints, "inbound", "dagster")
    offsets = reader.topic_offsets([topic])[topic]
    lag = reader.group_lag(topic, [topic])

    assert {p: (o.first, o.end) for p, o in offsets.items()} == {0: (0, 3), 1: (0, 2)}
    assert lag.offsets == {(topic, 0): 1}
    assert lag.lag == {(topic, 0): 2, (topic, 1): 2}
    assert lag.total == 4
    assert reader.group_offsets(f"{topic}-unknown", [topic]) == {}
    with pytest.raises(OperationFailedError, match="it has no topic"):
        reader.topic_offsets([f"{topic}-unknown"])
