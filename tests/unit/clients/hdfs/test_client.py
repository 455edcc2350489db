"""The WebHDFS client, against a small server that acts as a NameNode."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from goodsflow.clients.hdfs import (
    HdfsClient,
    HdfsError,
    HdfsNotFoundError,
    HdfsRefusedError,
    HdfsUnavailableError,
)


class NameNode(BaseHTTPRequestHandler):
    """Answers from a table of (operation, path), and records requests."""

    protocol_version = "HTTP/1.1"
    answers: ClassVar[dict[tuple[str, str], tuple[int, dict[str, Any]]]] = {}
    asked: ClassVar[list[tuple[str, str, dict[str, str]]]] = []

    def _answer(self) -> None:
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        path = unquote(url.path).removeprefix("/webhdfs/v1")
        self.asked.append((query["op"], path, query))
        code, body = self.answers.get((query["op"], path), (200, {"boolean": True}))
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_DELETE = _answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing."""


def remote(exception: str, message: str) -> dict[str, Any]:
    """Return an error in WebHDFS's format."""
    return {"RemoteException": {"exception": exception, "message": message}}


def entry(name: str, kind: str = "FILE") -> dict[str, Any]:
    """Return a file's status in WebHDFS's format."""
    return {
        "pathSuffix": name,
        "type": kind,
        "length": 12,
        "modificationTime": 1_768_907_462_123,
        "owner": "connect",
        "group": "supergroup",
        "permission": "755",
    }


@pytest.fixture
def namenode() -> Iterator[str]:
    """Serve WebHDFS answers on a free port; return its address."""
    NameNode.answers.clear()
    NameNode.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), NameNode)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(namenode: str) -> Iterator[HdfsClient]:
    """Return a client of that server."""
    with HdfsClient(namenode, "dagster", timeout_seconds=5) as client:
        yield client


def test_directory_is_listed_by_name(client: HdfsClient) -> None:
    """A plus sign in a path is data, and must survive the URL."""
    entries = [entry("b+1.json"), entry("a", "DIRECTORY")]
    NameNode.answers["LISTSTATUS", "/d"] = (
        200,
        {"FileStatuses": {"FileStatus": entries}},
    )
    found = client.list_directory("/d")
    assert [status.path for status in found] == ["/d/a", "/d/b+1.json"]
    assert [status.is_directory for status in found] == [True, False]
    assert found[1].size == 12
    assert found[1].modified_at.isoformat() == "2026-01-20T11:11:02.123000+00:00"
    assert NameNode.asked[0][2]["user.name"] == "dagster"


def test_directory_gets_its_owner_and_mode(client: HdfsClient) -> None:
    """Mkdirs applies the umask, and does not change an existing directory."""
    client.make_directory("/d", owner="connect", mode="755")
    operations = [(operation, path) for operation, path, _ in NameNode.asked]
    assert operations == [("MKDIRS", "/d"), ("SETPERMISSION", "/d"), ("SETOWNER", "/d")]
    assert NameNode.asked[1][2]["permission"] == "755"
    assert NameNode.asked[2][2]["owner"] == "connect"


def test_deletion_says_whether_there_was_something(client: HdfsClient) -> None:
    """A plan must not count a deletion of nothing."""
    NameNode.answers["DELETE", "/none"] = (200, {"boolean": False})
    assert client.delete("/d", recursive=True)
    assert not client.delete("/none")


@pytest.mark.parametrize(
    ("code", "exception", "message", "kind"),
    [
        (404, "FileNotFoundException", "File /d does not exist.", HdfsNotFoundError),
        (403, "AccessControlException", "Permission denied", HdfsRefusedError),
        (403, "SafeModeException", "Name node is in safe mode.", HdfsUnavailableError),
        (403, "RetriableException", "still starting", HdfsUnavailableError),
        (500, "IOException", "Namenode is in startup mode", HdfsUnavailableError),
        (400, "IllegalArgumentException", "no such parameter", HdfsError),
    ],
)
def test_refusals_have_names(
    client: HdfsClient, code: int, exception: str, message: str, kind: type[HdfsError]
) -> None:
    """Only an outage is retried, so it must differ from a refusal."""
    NameNode.answers["GETFILESTATUS", "/d"] = (code, remote(exception, message))
    with pytest.raises(HdfsError, match=message) as raised:
        client.status("/d")
    assert type(raised.value) is kind
    assert "'/d'" in str(raised.value)


def test_unreachable_namenode_is_named() -> None:
    """A bare socket error would not say which system is down."""
    with (
        HdfsClient("http://127.0.0.1:9", "dagster", timeout_seconds=2) as client,
        pytest.raises(HdfsUnavailableError, match="Is the NameNode up"),
    ):
        client.list_directory("/")


def test_proxy_of_the_environment_is_not_used(
    client: HdfsClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A company's proxy cannot reach a NameNode on loopback or in a private network."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    NameNode.answers["GETFILESTATUS", "/d"] = (200, {"FileStatus": entry("")})
    assert client.status("/d").owner == "connect"


def test_rename_that_is_not_done_is_an_error(client: HdfsClient) -> None:
    """The NameNode reports a taken name without an exception."""
    client.rename("/a+1", "/b+1")
    operation, path, query = NameNode.asked[-1]
    assert (operation, path, query["destination"]) == ("RENAME", "/a+1", "/b+1")
    NameNode.answers["RENAME", "/a+1"] = (200, {"boolean": False})
    with pytest.raises(HdfsRefusedError, match=r"rename to '/b\+1' '/a\+1'"):
        client.rename("/a+1", "/b+1")
    error = remote("FileNotFoundException", "File does not exist")
    NameNode.answers["RENAME", "/a+1"] = (404, error)
    with pytest.raises(HdfsNotFoundError):
        client.rename("/a+1", "/b+1")
