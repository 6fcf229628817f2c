"""The host's HTTP client: keep-alive connections, one a concurrent call, reused while they are open."""

from __future__ import annotations

import http.client
import select
import socket
import threading
from collections.abc import Iterator

from .judge import Answer


class Unreachable(Exception):
    """No answer: refused, reset, or cut in the middle."""


class Client:
    """Talks to one handler's port."""

    def __init__(self, port: int, chunked: bool) -> None:
        self.port = port
        self.chunked = chunked
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def call(
        self,
        method: str,
        target: str,
        headers: list[tuple[str, str]],
        body: bytes | None,
        timeout: float,
        chunked: bool | None = None,
    ) -> Answer:
        """One exchange. The answer is read whole before it is looked at."""
        connection = self._connection()
        connection.timeout = timeout
        try:
            if connection.sock is None:
                connection.connect()
            assert connection.sock is not None
            connection.sock.settimeout(timeout)
            self._send(connection, method, target, headers, body, self.chunked if chunked is None else chunked)
            response = connection.getresponse()
            answer = Answer(
                response.status,
                response.reason,
                response.headers.get("Content-Type", ""),
                response.read(),
                response.getheaders(),
            )
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        if response.will_close:
            connection.close()
        else:
            with self._lock:
                self._idle.append(connection)
        return answer

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        headers: list[tuple[str, str]],
        body: bytes | None,
        chunked: bool,
    ) -> None:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        if body is None:
            connection.endheaders()
        elif chunked:
            connection.putheader("Transfer-Encoding", "chunked")
            connection.endheaders(_chunks(body), encode_chunked=True)
        else:
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)

    def _connection(self) -> http.client.HTTPConnection:
        """An idle connection that is still open, or a new one. Once a body was begun nothing is sent again."""
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if connection.sock is not None and not _is_readable(connection.sock):
                    return connection
                connection.close()
        return http.client.HTTPConnection("127.0.0.1", self.port)

    def close(self) -> None:
        with self._lock:
            for connection in self._idle:
                connection.close()
            self._idle.clear()


def _is_readable(sock: socket.socket) -> bool:
    """An idle connection with something to read was closed by the other side."""
    return bool(select.select([sock], [], [], 0)[0])


def _chunks(body: bytes) -> Iterator[bytes]:
    # An odd size, so that boundaries fall inside UTF-8 sequences and escapes.
    for start in range(0, len(body), 16381):
        yield body[start : start + 16381]
