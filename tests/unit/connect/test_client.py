"""The Connect client against a small HTTP server of its own."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from goodsflow.connect import (
    ConnectClient,
    ConnectError,
    ConnectInvalidConfigError,
    ConnectNotFoundError,
    ConnectRebalancingError,
    ConnectRefusedError,
    ConnectUnavailableError,
)


class Worker(ThreadingHTTPServer):
    """Answers every request with one prepared answer, and keeps the requests."""

    answer: tuple[int, object] = (200, {})

    def __init__(self) -> None:
        """Listen on a free port of loopback."""
        self.requests: list[tuple[str, str, object]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Takes requests of any method."""

    server: Worker

    def handle_any(self) -> None:
        """Keep the request, send the prepared answer."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.requests.append(
            (self.command, self.path, json.loads(body) if body else None)
        )
        status, answer = self.server.answer
        content = json.dumps(answer).encode() if answer is not None else b""
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = handle_any  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay quiet."""


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A worker that serves until the test ends."""
    with Worker() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def client(worker: Worker) -> Iterator[ConnectClient]:
    """A client of it."""
    with ConnectClient(worker.url, timeout_seconds=5) as client:
        yield client


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        (400, "invalid", ConnectInvalidConfigError),
        (404, "unknown", ConnectNotFoundError),
        (409, "rebalance", ConnectRebalancingError),
        (500, "Request timed out. The worker is starting", ConnectUnavailableError),
        (500, "broken", ConnectRefusedError),
        (503, "starting", ConnectUnavailableError),
    ],
)
def test_each_refusal_has_its_name(
    worker: Worker,
    client: ConnectClient,
    status: int,
    message: str,
    error: type[ConnectError],
) -> None:
    """Who tries again goes by the name: a 409 passes, a 400 never does."""
    worker.answer = (status, {"error_code": status, "message": message})
    with pytest.raises(error, match=f"'sink'.* answers {status}: {message}"):
        client.put_config("sink", {"a": "b"})


def test_a_silent_worker_is_unavailable() -> None:
    """A raw transport error would end the wait for a worker that starts."""
    with (
        ConnectClient("http://127.0.0.1:1", timeout_seconds=1) as client,
        pytest.raises(ConnectUnavailableError, match="Is the worker up"),
    ):
        client.worker()


def test_a_status_tells_what_runs_and_what_failed(
    worker: Worker, client: ConnectClient
) -> None:
    """A connector is RUNNING while its only task is dead."""
    worker.answer = (
        200,
        {
            "name": "sink",
            "connector": {"state": "RUNNING", "worker_id": "w:1"},
            "tasks": [
                {"id": 0, "state": "RUNNING", "worker_id": "w:1"},
                {"id": 1, "state": "FAILED", "worker_id": "w:1", "trace": "boom\nat"},
            ],
        },
    )
    status = client.status("sink")
    assert not status.is_running
    assert status.failures == ("task 1: boom\nat",)
    assert str(status) == "connector 'sink' RUNNING, task 0 RUNNING, task 1 FAILED"


def test_a_connector_without_tasks_does_not_run(
    worker: Worker, client: ConnectClient
) -> None:
    """Right after its creation it has none: too early to call it running."""
    worker.answer = (
        200,
        {"connector": {"state": "RUNNING", "worker_id": "w"}, "tasks": []},
    )
    assert not client.status("sink").is_running


def test_a_restart_is_for_what_has_failed_alone(
    worker: Worker, client: ConnectClient
) -> None:
    """Restarting tasks that run would stop the flow for nothing."""
    worker.answer = (202, None)
    client.restart_failed("a/b")
    assert worker.requests == [
        ("POST", "/connectors/a%2Fb/restart?includeTasks=true&onlyFailed=true", None)
    ]


def test_offsets_come_as_the_connector_names_them(worker: Worker) -> None:
    """How far a source is behind is in nothing else that it says."""
    partition, offset = {"topic": "goods", "partition": 1}, {"offset": 7}
    worker.answer = (200, {"offsets": [{"partition": partition, "offset": offset}]})
    with ConnectClient(worker.url) as client:
        assert client.offsets("mm2-source") == [(partition, offset)]
    assert worker.requests == [("GET", "/connectors/mm2-source/offsets", None)]
