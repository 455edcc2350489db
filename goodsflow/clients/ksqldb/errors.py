"""What goes wrong between a client and ksqlDB.

Tree::

    KsqlError
    ├── KsqlUnavailableError           no answer, or not in time: try later
    │   ├── KsqlNotListeningError      nobody takes connections: it is down, or starts
    │   └── KsqlStartingError          it starts, or may not use its command topic (503)
    ├── KsqlNotMaterializedError       it is still reading the table's topic: try later
    ├── KsqlUnauthorizedError          no credentials, or wrong ones (401)
    ├── KsqlDeniedError                Kafka denies ksqlDB's principal something (403)
    ├── KsqlStatementError             the statement is refused, with the server's text
    └── KsqlResponseError                an answer that ksqlDB should not give
"""

from goodsflow.common.errors import GoodsflowError


class KsqlError(GoodsflowError):
    """The server refused or did not answer."""


class KsqlUnavailableError(KsqlError):
    """The server does not answer, or did not in time."""


class KsqlNotListeningError(KsqlUnavailableError):
    """Nothing takes connections at the server's address."""


class KsqlStartingError(KsqlUnavailableError):
    """The server answers that it is not ready yet."""


class KsqlNotMaterializedError(KsqlError):
    """The table is there, but the server has not read it from its topic yet."""


class KsqlUnauthorizedError(KsqlError):
    """The server asks for credentials, or does not take those that were given."""


class KsqlDeniedError(KsqlError):
    """Kafka's ACLs deny the server's principal what a statement needs."""


class KsqlStatementError(KsqlError):
    """The server understood and refused the statement."""


class KsqlResponseError(KsqlError):
    """The answer is broken off, or is not what the API answers."""
