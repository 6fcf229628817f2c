"""A server that speaks as much of SQL Server's protocol (MS-TDS 7.4) as signing in and one statement take.

There is no SQL Server in Debian. What this shows is what FreeTDS sends for kssedr, in TLS and in the clear, and what
kssedr makes of answers; not that SQL Server takes it.
"""

from __future__ import annotations

import re
import socket
import ssl
import struct
import threading
from pathlib import Path

PRELOGIN, LOGIN, BATCH, ANSWER = 0x12, 0x10, 0x01, 0x04
ENCRYPTED, IN_THE_CLEAR = 1, 2


class Gone(Exception):
    """The client has hung up."""


class Session:
    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._plain = b""

    def _more(self) -> bytes:
        received = self._client.recv(65536)
        if not received:
            raise Gone
        return received

    def _take(self, size: int) -> bytes:
        while len(self._plain) < size:
            if self._tls is None:
                self._plain += self._more()
                continue
            try:
                self._plain += self._tls.read(65536)
            except ssl.SSLWantReadError:
                self._incoming.write(self._more())
        taken, self._plain = self._plain[:size], self._plain[size:]
        return taken

    def read(self) -> tuple[int, bytes]:
        kind, body, is_last = 0, b"", False
        while not is_last:
            kind, status, length = struct.unpack(">BBH4x", self._take(8))
            body += self._take(length - 8)
            is_last = bool(status & 1)
        return kind, body

    def write(self, body: bytes, kind: int = ANSWER) -> None:
        packet = struct.pack(">BBHHBB", kind, 1, len(body) + 8, 0, 1, 0) + body
        if self._tls is not None:
            self._tls.write(packet)
            packet = self._outgoing.read()
        self._client.sendall(packet)

    def begin_tls(self, context: ssl.SSLContext) -> None:
        tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        while True:
            try:
                tls.do_handshake()
                is_done = True
            except ssl.SSLWantReadError:
                is_done = False
            if sent := self._outgoing.read():
                self.write(sent, PRELOGIN)
            if is_done:
                break
            _, records = self.read()
            self._incoming.write(records)
        self._tls = tls


def ucs2(text: str) -> bytes:
    return text.encode("utf-16-le")


def error(number: int, severity: int, text: str) -> bytes:
    body = struct.pack("<IBBH", number, 1, severity, len(text)) + ucs2(text) + b"\0\0" + struct.pack("<I", 1)
    return b"\xaa" + struct.pack("<H", len(body)) + body + done(2)


def done(status: int = 0) -> bytes:
    return b"\xfd" + struct.pack("<HHQ", status, 0, 0)


def acknowledged() -> bytes:
    body = b"\x01\x74\x00\x00\x04" + bytes([len("fake")]) + ucs2("fake") + b"\x10\x00\x00\x00"
    return b"\xad" + struct.pack("<H", len(body)) + body + done()


def read_login(body: bytes) -> tuple[str, str]:
    def text(at: int) -> bytes:
        offset, length = struct.unpack_from("<HH", body, at)
        return body[offset : offset + 2 * length]

    hidden = bytes(((byte ^ 0xA5) << 4 | (byte ^ 0xA5) >> 4) & 0xFF for byte in text(44))
    name = text(40)
    return name.decode("utf-16-le"), hidden.decode("utf-16-le")


class TdsServer:
    def __init__(self, certificate: Path | None, passwords: dict[str, str]) -> None:
        self._context: ssl.SSLContext | None = None
        if certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate, certificate.with_suffix(".key"))
            self._context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.passwords = passwords
        self.refusal: bytes | None = None  # what a statement is answered with
        self.dies_in_the_statement = False
        self.statements: list[str] = []
        self.seen: list[tuple[str, str]] = []  # who signed in
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            client, _ = self._listener.accept()
            with client:
                client.settimeout(30)
                try:
                    if not self._serve(Session(client)):
                        return
                except (Gone, OSError):
                    continue

    def _serve(self, session: Session) -> bool:
        kind, body = session.read()
        if kind != PRELOGIN:
            return body != b"end"
        encryption = ENCRYPTED if self._context else IN_THE_CLEAR
        session.write(b"\0\0\x0b\0\x06\x01\0\x11\0\x01\xff" + b"\x10\0\0\0\0\0" + bytes([encryption]))
        if self._context:
            session.begin_tls(self._context)
        _, login = session.read()
        user, password = read_login(login)
        self.seen.append((user, password))
        if self.passwords.get(user) != password:
            session.write(error(18456, 14, f"Login failed for user '{user}'."))
            return True
        session.write(acknowledged())
        while True:
            _, batch = session.read()
            self._execute(session, batch[struct.unpack_from("<I", batch)[0] :].decode("utf-16-le"))

    def _execute(self, session: Session, statement: str) -> None:
        if "ALTER LOGIN" not in statement:
            return session.write(done())
        self.statements.append(statement)
        if self.dies_in_the_statement:
            raise Gone
        if self.refusal is not None:
            return session.write(self.refusal)
        names = re.findall(r"QUOTENAME\(N'((?:[^']|'')*)'", statement)
        login, password = (name.replace("''", "'") for name in names)
        self.passwords[login] = password
        session.write(done())

    def stop(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as last:
            last.sendall(struct.pack(">BBHHBB", BATCH, 1, 11, 0, 1, 0) + b"end")
        self._thread.join()
        self._listener.close()
