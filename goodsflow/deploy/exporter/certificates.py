"""Expiry of certificates: those that brokers present, and the CA's own."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from goodsflow.deploy.exporter.errors import CertificateError

_HANDSHAKE_SECONDS = 5.0


def served_certificate_expiry(address: str) -> datetime:
    """Return when the certificate expires that a TLS server presents.

    The certificate is not verified, so that an expired or foreign one is reported, too.

    Args:
        address: host:port.

    Raises:
        CertificateError: No TLS server answers at the address.
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
            presented = secured.getpeercert(binary_form=True)
    except OSError as error:
        raise CertificateError(
            f"Cannot read the certificate of {address}: {error}. Is the broker up?"
        ) from error
    if presented is None:
        raise CertificateError(f"{address} presents no certificate.")
    return x509.load_der_x509_certificate(presented).not_valid_after_utc.astimezone(UTC)


def file_certificate_expiry(file: Path) -> datetime:
    """Return when the first certificate in a PEM file expires.

    Raises:
        CertificateError: The file cannot be read, or has no certificate.
    """
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError) as error:
        raise CertificateError(
            f"Cannot read a certificate from {file}: {error}"
        ) from error
    return certificate.not_valid_after_utc.astimezone(UTC)
