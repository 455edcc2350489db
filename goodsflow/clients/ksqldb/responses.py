"""Parse ksqlDB's responses: rows, descriptions, errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import httpx2

from goodsflow.clients.ksqldb.errors import (
    KsqlDeniedError,
    KsqlError,
    KsqlNotMaterializedError,
    KsqlResponseError,
    KsqlStartingError,
    KsqlStatementError,
    KsqlUnauthorizedError,
)
from goodsflow.common.counting import counted

SourceKind = Literal["STREAM", "TABLE"]

_BAD_STATEMENT = 40001
# It has the code of a bad statement, so only the text distinguishes it.
_NOT_MATERIALIZED = re.compile(
    r"Materialized data for .* is not available yet|"
    r"Cannot determine which host contains",
    re.IGNORECASE | re.DOTALL,
)
_ERRORS: Mapping[int, tuple[type[KsqlError], str]] = {
    400: (KsqlStatementError, ""),
    401: (
        KsqlUnauthorizedError,
        " Use the credentials of a user that the server knows.",
    ),
    403: (
        KsqlDeniedError,
        " Kafka's ACLs deny ksqlDB's principal: see its rights in platform.yaml.",
    ),
    503: (
        KsqlStartingError,
        " It is starting, or its principal may not use its command topic.",
    ),
}


@dataclass(frozen=True)
class SourceTable:
    """A table or stream as the server describes it.

    Attributes:
        name: In the server's spelling: in upper case unless it was quoted.
        columns: Types by column, in order: ``STRUCT<AMOUNT DOUBLE>``.
        key: The key's columns.
        statement: The statement that created it; empty if the server does not say.
        write_queries: Queries that write to it and must be terminated before a DROP.
    """

    name: str
    kind: SourceKind
    topic: str
    value_format: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    statement: str
    write_queries: tuple[str, ...]


@dataclass(frozen=True)
class QueryResult:
    """The complete result of a query."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


@contextmanager
def expected(what: str, url: str) -> Iterator[None]:
    """Convert errors of parsing a malformed response."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise KsqlResponseError(
            unexpected(what, url, f"{type(error).__name__}: {error}")
        ) from error


def unexpected(what: str, url: str, found: str) -> str:
    """Return the message for a response that ksqlDB should not send."""
    return (
        f"Cannot {what}: {url} does not answer like ksqlDB 7.9 ({found}). Is it a "
        "ksqlDB server?"
    )


def split_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a response that are not empty, from any chunks.

    Lines end only at line feeds: strings in a row may contain other characters that
    Python, and so httpx2, treats as line ends.
    """
    pending: list[bytes] = []
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        pending.append(first)
        for piece in others:
            if line := b"".join(pending).strip():
                yield line
            pending = [piece]
    if line := b"".join(pending).strip():
        yield line


def as_result(lines: Iterator[bytes], what: str, url: str) -> QueryResult:
    """Parse a header and its rows.

    Args:
        lines: The lines, without empty ones.
        what: What was attempted, for messages.
        url: The server's address, for messages.

    Raises:
        KsqlResponseError: The server sent an error after some rows.
        ValueError: The response is malformed.
    """
    header = json.loads(next(lines, b"null"))
    columns = tuple(header["columnNames"])
    rows: list[list[Any]] = []
    for line in lines:
        row = json.loads(line)
        if isinstance(row, dict):
            # An error after some rows: the result is incomplete.
            raise KsqlResponseError(
                f"Cannot {what}: ksqlDB at {url} stopped after "
                f"{counted(len(rows), 'row')}: "
                f"{row.get('message', 'no reason given')}"
            )
        if not isinstance(row, list) or len(row) != len(columns):
            raise ValueError(f"row {len(rows)} does not have {len(columns)} columns")
        rows.append(row)
    return QueryResult(columns, rows)


def as_source(described: Mapping[str, Any]) -> SourceTable:
    """Parse the response of DESCRIBE."""
    fields = described["fields"]
    return SourceTable(
        name=described["name"],
        kind="TABLE" if described["type"] == "TABLE" else "STREAM",
        topic=described["topic"],
        value_format=described["valueFormat"],
        columns={field["name"]: _described_type(field["schema"]) for field in fields},
        key=tuple(field["name"] for field in fields if field.get("type") == "KEY"),
        statement=described.get("statement") or "",
        write_queries=tuple(
            query["id"] for query in described.get("writeQueries") or ()
        ),
    )


def _described_type(schema: Mapping[str, Any]) -> str:
    kind = str(schema["type"])
    if kind == "STRUCT":
        fields = ", ".join(
            f"{field['name']} {_described_type(field['schema'])}"
            for field in schema["fields"]
        )
        return f"STRUCT<{fields}>"
    if kind in {"ARRAY", "MAP"}:
        return f"{kind}<{_described_type(schema['memberSchema'])}>"
    return {"STRING": "VARCHAR", "INT": "INTEGER"}.get(kind, kind)


def named_error(response: httpx2.Response, what: str, url: str) -> KsqlError:
    """Return the error for an error response.

    Args:
        response: The error response, read completely.
        what: What was attempted, for the message.
        url: The server's address, for the message.
    """
    # Responses of /query-stream have no content type: only the body shows its form.
    try:
        answer = response.json()
    except ValueError:
        answer = None
    answer = answer if isinstance(answer, dict) else {}
    text = str(answer.get("message") or "")
    message = " ".join((text or response.text).split())[:500] or "no reason given"
    status = response.status_code
    if answer.get("error_code") == _BAD_STATEMENT and _NOT_MATERIALIZED.search(text):
        return KsqlNotMaterializedError(
            f"Cannot {what}: ksqlDB at {url} has not read the table from its topic "
            f"yet ({message})"
        )
    kind, advice = _ERRORS.get(status, (KsqlResponseError, ""))
    return kind(
        f"Cannot {what}: ksqlDB at {url} answers {status}: "
        f"{message.rstrip('.')}.{advice}"
    )


def shortened(statement: str) -> str:
    """Return a statement for a message, on one line and shortened."""
    text = " ".join(statement.split())
    return text if len(text) <= 80 else f"{text[:77]}..."
