"""Pass changed passwords to clients that outlive them.

When a password changes, a cluster keeps its open connections, but the next login needs
the new password. A rotation replaces the password file, so clients watch that file.
"""

from __future__ import annotations

import logging
from typing import Protocol

from goodsflow.model.endpoints import ClusterName, Endpoints, EndpointsError

_LOGGER = logging.getLogger(__name__)


class SaslClient(Protocol):
    """A librdkafka client: a producer, a consumer or an administrative client."""

    def set_sasl_credentials(self, username: str, password: str) -> None:
        """Set the credentials of the next logins."""


class PasswordFollower:
    """Follows a principal's password file for the clients that log in with it.

    Create it before the clients' configurations, so that it notices a change between
    the two.

    Args:
        endpoints: The platform's addresses.
        cluster: The cluster that the clients log in to.
        principal: The principal that they log in as.

    Raises:
        EndpointsError: The principal has no password file.
    """

    def __init__(
        self, endpoints: Endpoints, cluster: ClusterName, principal: str
    ) -> None:
        self._endpoints = endpoints
        self._cluster = cluster
        self._principal = principal
        self._first = self._known = endpoints.password(cluster, principal)
        self._clients: dict[str, SaslClient] = {}

    def follow(self, client: SaslClient, role: str = "client") -> None:
        """Pass each new password to a client from now on.

        Args:
            client: The client; its configuration may have an older password.
            role: Identifies the client: a new client replaces the one of the same role.
        """
        self._clients[role] = client
        if self._known != self._first:
            self._pass_to(client)

    def refresh(self) -> bool:
        """Read the file, and pass on its password if it has changed.

        Returns:
            Whether it has changed.
        """
        try:
            found = self._endpoints.password(self._cluster, self._principal)
        except EndpointsError as error:
            # The last known password may still be right: the brokers decide.
            _LOGGER.warning("Keeping the last known password: %s", error)
            return False
        if found == self._known:
            return False
        self._known = found
        for client in self._clients.values():
            self._pass_to(client)
        _LOGGER.info(
            "Using the new password of principal '%s' on cluster '%s'",
            self._principal,
            self._cluster,
        )
        return True

    def _pass_to(self, client: SaslClient) -> None:
        client.set_sasl_credentials(self._principal, self._known.reveal())
