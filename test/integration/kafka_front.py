"""What librdkafka's mock cluster lacks, put in front of it: TLS, and a sign-in by SASL PLAIN or OAUTHBEARER.

It answers what concerns the sign-in, and passes on all else once that has succeeded. Sources: Kafka's protocol guide; RFC
4616 and RFC 7628.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

HANDSHAKE, API_VERSIONS, AUTHENTICATE = 17, 18, 36
AUTHENTICATION_FAILED = 58


def make_certificate(folder: Path, host: str) -> Path:
    """A certificate that signs itself, with its key in the same file."""
    made, kind = folder / f"{host}.pem", "IP" if host[0].isdigit() else "DNS"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-subj", f"/CN={host}", "-addext", f"subjectAltName={kind}:{host}", "-keyout", made, "-out", f"{made}.crt"]
    subprocess.run(command, check=True, capture_output=True)
    made.write_text(made.read_text(encoding="ascii") + Path(f"{made}.crt").read_text(encoding="ascii"), encoding="ascii")
    return made


def read_frame(connection: socket.socket) -> bytes | None:
    """What stands behind a length of four bytes; None at the end."""

    def read(count: int) -> bytes | None:
        got = b""
        while len(got) < count:
            more = connection.recv(count - len(got))
            if not more:
                return None
            got += more
        return got

    head = read(4)
    return None if head is None else read(struct.unpack(">i", head)[0])


def frame(body: bytes) -> bytes:
    return struct.pack(">i", len(body)) + body


def text(value: str) -> bytes:
    return struct.pack(">h", len(value)) + value.encode()


def request_of(body: bytes) -> tuple[int, int, bytes, bytes]:
    """Kind, version, the number that belongs into the answer, and what stands behind the client's name."""
    kind, version, name_length = *struct.unpack(">hh", body[:4]), struct.unpack(">h", body[8:10])[0]
    return kind, version, body[4:8], body[10 + max(0, name_length) :]


class Front:
    """`accepts(mechanism, what was sent)` says who may come in."""

    def __init__(self, mock: str, certificate: Path, accepts: Callable[[str, bytes], bool]) -> None:
        self._mock_port = int(mock.rpartition(":")[2])
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.address = f"127.0.0.1:{self.port}"
        self.accepts = accepts
        self.seen: list[tuple[str, bytes]] = []
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()
        for connection in self._open:
            connection.close()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            self._start(self._serve, connection)

    def _serve(self, raw: socket.socket) -> None:
        try:
            client = self._tls.wrap_socket(raw, server_side=True)
        except OSError:
            return
        self._open.append(client)
        upstream = socket.create_connection(("127.0.0.1", self._mock_port))
        self._open.append(upstream)
        with contextlib.suppress(OSError):
            if self._sign_in(client, upstream):
                self._start(self._answers, upstream, client)
                while (body := read_frame(client)) is not None:
                    upstream.sendall(frame(body))
        for end in (client, upstream):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _answers(self, upstream: socket.socket, client: socket.socket) -> None:
        host = b"127.0.0.1"
        there, here = host + struct.pack(">i", self._mock_port), host + struct.pack(">i", self.port)
        with contextlib.suppress(OSError):
            while (body := read_frame(upstream)) is not None:
                client.sendall(frame(body.replace(there, here)))

    def _sign_in(self, client: socket.socket, upstream: socket.socket) -> bool:
        mechanism = ""
        while (body := read_frame(client)) is not None:
            kind, version, number, rest = request_of(body)
            if kind == API_VERSIONS:
                client.sendall(frame(number + self._versions(upstream, version)))
            elif kind == HANDSHAKE:
                mechanism = rest[2:].decode()
                known = text("PLAIN") + text("OAUTHBEARER")
                client.sendall(frame(number + struct.pack(">hi", 0, 2) + known))
            elif kind == AUTHENTICATE:
                sent = rest[4:]
                self.seen.append((mechanism, sent))
                is_welcome = self.accepts(mechanism, sent)
                code = 0 if is_welcome else AUTHENTICATION_FAILED
                # A broker that is careless with what it was sent.
                why = struct.pack(">h", -1) if is_welcome else text(f"nobody signs in with {sent!r}")
                lifetime = struct.pack(">q", 0) if version >= 1 else b""
                client.sendall(frame(number + struct.pack(">h", code) + why + struct.pack(">i", 0) + lifetime))
                return is_welcome
            else:
                return False
        return False

    @staticmethod
    def _versions(upstream: socket.socket, version: int) -> bytes:
        """What the cluster knows, and the sign-in."""
        upstream.sendall(frame(struct.pack(">hhih", API_VERSIONS, 0, 1, -1)))
        told = read_frame(upstream)
        assert told is not None
        known = [told[at : at + 6] for at in range(10, len(told) - 5, 6)]
        known += [struct.pack(">hhh", HANDSHAKE, 0, 1), struct.pack(">hhh", AUTHENTICATE, 0, 1)]
        if version >= 3:
            assert len(known) < 127
            return struct.pack(">hB", 0, len(known) + 1) + b"".join(one + b"\0" for one in known) + b"\0" * 5
        return struct.pack(">hi", 0, len(known)) + b"".join(known) + (b"\0" * 4 if version >= 1 else b"")
