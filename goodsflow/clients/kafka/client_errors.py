"""Errors that a librdkafka client reports by callback: outages, refused logins."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from confluent_kafka import KafkaError

from goodsflow.clients.kafka.error_codes import REFUSED_LOGINS
from goodsflow.clients.kafka.errors import (
    AuthenticationFailedError,
    OperationFailedError,
)
from goodsflow.clients.kafka.passwords import PasswordFollower
from goodsflow.model.endpoints import ClusterName

_LOGGER = logging.getLogger(__name__)

_ABSENCES = frozenset(
    {
        KafkaError._TRANSPORT,  # noqa: SLF001 - librdkafka's public error codes
        KafkaError._RESOLVE,  # noqa: SLF001
    }
)
_REFUSED_SECONDS = 15.0
"""How long a login may be refused; librdkafka retries several times a second."""


class ClientErrors:
    """Collects one client's errors: pass ``on_error`` to the client as ``error_cb``.

    Librdkafka retries forever, whatever the error. Two kinds are unrecoverable: fatal
    ones, and a login that is refused again and again. A single refusal proves nothing:
    a broker that goes down during a login causes it too, and the next successful login
    may not be reported for long. So this logs in once more before it gives up. If the
    password file has changed, the next login uses the new password.

    Attributes:
        problem: What is wrong at the moment; None if nothing is.
        passwords: Follows the principal's password file; None if its password never
            changes.
    """

    def __init__(
        self,
        cluster: ClusterName,
        principal: str,
        clock: Callable[[], float] = time.monotonic,
        passwords: PasswordFollower | None = None,
        is_refused: Callable[[], bool] | None = None,
    ) -> None:
        """Begin with no problem.

        Args:
            cluster: The cluster that the client connects to.
            principal: The principal that it logs in as.
            clock: Returns the time in seconds.
            passwords: Follows the principal's password file; None if its password never
                changes.
            is_refused: Logs in and returns whether a broker refuses (False if none
                answers). If None, the client's own reports are trusted.
        """
        self.problem: str | None = None
        self._who = f"as principal '{principal}' to cluster '{cluster}'"
        self._clock = clock
        self._is_refused = is_refused
        self.passwords = passwords
        self._refused_since: float | None = None
        self._fatal: str | None = None

    def on_error(self, error: KafkaError) -> None:
        """Note an error; librdkafka calls this from ``poll``."""
        self.problem = error.str()
        # Librdkafka has logged it as a warning already.
        _LOGGER.debug("Connection %s: %s", self._who, self.problem)
        if error.fatal():
            self._fatal = self.problem
        elif error.code() in REFUSED_LOGINS:
            if self._refused_since is None:
                self._refused_since = self._clock()
            self._refresh_password()
        elif error.code() in _ABSENCES:
            self._refused_since = None

    def on_success(self) -> None:
        """Note that a broker has answered, so the problem is over."""
        self.problem = None
        self._refused_since = None

    def raise_if_unrecoverable(self) -> None:
        """Raise if librdkafka would retry forever in vain.

        Raises:
            AuthenticationFailedError: The login has been refused for a while.
            OperationFailedError: The client has a fatal error.
        """
        if self._fatal:
            raise OperationFailedError(
                f"The connection {self._who} failed for good: {self._fatal}. Restart "
                "the service."
            )
        # Another thread's client may reset it meanwhile.
        refused_since = self._refused_since
        if refused_since is None:
            return
        # Librdkafka reports a repeated refusal only every 30 s.
        if self._refresh_password():
            return
        if self._clock() - refused_since >= _REFUSED_SECONDS:
            if self._is_refused and not self._is_refused():
                self._refused_since = None
                return
            raise AuthenticationFailedError(
                f"Cannot log in {self._who}: {self.problem}. Was its password changed, "
                "or the CA? `goodsflow up` fixes both."
            )

    def _refresh_password(self) -> bool:
        if self.passwords is None or not self.passwords.refresh():
            return False
        self._refused_since = None
        return True
