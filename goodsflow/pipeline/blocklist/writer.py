"""Changing the block list: records on its topic."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from goodsflow.clients.kafka.config import producer_config
from goodsflow.clients.kafka.login import try_login
from goodsflow.clients.kafka.offsets import OffsetReader
from goodsflow.clients.registry import RegistryClient
from goodsflow.model.blocklist import TOPIC, BlockListError, Entry, Rule
from goodsflow.model.cards import encode_json, frame
from goodsflow.model.endpoints import Endpoints
from goodsflow.pipeline.blocklist.reader import CLUSTER


def block(
    endpoints: Endpoints,
    principal: str,
    entries: Iterable[Entry],
    *,
    on_progress: Callable[[int], None] = lambda _: None,
    timeout_seconds: float = 30.0,
) -> int:
    """Let rules hold; one that holds already gets the new reason.

    Args:
        endpoints: Of the platform.
        principal: May write to the topic.
        entries: With the rules.
        on_progress: Is told how many records the cluster has, now and then.
        timeout_seconds: For the delivery of each record.

    Returns:
        How many records were written.

    Raises:
        BlockListError: The cluster did not take them all.
        RegistryError: The registry does not know the entries' schema, or is down.
        EndpointsError: The principal has no password file.
    """
    with RegistryClient(endpoints.schema_registry_url) as registry:
        schema_id = registry.latest(f"{TOPIC}-value").schema_id
    try:
        # All, before the first is sent.
        records = [
            (entry.rule.key, frame(schema_id, encode_json(entry.as_json()).encode()))
            for entry in entries
        ]
    except UnicodeEncodeError as error:
        raise BlockListError(
            f"Nothing was changed: {error.object!r} is no text that can be written."
        ) from error
    return _send(endpoints, principal, records, on_progress, timeout_seconds)


def unblock(
    endpoints: Endpoints,
    principal: str,
    rules: Iterable[Rule],
    *,
    timeout_seconds: float = 30.0,
) -> int:
    """Let rules hold no more. What they held back comes with its next card.

    Returns:
        How many records were written.

    Raises:
        BlockListError: The cluster did not take them all.
        EndpointsError: The principal has no password file.
    """
    records = [(rule.key, None) for rule in rules]
    return _send(endpoints, principal, records, lambda _: None, timeout_seconds)


_PROGRESS_EVERY = 10_000


def _send(
    endpoints: Endpoints,
    principal: str,
    records: Iterable[tuple[bytes, bytes | None]],
    on_progress: Callable[[int], None],
    timeout_seconds: float,
) -> int:
    config = producer_config(endpoints, CLUSTER, principal)
    login = try_login(config, timeout_seconds)
    if login.error:
        raise BlockListError(
            f"Cannot change the block list as '{principal}': {login.error}."
        )
    failures: list[str] = []

    def on_delivery(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failures.append(error.str())

    producer = Producer(
        config
        | {
            "message.timeout.ms": int(timeout_seconds * 1000),
            "on_delivery": on_delivery,
            "log_level": 0,
        }
    )
    sent = 0
    for key, value in records:
        _produce(producer, key, value)
        sent += 1
        if sent % _PROGRESS_EVERY == 0:
            on_progress(sent - len(producer) - len(failures))
    missing = producer.flush(timeout_seconds + 1) + len(failures)
    if missing:
        why = failures[0] if failures else "no answer in time"
        raise BlockListError(
            f"The cluster took {sent - missing} of {sent} changes of the block list: "
            f"{why}. The same command again does no harm."
        )
    return sent


def _produce(producer: Producer, key: bytes, value: bytes | None) -> None:
    while True:
        try:
            producer.produce(TOPIC, value, key)
        except BufferError:
            producer.poll(0.1)
        except KafkaException as error:
            raise BlockListError(
                f"Cannot change the block list: {error.args[0].str()}."
            ) from error
        else:
            producer.poll(0)
            return


def now() -> datetime:
    """Return the time of a change."""
    return datetime.now(UTC)


INITIAL = (
    Entry(
        Rule("product", "12346"),
        "the sample that shows the filter at work",
        by="goodsflow",
    ),
)
"""What a new platform blocks."""


def seed(endpoints: Endpoints, principal: str) -> int:
    """Put ``INITIAL`` on a list that nobody has ever written to; leave any other be.

    Returns:
        How many records were written.

    Raises:
        KafkaError: The cluster refused or did not answer.
        BlockListError: It did not take them all.
        RegistryError: The registry does not know the entries' schema, or is down.
    """
    reader = OffsetReader.connect(endpoints, CLUSTER, principal)
    # Once written to, a topic's end stays beyond 0, whatever compaction removes.
    if any(each.end for each in reader.topic_offsets([TOPIC])[TOPIC].values()):
        return 0
    return block(endpoints, principal, INITIAL)
