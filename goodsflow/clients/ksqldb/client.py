"""A plain client of ksqlDB's REST API.

https://docs.ksqldb.io/en/latest/developer-guide/ksqldb-rest-api/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import httpx2

from goodsflow.clients.ksqldb.errors import (
    KsqlNotListeningError,
    KsqlResponseError,
    KsqlStatementError,
    KsqlUnavailableError,
)
from goodsflow.clients.ksqldb.responses import (
    QueryResult,
    SourceKind,
    SourceTable,
    as_result,
    as_source,
    expected,
    named_error,
    shortened,
    split_lines,
    unexpected,
)
from goodsflow.clients.ksqldb.sql import identifier
from goodsflow.common.closeable import Closeable
from goodsflow.common.secrets import Secret
from goodsflow.common.waiting import Deadline
from goodsflow.model.endpoints import Endpoints

STATEMENTS = "application/vnd.ksql.v1+json"
ROWS = "application/vnd.ksqlapi.delimited.v1"
"""Newline-delimited JSON: a header, then a line for each row."""


@dataclass(frozen=True)
class Credentials:
    """Credentials for basic authentication."""

    user: str
    password: Secret


class KsqlClient(Closeable):
    """A client of one server. Its constructor does not connect.

    Args:
        url: Address of the server.
        timeout_seconds: The time limit of each request with its whole response.
        credentials: None if the server needs no login.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float = 30.0,
        credentials: Credentials | None = None,
    ) -> None:
        self.url = url
        self._timeout_seconds = timeout_seconds
        auth = None
        if credentials is not None:
            auth = httpx2.BasicAuth(credentials.user, credentials.password.reveal())
        # A proxy from the environment could not reach the platform on this host.
        self._http = httpx2.Client(
            base_url=url, timeout=timeout_seconds, trust_env=False, auth=auth
        )

    @classmethod
    def connect(cls, endpoints: Endpoints, *, timeout_seconds: float = 30.0) -> Self:
        """Return a client of the platform's server, with credentials if it has a user.

        Raises:
            KsqlUnavailableError: The platform has no ksqlDB.
            EndpointsError: The user has no password file.
        """
        if endpoints.ksqldb_url is None:
            raise KsqlUnavailableError(
                "This platform has no ksqlDB: its endpoints.json has no 'ksqldb_url'."
            )
        credentials = None
        if endpoints.ksqldb_user is not None:
            password = endpoints.ksqldb_password()
            credentials = Credentials(endpoints.ksqldb_user, password)
        return cls(
            endpoints.ksqldb_url,
            timeout_seconds=timeout_seconds,
            credentials=credentials,
        )

    def close(self) -> None:
        """Close the connections; the client cannot be used afterwards."""
        self._http.close()

    def check_ready(self) -> None:
        """Check that the server takes statements.

        Raises:
            KsqlStartingError: It does not yet.
            KsqlError: The server refused or did not answer.
        """
        self._ask("GET", "/info", "ask whether ksqlDB is ready", None)

    def sources(self) -> dict[str, SourceKind]:
        """Return the kinds of tables and streams by name.

        Raises:
            KsqlError: The server refused or did not answer.
        """
        found: dict[str, SourceKind] = {}
        kinds: tuple[tuple[SourceKind, str], ...] = (
            ("STREAM", "streams"),
            ("TABLE", "tables"),
        )
        for kind, entity in kinds:
            answer = self._entity(f"LIST {entity.upper()};", entity, f"list {entity}")
            found |= {each["name"]: kind for each in answer[entity]}
        return found

    def describe(self, name: str) -> SourceTable:
        """Return the description of a table or stream.

        Args:
            name: A name that ``sources`` returned.

        Raises:
            KsqlStatementError: There is no such table or stream.
            KsqlError: The server refused or did not answer.
        """
        what = f"describe '{name}'"
        answer = self._entity(
            f"DESCRIBE {identifier(name)};", "sourceDescription", what
        )
        with expected(what, self.url):
            return as_source(answer["sourceDescription"])

    def execute(self, statement: str) -> list[dict[str, Any]]:
        """Execute one statement and return the server's response.

        Args:
            statement: The statement with its semicolon.

        Raises:
            KsqlStatementError: The server rejects the statement; nothing was done.
            KsqlDeniedError: Kafka's ACLs deny the server's principal what it needs.
            KsqlError: The server refused otherwise, or did not answer.
        """
        what = f"execute '{shortened(statement)}'"
        answer = self._ask(
            "POST", "/ksql", what, {"ksql": statement, "streamsProperties": {}}
        )
        if not isinstance(answer, list):
            raise KsqlResponseError(unexpected(what, self.url, "not a list of results"))
        for entity in answer:
            status = entity.get("commandStatus") or {}
            if status.get("status") == "ERROR":
                raise KsqlStatementError(
                    f"Cannot {what}: ksqlDB at {self.url} answers: "
                    f"{status.get('message', 'no reason given')}"
                )
        return answer

    def query(self, statement: str) -> QueryResult:
        """Return the rows of one pull query.

        Args:
            statement: One SELECT, with its semicolon and literals escaped.

        Raises:
            KsqlNotMaterializedError: The server is still reading the table.
            KsqlStatementError: The server rejects the statement.
            KsqlError: The server refused otherwise, or did not answer in time.
        """
        what = f"query '{shortened(statement)}'"
        deadline = Deadline(self._timeout_seconds)
        with (
            self._answering(what),
            self._http.stream(
                "POST",
                "/query-stream",
                json={"sql": statement, "properties": {}},
                headers={"Accept": ROWS},
            ) as response,
        ):
            if not response.is_success:
                response.read()
                raise named_error(response, what, self.url)
            chunks = self._until(response.iter_bytes(), deadline, what)
            with expected(what, self.url):
                return as_result(split_lines(chunks), what, self.url)

    def _until(
        self, chunks: Iterator[bytes], deadline: Deadline, what: str
    ) -> Iterator[bytes]:
        """Yield chunks until the deadline; a timeout per chunk does not ensure it."""
        for chunk in chunks:
            if deadline.is_over:
                raise KsqlUnavailableError(
                    f"Cannot {what}: ksqlDB at {self.url} did not finish within "
                    f"{self._timeout_seconds:g} s. Try again with more time."
                )
            yield chunk

    def _entity(self, statement: str, kind: str, what: str) -> dict[str, Any]:
        body = {"ksql": statement, "streamsProperties": {}}
        answer = self._ask("POST", "/ksql", what, body)
        with expected(what, self.url):
            (entity,) = [each for each in answer if each["@type"] == kind]
            return dict(entity)

    def _ask(
        self, method: str, path: str, what: str, body: Mapping[str, Any] | None
    ) -> Any:
        with self._answering(what):
            response = self._http.request(
                method,
                path,
                content=None if body is None else json.dumps(body),
                headers={"Accept": STATEMENTS, "Content-Type": STATEMENTS},
            )
        if not response.is_success:
            raise named_error(response, what, self.url)
        with expected(what, self.url):
            return response.json()

    @contextmanager
    def _answering(self, what: str) -> Iterator[None]:
        try:
            yield
        except httpx2.RemoteProtocolError as error:
            raise KsqlUnavailableError(
                f"Cannot {what}: ksqlDB at {self.url} cut off its response ({error}). "
                "Try again."
            ) from error
        except httpx2.HTTPError as error:
            kind = (
                KsqlNotListeningError
                if isinstance(error, httpx2.ConnectError)
                else KsqlUnavailableError
            )
            raise kind(
                f"Cannot {what}: no answer from ksqlDB at {self.url} "
                f"({type(error).__name__}). Is the server up?"
            ) from error
