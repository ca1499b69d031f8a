"""A network whose only way out is a proxy, which opens TLS with a certificate of its own CA."""

import datetime
import socket
import ssl
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class OpeningProxy:
    """Takes CONNECT to the names it knows, and passes their traffic on to a server without TLS.

    Attributes:
        ca: File with the certificate of the CA.
        asked: Each name and port that somebody wanted.
    """

    def __init__(self, folder: Path, names: tuple[str, ...], target: tuple[str, int]) -> None:
        self.ca = folder / "ca.pem"
        self.asked: list[str] = []
        self._names = names
        self._target = target
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(_certificates(folder, names))
        self._server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            head = b""
            while b"\r\n\r\n" not in head:
                more = connection.recv(1)
                if not more:
                    return
                head += more
            method, where, _ = head.split(b"\r\n")[0].decode().split(" ")
            self.asked.append(f"{method} {where}")
            if method != "CONNECT" or where.rpartition(":")[0] not in self._names:
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                return
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with (
                self._tls.wrap_socket(connection, server_side=True) as near,
                socket.create_connection(self._target) as far,
            ):
                back = threading.Thread(target=_copy, args=(far, near), daemon=True)
                back.start()
                _copy(near, far)
                back.join(5)
        except OSError:  # whoever asked has gone, or does not trust the CA
            return
        finally:
            connection.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while content := source.recv(65_536):
            target.sendall(content)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def _certificates(folder: Path, names: tuple[str, ...]) -> Path:
    """Write the CA's certificate, and return the file with that of the names and its key."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA of the tests")])
    now = datetime.datetime.now(datetime.UTC)
    begin, end = now - datetime.timedelta(hours=1), now + datetime.timedelta(hours=1)

    def started(public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        serial = x509.random_serial_number()
        builder = x509.CertificateBuilder(issuer_name=ca_name, public_key=public)
        return builder.serial_number(serial).not_valid_before(begin).not_valid_after(end)

    ca = (
        started(ca_key.public_key())
        .subject_name(ca_name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    own = (
        started(key.public_key())
        .subject_name(subject)
        .add_extension(alternatives, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "own.pem").write_bytes(own.public_bytes(pem) + secret)
    return folder / "own.pem"
