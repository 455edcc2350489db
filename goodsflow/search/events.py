"""Each request of a user is an event on the topic ``events``."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from confluent_kafka import KafkaException, Message, Producer

from goodsflow.cards import encode_json, frame
from goodsflow.endpoints import Endpoints
from goodsflow.kafka.config import producer_config
from goodsflow.registry import RegistryClient
from goodsflow.search.errors import EventError

TOPIC = "events"
PRINCIPAL = "user"


@dataclass(frozen=True)
class UserEvent:
    """One request: what was asked, and how many results it had (None: not known)."""

    type: Literal["search", "recommendations"]
    user: str
    results: int | None
    name: str | None = None
    brand: str | None = None

    def as_json(self, event_id: uuid.UUID, at: datetime) -> dict[str, Any]:
        """Return the event as ``schemas/events.json`` has it."""
        return {
            "event_id": str(event_id),
            "type": self.type,
            "query": {"name": self.name, "brand": self.brand},
            "results": self.results,
            "at": at.astimezone(UTC).isoformat(timespec="milliseconds"),
            "user": self.user,
        }


def send_event(
    endpoints: Endpoints, event: UserEvent, *, timeout_seconds: float = 20.0
) -> None:
    """Write an event and wait until the cluster has it.

    Args:
        endpoints: Of the platform; the principal is ``user``.
        event: Keyed by its user.
        timeout_seconds: For the delivery.

    Raises:
        EventError: The cluster refused it, or did not answer in time.
        RegistryError: The registry does not know the events' schema, or is down.
        EndpointsError: The principal has no password file.
    """
    with RegistryClient(endpoints.schema_registry_url) as registry:
        schema_id = registry.latest(f"{TOPIC}-value").schema_id
    payload = encode_json(event.as_json(uuid.uuid4(), datetime.now(UTC)))
    failures: list[str] = []

    def on_delivery(error: Any, _message: Message) -> None:
        if error is not None:
            failures.append(error.str())

    producer = Producer(
        producer_config(endpoints, "analytics", PRINCIPAL)
        | {
            "message.timeout.ms": int(timeout_seconds * 1000),
            "linger.ms": 0,
            "log_level": 0,
        }
    )
    what = f"The event of this request was not delivered to '{TOPIC}'"
    try:
        producer.produce(
            TOPIC,
            key=event.user.encode(),
            value=frame(schema_id, payload.encode()),
            on_delivery=on_delivery,
        )
    except KafkaException as error:
        raise EventError(f"{what}: {error.args[0].str()}") from error
    undelivered = producer.flush(timeout_seconds + 1)
    if failures or undelivered:
        raise EventError(
            f"{what}: {failures[0] if failures else 'no answer in time'}. Is the "
            "analytics cluster up, and may 'user' write to the topic?"
        )
