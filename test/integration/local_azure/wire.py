"""HTTPS to the services of the local Azure, which all live at one port of the loopback and are told apart by name."""

from __future__ import annotations

import http.client
import json
import select
import socket
import ssl
import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What a service answered."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """Connections that are kept, one for each host and thread."""

    def __init__(self, port: int, ca_file: str) -> None:
        self.port = port
        self._context = ssl.create_default_context(cafile=ca_file)
        self._local = threading.local()
        self._all: list[http.client.HTTPConnection] = []

    def close(self) -> None:
        """Closes every thread's connections."""
        for connection in self._all:
            connection.close()

    def call(
        self, host: str, method: str, target: str, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> Reply:
        """One exchange. Raises OSError or HTTPException where there is no answer."""
        connection = self._connection(host)
        try:
            connection.request(method, target, body=body, headers={"Host": f"{host}:{self.port}"} | (headers or {}))
            response = connection.getresponse()
            reply = Reply(response.status, response.read(), dict(response.getheaders()))
        except (OSError, http.client.HTTPException):
            self._forget(host)
            raise
        if response.will_close:
            self._forget(host)
        return reply

    def _connection(self, host: str) -> http.client.HTTPConnection:
        connections: dict[str, http.client.HTTPConnection] = self._local.__dict__.setdefault("connections", {})
        if host in connections and _is_closed(connections[host]):
            self._forget(host)
        if host not in connections:
            # Names under .localhost need not resolve here; the certificate is checked by name all the same.
            plain = socket.create_connection(("127.0.0.1", self.port), timeout=30)
            connection = http.client.HTTPConnection(host, self.port)
            connection.sock = self._context.wrap_socket(plain, server_hostname=host)
            connections[host] = connection
            self._all.append(connection)
        return connections[host]

    def _forget(self, host: str) -> None:
        connection = self._local.__dict__.get("connections", {}).pop(host, None)
        if connection is not None:
            connection.close()


def _is_closed(connection: http.client.HTTPConnection) -> bool:
    """An idle connection with something to read was closed by the other side."""
    return connection.sock is None or bool(select.select([connection.sock], [], [], 0)[0])
