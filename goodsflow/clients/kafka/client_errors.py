"""What a librdkafka client reports beside its calls: outages, refused logins."""

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
"""How long a login may be refused: librdkafka tries again several times a second."""


class ClientErrors:
    """Collects the errors of one client: give ``on_error`` to it as ``error_cb``.

    Librdkafka tries again by itself, for ever, whatever the error. Two kinds are worth
    giving up for: a fatal one, and a login that is refused over and over. A single
    refusal is none: a broker that goes down during a login looks the same, and nothing
    may tell of the login after it for long. So one more login is made before it gives
    up. Where the password file has changed, a refused login is tried again with what it
    holds now.

    Attributes:
        problem: What is wrong at the moment, for a person; None where nothing is.
        passwords: Follows the principal's password file; None: its password stays.
    """

    def __init__(
        self,
        cluster: ClusterName,
        principal: str,
        clock: Callable[[], float] = time.monotonic,
        passwords: PasswordFollower | None = None,
        is_refused: Callable[[], bool] | None = None,
    ) -> None:
        """Begin with nothing wrong.

        Args:
            cluster: Where the client connects.
            principal: As whom.
            clock: Tells seconds.
            passwords: Follows the principal's password file; None: it stays.
            is_refused: Logs in and tells whether a broker refuses that, False where
                none answers; None: the client's own word is taken.
        """
        self.problem: str | None = None
        self._who = f"as principal '{principal}' to cluster '{cluster}'"
        self._clock = clock
        self._is_refused = is_refused
        self.passwords = passwords
        self._refused_since: float | None = None
        self._fatal: str | None = None

    def on_error(self, error: KafkaError) -> None:
        """Take an error that librdkafka reports; called from ``poll``."""
        self.problem = error.str()
        # At a warning's level it is in the log already, by librdkafka.
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
        """Note that a broker has answered: what was wrong is over."""
        self.problem = None
        self._refused_since = None

    def raise_if_unrecoverable(self) -> None:
        """Give up where librdkafka would try in vain for ever.

        Raises:
            AuthenticationFailedError: The login has been refused for a while.
            OperationFailedError: The client has a fatal error.
        """
        if self._fatal:
            raise OperationFailedError(
                f"The connection {self._who} broke for good: {self._fatal}. Start the "
                "service again."
            )
        # Another thread's client may succeed meanwhile.
        refused_since = self._refused_since
        if refused_since is None:
            return
        # Librdkafka reports a refusal that repeats only every 30 s.
        if self._refresh_password():
            return
        if self._clock() - refused_since >= _REFUSED_SECONDS:
            if self._is_refused and not self._is_refused():
                self._refused_since = None
                return
            raise AuthenticationFailedError(
                f"Cannot log in {self._who}: {self.problem}. Was its password changed, "
                "or the CA? `goodsflow up` puts both right."
            )

    def _refresh_password(self) -> bool:
        if self.passwords is None or not self.passwords.refresh():
            return False
        self._refused_since = None
        return True
