"""A time stamping authority (RFC 3161) on a port: OpenSSL signs, with a certificate of a root of its own."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONFIG = """
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
"""


def make_authority(folder: Path) -> Path:
    """Make the certificates; returns that of the root."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: it is the authority of these tests")
    folder.mkdir()
    root_key, key = (rsa.generate_private_key(65_537, 2_048) for _ in range(2))
    root = _certificate("TSA root", root_key, "TSA root", root_key, is_root=True)
    tsa = _certificate("TSA", key, "TSA root", root_key, is_root=False)
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (folder / "tsa.pem").write_bytes(tsa.public_bytes(Encoding.PEM))
    (folder / "tsa.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "serial").write_text("01\n")
    (folder / "config").write_text(CONFIG.format(folder=folder))
    return folder / "root.pem"


@contextmanager
def authority(folder: Path) -> Iterator[str]:
    """Run the authority whose certificates are in a folder; yields its URL. A file `away` there has it answer 503."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            away = (folder / "away").exists()
            body = b"" if away else _reply(folder, query)
            self.send_response(503 if away else 200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _reply(folder: Path, query: bytes) -> bytes:
    (folder / "query").write_bytes(query)
    words = ("ts", "-reply", "-config", f"{folder}/config", "-section", "own", "-queryfile", f"{folder}/query")
    subprocess.run(["openssl", *words, "-out", f"{folder}/reply"], capture_output=True, check=True)
    return (folder / "reply").read_bytes()


def _certificate(
    name: str, key: rsa.RSAPrivateKey, issuer: str, issuer_key: rsa.RSAPrivateKey, *, is_root: bool
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if not is_root:
        stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(stamping, critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
