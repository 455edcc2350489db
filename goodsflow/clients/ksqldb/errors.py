"""Errors of ksqlDB's client.

Tree::

    KsqlError
    ├── KsqlUnavailableError           no answer, or not in time
    │   ├── KsqlNotListeningError      it is down or starting
    │   └── KsqlStartingError          not ready, or denied its command topic (503)
    ├── KsqlNotMaterializedError       it is still reading the table's topic
    ├── KsqlUnauthorizedError          no credentials, or wrong ones (401)
    ├── KsqlDeniedError                Kafka denies ksqlDB's principal something (403)
    ├── KsqlStatementError             the server rejects the statement
    └── KsqlResponseError              a response that ksqlDB should not send
"""

from goodsflow.common.errors import GoodsflowError


class KsqlError(GoodsflowError):
    """The server refused or did not answer."""


class KsqlUnavailableError(KsqlError):
    """The server does not answer, or did not in time."""


class KsqlNotListeningError(KsqlUnavailableError):
    """Nothing accepts connections at the server's address."""


class KsqlStartingError(KsqlUnavailableError):
    """The server answers that it is not ready yet."""


class KsqlNotMaterializedError(KsqlError):
    """The table exists, but the server has not read its topic yet."""


class KsqlUnauthorizedError(KsqlError):
    """The server requires credentials, or rejects the given ones."""


class KsqlDeniedError(KsqlError):
    """Kafka's ACLs deny the server's principal what a statement needs."""


class KsqlStatementError(KsqlError):
    """The server understood and rejected the statement."""


class KsqlResponseError(KsqlError):
    """The response is incomplete or malformed."""
