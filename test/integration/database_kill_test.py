"""Kills between any two messages to a real server: rotations whose process ends at the first one, the second one, and so on,
until one comes through.

kssedr reaches the server through a proxy that counts what it sends. At the wanted message the process is killed: before the
server has it, or when it has answered and kssedr does not know yet. All the while an application signs in.
"""

from __future__ import annotations

import select
import socket
import subprocess
import threading
import unittest
from collections.abc import Callable
from typing import Any

import mysql_test
import postgresql_test
import redis_test
from database_rotation_test import JSON_FORM, NOWHERE, SECRET, Kind, Mysql, Postgresql, Redis, Rotations, Shop
from database_servers import leave_where_missing
from stage import KSSEDR, Stage


class Proxy:
    """Passes on what comes, and counts what clients send."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._wanted = 0
        self._side = ""
        self._kill: Callable[[], None] = lambda: None
        self.count = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, wanted: int, side: str, kill: Callable[[], None]) -> None:
        """Counts anew, and kills at the wanted message; 0: at none."""
        with self._lock:
            self.count, self._wanted, self._side, self._kill = 0, wanted, side, kill

    def has_killed(self) -> bool:
        with self._lock:
            return 0 < self._wanted <= self.count

    def stop(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target)) as server:
            try:
                while True:
                    ready, _, _ = select.select([client, server], [], [])
                    if server in ready:
                        answer = server.recv(65536)
                        if not answer:
                            return
                        client.sendall(answer)
                    elif not self._pass_message(client, server):
                        return
            except OSError:
                pass  # who was killed reads no more

    def _pass_message(self, client: socket.socket, server: socket.socket) -> bool:
        message = client.recv(65536)
        if not message:
            return False
        with self._lock:
            self.count += 1
            is_wanted = self.count == self._wanted
        if is_wanted and self._side == "before":
            self._kill()
            return False
        server.sendall(message)
        if is_wanted:
            # What ends a handshake, and a farewell, have no answer; the server has them all the same.
            select.select([server], [], [], 1)
            self._kill()
        return not is_wanted


class Kills:
    """What each kind of server is put through. Mixed into a test of that kind."""

    kind: Kind
    proxy: Proxy

    @classmethod
    def come_between(cls, kind: Kind) -> None:
        cls.kind, cls.proxy = kind, Proxy(kind.server.port)
        kind.port = cls.proxy.port

    @classmethod
    def tearDownClass(cls) -> None:
        cls.proxy.stop()
        cls.kind.server.stop()

    rotate_and_let_time_pass = Rotations.rotate_and_let_time_pass

    def kill_at(self: Any, shop: Shop, message: int, side: str) -> None:
        running = subprocess.Popen([str(KSSEDR), "rotate", shop.url], env=shop.settings(), stdout=NOWHERE, stderr=NOWHERE)
        self.proxy.arm(message, side, running.kill)
        running.wait(timeout=60)
        self.is_over = not self.proxy.has_killed()
        self.proxy.arm(0, "", lambda: None)
        # What was written down a moment ago may yet be set by who wrote it; by the vault's clock that is past.
        shop.stage.emulator.advance("PT3M")

    def test_killed_at_each_message_before_the_server_has_it(self: Any) -> None:
        self.kill_at_each_message("before")

    def test_killed_at_each_message_when_the_server_has_answered(self: Any) -> None:
        self.kill_at_each_message("after")

    def kill_at_each_message(self: Any, side: str) -> None:
        self.is_over, message = False, 0
        while not self.is_over:
            # A stage does not last for ever: each rotation takes months, and who reads the vault has a secret as well.
            with Stage() as stage:
                shop = Shop(stage, self.kind, JSON_FORM, alternate="yes")
                with shop.consumer() as consumer:
                    for rotations in range(1, 9):
                        message += 1
                        self.rotate_and_let_time_pass(shop, consumer, (message, side))
                        if self.is_over:
                            break
                self.assertEqual(consumer.failures, [])
                self.assertEqual(len(stage.vault.versions(SECRET)), rotations + 1)
        # Two sign-ins and what is said in them, at the least: the password is set, and tried.
        self.assertGreater(message, 8)


class OfPostgresql(Kills, unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.come_between(Postgresql(postgresql_test.Server()))


class OfMariadb(Kills, unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.come_between(Mysql(mysql_test.Server()))


class OfRedis(Kills, unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.come_between(Redis(redis_test.Server()))


if __name__ == "__main__":
    leave_where_missing(postgresql_test.BIN / "postgres", "psql", mysql_test.MARIADBD, "mariadb", "redis-server", "openssl")
    unittest.main()
