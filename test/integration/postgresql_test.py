"""Passwords on a real PostgreSQL: set as a verifier, tried by signing in, and whatever may be in the way."""

from __future__ import annotations

import signal
import subprocess
import unittest
from pathlib import Path

from database_servers import ADMIN_PASSWORD, Database, Folder, free_port, leave_where_missing, make_certificate, wait_until


def programs() -> Path:
    """Debian keeps them by version, out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return found[-1] if found else Path("/usr/lib/postgresql/bin")


BIN = programs()
NEW = "hunter2-of-the-new_world.~"


class Server:
    def __init__(self, has_admin: bool = True) -> None:
        self._folder = Folder("postgres")
        self.path = self._folder.path
        self.certificate = make_certificate(self.path)
        self.log = self.path / "log"
        self.log.touch()
        self._folder.give_away()
        data = self.path / "data"
        self._run([BIN / "initdb", "-D", data, "-U", "root", "--auth-local=trust", "--auth-host=scram-sha-256", "-N"])
        (data / "pg_hba.conf").write_text(
            "local all root trust\nhostssl all all all scram-sha-256\nhost all plain all scram-sha-256\n", encoding="utf-8"
        )
        self.port = free_port()
        settings = {
            "port": self.port,
            "listen_addresses": "localhost",
            "unix_socket_directories": self.path,
            "ssl": "on",
            "ssl_cert_file": self.certificate,
            "ssl_key_file": self.path / "server.key",
            "log_statement": "all",
            "fsync": "off",
            "shared_buffers": "8MB",
        }
        command = [BIN / "postgres", "-D", data] + [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, **self._folder.identity())
        wait_until(lambda: self._ask("SELECT 1").returncode == 0, "PostgreSQL takes connections")
        if not has_admin:
            return
        quoted = ADMIN_PASSWORD.replace("'", "''")
        self.sql(f"CREATE ROLE kssedr LOGIN CREATEROLE PASSWORD E'{quoted.replace(chr(92), chr(92) * 2)}'")

    def _run(self, command: list[object]) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd=self.path, **self._folder.identity())

    def _ask(self, statement: str) -> subprocess.CompletedProcess[str]:
        command = ["psql", "-h", self.path, "-p", str(self.port), "-U", "root", "-d", "postgres", "-XAt", "-c", statement]
        return subprocess.run(command, capture_output=True, text=True)

    def sql(self, statement: str) -> str:
        answer = self._ask(statement)
        if answer.returncode != 0:
            raise AssertionError(answer.stderr)
        return answer.stdout.strip()

    def database(self, login: str = "app", host: str = "localhost", **members: str) -> Database:
        members.setdefault("ca_file", str(self.certificate))
        if members.get("tls") == "off":
            del members["ca_file"]
        return Database(self.path, f"postgresql://{host}:{self.port}/{login}", **members)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self._folder.close()


class Postgresql(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.server = Server()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.server.stop()

    def setUp(self) -> None:
        self.server.sql("DROP ROLE IF EXISTS app; CREATE ROLE app LOGIN PASSWORD 'old'")

    def test_a_password_is_set_and_the_former_one_is_no_more(self) -> None:
        app = self.server.database()
        self.assertEqual(app.try_login("old"), "accepted:")
        self.assertEqual(app.set(NEW), "done")
        self.assertEqual(app.set(NEW), "done", "once more does no more")
        self.assertEqual(app.try_login(NEW), "accepted:")
        self.assertEqual(app.try_login("old"), 'rejected: password authentication failed for user "app"')
        stored = self.server.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'app'")
        self.assertTrue(stored.startswith("SCRAM-SHA-256$4096:"), stored)

    def test_the_server_logs_no_password(self) -> None:
        self.assertEqual(self.server.database().set(NEW), "done")
        logged = self.server.log.read_text(encoding="utf-8")
        self.assertIn('ALTER ROLE "app" PASSWORD', logged)
        self.assertNotIn(NEW, logged)

    def test_names_are_quoted(self) -> None:
        self.server.sql('CREATE ROLE "We.ird-$@+Name" LOGIN PASSWORD \'old\'')
        app = self.server.database("We.ird-$@+Name")
        self.assertEqual(app.set(NEW), "done")
        self.assertEqual(app.try_login(NEW), "accepted:")

    def test_a_login_that_is_not_there(self) -> None:
        said = self.server.database("nobody").set(NEW)
        self.assertTrue(said.startswith("not_found: "), said)
        self.assertIn('role "nobody" does not exist (42704)', said)
        self.assertEqual(self.server.database("nobody").try_login(NEW)[:9], "rejected:")

    def test_who_lacks_the_right_is_told_what_would_grant_it(self) -> None:
        self.server.sql("DROP ROLE IF EXISTS powerless; CREATE ROLE powerless LOGIN PASSWORD 'p'")
        said = self.server.database(admin_user="powerless").set(NEW, admin="p")
        self.assertTrue(said.startswith("permission_denied: "), said)
        grant = said.partition("let somebody who may run: ")[2]
        self.assertIn('ALTER ROLE "powerless" CREATEROLE;', grant)
        self.server.sql(grant)
        self.assertEqual(self.server.database(admin_user="powerless").set(NEW, admin="p"), "done")

    def test_an_administrator_who_is_not_let_in(self) -> None:
        said = self.server.database().set(NEW, admin="wrong")
        self.assertTrue(said.startswith("permission_denied: "), said)
        self.assertIn("signing in as kssedr", said)
        self.assertNotIn("wrong", said)

    def test_a_role_that_may_not_sign_in_is_rejected_and_a_database_that_is_not_there_matters_not(self) -> None:
        self.assertEqual(self.server.database(database="elsewhere").try_login("old"), "accepted:")
        self.assertEqual(self.server.database(database="elsewhere").try_login("wrong")[:9], "rejected:")
        self.server.sql("ALTER ROLE app NOLOGIN")
        self.assertEqual(self.server.database().try_login("old"), 'rejected: role "app" is not permitted to log in')

    def test_a_server_that_wants_tls(self) -> None:
        plain = self.server.database(tls="off")
        said = plain.try_login("old")
        self.assertTrue(said.startswith("inconclusive: no pg_hba.conf entry"), said)
        self.assertTrue(plain.set(NEW).startswith("permission_denied: "))
        self.server.sql("DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN PASSWORD 'old'")
        self.assertEqual(self.server.database("plain", tls="off").try_login("old"), "accepted:")

    def test_a_certificate_that_is_not_trusted_or_another_hosts_gets_no_password(self) -> None:
        other = make_certificate(self.server.path, "other")
        for database in (self.server.database(ca_file=str(other)), self.server.database(host="127.0.0.1")):
            self.assertEqual(database.try_login("old")[:13], "inconclusive:")
            said = database.set(NEW)
            self.assertTrue(said.startswith("unavailable: "), said)
            self.assertIn("certificate", said)

    def test_nobody_listens(self) -> None:
        nobody = Database(self.server.path, f"postgresql://localhost:{free_port()}/app", ca_file=str(self.server.certificate))
        self.assertEqual(nobody.try_login("old")[:13], "inconclusive:")
        self.assertEqual(nobody.set(NEW)[:12], "unavailable:")

    def hold(self) -> subprocess.Popen[str]:
        """Somebody who changes the role and does not commit; everybody else who would waits."""
        command = ["psql", "-h", self.server.path, "-p", str(self.server.port), "-U", "root", "-d", "postgres", "-Xq"]
        holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
        assert holder.stdin is not None
        holder.stdin.write("BEGIN; ALTER ROLE app CONNECTION LIMIT 5; SET application_name = 'holder';\n")
        holder.stdin.flush()
        wait_until(lambda: self.server.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'holder'") == "1", "held")
        return holder

    def let_go(self, holder: subprocess.Popen[str]) -> None:
        holder.kill()
        holder.communicate()

    def wait_until_it_waits(self) -> None:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kssedr' AND wait_event_type = 'Lock'"
        wait_until(lambda: self.server.sql(waiting) == "1", "the statement waits")

    def test_what_waits_longer_than_the_call_is_ended_by_the_server(self) -> None:
        holder = self.hold()
        said = self.server.database().set(NEW, seconds=4)
        self.let_go(holder)
        self.assertTrue(said.startswith("unavailable: "), said)
        self.assertIn("statement timeout", said)
        self.assertEqual(self.server.database().try_login("old"), "accepted:")

    def test_a_session_that_is_ended_in_the_statement_tells_nothing(self) -> None:
        holder = self.hold()
        setting = self.server.database().start("set", NEW, seconds=60)
        self.wait_until_it_waits()
        self.server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kssedr'")
        self.let_go(holder)
        said = Database.end(setting)
        self.assertTrue(said.startswith("outcome_unknown: "), said)


class Dying(unittest.TestCase):
    def test_a_server_that_dies_in_the_statement(self) -> None:
        server = Server()
        try:
            server.sql("CREATE ROLE app LOGIN PASSWORD 'old'")
            case = Postgresql()
            case.server = server
            holder = case.hold()
            setting = server.database().start("set", NEW, seconds=60)
            case.wait_until_it_waits()
            server.process.send_signal(signal.SIGQUIT)  # at once, whatever is under way
            said = Database.end(setting)
            case.let_go(holder)
            self.assertTrue(said.startswith("outcome_unknown: "), said)
        finally:
            server.stop()


if __name__ == "__main__":
    leave_where_missing(BIN / "postgres", "psql", "openssl")
    unittest.main()
