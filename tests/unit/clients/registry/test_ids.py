"""The newest schema's ID, from a registry that cuts off its response."""

from __future__ import annotations

import socket
from threading import Thread

import pytest

from goodsflow.clients.registry import RegistryUnavailableError
from goodsflow.clients.registry.ids import latest_schema_id


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"+PONG\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull",
        b"",
    ],
)
def test_an_incomplete_response_is_an_error(answer: bytes) -> None:
    """A registry may stop meanwhile; following cards must continue."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        with pytest.raises(RegistryUnavailableError, match="does not answer"):
            latest_schema_id(f"http://127.0.0.1:{server.getsockname()[1]}", "events")
        thread.join()
