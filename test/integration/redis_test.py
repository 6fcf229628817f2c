"""Passwords of users of a real Redis: set by their hash, tried by signing in, kept over a restart."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import threading
import unittest

from database_servers import ADMIN_PASSWORD, Database, Folder, free_port, leave_where_missing, make_certificate, wait_until

NEW = "hunter2-of-the-new_world.~"
RIGHTS = ("+acl|getuser", "+acl|setuser", "+acl|save", "+config|rewrite")


def digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


class Server:
    def __init__(self, kept: str = "acl") -> None:
        self._folder = Folder("redis")
        self.path = self._folder.path
        self.certificate = make_certificate(self.path)
        self.acl_file = self.path / "users.acl"
        self.config = self.path / "redis.conf"
        self.port, self.plain_port = free_port(), free_port()
        lines = [f"port {self.plain_port}", f"tls-port {self.port}", f"tls-cert-file {self.certificate}"]
        lines += [f"tls-key-file {self.path / 'server.key'}", "tls-auth-clients no", "bind 127.0.0.1", f"dir {self.path}"]
        lines += [f"unixsocket {self.path / 'socket'}", 'save ""']
        if kept == "acl":
            self.acl_file.touch()
            lines.append(f"aclfile {self.acl_file}")
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._folder.give_away()
        self._command = ["redis-server", self.config]
        if kept == "nothing":
            self._command = ["redis-server"] + [part for line in lines for part in f"--{line}".split(" ", 1)]
        self.start()
        self.cli("ACL", "SETUSER", "kssedr", "on", f"#{digest(ADMIN_PASSWORD)}", *RIGHTS)

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, cwd=self.path, **self._folder.identity())
        wait_until(lambda: self._ask("PING").stdout.strip() == "PONG", "Redis takes connections")

    def restart(self) -> None:
        self.process.kill()
        self.process.wait()
        self.start()

    def _ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["redis-cli", "-s", self.path / "socket", *words], capture_output=True, text=True)

    def cli(self, *words: str) -> str:
        return self._ask(*words).stdout.strip()

    def database(self, login: str = "app", host: str = "localhost", port: int | None = None, **members: str) -> Database:
        members.setdefault("ca_file", str(self.certificate))
        if members.get("tls") == "off":
            del members["ca_file"]
            port = port or self.plain_port
        return Database(self.path, f"redis://{host}:{port or self.port}/{login}", **members)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self._folder.close()


class Relay:
    """Passes on what comes until a word is in it, and hangs up then, before or after the server has seen it."""

    def __init__(self, port: int, word: bytes, passes_it_on: bool) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._target, self._word, self._passes = port, word, passes_it_on
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        client, _ = self._listener.accept()
        with client, socket.create_connection(("127.0.0.1", self._target)) as server:
            while sent := client.recv(4096):
                has_word = self._word in sent
                if not has_word or self._passes:
                    server.sendall(sent)
                    answer = server.recv(65536)
                    if not has_word:
                        client.sendall(answer)
                if has_word:
                    return

    def close(self) -> None:
        self._thread.join()
        self._listener.close()


class Redis(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.server = Server()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.server.stop()

    def setUp(self) -> None:
        self.server.cli("ACL", "DELUSER", "app", "app_b")
        for login in ("app", "app_b"):
            self.server.cli("ACL", "SETUSER", login, "on", f"#{digest('old')}", "~*", "+get")

    def passwords(self, login: str = "app") -> list[str]:
        told = self.server.cli("ACL", "GETUSER", login).splitlines()
        begin = told.index("passwords") + 1
        return told[begin : told.index("commands")]

    def test_where_logins_alternate_the_former_password_is_no_more(self) -> None:
        app = self.server.database(alternate="app_b")
        self.assertEqual(app.try_login("old"), "accepted:")
        self.assertEqual(app.set(NEW, login="app_b"), "done")
        self.assertEqual(app.set(NEW, login="app_b"), "done", "once more does no more")
        self.assertEqual(app.try_login(NEW, login="app_b"), "accepted:")
        self.assertTrue(app.try_login("old", login="app_b").startswith("rejected: WRONGPASS "))
        self.assertEqual(self.passwords("app_b"), [digest(NEW)])
        self.assertEqual(app.try_login("old"), "accepted:", "the other one is as it was")

    def test_the_only_login_keeps_its_former_password_until_the_next(self) -> None:
        app = self.server.database()
        self.assertEqual(app.set("first-new"), "done")
        self.assertEqual(self.passwords(), [digest("old"), digest("first-new")])
        self.assertEqual(app.set("first-new"), "done", "once more does no more")
        self.assertEqual(self.passwords(), [digest("old"), digest("first-new")])
        self.assertEqual(app.set("second-new"), "done")
        self.assertEqual(self.passwords(), [digest("first-new"), digest("second-new")])
        self.assertEqual(app.try_login("first-new"), "accepted:")

    def test_rights_stay_and_a_login_that_needed_none_needs_a_password_now(self) -> None:
        self.server.cli("ACL", "SETUSER", "app", "nopass")
        self.assertEqual(self.server.database().set(NEW), "done")
        told = self.server.cli("ACL", "GETUSER", "app")
        self.assertNotIn("nopass", told)
        self.assertIn("+get", told)

    def test_a_login_that_is_not_there_is_not_made(self) -> None:
        said = self.server.database("nobody").set(NEW)
        self.assertTrue(said.startswith("not_found: "), said)
        self.assertNotIn("nobody", self.server.cli("ACL", "USERS"))

    def test_who_lacks_a_right_is_told_what_would_grant_it_and_changes_nothing(self) -> None:
        for lacking in RIGHTS[:3]:
            with self.subTest(lacking=lacking):
                self.server.cli("ACL", "DELUSER", "powerless")
                self.server.cli("ACL", "SETUSER", "powerless", "on", ">p", *[right for right in RIGHTS if right != lacking])
                said = self.server.database(admin_user="powerless").set(NEW, admin="p")
                self.assertTrue(said.startswith("permission_denied: "), said)
                self.assertEqual(self.passwords(), [digest("old")])
                grant = said.partition("let somebody who may run: ")[2]
                self.assertEqual(self.server.cli(*grant.split()), "OK")
                self.assertEqual(self.server.database(admin_user="powerless").set(NEW, admin="p"), "done")
                self.setUp()

    def test_an_administrator_who_is_not_let_in(self) -> None:
        said = self.server.database().set(NEW, admin="wrong")
        self.assertTrue(said.startswith("permission_denied: "), said)
        self.assertIn("signing in as kssedr", said)

    def test_what_is_set_is_kept_over_a_restart(self) -> None:
        self.assertEqual(self.server.database().set(NEW), "done")
        self.server.restart()
        self.assertEqual(self.server.database().try_login(NEW), "accepted:")

    def test_a_login_that_is_switched_off(self) -> None:
        self.server.cli("ACL", "SETUSER", "app", "off")
        self.assertTrue(self.server.database().try_login("old").startswith("rejected: "))

    def test_a_certificate_that_is_not_trusted_or_another_hosts_gets_no_password(self) -> None:
        other = make_certificate(self.server.path, "other")
        for database in (self.server.database(ca_file=str(other)), self.server.database(host="127.0.0.1")):
            said = database.try_login("old")
            self.assertRegex(said, "inconclusive: .*TLS: certificate verify failed")
            said = database.set(NEW)
            self.assertTrue(said.startswith("unavailable: "), said)

    def test_in_the_clear_only_where_it_is_said_and_then_where_the_server_speaks_it(self) -> None:
        self.assertEqual(self.server.database(tls="off").try_login("old"), "accepted:")
        wrong = self.server.database(tls="off", port=self.server.port)
        self.assertTrue(wrong.try_login("old", seconds=2).startswith("inconclusive: "))
        self.assertTrue(self.server.database(port=self.server.plain_port).try_login("old").startswith("inconclusive: "))

    def test_nobody_listens_or_answers(self) -> None:
        nobody = self.server.database(port=free_port())
        self.assertTrue(nobody.try_login("old").startswith("inconclusive: "))
        self.assertTrue(nobody.set(NEW).startswith("unavailable: "))
        with socket.create_server(("127.0.0.1", 0)) as silent:
            mute = self.server.database(port=silent.getsockname()[1])
            self.assertEqual(mute.try_login("old", seconds=1), "inconclusive: it did not answer in time")
            self.assertTrue(mute.set(NEW, seconds=1).startswith("deadline_exceeded: "))

    def test_a_connection_that_breaks_in_the_command(self) -> None:
        for word, passes, begin in ((b"SETUSER", True, "outcome_unknown: "), (b"SETUSER", False, "outcome_unknown: "),
                                    (b"GETUSER", True, "unavailable: ")):
            with self.subTest(word=word, passes=passes):
                self.setUp()
                relay = Relay(self.server.plain_port, word, passes)
                said = self.server.database(tls="off", port=relay.port, host="127.0.0.1").set(NEW)
                relay.close()
                self.assertTrue(said.startswith(begin), said)


class Kept(unittest.TestCase):
    def test_users_of_the_configuration_file_are_written_there(self) -> None:
        server = Server(kept="config")
        try:
            server.cli("ACL", "SETUSER", "app", "on", ">old")
            self.assertEqual(server.database().set(NEW), "done")
            server.restart()
            self.assertEqual(server.database().try_login(NEW), "accepted:")
        finally:
            server.stop()

    def test_a_server_that_keeps_nothing(self) -> None:
        server = Server(kept="nothing")
        try:
            server.cli("ACL", "SETUSER", "app", "on", ">old")
            self.assertEqual(server.database().set(NEW), "done")
            self.assertEqual(server.database().try_login(NEW), "accepted:")
        finally:
            server.stop()


if __name__ == "__main__":
    leave_where_missing("redis-server", "redis-cli", "openssl")
    unittest.main()
