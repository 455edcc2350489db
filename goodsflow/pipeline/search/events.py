"""Events of users' requests, on the topic ``events``."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from goodsflow.clients.kafka.config import producer_config
from goodsflow.clients.kafka.detached_calls import run_detached
from goodsflow.clients.registry.ids import latest_schema_id
from goodsflow.model.cards import encode_json, frame
from goodsflow.model.endpoints import Endpoints
from goodsflow.pipeline.search.errors import EventError

TOPIC = "events"
PRINCIPAL = "user"


@dataclass(frozen=True)
class UserEvent:
    """A request: what was asked, and the number of results (None if unknown)."""

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


class EventSender:
    """Writes events. It connects in the background.

    Args:
        endpoints: Of the platform; the principal is ``user``.
        timeout_seconds: For the delivery.

    Raises:
        EndpointsError: The principal has no password file.
    """

    def __init__(self, endpoints: Endpoints, *, timeout_seconds: float = 20.0) -> None:
        self._timeout_seconds = timeout_seconds
        self._failures: list[str] = []
        self._producer = Producer(
            producer_config(endpoints, "analytics", PRINCIPAL)
            | {
                "message.timeout.ms": int(timeout_seconds * 1000),
                # Idempotence would delay each start by half a second, because the
                # producer asks for its ID before it is connected. Duplicates can be
                # recognized by the event's ID.
                "enable.idempotence": False,
                # Connect to all brokers early, including the leader of the partition.
                "enable.sparse.connections": False,
                "on_delivery": self._on_delivery,
                "linger.ms": 0,
                "log_level": 0,
            }
        )
        self._schema_id = run_detached(
            lambda: latest_schema_id(endpoints.schema_registry_url, f"{TOPIC}-value"),
            "events-schema",
        )
        # Log in now. If that fails, the delivery will fail.
        run_detached(
            lambda: self._producer.list_topics(TOPIC, timeout_seconds), "events"
        )

    def send(self, event: UserEvent) -> None:
        """Write an event and wait for its delivery.

        Args:
            event: The key is its user.

        Raises:
            EventError: The cluster refused it, or didn't answer in time.
            RegistryError: The registry doesn't have the events' schema, or is down.
        """
        schema_id = self._schema_id.result()
        payload = encode_json(event.as_json(uuid.uuid4(), datetime.now(UTC)))
        what = f"The event of this request was not delivered to topic '{TOPIC}'"
        try:
            self._producer.produce(
                TOPIC,
                key=event.user.encode(),
                value=frame(schema_id, payload.encode()),
            )
        except KafkaException as error:
            raise EventError(f"{what}: {error.args[0].str()}") from error
        undelivered = self._producer.flush(self._timeout_seconds + 1)
        if self._failures or undelivered:
            reason = self._failures[0] if self._failures else "no answer in time"
            raise EventError(
                f"{what}: {reason}. Is the analytics cluster up, and is principal "
                "'user' allowed to write to the topic?"
            )

    def _on_delivery(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._failures.append(error.str())


def send_event(
    endpoints: Endpoints, event: UserEvent, *, timeout_seconds: float = 20.0
) -> None:
    """Write an event and wait for its delivery; see ``EventSender``."""
    EventSender(endpoints, timeout_seconds=timeout_seconds).send(event)
