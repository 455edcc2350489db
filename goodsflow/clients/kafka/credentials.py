"""Principals' password files, and whether a login with them succeeds."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from goodsflow.clients.kafka.config import client_config
from goodsflow.clients.kafka.errors import ClusterUnavailableError
from goodsflow.clients.kafka.login import log_in
from goodsflow.common.secrets import Secret, write_secret
from goodsflow.model.endpoints import ClusterName, Endpoints, EndpointsError

_PARALLEL_LOGINS = 16


def credential_works(
    endpoints: Endpoints,
    cluster: ClusterName,
    principal: str,
    timeout_seconds: float = 10,
    password: Secret | None = None,
) -> bool:
    """Log in as a principal and return whether that succeeds.

    Args:
        endpoints: The platform's addresses.
        cluster: The cluster to log in to.
        principal: The principal to log in as.
        timeout_seconds: How long to try.
        password: The password to try; None means the one in its file.

    Returns:
        False if a broker refused the login.

    Raises:
        ClusterUnavailableError: No broker answered, so the result is unknown.
        EndpointsError: The principal has no password file.
    """
    config = client_config(endpoints, cluster, principal)
    if password is not None:
        config["sasl.password"] = password.reveal()
    login = log_in(config, timeout_seconds)
    if login.error and not login.refused:
        raise ClusterUnavailableError(
            f"Cannot check whether '{principal}' can log in to cluster '{cluster}' "
            f"({endpoints.bootstrap_servers[cluster]}): {login.error}. "
            "Are its brokers up?"
        )
    return login.error is None


def is_login_refused(
    endpoints: Endpoints, cluster: ClusterName, principal: str
) -> bool:
    """Log in as a principal; return whether a broker refuses (False if none answers).

    Raises:
        EndpointsError: The principal has no password file.
    """
    try:
        return not credential_works(endpoints, cluster, principal)
    except ClusterUnavailableError:
        return False


@dataclass(frozen=True)
class PasswordFiles:
    """The password files of a cluster's principals."""

    endpoints: Endpoints
    cluster: ClusterName
    timeout_seconds: float = 10

    def password(self, principal: str) -> Secret:
        """Read a principal's password.

        Raises:
            EndpointsError: The principal has no password file.
        """
        return self.endpoints.password(self.cluster, principal)

    def has(self, principal: str) -> bool:
        """Return whether a principal has a password file."""
        return self.endpoints.password_file(self.cluster, principal).exists()

    def ensure(self, principal: str) -> Secret:
        """Read a principal's password; create one if it has none.

        Raises:
            EndpointsError: The file cannot be read or written.
        """
        path = self.endpoints.password_file(self.cluster, principal)
        if not path.exists():
            try:
                write_secret(path)
            except OSError as error:
                raise EndpointsError(
                    f"Cannot write the password of principal '{principal}' on cluster "
                    f"'{self.cluster}' to {path}: {error.strerror}."
                ) from error
        return self.password(principal)

    def working(self, principals: Iterable[str]) -> dict[str, bool]:
        """Log in as each principal, in parallel; return whether each succeeded.

        Raises:
            ClusterUnavailableError: No broker answered.
            EndpointsError: A principal has no password file.
        """
        names = list(principals)
        with ThreadPoolExecutor(max_workers=_PARALLEL_LOGINS) as pool:
            return dict(zip(names, pool.map(self._works, names), strict=True))

    def _works(self, principal: str) -> bool:
        return credential_works(
            self.endpoints, self.cluster, principal, self.timeout_seconds
        )
