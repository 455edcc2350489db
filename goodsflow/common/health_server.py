"""A small web server with a service's ``/health`` and ``/metrics``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from prometheus_client import CollectorRegistry, make_wsgi_app

from goodsflow.common.errors import GoodsflowError


class WebServerError(GoodsflowError):
    """The web server could not listen on its address."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    """Answers without a log line for each request."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing: probes and scrapes would fill the log."""


def make_app(
    registry: CollectorRegistry, unhealthy_reason: Callable[[], str | None]
) -> WSGIApplication:
    """Return the WSGI application.

    Args:
        registry: The metrics for ``/metrics``.
        unhealthy_reason: Returns why the service is unhealthy; None if it is healthy.
    """
    metrics: WSGIApplication = make_wsgi_app(registry)

    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "").rstrip("/")
        if path == "/metrics":
            return metrics(environ, start)
        if path != "/health":
            return _answer(
                start, "404 Not Found", "This server has /health and /metrics."
            )
        reason = unhealthy_reason()
        if reason:
            return _answer(start, "503 Service Unavailable", reason)
        return _answer(start, "200 OK", "healthy")

    return app


@contextmanager
def serving(host: str, port: int, app: WSGIApplication) -> Iterator[int]:
    """Serve the application in a thread while the context is open.

    Args:
        host: The address to listen on.
        port: The port to listen on; 0 means any free port. The context returns it.
        app: The application.

    Raises:
        WebServerError: It cannot listen on the address.
    """
    try:
        server = make_server(
            host, port, app, server_class=_Server, handler_class=_QuietHandler
        )
    except OSError as error:
        raise WebServerError(
            f"Cannot listen on {host}:{port}: {error.strerror}. Is another copy of the "
            "service running? Configure a free port."
        ) from error
    with server:
        thread = threading.Thread(target=server.serve_forever, name="web", daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def _answer(start: StartResponse, status: str, text: str) -> list[bytes]:
    body = f"{text}\n".encode()
    start(
        status,
        [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
        ],
    )
    return [body]
