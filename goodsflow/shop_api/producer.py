"""The loop that sends cards until it is told to stop."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from goodsflow.cards import Card
from goodsflow.kafka.errors import OperationFailedError
from goodsflow.kafka.faults import ClientFaults
from goodsflow.registry.serializer import ValueSerializer
from goodsflow.shop_api.tally import Tally

_LOGGER = logging.getLogger(__name__)

TOPIC = "goods"

_POLL_SECONDS = 0.2
"""Longest wait in librdkafka, where Python does not see a signal."""

_FLUSH_SECONDS = 8.0
"""How long the last cards may make no progress: less than a supervisor waits."""


class CardProducer:
    """Sends cards to ``goods``, each under its product ID."""

    def __init__(
        self,
        config: dict[str, Any],
        serialize: ValueSerializer,
        faults: ClientFaults,
        tally: Tally,
    ) -> None:
        """Make the producer; it connects by itself.

        Args:
            config: A librdkafka configuration; it is not logged.
            serialize: Writes a card's value.
            faults: Is told of the client's errors.
            tally: Is told of each card's delivery.
        """
        self._serialize = serialize
        self._faults = faults
        self._tally = tally
        self._producer = Producer(
            {**config, "error_cb": self._on_error, "logger": _LOGGER}
        )
        if faults.passwords:
            faults.passwords.follow(self._producer)

    def send_until(
        self,
        stop: Event,
        next_card: Callable[[], Card],
        *,
        pause_seconds: float,
        count: int | None = None,
        report: Callable[[Tally], None] | None = None,
    ) -> None:
        """Send cards until ``stop`` is set or ``count`` are sent.

        Args:
            stop: Ends the loop, within a fraction of a second.
            next_card: Gives the card to send.
            pause_seconds: The time between two cards, kept on average.
            count: How many cards to send; None: for ever.
            report: Is called after each card that was sent.

        Raises:
            KafkaError: The login is refused, or the client broke.
            GoodsflowError: A card breaks its schema, or that cannot be registered.
        """
        due = time.monotonic()
        sent = 0
        while not stop.is_set() and (count is None or sent < count):
            self._send(next_card(), stop)
            sent += 1
            if report:
                report(self._tally)
            # After an outage go on from now: no burst to catch up with the past.
            due = max(due + pause_seconds, time.monotonic() - pause_seconds)
            if sent != count:
                self._poll_until(due, stop)

    def flush(self) -> int:
        """Wait for the last cards as long as some arrive; return how many are left."""
        left = len(self._producer)
        while left:
            still_left = self._producer.flush(_FLUSH_SECONDS)
            if still_left >= left:
                break
            left = still_left
        return len(self._producer)

    def _send(self, card: Card, stop: Event) -> None:
        value = self._serialize(TOPIC, card.as_json())
        while not stop.is_set():
            try:
                self._producer.produce(
                    TOPIC,
                    key=card.product_id.encode(),
                    value=value,
                    on_delivery=self._on_delivery,
                )
            except BufferError:
                # The queue is full: the brokers are slow or away. Wait with them.
                self._poll(_POLL_SECONDS)
            except KafkaException as error:
                raise OperationFailedError(
                    f"Cannot send card '{card.product_id}' to topic '{TOPIC}': "
                    f"{error.args[0].str()}."
                ) from error
            else:
                self._poll(0)
                return

    def _poll_until(self, due: float, stop: Event) -> None:
        while not stop.is_set():
            remaining = due - time.monotonic()
            if remaining <= 0:
                return
            self._poll(min(remaining, _POLL_SECONDS))

    def _poll(self, timeout_seconds: float) -> None:
        try:
            self._producer.poll(timeout_seconds)
        except KafkaException as error:
            raise OperationFailedError(
                f"The producer to topic '{TOPIC}' broke for good: "
                f"{error.args[0].str()}. Start it again."
            ) from error
        self._faults.raise_if_hopeless()

    def _on_error(self, error: KafkaError) -> None:
        self._faults.on_error(error)
        self._tally.trouble = self._faults.trouble

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            _LOGGER.warning(
                "Card '%s' was not delivered to topic '%s': %s",
                (message.key() or b"").decode(),
                TOPIC,
                error.str(),
            )
            self._tally.note_failure(error.str())
            return
        _LOGGER.debug("Delivered to %s [%s]", TOPIC, message.partition())
        self._faults.on_success()
        self._tally.note_delivery()
