"""Whether principals can really log in with their password files."""

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
    """Log in as a principal.

    Args:
        endpoints: Of the platform.
        cluster: Where.
        principal: As whom.
        timeout_seconds: How long to try.
        password: What to try; None: what its password file holds.

    Returns:
        False where a broker answered and refused.

    Raises:
        ClusterUnavailableError: Nobody answered, so nothing is known.
        EndpointsError: The principal has no password file.
    """
    config = client_config(endpoints, cluster, principal)
    if password is not None:
        config["sasl.password"] = password.reveal()
    login = log_in(config, timeout_seconds)
    if login.error and not login.refused:
        raise ClusterUnavailableError(
            f"Cannot tell whether '{principal}' can log in to cluster '{cluster}' "
            f"({endpoints.bootstrap_servers[cluster]}): {login.error}. "
            "Are its brokers up?"
        )
    return login.error is None


def is_login_refused(
    endpoints: Endpoints, cluster: ClusterName, principal: str
) -> bool:
    """Log in as a principal; tell whether a broker refused, False where none answers.

    Raises:
        EndpointsError: The principal has no password file.
    """
    try:
        return not credential_works(endpoints, cluster, principal)
    except ClusterUnavailableError:
        return False


@dataclass(frozen=True)
class PasswordFiles:
    """The password files of a cluster's principals, and whether they log in."""

    endpoints: Endpoints
    cluster: ClusterName
    timeout_seconds: float = 10

    def password(self, principal: str) -> Secret:
        """Read a principal's password.

        Raises:
            EndpointsError: It has no password file.
        """
        return self.endpoints.password(self.cluster, principal)

    def has(self, principal: str) -> bool:
        """Say whether a principal has a password file."""
        return self.endpoints.password_file(self.cluster, principal).exists()

    def ensure(self, principal: str) -> Secret:
        """Read a principal's password; make one where it has none.

        Raises:
            EndpointsError: It cannot be read or written.
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
        """Log in as each principal, side by side; return who got in.

        Raises:
            ClusterUnavailableError: Nobody answered.
            EndpointsError: A principal has no password file.
        """
        names = list(principals)
        with ThreadPoolExecutor(max_workers=_PARALLEL_LOGINS) as pool:
            return dict(zip(names, pool.map(self._works, names), strict=True))

    def _works(self, principal: str) -> bool:
        return credential_works(
            self.endpoints, self.cluster, principal, self.timeout_seconds
        )
