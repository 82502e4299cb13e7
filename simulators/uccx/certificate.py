"""A self-signed certificate for loopback, as every fresh UCCX has one of its own."""

from __future__ import annotations

import atexit
import ipaddress
import os
import shutil
import socket
import ssl
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def ensure(path: str) -> Path:
    """The PEM file with certificate and key; created where it does not exist, in a temporary folder
    if none is named.

    The certificate alone, for clients to trust, stands beside it with the suffix ``.crt``.
    """
    file = Path(path) if path else temporary_folder() / "uccx.pem"
    if not file.exists():
        certificate, key = _generate()
        file.with_suffix(".crt").write_bytes(certificate)
        # Created with its rights: nobody else may read the key for a moment.
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as stream:
            stream.write(certificate + key)
    return file


def temporary_folder() -> Path:
    """A folder that is deleted when the process ends."""
    folder = tempfile.mkdtemp(prefix="uccx-simulator-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def server_context(file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def _generate() -> tuple[bytes, bytes]:
    """Certificate and key, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _sign(key)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


def _sign(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    common_name = x509.NameAttribute(NameOID.COMMON_NAME, "uccx-simulator")
    name = x509.Name([common_name])
    # Every way in which a client on this machine may name it.
    names = x509.SubjectAlternativeName(
        [
            x509.DNSName("localhost"),
            x509.DNSName(socket.gethostname()),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        ]
    )
    # A day back, for clocks that are slow; no longer than clients accept.
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=825))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
