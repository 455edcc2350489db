"""The loop that sends cards until it is asked to stop."""

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
"""The longest wait inside librdkafka, during which Python handles no signals."""

_POLL_RECORDS = 200
"""After this many records, deliveries are checked."""

_CATCH_UP_SECONDS = 0.1
"""How far the loop may fall behind its rate and still catch up."""

_FLUSH_SECONDS = 8.0
"""How long the final flush may make no progress: less than a supervisor waits."""


class CardProducer:
    """Sends cards to ``goods``, keyed by product ID."""

    def __init__(
        self, config: dict[str, Any], errors: ClientErrors, tally: Tally
    ) -> None:
        """Create the producer; it connects by itself.

        Args:
            config: A librdkafka configuration. It is not logged.
            errors: Receives the client's errors.
            tally: Counts deliveries.
        """
        self._client_errors = errors
        self._tally = tally
        self._producer = Producer(
            {
                **config,
                "error_cb": self._on_error,
                "logger": _LOGGER,
                "on_delivery": self._on_failure,
                # Deliveries are counted by the length of the queue: a callback into
                # Python for each card would double its cost.
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
            stop: Ends the loop within a fraction of a second.
            records: The records to send.
            pause_seconds: The average time between two records; 0 means no pause.
            report: Called from time to time, and whenever the loop waits.

        Raises:
            KafkaError: The login is refused, or the client failed.
            GoodsflowError: A record can't be created.
        """
        due = time.monotonic()
        following = iter(records)
        # One record ahead, so that the loop doesn't pause after the last one.
        upcoming = next(following, None)
        while upcoming is not None and not stop.is_set():
            self._poll_until(due, stop)
            if report:
                report(self._tally)
            # After an outage, continue at the normal rate: send no burst to catch up.
            now = time.monotonic()
            due = max(due, now - max(pause_seconds, _CATCH_UP_SECONDS))
            room = _POLL_RECORDS
            if pause_seconds:
                room = min(room, 1 + int((now - due) / pause_seconds))
            due += room * pause_seconds
            self._send(chain((upcoming,), islice(following, room - 1)), stop)
            upcoming = next(following, None)

    def flush(self) -> int:
        """Wait as long as cards are being delivered; return how many are left."""
        left = len(self._producer)
        while left:
            still_left = self._producer.flush(_FLUSH_SECONDS)
            if still_left >= left:
                break
            left = still_left
        self._note_deliveries()
        return len(self._producer)

    def _send(self, records: Iterable[Outgoing], stop: Event) -> None:
        """Send records; stop early if ``stop`` is set."""
        produce = self._producer.produce
        for key, value, is_card in records:
            while True:
                try:
                    produce(TOPIC, value, key)
                    break
                except BufferError:
                    # The queue is full: the brokers are slow or down.
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
                f"The producer for topic '{TOPIC}' failed permanently: "
                f"{error.args[0].str()}. Restart it."
            ) from error
        self._note_deliveries()
        self._client_errors.raise_if_unrecoverable()

    def _note_deliveries(self) -> None:
        gone = self._sent - len(self._producer)
        self._tally.delivered = gone - self._tally.failed
        if self._tally.note_deliveries():
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
