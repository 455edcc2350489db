"""ksqlDB: a plain client over its REST API, SQL for it, and its errors.

Here: one method for each endpoint, and how SQL names and literals are written. Not
here: which views should exist (``goodsflow.model.spec``), and when to retry
(``goodsflow.desired_state.providers``, ``goodsflow.pipeline.search``).
"""

from goodsflow.clients.ksqldb.client import Credentials, KsqlClient
from goodsflow.clients.ksqldb.errors import (
    KsqlDeniedError,
    KsqlError,
    KsqlNotListeningError,
    KsqlNotMaterializedError,
    KsqlResponseError,
    KsqlStartingError,
    KsqlStatementError,
    KsqlUnauthorizedError,
    KsqlUnavailableError,
)
from goodsflow.clients.ksqldb.responses import QueryResult, SourceTable
from goodsflow.clients.ksqldb.sql import create_source_table, literal

__all__ = [
    "Credentials",
    "KsqlClient",
    "KsqlDeniedError",
    "KsqlError",
    "KsqlNotListeningError",
    "KsqlNotMaterializedError",
    "KsqlResponseError",
    "KsqlStartingError",
    "KsqlStatementError",
    "KsqlUnauthorizedError",
    "KsqlUnavailableError",
    "QueryResult",
    "SourceTable",
    "create_source_table",
    "literal",
]
