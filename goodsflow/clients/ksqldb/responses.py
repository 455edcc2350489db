"""What ksqlDB answers, read: rows, descriptions, errors."""

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

SourceKind = Literal["STREAM", "TABLE"]

_BAD_STATEMENT = 40001
# With the code of a bad statement, it is told from one by its text alone.
_NOT_MATERIALIZED = re.compile(
    r"Materialized data for .* is not available yet|"
    r"Cannot determine which host contains",
    re.IGNORECASE | re.DOTALL,
)
_ERRORS: Mapping[int, tuple[type[KsqlError], str]] = {
    400: (KsqlStatementError, ""),
    401: (
        KsqlUnauthorizedError,
        " Give the credentials of a user that the server knows.",
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
        name: As the server knows it, in upper case where it was not quoted.
        columns: Types by column, in order: ``STRUCT<AMOUNT DOUBLE>``.
        key: The key's columns.
        statement: What it was made with; empty where the server does not say.
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
    """The whole answer to a query."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


@contextmanager
def expected(what: str, url: str) -> Iterator[None]:
    """Name an answer that has not the form it should have."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise KsqlResponseError(
            unexpected(what, url, f"{type(error).__name__}: {error}")
        ) from error


def unexpected(what: str, url: str, found: str) -> str:
    """Return the message of an answer that ksqlDB should not give."""
    return (
        f"Cannot {what}: what answers at {url} is not what ksqlDB 7.9 answers "
        f"({found}). Is it a ksqlDB server?"
    )


def split_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of an answer that have content, however it is cut into chunks.

    At line feeds alone: a text within a row may hold the other characters that Python,
    and httpx2 with it, takes for the end of a line.
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
    """Read a header and its rows.

    Args:
        lines: Without empty ones.
        what: What was attempted, for messages.
        url: Of the server, for messages.

    Raises:
        KsqlResponseError: The server stopped with an error after the first rows.
        ValueError: Something is not what it should be.
    """
    header = json.loads(next(lines, b"null"))
    columns = tuple(header["columnNames"])
    rows: list[list[Any]] = []
    for line in lines:
        row = json.loads(line)
        if isinstance(row, dict):
            # An error after the first rows: what came so far is not the whole.
            raise KsqlResponseError(
                f"Cannot {what}: ksqlDB at {url} stopped after {len(rows)} rows: "
                f"{row.get('message', 'no reason given')}"
            )
        if not isinstance(row, list) or len(row) != len(columns):
            raise ValueError(f"row {len(rows)} has not {len(columns)} columns")
        rows.append(row)
    return QueryResult(columns, rows)


def as_source(described: Mapping[str, Any]) -> SourceTable:
    """Read what DESCRIBE answers."""
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
    """Return the error that a refusal stands for.

    Args:
        response: Whole, and no success.
        what: What was attempted, for the message.
        url: Of the server, for the message.
    """
    # Those of /query-stream carry no content type: the body alone tells.
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
    """Return a statement for a message: on one line, and not too long."""
    text = " ".join(statement.split())
    return text if len(text) <= 80 else f"{text[:77]}..."
