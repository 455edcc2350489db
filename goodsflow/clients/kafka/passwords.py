"""Handing a password that has changed to clients that live longer than it.

A cluster keeps the connections that are there when a password changes; the next login
needs the new one. Whoever changes it replaces the file, so that is where to look.
"""

from __future__ import annotations

import logging
from typing import Protocol

from goodsflow.model.endpoints import ClusterName, Endpoints, EndpointsError

_LOGGER = logging.getLogger(__name__)


class SaslClient(Protocol):
    """A librdkafka client: a producer, a consumer or an administrative one."""

    def set_sasl_credentials(self, username: str, password: str) -> None:
        """Take what the next logins are made with."""


class PasswordFollower:
    """Knows a principal's password file, and the clients that log in with it.

    Args:
        endpoints: Of the platform.
        cluster: Where the clients log in.
        principal: As whom. Make the follower before the clients' configurations: a
            change between the two is then noticed.

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
        """Give a client each new password from now on.

        Args:
            client: A client; made from a configuration that may be old.
            role: What it is to its owner: a client takes the place of the one before.
        """
        self._clients[role] = client
        if self._known != self._first:
            self._hand_to(client)

    def refresh(self) -> bool:
        """Look at the file; hand its password on where it has changed.

        Returns:
            Whether it had.
        """
        try:
            found = self._endpoints.password(self._cluster, self._principal)
        except EndpointsError as error:
            # What it last held may still be right; the brokers tell.
            _LOGGER.warning("Staying with the password that is known: %s", error)
            return False
        if found == self._known:
            return False
        self._known = found
        for client in self._clients.values():
            self._hand_to(client)
        _LOGGER.info(
            "Took up the new password of principal '%s' on cluster '%s'",
            self._principal,
            self._cluster,
        )
        return True

    def _hand_to(self, client: SaslClient) -> None:
        client.set_sasl_credentials(self._principal, self._known.reveal())
