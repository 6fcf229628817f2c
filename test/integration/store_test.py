"""The store on real disks and servers: full, locked, gone, killed; its chain by another tool; the commands about it."""

from __future__ import annotations

import hashlib
import json
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from database_servers import ADMIN_PASSWORD, BINARIES, Folder, free_port, leave_where_missing, wait_until
from postgresql_test import BIN

KSSEDR, TOOL, SUITE = BINARIES / "kssedr", BINARIES / "store-tool", BINARIES / "store-suite"
BEGIN = "0" * 64
COLUMNS = "number, at_ms, outcome, code, vault, secret, text, hash"


def chain_hash(previous: str, number: int, at_ms: int, outcome: str, code: str, vault: str, secret: str, text: str) -> str:
    """The formula of docs/operations/store.md."""
    parts = [previous, str(number), str(at_ms), outcome, code, vault, secret, text]
    return hashlib.sha256(b"".join(b"%d:%s," % (len(part.encode()), part.encode()) for part in parts)).hexdigest()


def check_chain(rows: list[tuple], previous: str = BEGIN, number: int = 0) -> str:
    for row in rows:
        number += 1
        assert row[0] == number, f"line {row[0]} where {number} should be"
        previous = chain_hash(previous, *row[:7])
        assert row[7] == previous, f"line {number} has another hash"
    return previous


def tool(*arguments: object, environment: dict[str, str] | None = None, **how) -> str:
    command = [str(TOOL), *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment or {}, **how)
    return ran.stdout.strip()


def kssedr(location: object, *arguments: object, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [str(KSSEDR), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, env={"KSSEDR_STORE": str(location)} | (environment or {})
    )


def objects(ran: subprocess.CompletedProcess[str]) -> list[dict]:
    return [json.loads(line) for line in ran.stdout.splitlines()]


class Appending:
    """The tool that appends until it is killed; every line that it has reported."""

    def __init__(self, location: str, environment: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen([TOOL, "append", location], stdout=subprocess.PIPE, text=True, env=environment or {})
        self.lines: list[str] = []

    def read(self, count: int) -> None:
        assert self.process.stdout is not None
        for _ in range(count):
            line = self.process.stdout.readline()
            if not line:
                break
            self.lines.append(line.strip())

    def kill(self) -> None:
        self.process.kill()
        assert self.process.stdout is not None
        self.lines += [line.strip() for line in self.process.stdout.read().splitlines(True) if line.endswith("\n")]
        self.process.stdout.close()
        self.process.wait()


class Trying:
    """One process that is asked again and again to append a line."""

    def __init__(self, location: object, environment: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [TOOL, "tries", str(location)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment or {}
        )

    def ask(self, seconds: int = 10) -> str:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        self.process.communicate(timeout=60)


class FileCase(unittest.TestCase):
    def setUp(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="kssedr-store-")
        self.addCleanup(self._folder.cleanup)
        self.folder = Path(self._folder.name)
        self.file = self.folder / "kssedr.db"

    def rows(self) -> list[tuple]:
        connection = sqlite3.connect(self.file)
        try:
            return connection.execute(f"SELECT {COLUMNS} FROM history ORDER BY number").fetchall()
        finally:
            connection.close()


class OnFile(FileCase):
    def test_twenty_kills_lose_nothing_that_was_reported(self) -> None:
        reported: dict[int, str] = {}
        for turn in range(20):
            before = len(reported)
            appending = Appending(str(self.file))
            appending.read(1 + turn)
            appending.kill()
            kept = {row[0]: row[7] for row in self.rows()}
            heads = set(kept.values())
            for line in appending.lines:
                number, head = line.split(" ")
                self.assertIn(head, heads, f"turn {turn}: line {number} was reported and is not there")
                reported[len(reported) + 1] = head
            self.assertGreater(len(reported), before)
            check_chain(self.rows())
        connection = sqlite3.connect(self.file)
        # Each was reported after its parked event and its message were kept.
        self.assertGreaterEqual(connection.execute("SELECT sum(count) FROM parked").fetchone()[0], len(reported))
        messages = connection.execute("SELECT count(*) FROM inbox").fetchone()[0]
        self.assertGreaterEqual(messages, len(reported))
        self.assertEqual(connection.execute("SELECT value FROM counters WHERE name = 'inbox_messages'").fetchone()[0], messages)
        connection.close()
        proof = kssedr(self.file, "history", "--verify", "--head", reported[1], "--json")
        self.assertEqual(proof.returncode, 0, proof)
        self.assertEqual((objects(proof)[0]["whole"], objects(proof)[0]["hasHead"]), (True, True))

    def test_a_full_disk(self) -> None:
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", disk], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("no small disk may be mounted here")
        try:
            self.file = disk / "kssedr.db"
            trying = Trying(self.file)
            self.assertEqual(trying.ask(), "done")
            ballast = disk / "ballast"
            with ballast.open("wb", buffering=0) as out:
                try:
                    while out.write(b"x" * 4096):
                        pass
                except OSError:
                    pass
            said = ""
            for _ in range(100):
                said = trying.ask()
                if said != "done":
                    break
            self.assertTrue(said.startswith("unavailable: "), said)
            self.assertIn("make room", said)
            check_chain(self.rows())
            kept = len(self.rows())
            ballast.unlink()
            self.assertEqual(trying.ask(), "done", "it goes on by itself")
            trying.end()
            self.assertEqual(len(self.rows()), kept + 1)
            check_chain(self.rows())
        finally:
            subprocess.run(["umount", disk], check=True)

    def test_a_file_that_another_process_holds(self) -> None:
        trying = Trying(self.file)
        self.assertEqual(trying.ask(), "done")
        other = sqlite3.connect(self.file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        said = trying.ask(1)
        self.assertTrue(said.startswith("unavailable: "), said)
        self.assertIn("another process holds a lock on it", said)
        other.execute("ROLLBACK")
        self.assertEqual(trying.ask(), "done")
        other.close()
        trying.end()
        check_chain(self.rows())

    def test_a_damaged_file_is_said_by_the_commands(self) -> None:
        self.assertEqual(tool("try", self.file, 10), "done")
        self.file.write_bytes(b"not a database, " * 500)
        for suffix in ("-wal", "-shm"):
            Path(f"{self.file}{suffix}").unlink(missing_ok=True)
        ran = kssedr(self.file, "history")
        self.assertEqual(ran.returncode, 3, ran)
        self.assertIn(".recover", ran.stderr)
        self.assertEqual(self.file.read_bytes(), b"not a database, " * 500)

    def test_thousands_a_second(self) -> None:
        alone = int(tool("bench", self.folder / "alone.db", 100, 1))
        many = int(tool("bench", self.folder / "many.db", 20000, 1000))
        print(f"\nSQLite, durable appends a second: {alone} by one caller, {many} by a thousand")
        self.assertGreater(many, 3 * alone, "many callers share a commit")

    def test_a_line_that_was_changed_and_one_that_was_cut_off(self) -> None:
        for _ in range(3):
            tool("try", self.file, 10)
        head = self.rows()[2][7]
        connection = sqlite3.connect(self.file)
        with connection:
            connection.execute("DELETE FROM history WHERE number = 3")
            connection.execute("UPDATE chain_head SET number = 2, hash = (SELECT hash FROM history WHERE number = 2)")
        self.assertEqual(kssedr(self.file, "history", "--verify").returncode, 0, "whoever kept no hash can not know")
        cut = kssedr(self.file, "history", "--verify", "--head", head)
        self.assertEqual(cut.returncode, 3, cut)
        self.assertIn("does not stand in it", cut.stdout)
        with connection:
            connection.execute("UPDATE history SET text = '{}' WHERE number = 2")
        connection.close()
        changed = kssedr(self.file, "history", "--verify", "--json")
        self.assertEqual((changed.returncode, objects(changed)[0]["brokenAt"]), (3, 2))

    def test_the_commands_find_requeue_and_drop(self) -> None:
        event = json.dumps({"id": "1", "type": "Microsoft.KeyVault.SecretNearExpiry"})
        self.assertEqual(tool("park", self.file, event, "demo.vault.azure.net", "web"), "done")
        self.assertEqual(tool("park", self.file, "", "demo.vault.azure.net", "swept"), "done")
        self.assertEqual(tool("park", self.file, "x" * 9000), "done")
        tool("try", self.file, 10)
        listed = objects(kssedr(self.file, "parked", "list", "--json"))
        self.assertEqual([each["id"] for each in listed], [1, 2, 3])
        self.assertEqual(listed[0]["event"], event)
        self.assertEqual(len(listed[2]["head"]), 4096)
        self.assertIn("demo.vault.azure.net/web [not-permitted]", kssedr(self.file, "parked", "list").stdout)

        again = kssedr(self.file, "parked", "requeue", 1)
        self.assertEqual(again.returncode, 0, again)
        self.assertIn("waits in the inbox", again.stdout)
        connection = sqlite3.connect(self.file)
        self.assertEqual(connection.execute("SELECT source, message FROM inbox").fetchall(), [("parked", event.encode())])
        connection.close()
        swept = kssedr(self.file, "parked", "requeue", 2)
        self.assertEqual(swept.returncode, 3)
        self.assertIn("kssedr rotate https://demo.vault.azure.net/secrets/swept", swept.stderr)
        large = kssedr(self.file, "parked", "requeue", 3)
        self.assertEqual(large.returncode, 3)
        self.assertIn("only the head is kept", large.stderr)
        self.assertEqual(kssedr(self.file, "parked", "drop", 3).returncode, 0)
        for what in ("drop", "requeue"):
            gone = kssedr(self.file, "parked", what, 3)
            self.assertEqual(gone.returncode, 2)
            self.assertIn("kssedr parked list", gone.stderr)

        found = kssedr(self.file, "history", "--vault", "demo", "--secret", "secret-1", "--outcome", "superseded", "--since", "2026-01-01")
        self.assertEqual(found.returncode, 0, found)
        self.assertIn("demo.vault.azure.net/secret-1", found.stdout)
        self.assertIn("a newer version is current", found.stdout)
        self.assertEqual(kssedr(self.file, "history", "--since", "P1D", "--json").stdout, "")
        line = objects(kssedr(self.file, "history", "--json"))[0]
        self.assertEqual((line["number"], line["outcome"]["outcome"]), (1, "superseded"))

    def test_wrong_usage_is_two(self) -> None:
        tool("try", self.file, 10)
        for arguments in (
            ("history", "--since", "yesterday"),
            ("history", "--outcome", "done"),
            ("history", "--head", "ab"),
            ("history", "--verify", "--secret", "a"),
            ("history", "--limit", "0"),
            ("history", "--vault", "https://elsewhere.example"),
            ("parked",),
            ("parked", "requeue"),
            ("parked", "drop", "x"),
        ):
            ran = kssedr(self.file, *arguments)
            self.assertEqual(ran.returncode, 2, ran)
            self.assertTrue(ran.stderr.startswith("kssedr: "), ran)
        nowhere = kssedr(self.folder / "none.db", "history")
        self.assertEqual(nowhere.returncode, 2)
        self.assertIn("KSSEDR_STORE", nowhere.stderr)
        self.assertFalse((self.folder / "none.db").exists())
        password = kssedr("postgresql://me:hunter2@localhost/db", "history")
        self.assertEqual(password.returncode, 2)
        self.assertNotIn("hunter2", password.stderr)

    def test_the_state_directory_is_the_default(self) -> None:
        tool("try", self.file, 10)
        ran = subprocess.run([KSSEDR, "history"], capture_output=True, text=True, env={"STATE_DIRECTORY": f"{self.folder}:/other"})
        self.assertEqual((ran.returncode, ran.stdout.count("\n")), (0, 2), ran)


class Listing(FileCase):
    lines = 100_000

    def test_a_long_chain_that_another_program_wrote(self) -> None:
        self.assertEqual(tool("try", self.file, 10), "done")
        lines = self.lines
        connection = sqlite3.connect(self.file)
        connection.execute("PRAGMA synchronous = OFF")
        head = connection.execute("SELECT hash FROM history").fetchone()[0]

        def more() -> Iterator[tuple]:
            nonlocal head
            for number in range(2, lines + 1):
                line = (number, 1768469400000 + number, "superseded", "superseded", "demo.vault.azure.net", f"s{number % 50}")
                text = f'{{"schema":1,"outcome":"superseded","reason":"line {number}"}}'
                head = chain_hash(head, *line, text)
                yield (*line, text, head)

        with connection:
            connection.executemany("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?)", more())
            connection.execute("UPDATE chain_head SET number = ?, hash = ?", (lines, head))
        connection.close()

        def peak(*arguments: str, first: str) -> int:
            """The most memory, in KB, that a command took while it printed."""
            process = subprocess.Popen([KSSEDR, *arguments], stdout=subprocess.PIPE, text=True, env={"KSSEDR_STORE": str(self.file)})
            assert process.stdout is not None
            count = 0
            most = 0
            for line in process.stdout:
                if count == 0:
                    self.assertIn(first, line)
                count += 1
                if count % 1000 == 0 or count == 1:
                    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
                    if "VmHWM:" in status:  # not of one that has ended
                        most = max(most, int(status.partition("VmHWM:")[2].split()[0]))
            process.stdout.close()
            self.assertEqual(process.wait(), 0)
            self.printed = count
            return most

        few = peak("history", "--json", "--limit", "2000", first=f'"number":{lines}')
        all_of_them = peak("history", "--json", "--limit", "2000000", first=f'"number":{lines}')
        self.assertEqual(self.printed, lines)
        self.assertLess(all_of_them, few + 4096)
        print(f"\nlisting two thousand lines took {few} KB, {lines} {all_of_them} KB")
        proof = kssedr(self.file, "history", "--verify", "--head", head)
        self.assertEqual(proof.returncode, 0, proof)
        self.assertIn(f"The chain is whole: {lines} lines", proof.stdout)


class Million(Listing):
    lines = 1_000_000


class PostgresServer:
    def __init__(self) -> None:
        self._folder = Folder("postgres")
        self.path = self._folder.path
        self.log = self.path / "log"
        self.log.touch()
        self._folder.give_away()
        self.data = self.path / "data"
        command = [BIN / "initdb", "-D", self.data, "-U", "root", "--auth-local=trust", "--auth-host=scram-sha-256", "-N", "-E", "UTF8"]
        subprocess.run(command, check=True, capture_output=True, cwd=self.path, **self._folder.identity())
        self.port = free_port()
        self.start()
        quoted = ADMIN_PASSWORD.replace("'", "''")
        self.sql(f"CREATE ROLE kssedr LOGIN PASSWORD E'{quoted.replace(chr(92), chr(92) * 2)}'", "postgres")
        self.sql("CREATE DATABASE kept OWNER kssedr", "postgres")
        self.sql("ALTER SCHEMA public OWNER TO kssedr")
        self.location = f"postgresql://kssedr@localhost:{self.port}/kept?sslmode=disable"
        self.environment = {"PGPASSWORD": ADMIN_PASSWORD}

    def start(self) -> None:
        settings = {"port": self.port, "listen_addresses": "localhost", "unix_socket_directories": self.path, "shared_buffers": "8MB"}
        command = [BIN / "postgres", "-D", self.data] + [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, **self._folder.identity())
        wait_until(lambda: self.ask("SELECT 1", "postgres").returncode == 0, "PostgreSQL takes connections")

    def ask(self, statement: str, database: str = "kept") -> subprocess.CompletedProcess[str]:
        command = ["psql", "-h", self.path, "-p", str(self.port), "-U", "root", "-d", database, "-XAt", "-F", "\t", "-c", statement]
        return subprocess.run(command, capture_output=True, text=True)

    def sql(self, statement: str, database: str = "kept") -> str:
        answer = self.ask(statement, database)
        if answer.returncode != 0:
            raise AssertionError(answer.stderr)
        return answer.stdout.strip()

    def rows(self) -> list[tuple]:
        listed = self.sql(f"SELECT {COLUMNS} FROM history ORDER BY number").splitlines()
        return [(int(row[0]), int(row[1]), *row[2:]) for row in (line.split("\t") for line in listed)]

    def kill(self) -> None:
        """At once, whatever is under way."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._folder.close()


class OnServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.server = PostgresServer()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.server.close()

    def setUp(self) -> None:
        self.server.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION kssedr")

    def test_it_passes_the_suite(self) -> None:
        self.server.sql("ALTER DATABASE kept OWNER TO kssedr")
        ran = subprocess.run([SUITE, self.server.location], capture_output=True, text=True, env=self.server.environment, timeout=120)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def test_machines_that_append_at_once_make_one_chain(self) -> None:
        machines = [Appending(self.server.location, self.server.environment) for _ in range(4)]
        readers = [threading.Thread(target=each.read, args=(30,)) for each in machines]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        for each in machines:
            each.kill()
        rows = self.server.rows()
        check_chain(rows)
        hashes = {row[7] for row in rows}
        for each in machines:
            self.assertGreaterEqual(len(each.lines), 30)
            for line in each.lines:
                self.assertIn(line.split(" ")[1], hashes)
        proof = kssedr(self.server.location, "history", "--verify", environment=self.server.environment)
        self.assertEqual(proof.returncode, 0, proof)

    def test_a_server_that_is_killed_and_comes_back(self) -> None:
        reported: list[str] = []
        for turn in range(3):
            appending = Appending(self.server.location, self.server.environment)
            appending.read(5 + turn * 3)
            self.server.kill()
            appending.read(1000)
            appending.kill()
            said = appending.lines[-1]
            self.assertRegex(said, "^(unavailable|outcome_unknown): postgresql://kssedr@localhost|^outcome_unknown")
            reported += [line.split(" ")[1] for line in appending.lines if line[0].isdigit()]
            self.server.start()
        rows = self.server.rows()
        check_chain(rows)
        self.assertLessEqual(set(reported), {row[7] for row in rows})

    def test_one_process_goes_on_once_the_server_is_back(self) -> None:
        trying = Trying(self.server.location, self.server.environment)
        self.assertEqual(trying.ask(), "done")
        self.server.kill()
        for _ in range(2):
            said = trying.ask(5)
            self.assertTrue(said.startswith("unavailable: "), said)
        self.assertIn("see that the server runs", said)
        self.server.start()
        self.assertEqual(trying.ask(), "done")
        self.server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kssedr'")
        said = trying.ask()
        self.assertTrue(said == "done" or said.startswith("unavailable: "), said)
        self.assertEqual(trying.ask(), "done")
        trying.end()
        check_chain(self.server.rows())

    @contextmanager
    def held(self) -> Iterator[None]:
        """Somebody who holds the head and does not commit."""
        command = ["psql", "-h", self.server.path, "-p", str(self.server.port), "-U", "root", "-d", "kept", "-Xq"]
        holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
        assert holder.stdin is not None
        holder.stdin.write("BEGIN; SELECT * FROM chain_head FOR UPDATE; SET application_name = 'holder';\n")
        holder.stdin.flush()
        wait_until(lambda: self.server.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'holder'") == "1", "held")
        try:
            yield
        finally:
            holder.kill()
            holder.communicate()

    def test_a_lock_that_another_session_holds(self) -> None:
        trying = Trying(self.server.location, self.server.environment)
        self.assertEqual(trying.ask(), "done")
        with self.held():
            said = trying.ask(2)
            self.assertTrue(said.startswith("unavailable: "), said)
            self.assertIn("pg_stat_activity", said)
        self.assertEqual(trying.ask(), "done")
        trying.end()
        self.assertEqual(len(self.server.rows()), 2)

    # The commit is done, and its answer never comes: the server is asked what became of it.
    def test_a_commit_whose_answer_is_lost(self) -> None:
        proxy = Cutting(self.server.port)
        location = self.server.location.replace(str(self.server.port), str(proxy.port))
        trying = Trying(location, self.server.environment)
        self.assertEqual(trying.ask(), "done")
        proxy.cut_after_commit()
        self.assertEqual(trying.ask(20), "done", "it was committed, and that was found out")
        self.assertTrue(proxy.has_cut)
        self.assertEqual(trying.ask(), "done")
        trying.end()
        proxy.close()
        rows = self.server.rows()
        self.assertEqual(len(rows), 3, "kept once")
        check_chain(rows)

    def test_who_is_not_let_in_and_what_is_not_there(self) -> None:
        wrong = tool("try", self.server.location, 10, environment={"PGPASSWORD": "wrong"})
        self.assertTrue(wrong.startswith(("permission_denied: ", "unavailable: ")), wrong)
        self.assertIn("password authentication failed", wrong)
        self.assertNotIn("wrong", wrong.replace("went wrong", ""))
        none = tool("try", self.server.location.replace("/kept", "/other"), 10, environment=self.server.environment)
        self.assertIn('database "other" does not exist', none)
        secure = tool("try", self.server.location.replace("?sslmode=disable", ""), 10, environment=self.server.environment)
        self.assertTrue(secure.startswith("unavailable: "), secure)
        self.assertIn("SSL", secure)

    def test_what_is_another_version(self) -> None:
        self.assertEqual(tool("try", self.server.location, 10, environment=self.server.environment), "done")
        self.server.sql("UPDATE schema_version SET version = 99")
        said = tool("try", self.server.location, 10, environment=self.server.environment)
        self.assertTrue(said.startswith("invalid_argument: "), said)
        self.assertIn("newer kssedr", said)

    def test_thousands_a_second(self) -> None:
        many = int(tool("bench", self.server.location, 10000, 1000, environment=self.server.environment))
        print(f"\nPostgreSQL, durable appends a second: {many} by a thousand callers")
        check_chain(self.server.rows())


class Cutting:
    """Hands on what client and server say; once told, ends the connection when the server has answered a COMMIT."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.has_cut = False
        self._is_armed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after_commit(self) -> None:
        self._is_armed = True

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("localhost", self._server_port))
            threading.Thread(target=self._forward, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._forward, args=(server, client, True), daemon=True).start()

    def _forward(self, here, there, is_answer: bool) -> None:
        try:
            while said := here.recv(65536):
                if is_answer and self._is_armed and b"COMMIT\0" in said:
                    self._is_armed = False
                    self.has_cut = True
                    break
                there.sendall(said)
        except OSError:
            pass
        for each in (here, there):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


if __name__ == "__main__":
    leave_where_missing(BIN / "postgres", "psql")
    unittest.main()
