"""Noticing refused logins of a client that tries them in the background, for ever."""

from __future__ import annotations

from typing import Any

from confluent_kafka import KafkaError

from goodsflow.clients.kafka.config import client_config
from goodsflow.clients.kafka.error_codes import REFUSED_LOGINS
from goodsflow.clients.kafka.errors import AuthenticationFailedError
from goodsflow.clients.kafka.passwords import PasswordFollower, SaslClient
from goodsflow.model.endpoints import ClusterName, Endpoints

TOLERATED_REFUSALS = 5
"""A broker that goes down during a login looks like a refusal."""


class _Refusals:
    """Counts refused logins.

    Clients have this called, not their owner. With that in a circle they would be left
    to the garbage collector, which may run in a thread of such a client; librdkafka
    ends the process that destroys a client from within.
    """

    def __init__(self) -> None:
        self.count = 0

    def note(self, error: KafkaError) -> None:
        """Count an error if it is one."""
        if error.code() in REFUSED_LOGINS:
            self.count += 1


class AuthFailureWatch:
    """Watches the logins of one owner's client, and gives it each new password.

    Args:
        endpoints: Of the platform.
        cluster: Where the client logs in.
        principal: As whom.
        attempted: For messages: "read 'events' on cluster 'analytics' as 'user'".

    Attributes:
        config: What to make the client of; it has a password.
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
            # Errors come back as exceptions; librdkafka would print them as well.
            "log_level": 0,
            "error_cb": self._refusals.note,
        }

    def follow(self, client: SaslClient) -> None:
        """Give the client that was made each new password from now on."""
        self._passwords.follow(client)

    def note_success(self) -> None:
        """Forget refusals: the brokers have answered since."""
        self._refusals.count = 0

    def raise_if_refused(self, tolerated: int = TOLERATED_REFUSALS) -> None:
        """Raise where logins are refused again and again, and the password is no news.

        Refusals are noted while the client is polled.

        Args:
            tolerated: So many refusals are taken for a broker that goes down.

        Raises:
            AuthenticationFailedError: There were more.
        """
        if self._refusals.count and self._passwords.refresh():
            self._refusals.count = 0
        if self._refusals.count > tolerated:
            raise AuthenticationFailedError(
                f"Cannot {self._attempted}: the brokers refuse its login. Was its "
                "password changed, or the CA? `goodsflow up` puts both right."
            )
