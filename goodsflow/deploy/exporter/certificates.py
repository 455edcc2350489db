"""When certificates end: those that brokers show, and the CA's own."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from goodsflow.deploy.exporter.errors import CertificateError

_HANDSHAKE_SECONDS = 5.0


def served_until(address: str) -> datetime:
    """Return when the certificate ends that a TLS server shows.

    It is taken unverified: one that has ended, or is another's, is to be seen too.

    Args:
        address: host:port.

    Raises:
        CertificateError: No TLS server answers there.
    """
    host, _, port = address.rpartition(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, int(port)), _HANDSHAKE_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            shown = secured.getpeercert(binary_form=True)
    except OSError as error:
        raise CertificateError(
            f"Cannot see the certificate of {address}: {error}. Is the broker up?"
        ) from error
    if shown is None:
        raise CertificateError(f"{address} shows no certificate.")
    return x509.load_der_x509_certificate(shown).not_valid_after_utc.astimezone(UTC)


def written_until(file: Path) -> datetime:
    """Return when the first certificate in a PEM file ends.

    Raises:
        CertificateError: The file cannot be read, or holds none.
    """
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError) as error:
        raise CertificateError(
            f"Cannot read a certificate from {file}: {error}"
        ) from error
    return certificate.not_valid_after_utc.astimezone(UTC)
