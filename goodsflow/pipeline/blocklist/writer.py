"""Changes of the block list, written to its topic."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from goodsflow.clients.kafka.config import producer_config
from goodsflow.clients.kafka.login import try_login
from goodsflow.clients.kafka.offsets import OffsetReader
from goodsflow.clients.registry import RegistryClient
from goodsflow.common.counting import counted
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
    """Put rules in force; a rule that is already in force gets the new reason.

    Args:
        endpoints: Of the platform.
        principal: May write to the topic.
        entries: The rules, with their reasons.
        on_progress: Called from time to time with the number of records delivered.
        timeout_seconds: For the delivery of each record.

    Returns:
        The number of records written.

    Raises:
        BlockListError: The cluster didn't accept all of them.
        RegistryError: The registry doesn't have the entries' schema, or is down.
        EndpointsError: The principal has no password file.
    """
    with RegistryClient(endpoints.schema_registry_url) as registry:
        schema_id = registry.latest(f"{TOPIC}-value").schema_id
    try:
        # Encode all of them before the first is sent.
        records = [
            (entry.rule.key, frame(schema_id, encode_json(entry.as_json()).encode()))
            for entry in entries
        ]
    except UnicodeEncodeError as error:
        raise BlockListError(
            f"Nothing was changed: {error.object!r} is not valid Unicode."
        ) from error
    return _send(endpoints, principal, records, on_progress, timeout_seconds)


def unblock(
    endpoints: Endpoints,
    principal: str,
    rules: Iterable[Rule],
    *,
    timeout_seconds: float = 30.0,
) -> int:
    """Remove rules. A card that they blocked returns when its shop next sends it.

    Returns:
        The number of records written.

    Raises:
        BlockListError: The cluster didn't accept all of them.
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
            f"The cluster accepted {sent - missing} of {counted(sent, 'change')} to "
            f"the block list: {why}. It is safe to run the same command again."
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
"""The rules of a new platform."""


def seed(endpoints: Endpoints, principal: str) -> int:
    """Put ``INITIAL`` on the list if nobody has ever written to it.

    Returns:
        The number of records written.

    Raises:
        KafkaError: The cluster refused or didn't answer.
        BlockListError: The cluster didn't accept all of them.
        RegistryError: The registry doesn't have the entries' schema, or is down.
    """
    reader = OffsetReader.connect(endpoints, CLUSTER, principal)
    # Once a topic was written to, its end offset stays above 0, even if compaction
    # removes all records.
    if any(each.end for each in reader.topic_offsets([TOPIC])[TOPIC].values()):
        return 0
    return block(endpoints, principal, INITIAL)
