"""A small web server that answers as a test says."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Web(ThreadingHTTPServer):
    """Answers as `respond` says: (status, content) for a path and a JSON body."""

    def __init__(self) -> None:
        """Listen on a free port of loopback, and know nothing."""
        self.respond: Callable[[str, Any], tuple[int, object]] = lambda *_: (404, "")
        self.requests: list[tuple[str, Any]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def always(self, content: object, status: int = 200) -> None:
        """Give one answer to everything."""
        self.respond = lambda *_: (status, content)


class Handler(BaseHTTPRequestHandler):
    """Hands a request to its server's `respond`."""

    server: Web

    def answer(self) -> None:
        """Send what `respond` returns: text as it is, anything else as JSON."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        request = (self.path, json.loads(body) if body else None)
        self.server.requests.append(request)
        status, content = self.server.respond(*request)
        text = content if isinstance(content, str) else json.dumps(content)
        self.send_response(status)
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay quiet."""
