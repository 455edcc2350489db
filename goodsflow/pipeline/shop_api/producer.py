"""The loop that sends cards until it is told to stop."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from itertools import chain, islice
from threading import Event
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from goodsflow.clients.kafka.client_errors import ClientErrors
from goodsflow.clients.kafka.errors import OperationFailedError
from goodsflow.pipeline.shop_api.records import Outgoing
from goodsflow.pipeline.shop_api.tally import Tally

_LOGGER = logging.getLogger(__name__)

TOPIC = "goods"

_POLL_SECONDS = 0.2
"""Longest wait in librdkafka, where Python does not see a signal."""

_POLL_RECORDS = 200
"""After how many records librdkafka is asked what became of those before."""

_CATCH_UP_SECONDS = 0.1
"""How far behind its rate the loop may be and still catch up."""

_FLUSH_SECONDS = 8.0
"""How long the last cards may make no progress: less than a supervisor waits."""


class CardProducer:
    """Sends cards to ``goods``, each under its product ID."""

    def __init__(
        self, config: dict[str, Any], errors: ClientErrors, tally: Tally
    ) -> None:
        """Make the producer; it connects by itself.

        Args:
            config: A librdkafka configuration; it is not logged.
            errors: Is told of the client's errors.
            tally: Is told of each card's delivery.
        """
        self._client_errors = errors
        self._tally = tally
        self._producer = Producer(
            {
                **config,
                "error_cb": self._on_error,
                "logger": _LOGGER,
                "on_delivery": self._on_failure,
                # What is delivered is counted by what is gone from the queue: a call
                # into Python for each card would cost as much as the card.
                "delivery.report.only.error": True,
            }
        )
        self._sent = 0
        if errors.passwords:
            errors.passwords.follow(self._producer)

    def send_until(
        self,
        stop: Event,
        records: Iterable[Outgoing],
        *,
        pause_seconds: float,
        report: Callable[[Tally], None] | None = None,
    ) -> None:
        """Send records until ``stop`` is set or there are no more.

        Args:
            stop: Ends the loop, within a fraction of a second.
            records: What to send.
            pause_seconds: The time between two records, kept on average; 0: none.
            report: Is called now and then, and each time the loop waits.

        Raises:
            KafkaError: The login is refused, or the client broke.
            GoodsflowError: A record cannot be made.
        """
        due = time.monotonic()
        following = iter(records)
        # One ahead: nobody should wait for a record that does not come.
        upcoming = next(following, None)
        while upcoming is not None and not stop.is_set():
            self._poll_until(due, stop)
            if report:
                report(self._tally)
            # After an outage go on from now: no burst to catch up with the past.
            now = time.monotonic()
            due = max(due, now - max(pause_seconds, _CATCH_UP_SECONDS))
            room = _POLL_RECORDS
            if pause_seconds:
                room = min(room, 1 + int((now - due) / pause_seconds))
            due += room * pause_seconds
            self._send(chain((upcoming,), islice(following, room - 1)), stop)
            upcoming = next(following, None)

    def flush(self) -> int:
        """Wait for the last cards as long as some arrive; return how many are left."""
        left = len(self._producer)
        while left:
            still_left = self._producer.flush(_FLUSH_SECONDS)
            if still_left >= left:
                break
            left = still_left
        self._note_deliveries()
        return len(self._producer)

    def _send(self, records: Iterable[Outgoing], stop: Event) -> None:
        """Send a few records, or fewer when told to stop meanwhile."""
        produce = self._producer.produce
        for key, value, is_card in records:
            while True:
                try:
                    produce(TOPIC, value, key)
                    break
                except BufferError:
                    # The queue is full: the brokers are slow or away. Wait with them.
                    self._poll(_POLL_SECONDS)
                    if stop.is_set():
                        return
                except KafkaException as error:
                    raise OperationFailedError(
                        f"Cannot send card '{key.decode(errors='replace')}' to topic "
                        f"'{TOPIC}': {error.args[0].str()}."
                    ) from error
            self._sent += 1
            if not is_card:
                self._tally.malformed += 1

    def _poll_until(self, due: float, stop: Event) -> None:
        while True:
            remaining = due - time.monotonic()
            self._poll(min(max(remaining, 0), _POLL_SECONDS))
            if stop.is_set() or remaining <= 0:
                return

    def _poll(self, timeout_seconds: float) -> None:
        try:
            self._producer.poll(timeout_seconds)
        except KafkaException as error:
            raise OperationFailedError(
                f"The producer to topic '{TOPIC}' broke for good: "
                f"{error.args[0].str()}. Start it again."
            ) from error
        self._note_deliveries()
        self._client_errors.raise_if_unrecoverable()

    def _note_deliveries(self) -> None:
        gone = self._sent - len(self._producer)
        self._tally.delivered = gone - self._tally.failed
        if self._tally.take_note():
            self._client_errors.on_success()

    def _on_error(self, error: KafkaError) -> None:
        self._client_errors.on_error(error)
        self._tally.problem = self._client_errors.problem

    def _on_failure(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            return
        _LOGGER.warning(
            "Card '%s' was not delivered to topic '%s': %s",
            (message.key() or b"").decode(errors="replace"),
            TOPIC,
            error.str(),
        )
        self._tally.note_failure(error.str())
