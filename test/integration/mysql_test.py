"""Passwords on a real MariaDB: set as a hash, tried by signing in, and whatever may be in the way."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import unittest

from database_servers import ADMIN_PASSWORD, Database, Folder, free_port, leave_where_missing, make_certificate, wait_until

MARIADBD = shutil.which("mariadbd", path=os.environ["PATH"] + ":/usr/sbin") or "mariadbd"
NEW = "hunter2-of-the-new_world.~"


class Server:
    def __init__(self) -> None:
        self._folder = Folder("mysql")
        self.path = self._folder.path
        self.certificate = make_certificate(self.path)
        self.log = self.path / "general.log"
        self._folder.give_away()
        data = self.path / "data"
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"]
            + ["--skip-test-db", "--skip-name-resolve"],
            check=True,
            capture_output=True,
            cwd=self.path,
            **self._folder.identity(),
        )
        self.port = free_port()
        self.socket = self.path / "socket"
        command = [MARIADBD, "--no-defaults", f"--datadir={data}", f"--socket={self.socket}", f"--port={self.port}"]
        command += ["--bind-address=127.0.0.1", f"--ssl-cert={self.certificate}", f"--ssl-key={self.path / 'server.key'}"]
        command += ["--general-log", f"--general-log-file={self.log}", "--skip-name-resolve", "--innodb-buffer-pool-size=8M"]
        command += [f"--pid-file={self.path / 'pid'}", "--plugin-load-add=auth_ed25519"]
        with (self.path / "error.log").open("w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.path, **self._folder.identity())
        wait_until(lambda: self._ask("SELECT 1").returncode == 0, "MariaDB takes connections")
        self.sql("CREATE USER kssedr@'%' IDENTIFIED BY " + self.quote(ADMIN_PASSWORD) + "; GRANT CREATE USER ON *.* TO kssedr@'%'")

    @staticmethod
    def quote(text: str) -> str:
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def client(self) -> list[object]:
        return ["mariadb", "--no-defaults", f"--socket={self.socket}", "-u", "root", "-N", "-B"]

    def _ask(self, statement: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self.client(), "-e", statement], capture_output=True, text=True)

    def sql(self, statement: str) -> str:
        answer = self._ask(statement)
        if answer.returncode != 0:
            raise AssertionError(answer.stderr)
        return answer.stdout.strip()

    def database(self, login: str = "app", host: str = "localhost", **members: str) -> Database:
        members.setdefault("ca_file", str(self.certificate))
        if members.get("tls") == "off":
            del members["ca_file"]
        return Database(self.path, f"mysql://{host}:{self.port}/{login}", **members)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self._folder.close()


class Mariadb(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.server = Server()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.server.stop()

    def setUp(self) -> None:
        self.server.sql("DROP USER IF EXISTS app@'%'; CREATE USER app@'%' IDENTIFIED BY 'old'")

    def test_a_password_is_set_and_the_former_one_is_no_more(self) -> None:
        app = self.server.database()
        self.assertEqual(app.try_login("old"), "accepted:")
        self.assertEqual(app.set(NEW), "done")
        self.assertEqual(app.set(NEW), "done", "once more does no more")
        self.assertEqual(app.try_login(NEW), "accepted:")
        self.assertTrue(app.try_login("old").startswith("rejected: Access denied for user 'app'@"), app.try_login("old"))

    def test_the_server_logs_no_password(self) -> None:
        self.assertEqual(self.server.database().set(NEW), "done")
        logged = self.server.log.read_text(encoding="utf-8", errors="replace")
        self.assertIn("ALTER USER 'app'@'%' IDENTIFIED VIA mysql_native_password USING", logged)
        self.assertNotIn(NEW, logged)

    def test_an_account_of_another_host(self) -> None:
        self.server.sql("DROP USER app@'%'; CREATE OR REPLACE USER app@'127.0.0.%' IDENTIFIED BY 'old'")
        self.assertTrue(self.server.database().set(NEW).startswith("not_found: "))
        app = self.server.database(account_host="127.0.0.%")
        self.assertEqual(app.set(NEW), "done")
        self.assertEqual(app.try_login(NEW), "accepted:")
        self.server.sql("DROP USER app@'127.0.0.%'")

    def test_names_are_quoted_in_every_mode(self) -> None:
        for mode in ("", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES"):
            with self.subTest(mode=mode):
                self.server.sql(f"SET GLOBAL sql_mode = '{mode}'; CREATE OR REPLACE USER 'We.ird-$@+Name'@'%' IDENTIFIED BY 'old'")
                app = self.server.database("We.ird-$@+Name")
                self.assertEqual(app.set(NEW), "done")
                self.assertEqual(app.try_login(NEW), "accepted:")
        self.server.sql("SET GLOBAL sql_mode = DEFAULT")

    def test_a_login_that_is_not_there(self) -> None:
        said = self.server.database("nobody").set(NEW)
        self.assertTrue(said.startswith("not_found: "), said)
        self.assertTrue(self.server.database("nobody").try_login(NEW).startswith("rejected: "))

    def test_who_lacks_the_right_is_told_what_would_grant_it(self) -> None:
        self.server.sql("CREATE OR REPLACE USER powerless@'%' IDENTIFIED BY 'p'")
        said = self.server.database(admin_user="powerless").set(NEW, admin="p")
        self.assertTrue(said.startswith("permission_denied: "), said)
        grant = said.partition("let somebody who may run: ")[2]
        self.assertEqual(grant, "GRANT CREATE USER ON *.* TO 'powerless'@'%';")
        self.server.sql(grant)
        self.assertEqual(self.server.database(admin_user="powerless").set(NEW, admin="p"), "done")

    def test_an_administrator_who_is_not_let_in(self) -> None:
        said = self.server.database().set(NEW, admin="wrong")
        self.assertTrue(said.startswith("permission_denied: "), said)
        self.assertIn("signing in as kssedr", said)

    def test_a_database_that_is_not_there_matters_not(self) -> None:
        self.assertEqual(self.server.database(database="elsewhere").try_login("old"), "accepted:")
        self.assertTrue(self.server.database(database="elsewhere").try_login("wrong").startswith("rejected: "))

    def test_a_server_that_wants_tls(self) -> None:
        self.assertEqual(self.server.database(tls="off").try_login("old"), "accepted:")
        self.server.sql("SET GLOBAL require_secure_transport = ON")
        try:
            # MariaDB answers as it does to a wrong password; nothing comes of it, since nobody gets in to set one.
            self.assertTrue(self.server.database(tls="off").set(NEW).startswith("permission_denied: "))
            self.assertEqual(self.server.database().try_login("old"), "accepted:")
        finally:
            self.server.sql("SET GLOBAL require_secure_transport = OFF")

    def test_a_certificate_that_is_not_trusted_or_another_hosts_gets_no_password(self) -> None:
        other = make_certificate(self.server.path, "other")
        for database in (self.server.database(ca_file=str(other)), self.server.database(host="127.0.0.1")):
            said = database.try_login("old")
            self.assertTrue(said.startswith("inconclusive: "), said)
            said = database.set(NEW)
            self.assertTrue(said.startswith("unavailable: "), said)
            self.assertRegex(said, "(?i)certificate|ssl")

    def test_nobody_listens(self) -> None:
        nobody = Database(self.server.path, f"mysql://localhost:{free_port()}/app", ca_file=str(self.server.certificate))
        self.assertTrue(nobody.try_login("old").startswith("inconclusive: "))
        self.assertTrue(nobody.set(NEW).startswith("unavailable: "))

    def hold(self) -> subprocess.Popen[str]:
        """Somebody who lets nobody write."""
        holder = subprocess.Popen([*self.server.client(), "--unbuffered"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert holder.stdin is not None and holder.stdout is not None
        holder.stdin.write("FLUSH TABLES WITH READ LOCK; SELECT 'held';\n")
        holder.stdin.flush()
        self.assertEqual(holder.stdout.readline().strip(), "held")
        return holder

    def let_go(self, holder: subprocess.Popen[str]) -> None:
        holder.kill()
        holder.communicate()

    def wait_until_it_waits(self) -> str:
        waiting = "SELECT id FROM information_schema.processlist WHERE user = 'kssedr' AND info LIKE 'ALTER USER%'"
        wait_until(lambda: self.server.sql(waiting) != "", "the statement waits")
        return self.server.sql(waiting)

    def test_what_waits_longer_than_the_call_is_ended_by_the_server(self) -> None:
        holder = self.hold()
        said = self.server.database().set(NEW, seconds=5)
        self.let_go(holder)
        self.assertTrue(said.startswith("unavailable: "), said)
        self.assertRegex(said, "Lock wait timeout|max_statement_time")
        self.assertEqual(self.server.database().try_login("old"), "accepted:")

    def test_a_session_that_is_ended_in_the_statement_tells_nothing(self) -> None:
        holder = self.hold()
        setting = self.server.database().start("set", NEW, seconds=60)
        self.server.sql(f"KILL {self.wait_until_it_waits()}")
        said = Database.end(setting)
        self.let_go(holder)
        self.assertTrue(said.startswith("outcome_unknown: "), said)

    def test_an_account_that_signs_in_otherwise(self) -> None:
        self.server.sql("DROP USER app@'%'; CREATE USER app@'%' IDENTIFIED VIA ed25519 USING PASSWORD('old')")
        app = self.server.database()
        self.assertEqual(app.try_login("old"), "accepted:")
        self.assertEqual(app.set(NEW), "done")
        self.assertEqual(app.try_login(NEW), "accepted:")


class Dying(unittest.TestCase):
    def test_a_server_that_dies_in_the_statement(self) -> None:
        server = Server()
        try:
            server.sql("CREATE USER app@'%' IDENTIFIED BY 'old'")
            case = Mariadb()
            case.server = server
            holder = case.hold()
            setting = server.database().start("set", NEW, seconds=60)
            case.wait_until_it_waits()
            server.process.send_signal(signal.SIGKILL)
            said = Database.end(setting)
            case.let_go(holder)
            self.assertTrue(said.startswith("outcome_unknown: "), said)
        finally:
            server.stop()


if __name__ == "__main__":
    leave_where_missing(MARIADBD, "mariadb", "mariadb-install-db", "openssl")
    unittest.main()
