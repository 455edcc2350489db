"""What a librdkafka client reports beside its calls: outages, refused logins."""

from __future__ import annotations

import logging

from confluent_kafka import KafkaError

from goodsflow.endpoints import ClusterName
from goodsflow.errors import GoodsflowError
from goodsflow.kafka.errors import AuthenticationFailedError, OperationFailedError

_LOGGER = logging.getLogger(__name__)

_REFUSED_LOGINS = frozenset(
    {
        KafkaError._AUTHENTICATION,  # noqa: SLF001 - librdkafka's public error codes
        KafkaError._SSL,  # noqa: SLF001
        KafkaError.SASL_AUTHENTICATION_FAILED,
    }
)
_TOLERATED_REFUSALS = 5


class ClientFaults:
    """Collects the errors of one client: give ``on_error`` to it as ``error_cb``.

    Librdkafka tries again by itself, for ever, whatever the error. Two kinds are worth
    giving up for: a fatal one, and a login that is refused over and over. A single
    refusal is none: a broker that goes down during a login looks the same.

    Attributes:
        trouble: What is wrong at the moment, for a person; None where nothing is.
    """

    def __init__(self, cluster: ClusterName, principal: str) -> None:
        self.trouble: str | None = None
        self._who = f"as principal '{principal}' to cluster '{cluster}'"
        self._refusals = 0
        self._reason_to_give_up: GoodsflowError | None = None

    def on_error(self, error: KafkaError) -> None:
        """Take an error that librdkafka reports; called from ``poll``."""
        self.trouble = error.str()
        # At a warning's level it is in the log already, by librdkafka.
        _LOGGER.debug("Connection %s: %s", self._who, self.trouble)
        if error.fatal():
            self._reason_to_give_up = OperationFailedError(
                f"The connection {self._who} broke for good: {self.trouble}. Start the "
                "service again."
            )
        elif error.code() in _REFUSED_LOGINS:
            self._refusals += 1
            if self._refusals > _TOLERATED_REFUSALS:
                self._reason_to_give_up = AuthenticationFailedError(
                    f"Cannot log in {self._who}: {self.trouble}. Was its password "
                    "changed, or the CA? `goodsflow up` puts both right."
                )

    def on_success(self) -> None:
        """Note that a broker has answered: what was wrong is over."""
        self.trouble = None
        self._refusals = 0

    def raise_if_hopeless(self) -> None:
        """Give up where librdkafka would try in vain for ever.

        Raises:
            AuthenticationFailedError: The login is refused over and over.
            OperationFailedError: The client has a fatal error.
        """
        if self._reason_to_give_up:
            raise self._reason_to_give_up
