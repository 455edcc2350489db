"""Detect refused logins of a client that retries in the background forever."""

from __future__ import annotations

from typing import Any

from confluent_kafka import KafkaError

from goodsflow.clients.kafka.config import client_config
from goodsflow.clients.kafka.error_codes import REFUSED_LOGINS
from goodsflow.clients.kafka.errors import AuthenticationFailedError
from goodsflow.clients.kafka.passwords import PasswordFollower, SaslClient
from goodsflow.model.endpoints import ClusterName, Endpoints

TOLERATED_REFUSALS = 5
"""A broker that goes down during a login causes a refusal, too."""


class _Refusals:
    """Counts refused logins.

    Clients hold this object, not their owner. A reference cycle with the owner would
    leave them to the garbage collector, which may run in one of the client's own
    threads; librdkafka aborts the process if a client is destroyed from there.
    """

    def __init__(self) -> None:
        self.count = 0

    def note(self, error: KafkaError) -> None:
        """Count an error if it is a refused login."""
        if error.code() in REFUSED_LOGINS:
            self.count += 1


class AuthFailureWatch:
    """Watches a client's logins, and passes it each new password.

    Args:
        endpoints: The platform's addresses.
        cluster: The cluster that the client logs in to.
        principal: The principal that it logs in as.
        attempted: For messages: "read 'events' on cluster 'analytics' as 'user'".

    Attributes:
        config: The configuration to create the client with; it contains the password.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        cluster: ClusterName,
        principal: str,
        attempted: str,
    ) -> None:
        self._attempted = attempted
        self._refusals = _Refusals()
        self._passwords = PasswordFollower(endpoints, cluster, principal)
        self.config: dict[str, Any] = {
            **client_config(endpoints, cluster, principal),
            # Errors are raised as exceptions; librdkafka would also print them.
            "log_level": 0,
            "error_cb": self._refusals.note,
        }

    def follow(self, client: SaslClient) -> None:
        """Pass each new password to the client from now on."""
        self._passwords.follow(client)

    def note_success(self) -> None:
        """Reset the count: a broker has answered."""
        self._refusals.count = 0

    def raise_if_refused(self, tolerated: int = TOLERATED_REFUSALS) -> None:
        """Raise if logins are refused repeatedly and the password file has not changed.

        Refusals are counted while the client is polled.

        Args:
            tolerated: So many refusals are ignored, as a broker may be going down.

        Raises:
            AuthenticationFailedError: There were more refusals.
        """
        if self._refusals.count and self._passwords.refresh():
            self._refusals.count = 0
        if self._refusals.count > tolerated:
            raise AuthenticationFailedError(
                f"Cannot {self._attempted}: the brokers refuse the login. Was the "
                "password changed, or the CA? `goodsflow up` fixes both."
            )
