"""A small HTTP server that answers as a real ksqlDB 7.9 was seen to answer."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.unit.clients.ksqldb.fake_sql import (
    Parser,
    Source,
    StatementRefused,
    parse_create,
    parse_select,
)

DELIMITED = "application/vnd.ksqlapi.delimited.v1"
STATEMENTS = "application/vnd.ksql.v1+json"
NOT_MATERIALIZED = (
    "Materialized data for key [12348] is not available yet. Try again later.",
    "Cannot determine which host contains the required partitions.",
)


class FakeKsqldb(ThreadingHTTPServer):
    """It keeps topics and sources in memory; tests can make it misbehave.

    Attributes:
        records: Of each topic, values by key; a struct's fields in any case.
        sources: What was created.
        requests: Method, path, Accept header and body of what was asked.
        starting: How many requests are still answered with 503.
        unread: How many queries are still answered with "not materialized".
        denied: A Kafka operation that ACLs deny to every statement that creates.
        user: With its password, where the server asks for one.
        chunk_bytes: Into how large pieces an answer is cut.
        cut_after: Break an answer off after so many bytes, without an end.
        trailer: An object sent after the rows, as an error in the middle is.
    """

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on a free port of loopback."""
        self.records: dict[str, dict[str, Any]] = {"source.goods-filtered": {}}
        self.sources: dict[str, Source] = {}
        self.requests: list[tuple[str, str, str | None, Any]] = []
        self.starting = 0
        self.unread = 0
        self.denied = ""
        self.user: tuple[str, str] | None = None
        self.chunk_bytes = 7
        self.cut_after: int | None = None
        self.trailer: dict[str, Any] | None = None
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def asked(self, path: str) -> list[Any]:
        """Return the bodies of the requests of a path."""
        return [body for _, where, _, body in self.requests if where == path]

    def rows(self, source: Source) -> list[dict[str, Any]]:
        """Return a source's rows: the key wins over the value's own column."""
        return [
            _shaped(value, source.columns) | {str(source.key): key}
            for key, value in self.records[source.topic].items()
            if value is not None
        ]


def _shaped(value: Mapping[str, Any], columns: Mapping[str, Any]) -> dict[str, Any]:
    given = {name.upper(): content for name, content in value.items()}
    shaped: dict[str, Any] = {}
    for name, kind in columns.items():
        content = given.get(name)
        if isinstance(kind, dict) and isinstance(content, dict):
            content = _shaped(content, kind)
        if kind == "DOUBLE" and isinstance(content, str):
            content = 0.0
        shaped[name] = content
    return shaped


@contextmanager
def serving() -> Iterator[FakeKsqldb]:
    """Serve as long as the context is open."""
    with FakeKsqldb() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: FakeKsqldb

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing."""

    def do_GET(self) -> None:
        """Answer /info and /healthcheck."""
        self.server.requests.append(("GET", self.path, self.headers["Accept"], None))
        if self._refused():
            return
        if self.path == "/info":
            info = {"version": "7.9.0", "serverStatus": "RUNNING"}
            self._send(200, {"KsqlServerInfo": info}, STATEMENTS)
        elif self.path == "/healthcheck":
            self._send(200, {"isHealthy": True}, STATEMENTS)
        else:
            self._send(404, {"error_code": 40400, "message": "Not Found"}, STATEMENTS)

    def do_POST(self) -> None:
        """Answer /ksql and /query-stream."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            asked = json.loads(body)
        except ValueError:
            self._error(500, 50000, "not JSON")
            return
        self.server.requests.append(("POST", self.path, self.headers["Accept"], asked))
        if self._refused():
            return
        try:
            if self.path == "/ksql":
                self._statements(asked)
            else:
                self._query(asked["sql"])
        except StatementRefused as error:
            self._error(400, 40001, str(error), "statement_error")

    def _refused(self) -> bool:
        if self.server.starting:
            self.server.starting -= 1
            self._error(503, 50302, "KSQL is not yet ready to serve requests.")
            return True
        if self.server.user is None or self.path == "/healthcheck":
            return False
        expected = base64.b64encode(":".join(self.server.user).encode()).decode()
        if self.headers["Authorization"] == f"Basic {expected}":
            return False
        self._error(401, 40100, "Unauthorized")
        return True

    def _statements(self, asked: Mapping[str, Any]) -> None:
        if self.headers["Content-Type"] != STATEMENTS:
            self._error(415, 41500, "HTTP 415 Unsupported Media Type")
            return
        parser = Parser(asked.get("ksql") or "")
        answers = []
        while parser.tokens:
            verb = parser.take("CREATE", "LIST", "DESCRIBE", "DROP")
            if verb == "CREATE" and self.server.denied:
                self._error(
                    403,
                    40301,
                    f"Authorization denied to {self.server.denied} on topic(s): "
                    "[source.goods-filtered]",
                )
                return
            answer = getattr(self, f"_{verb.lower()}")(parser)
            parser.take(";")
            if answer is None:
                return
            answers.append(answer)
        self._send(200, answers, STATEMENTS)

    def _create(self, parser: Parser) -> dict[str, Any] | None:
        source, may_exist = parse_create(parser)
        if source.name in self.server.sources:
            if may_exist:
                return {"@type": "warning_entity", "message": "already exists."}
            raise StatementRefused(f"Cannot add table '{source.name}': it exists")
        if source.topic not in self.server.records:
            self._error(400, 40000, f"Kafka topic does not exist: {source.topic}")
            return None
        self.server.sources[source.name] = source
        return {
            "@type": "currentStatus",
            "commandId": f"table/`{source.name}`/create",
            "commandStatus": {"status": "SUCCESS", "message": "Table created"},
        }

    def _list(self, parser: Parser) -> dict[str, Any]:
        kind = parser.take("STREAMS", "TABLES")
        found = [
            {"type": s.kind, "name": s.name, "topic": s.topic}
            for s in self.server.sources.values()
            if f"{s.kind}S" == kind
        ]
        return {"@type": kind.lower(), kind.lower(): found, "warnings": []}

    def _describe(self, parser: Parser) -> dict[str, Any]:
        name = parser.take()
        if name not in self.server.sources:
            raise StatementRefused(f"Could not find STREAM/TABLE '{name}'")
        source = self.server.sources[name]
        fields = [_field(column, kind) for column, kind in source.columns.items()]
        for each in fields:
            if each["name"] == source.key:
                each["type"] = "KEY"
        described = {
            "name": name,
            "type": source.kind,
            "topic": source.topic,
            "valueFormat": source.value_format,
            "fields": fields,
            "statement": source.statement,
            "readQueries": [],
            "writeQueries": [],
        }
        return {"@type": "sourceDescription", "sourceDescription": described}

    def _drop(self, parser: Parser) -> dict[str, Any]:
        parser.take("TABLE", "STREAM")
        del self.server.sources[parser.take()]
        status = {"status": "SUCCESS", "message": "dropped"}
        return {"@type": "currentStatus", "commandStatus": status}

    def _query(self, sql: str) -> None:
        select = parse_select(Parser(sql), self.server.sources)
        if self.server.unread:
            self.server.unread -= 1
            text = NOT_MATERIALIZED[self.server.unread % 2]
            raise StatementRefused(text)
        rows = [
            [value(row) for value in select.columns.values()]
            for row in self.server.rows(select.source)
            if select.condition(row)
        ][: select.limit]
        header = {
            "queryId": "transient_1",
            "columnNames": list(select.columns),
            "columnTypes": list(select.types.values()),
        }
        accept = self.headers["Accept"]
        if accept in {None, "*/*", DELIMITED}:
            lines = [header, *rows]
            if self.server.trailer:
                lines.append(self.server.trailer)
            text = "".join(f"{_json(line)}\n" for line in lines)
            self._send_chunked(f"{text}\n".encode(), DELIMITED)
        elif accept == "application/json":
            self._send_chunked(_json([header, *rows]).encode(), accept)
        else:
            legacy = [{"header": header}, *({"row": {"columns": r}} for r in rows)]
            self._send_chunked(_json(legacy).encode(), STATEMENTS)

    def _error(
        self, status: int, code: int, message: str, kind: str = "generic_error"
    ) -> None:
        answer = {"@type": kind, "error_code": code, "message": message}
        is_query = self.path == "/query-stream"
        self._send(status, answer, None if is_query else STATEMENTS)

    def _send(self, status: int, answer: Any, content_type: str | None) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        if content_type:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _send_chunked(self, content: bytes, content_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        size = self.server.chunk_bytes
        end = len(content) if self.server.cut_after is None else self.server.cut_after
        for start in range(0, end, size):
            chunk = content[start : min(start + size, end)]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            self.wfile.flush()
        if self.server.cut_after is None:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True


def _field(name: str, kind: Any) -> dict[str, Any]:
    return {"name": name, "schema": _schema(kind)}


def _schema(kind: Any) -> dict[str, Any]:
    if isinstance(kind, dict):
        fields = [_field(name, inner) for name, inner in kind.items()]
        return {"type": "STRUCT", "fields": fields, "memberSchema": None}
    name = {"VARCHAR": "STRING"}.get(kind, kind)
    return {"type": name, "fields": None, "memberSchema": None}


def _json(value: Any) -> str:
    # As Java writes it: characters beyond ASCII as they are, line separators too.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
