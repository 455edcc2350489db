"""The Connect client, against a small HTTP server."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from goodsflow.clients.connect import (
    ConnectClient,
    ConnectError,
    ConnectExistsError,
    ConnectInvalidConfigError,
    ConnectNotFoundError,
    ConnectNotStoppedError,
    ConnectRebalancingError,
    ConnectRefusedError,
    ConnectUnavailableError,
    ConnectUnknownClassError,
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
        """The server's address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Takes requests of any method."""

    server: Worker

    def handle_any(self) -> None:
        """Record the request, and send the prepared answer."""
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

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing."""


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
    """A client of that server."""
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
def test_each_error_response_has_its_class(
    worker: Worker,
    client: ConnectClient,
    status: int,
    message: str,
    error: type[ConnectError],
) -> None:
    """Retries depend on the class: a 409 passes, a 400 never does."""
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
            "type": "sink",
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
    assert status.kind == "sink"
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
    """Restarting running tasks would stop the flow for nothing."""
    worker.answer = (202, None)
    client.restart_failed("a/b")
    assert worker.requests == [
        ("POST", "/connectors/a%2Fb/restart?includeTasks=true&onlyFailed=true", None)
    ]


def test_offsets_come_as_the_connector_names_them(worker: Worker) -> None:
    """Only its offsets show how far a source is behind."""
    partition, offset = {"topic": "goods", "partition": 1}, {"offset": 7}
    worker.answer = (200, {"offsets": [{"partition": partition, "offset": offset}]})
    with ConnectClient(worker.url) as client:
        assert client.offsets("mm2-source") == [(partition, offset)]
    assert worker.requests == [("GET", "/connectors/mm2-source/offsets", None)]


def test_a_connector_is_created_in_the_state_asked_for(
    worker: Worker, client: ConnectClient
) -> None:
    """If it were created and then stopped, it would run for a moment."""
    worker.answer = (201, {"name": "sink"})
    client.create("sink", {"a": "b"}, "STOPPED")
    body = {"name": "sink", "config": {"a": "b"}, "initial_state": "STOPPED"}
    assert worker.requests == [("POST", "/connectors", body)]


def test_a_name_that_is_taken_is_no_rebalance(
    worker: Worker, client: ConnectClient
) -> None:
    """Both answer 409: as a rebalance, it would be retried forever."""
    worker.answer = (409, {"message": "Connector sink already exists"})
    with pytest.raises(ConnectExistsError, match="already exists"):
        client.create("sink", {})


def test_stop_and_the_change_of_offsets_ask_as_connect_takes_it(
    worker: Worker, client: ConnectClient
) -> None:
    """Connect rejects any other form, and the connector stays stopped."""
    worker.answer = (204, None)
    partition: dict[str, object] = {"kafka_topic": "goods", "kafka_partition": 1}
    client.stop("sink")
    client.alter_offsets("sink", [(partition, {"kafka_offset": 7}), (partition, None)])
    client.reset_offsets("sink")
    assert worker.requests == [
        ("PUT", "/connectors/sink/stop", None),
        (
            "PATCH",
            "/connectors/sink/offsets",
            {
                "offsets": [
                    {"partition": partition, "offset": {"kafka_offset": 7}},
                    {"partition": partition, "offset": None},
                ]
            },
        ),
        ("DELETE", "/connectors/sink/offsets", None),
    ]


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        (400, "Connectors must be in the STOPPED state", ConnectNotStoppedError),
        (500, "its tasks haven't stopped completely yet", ConnectNotStoppedError),
        (400, "The partition must contain the keys", ConnectRefusedError),
        (500, "Failed to alter consumer group offsets", ConnectRefusedError),
        (404, "Connector sink not found", ConnectNotFoundError),
    ],
)
def test_offsets_of_a_connector_that_has_not_stopped_can_be_tried_again(
    worker: Worker,
    client: ConnectClient,
    status: int,
    message: str,
    error: type[ConnectError],
) -> None:
    """A stop takes a moment; a permanent error must not be waited for."""
    worker.answer = (status, {"message": message})
    with pytest.raises(error, match=message):
        client.reset_offsets("sink")


def validated(*errors: str, value: str | None, kind: str = "INT") -> dict[str, object]:
    """Return a worker's answer about ``flush.size``."""
    definition = {"name": "flush.size", "type": kind}
    found = {"name": "flush.size", "value": value, "errors": list(errors)}
    return {"configs": [{"definition": definition, "value": found}]}


def test_a_validation_says_what_is_wrong_and_what_is_in_effect(
    worker: Worker, client: ConnectClient
) -> None:
    """Ignoring undefined settings would make two configurations seem equal."""
    message = "Invalid value 0 for configuration flush.size: Value must be at least 1"
    worker.answer = (200, validated(message, value="0"))
    config = {"connector.class": "a.B", "flush.size": "0", "consumer.override.x": "y"}
    found = client.validate(config)
    assert found.errors == ("flush.size: must be at least 1",)
    assert found.effective == config
    assert worker.requests == [
        ("PUT", "/connector-plugins/a.B/config/validate", config)
    ]


def test_a_default_is_in_effect_and_two_passwords_stay_two(
    worker: Worker, client: ConnectClient
) -> None:
    """Connect masks all passwords: a new one would look like the old one."""
    worker.answer = (200, validated(value="1000"))
    assert client.validate({"connector.class": "B"}).effective["flush.size"] == "1000"
    worker.answer = (200, validated(value="[hidden]", kind="PASSWORD"))
    given = {"connector.class": "B", "flush.size": "${file:a:b}"}
    assert client.validate(given).effective == given


@pytest.mark.parametrize(
    "message",
    [
        "Invalid value s3cr et for configuration flush.size: Not a number of type INT",
        "Invalid value s3cr\net for configuration flush.size",
        "Invalid value s3cr et for configuration flush.size: s3cr et is no number",
        "Class s3cr et could not be found.",
    ],
)
def test_what_a_reference_stands_for_is_not_shown(
    worker: Worker, client: ConnectClient, message: str
) -> None:
    """The worker resolves references first, so its messages contain secrets."""
    worker.answer = (200, validated(message, value="s3cr et"))
    found = client.validate({"connector.class": "B", "flush.size": "${file:a:b}"})
    assert found.errors
    assert "s3cr" not in f"{found} {found!r}"


@pytest.mark.parametrize(
    "message",
    [
        "2 error(s):\nInvalid value s3cret for configuration a.b: no\nsee there",
        "Connector config {password=s3cret, x={}} contains no connector type",
    ],
)
def test_a_refusal_does_not_quote_values(
    worker: Worker, client: ConnectClient, message: str
) -> None:
    """A rejected configuration ends up in logs, with its resolved secrets."""
    worker.answer = (400, {"message": message})
    with pytest.raises(ConnectInvalidConfigError, match=r"\.\.\.") as refused:
        client.put_config("sink", {})
    assert "s3cret" not in str(refused.value)


def test_a_trace_does_not_quote_values(worker: Worker, client: ConnectClient) -> None:
    """A task that fails over its configuration quotes it in its trace."""
    trace = "ConfigException: Invalid value s3cret for configuration a: no\n\tat x"
    failed = {"state": "FAILED", "worker_id": "w", "trace": trace}
    worker.answer = (200, {"connector": failed, "tasks": []})
    assert client.status("sink").failures == (
        "connector: ConfigException: Invalid value ... for configuration a: no\n\tat x",
    )


def test_an_unknown_class_is_told_with_those_that_exist(
    worker: Worker, client: ConnectClient
) -> None:
    """Connect's own answer is an internal error as long as a screen."""
    worker.answer = (
        500,
        {
            "message": "org.x.ConnectException: Failed to find any class "
            "that implements Connector and which name matches x.Y, "
            "available connectors are: "
            "PluginDesc{klass=class a.B, name='a.B', version='1', typeName='sink'}, "
            "PluginDesc{klass=class a.C, name='a.C', version='1', typeName='source'}"
        },
    )
    with pytest.raises(ConnectUnknownClassError, match=r"x\.Y; it has a\.B, a\.C$"):
        client.validate({"connector.class": "x.Y"})


def test_a_configuration_without_a_class_is_not_sent(client: ConnectClient) -> None:
    """The worker's answer to it quotes the whole configuration."""
    with pytest.raises(ConnectInvalidConfigError, match=r"without 'connector\.class'"):
        client.validate({"name": "sink"})
