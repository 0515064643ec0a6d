"""TLS: a certificate of one's own, or one made for this machine and trusted by nobody yet."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from mock_server.errors import MockServerError
from mock_server.settings import Settings
from mock_server.value import dataclass
from mock_server.web.peers import Countdown

NAMES = ("localhost", "127.0.0.1", "::1")


class BadCertificate(MockServerError):
    """The certificate or its key cannot be used."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """``authority`` is the file that clients must trust, when we made it."""

    chain: Path
    key: Path
    authority: Path | None = None


def read_certificate(settings: Settings) -> Certificate:
    """The one that was given, or one made for this machine. Raises ``BadCertificate`` with what to do."""
    if settings.cert is not None and settings.key is not None:
        found = Certificate(settings.cert, settings.key)
        _context(found)
        return found
    return _made(settings.host, _folder())


def _folder() -> Path:
    """Where the made authority is kept, so that trust in it lasts (XDG Base Directory)."""
    root = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(root) / "mock-server" / "tls"


def _made(host: str, folder: Path) -> Certificate:
    """A new certificate of the authority in ``folder``, which is made when it is not there."""
    try:
        import trustme
    except ImportError:
        message = "--tls makes a certificate with `trustme`, which is not installed; pip install trustme"
        raise BadCertificate(message) from None
    authority, authority_key = folder / "ca.pem", folder / "ca-key.pem"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if authority.exists() and authority_key.exists():
            issuer = trustme.CA.from_pem(authority.read_bytes(), authority_key.read_bytes())
        else:
            issuer = trustme.CA(organization_name="mock-server")
            _write(authority_key, issuer.private_key_pem.bytes())
            _write(authority, issuer.cert_pem.bytes())
        others = () if host in NAMES or host in ("", "0.0.0.0", "::") else (host,)  # noqa: S104
        leaf = issuer.issue_cert(*NAMES, *others)
        chain, key = folder / f"server-{os.getpid()}.pem", folder / f"server-{os.getpid()}-key.pem"
        _write(chain, b"".join(each.bytes() for each in leaf.cert_chain_pems))
        _write(key, leaf.private_key_pem.bytes())
    except (OSError, ValueError) as error:
        raise BadCertificate(
            f"no certificate can be made in {folder}: {error}; remove the folder, or mend it"
        ) from None
    return Certificate(chain, key, authority)


def _write(path: Path, data: bytes) -> None:
    """Readable by its owner alone, from its first byte on."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)


def _context(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8996
    context.set_alpn_protocols(["http/1.1"])

    def no_password() -> str:  # or OpenSSL asks on the terminal
        raise BadCertificate(f"{certificate.key} has a password; take it off: openssl pkey -in FILE -out FILE")

    try:
        context.load_cert_chain(certificate.chain, certificate.key, no_password)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        message = f"{certificate.chain} and {certificate.key} are no certificate and its key, in PEM: {error}"
        raise BadCertificate(message) from None
    return context


def make_context(certificate: Certificate, failures: Countdown) -> ssl.SSLContext:
    """What connections are secured with. Handshakes that shall fail get an alert (RFC 8446 §6.2)."""
    context = _context(certificate)
    if certificate.authority is not None:  # read; the authority's key stays, this one is needed no more
        certificate.chain.unlink(missing_ok=True)
        certificate.key.unlink(missing_ok=True)

    def greet(_socket: object, _name: str | None, _context: object) -> int | None:
        return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE if failures.take() else None

    context.sni_callback = greet
    return context
