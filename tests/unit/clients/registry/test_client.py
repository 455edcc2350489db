"""The registry's client, against a small server that acts as Apicurio."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from goodsflow.clients.registry import (
    IncompatibleSchemaError,
    InvalidSchemaError,
    RegistryClient,
    RegistryError,
    RegistryUnavailableError,
    SubjectNotFoundError,
    canonical_text,
)

SCHEMA = '{\n  "title": "T", "type": "object"\n}'


class Registry(ThreadingHTTPServer):
    """Answers from a table of (method, path), and records requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {}
        self.received: list[Any] = []

    @property
    def url(self) -> str:
        """The address of its API."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Registry

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.server.received.append(json.loads(self.rfile.read(length) or "null"))
        key = (self.command, self.path.split("?")[0])
        status, body = self.server.answers[key]
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep the test's output clean."""


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry on a free port."""
    with Registry() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def client(registry: Registry) -> Iterator[RegistryClient]:
    """A client of that registry."""
    client = RegistryClient(registry.url, timeout_seconds=2)
    yield client
    client.close()


def test_two_layouts_of_a_schema_are_registered_as_one_text(
    registry: Registry, client: RegistryClient
) -> None:
    """For Apicurio, other white space makes a new version."""
    registry.answers["POST", "/subjects/goods-value/versions"] = (200, {"id": 4})
    compact = json.dumps(json.loads(SCHEMA), separators=(",", ":"))
    assert client.register("goods-value", SCHEMA) == 4
    assert client.register("goods-value", compact) == 4
    assert [sent["schema"] for sent in registry.received] == [compact, compact]
    assert canonical_text(SCHEMA) == compact


def test_an_incompatible_schema_is_refused_with_the_registrys_reasons(
    registry: Registry, client: RegistryClient
) -> None:
    """`409` alone does not say what to change."""
    registry.answers["POST", "/subjects/goods-value/versions"] = (
        409,
        {
            "message": "io.apicurio.registry.rules.RuleViolationException: "
            "Incompatible artifact: goods-value [JSON], num of incompatible diffs: "
            "{2}, list of diff types: [SUBSCHEMA_TYPE_CHANGED at /properties/a, "
            "OBJECT_TYPE_REQUIRED_PROPERTIES_MEMBER_ADDED at /required]",
            "error_code": 409,
        },
    )
    with pytest.raises(IncompatibleSchemaError) as caught:
        client.register("goods-value", SCHEMA)
    assert caught.value.reasons == (
        "SUBSCHEMA_TYPE_CHANGED at /properties/a",
        "OBJECT_TYPE_REQUIRED_PROPERTIES_MEMBER_ADDED at /required",
    )
    assert "'goods-value'" in str(caught.value)


def test_the_newest_version_is_asked_for_each_time(
    registry: Registry, client: RegistryClient
) -> None:
    """The library's cache would hide a version registered by someone else."""
    place = ("GET", "/subjects/goods-value/versions/latest")
    for version in (1, 2):
        registry.answers[place] = (
            200,
            {"subject": "goods-value", "version": version, "id": 9, "schema": "{}"},
        )
        assert client.latest("goods-value").version == version


def test_compatibility_that_was_never_set_reads_as_none(
    registry: Registry, client: RegistryClient
) -> None:
    """Confluent's registry says 404 here; Apicurio 200."""
    registry.answers["GET", "/config/goods-value"] = (
        200,
        {"compatibilityLevel": "NONE"},
    )
    assert client.compatibility("goods-value") == "NONE"


def test_setting_and_testing_compatibility_ask_for_the_subject(
    registry: Registry, client: RegistryClient
) -> None:
    """Without the subject, the registry's global default would change."""
    registry.answers["PUT", "/config/source.goods-value"] = (
        200,
        {"compatibility": "BACKWARD"},
    )
    client.set_compatibility("source.goods-value", "BACKWARD")
    assert registry.received == [{"compatibility": "BACKWARD"}]
    place = "/compatibility/subjects/source.goods-value/versions/latest"
    registry.answers["POST", place] = (200, {"is_compatible": False})
    assert not client.is_compatible("source.goods-value", SCHEMA)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, SubjectNotFoundError),
        (422, InvalidSchemaError),
        (503, RegistryUnavailableError),
        (500, RegistryError),
        (401, RegistryError),
    ],
)
def test_each_status_has_its_error(
    registry: Registry, client: RegistryClient, status: int, error: type[Exception]
) -> None:
    """Callers treat a missing subject, an outage and a refusal differently."""
    registry.answers["GET", "/subjects/goods-value/versions/latest"] = (
        status,
        {"error_code": 1, "message": "because"},
    )
    with pytest.raises(error) as caught:
        client.latest("goods-value")
    assert type(caught.value) is error
    assert "'goods-value'" in str(caught.value)


def test_subjects_are_listed_sorted(registry: Registry, client: RegistryClient) -> None:
    """Otherwise a plan's list would change from run to run."""
    registry.answers["GET", "/subjects"] = (200, ["b", "a"])
    assert client.subjects() == ["a", "b"]


def test_a_registry_that_is_away_is_named() -> None:
    """The library's own error names neither the registry nor the request."""
    client = RegistryClient("http://127.0.0.1:9", timeout_seconds=0.2)
    with pytest.raises(RegistryUnavailableError, match="list the subjects"):
        client.subjects()


def test_an_invalid_address_is_refused() -> None:
    """A typo in an address is not an outage."""
    with pytest.raises(RegistryError, match="'nowhere'"):
        RegistryClient("nowhere")
