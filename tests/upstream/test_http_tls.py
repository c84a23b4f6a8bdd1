"""A server at an https URL is trusted just where the system trusts it."""

import datetime
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.web import WebServer

from .far import start_refusal, upstream
from .support import client, gateway, on_loop


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's TLS context, its certificate signed by nobody, in `folder`/cert.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    no_password = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_password)
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_a_certificate_that_the_system_does_not_trust_ends_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with upstream(server.url) as far:
            assert "is not trusted (self-signed certificate)" in await start_refusal(far)

    with WebServer(tls=certificate(tmp_path)) as server:
        on_loop(main())
        assert server.requests == []


def test_a_server_without_tls_at_an_https_url_is_explained() -> None:
    async def main() -> None:
        async with upstream(server.url.replace("http:", "https:")) as far:
            assert "does not speak TLS" in await start_refusal(far)

    with WebServer() as server:
        on_loop(main())
        assert server.requests == []


def test_a_certificate_in_the_systems_store_is_trusted(tmp_path: Path) -> None:
    with (
        WebServer(tls=certificate(tmp_path)) as server,
        gateway({"far": {"url": server.url}}, env={"SSL_CERT_FILE": str(tmp_path / "cert.pem")}) as running,
    ):
        assert client(running, "far").call("echo", {"text": "private"}).text == "private"
