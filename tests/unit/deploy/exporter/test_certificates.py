"""Expiry of certificates, as presented by servers and as stored in files."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from goodsflow.deploy.exporter.certificates import (
    file_certificate_expiry,
    served_certificate_expiry,
)
from goodsflow.deploy.exporter.errors import CertificateError


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of a key with a certificate for ten days that nobody trusts."""
    folder = tmp_path_factory.mktemp("certificate")
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
        "-subj /CN=nobody -days 10 -keyout key.pem -out certificate.pem"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return folder / "certificate.pem"


@pytest.fixture
def server(certificate: Path) -> Iterator[str]:
    """Return the address of a server that shows it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join(10)


def is_in_ten_days(end: datetime) -> bool:
    """Say whether it is, to the minute."""
    return abs(end - datetime.now(UTC) - timedelta(days=10)) < timedelta(minutes=1)


def test_the_expiry_of_an_untrusted_certificate_is_read(
    server: str,
) -> None:
    """An expired certificate must be reported, too."""
    assert is_in_ten_days(served_certificate_expiry(server))


def test_the_expiry_of_a_certificate_file_is_read(certificate: Path) -> None:
    """No server presents the CA's certificate."""
    assert is_in_ten_days(file_certificate_expiry(certificate))


def test_an_unreachable_address_is_named() -> None:
    """A bare 'connection refused' does not say of which broker."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(CertificateError, match=address):
        served_certificate_expiry(address)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_without_a_certificate_is_named(
    tmp_path: Path, content: str | None
) -> None:
    """A missing CA would end the exporter with a traceback."""
    file = tmp_path / "ca.crt"
    if content is not None:
        file.write_text(content)
    with pytest.raises(CertificateError, match=r"ca\.crt"):
        file_certificate_expiry(file)
