"""What FreeTDS sends for kssedr, and what kssedr makes of the answers. Against a server of the test's own."""

from __future__ import annotations

import socket
import tempfile
import unittest
from pathlib import Path

from database_servers import ADMIN_PASSWORD, TOOL, Database, free_port, leave_where_missing, make_certificate
from tds_server import TdsServer, error

NEW = "hunter2-of-the-new_world.~"


class Sqlserver(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory(prefix="kssedr-tds-")
        cls.path = Path(cls.folder.name)
        cls.certificate = make_certificate(cls.path)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.folder.cleanup()

    def serve(self, uses_tls: bool = True) -> TdsServer:
        server = TdsServer(self.certificate if uses_tls else None, {"kssedr": ADMIN_PASSWORD, "app": "old"})
        self.addCleanup(server.stop)
        return server

    def database(self, port: int, host: str = "localhost", **members: str) -> Database:
        if members.get("tls") != "off":
            members.setdefault("ca_file", str(self.certificate))
        return Database(self.path, f"sqlserver://{host}:{port}/app", **members)

    def test_a_password_is_set_and_the_former_one_is_no_more(self) -> None:
        for uses_tls in (True, False):
            with self.subTest(uses_tls=uses_tls):
                server = self.serve(uses_tls)
                app = self.database(server.port) if uses_tls else self.database(server.port, tls="off")
                self.assertEqual(app.try_login("old"), "accepted:")
                self.assertEqual(app.set(NEW), "done")
                self.assertEqual(server.passwords["app"], NEW)
                self.assertEqual(app.try_login(NEW), "accepted:")
                self.assertEqual(app.try_login("old"), "rejected: Login failed for user 'app'.")
                self.assertIn("QUOTENAME(N'app')", server.statements[0])

    def test_quotes_in_passwords(self) -> None:
        server = self.serve()
        self.assertEqual(self.database(server.port).set("it's [a] \"test\"; --"), "done")
        self.assertEqual(server.passwords["app"], "it's [a] \"test\"; --")

    def test_answers(self) -> None:
        for number, severity, text, begin in (
            (15151, 16, "Cannot alter the login 'app', because it does not exist or you do not have permission.", "permission_denied: "),
            (15118, 16, "Password validation failed.", "invalid_argument: "),
            (1222, 16, "Lock request time out period exceeded.", "unavailable: "),
        ):
            with self.subTest(number=number):
                server = self.serve()
                server.refusal = error(number, severity, text)
                said = self.database(server.port).set(NEW)
                self.assertTrue(said.startswith(begin), said)
                self.assertIn(text, said)
                self.assertEqual("GRANT ALTER ON LOGIN::[app] TO [kssedr];" in said, number == 15151)

    def test_an_administrator_who_is_not_let_in(self) -> None:
        said = self.database(self.serve().port).set(NEW, admin="wrong")
        self.assertTrue(said.startswith("permission_denied: "), said)

    def test_a_server_that_dies_in_the_statement(self) -> None:
        server = self.serve()
        server.dies_in_the_statement = True
        said = self.database(server.port).set(NEW)
        self.assertTrue(said.startswith("outcome_unknown: "), said)

    def test_a_certificate_that_is_not_trusted_or_another_hosts_gets_no_password(self) -> None:
        server = self.serve()
        other = make_certificate(self.path, "other")
        for database in (self.database(server.port, ca_file=str(other)), self.database(server.port, host="127.0.0.1")):
            said = database.try_login("old")
            self.assertTrue(said.startswith("inconclusive: "), said)
            said = database.set(NEW)
            self.assertTrue(said.startswith("unavailable: "), said)
        self.assertEqual(server.seen, [])

    def test_a_server_without_tls_gets_no_password(self) -> None:
        server = self.serve(uses_tls=False)
        self.assertTrue(self.database(server.port).try_login("old").startswith("inconclusive: "))
        self.assertEqual(server.seen, [])

    def test_nobody_listens_or_answers(self) -> None:
        nobody = self.database(free_port())
        self.assertTrue(nobody.try_login("old").startswith("inconclusive: "))
        self.assertTrue(nobody.set(NEW).startswith("unavailable: "))
        with socket.create_server(("127.0.0.1", 0)) as silent:
            mute = self.database(silent.getsockname()[1])
            self.assertTrue(mute.try_login("old", seconds=2).startswith("inconclusive: "))


if __name__ == "__main__":
    leave_where_missing("openssl", TOOL)
    unittest.main()
