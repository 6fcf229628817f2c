"""Whole rotations of logins of real servers, end to end.

An application keeps a login and its password in a vault and signs in with them all the time. Two logins take turns, so it
never fails: not over twenty rotations, and wherever kssedr is killed, between any two statements.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import unittest
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import mysql_test
import postgresql_test
import redis_test
from database_servers import ADMIN_PASSWORD, Database, leave_where_missing
from local_azure.clients import Refused
from stage import KSSEDR, VAULT, Consumer, Ran, Stage, Vault, eventually

SECRET = "orders-login"
FIRST = "first.password-of_all~"
NOWHERE = subprocess.DEVNULL
JSON_FORM = '{{"engine":"{scheme}","username":"{l}", "password":"{p}","host":"localhost","port":{port}, "note":"kept"}}'


class Kind:
    """A kind of server: how a person makes logins there, and how an application signs in, by the server's own tools."""

    scheme = ""
    forms: dict[str, str] = {}

    def __init__(self, server: Any) -> None:
        self.server = server
        self.port: int = server.port  # where configuration and values say that it is

    def database(self, login: str, **members: str) -> Database:
        members.setdefault("ca_file", str(self.server.certificate))
        return Database(self.server.path, f"{self.scheme}://localhost:{self.port}/{login}", **members)

    def ends(self, command: list[object], **environment: str) -> bool:
        environment["PATH"] = os.environ["PATH"]
        ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True)
        return ran.returncode == 0 and ran.stdout.strip() in ("1", "PONG")


class Postgresql(Kind):
    scheme = "postgresql"
    forms = {
        "JSON": JSON_FORM,
        "URL": "postgresql://{l}:{p}@localhost:{port}/postgres?sslmode=verify-full",
        "libpq": "host=localhost port={port} user={l} password='{p}' dbname=postgres",
        "JDBC": "jdbc:postgresql://localhost:{port}/postgres?user={l}&password={p}&ssl=true",
    }

    def make(self, login: str) -> None:
        self.server.sql(f"CREATE ROLE {login} LOGIN PASSWORD '{FIRST}'")

    def sign_in(self, login: str, password: str) -> bool:
        how = f"host=localhost port={self.server.port} user={login} dbname=postgres sslmode=verify-full"
        command = ["psql", f"{how} sslrootcert={self.server.certificate}", "-XAtc", "SELECT 1"]
        return self.ends(command, PGPASSWORD=password)


class Mysql(Kind):
    scheme = "mysql"
    forms = {
        "ADO": "Server=localhost;Port={port};Database=shop;User ID={l};Password={p};SslMode=VerifyFull",
        "JSON": JSON_FORM,
        "URL": "mysql://{l}:{p}@localhost:{port}/shop",
        "JDBC": "jdbc:mariadb://localhost:{port}/shop?user={l}&password={p}",
    }

    def make(self, login: str) -> None:
        self.server.sql(f"CREATE USER {login}@'%' IDENTIFIED BY '{FIRST}'")

    def sign_in(self, login: str, password: str) -> bool:
        command = ["mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", str(self.server.port), "-u", login, "--ssl"]
        return self.ends([*command, "-N", "-B", "-e", "SELECT 1"], MYSQL_PWD=password)


class Redis(Kind):
    scheme = "redis"
    forms = {
        "URL": "rediss://{l}:{p}@localhost:{port}/0",
        "JSON": JSON_FORM,
        "StackExchange": "localhost:{port},user={l},password={p},ssl=True,abortConnect=False",
    }

    def make(self, login: str) -> None:
        self.server.cli("ACL", "SETUSER", login, "on", f"#{redis_test.digest(FIRST)}", "~*", "+ping")

    def sign_in(self, login: str, password: str) -> bool:
        command = ["redis-cli", "-h", "localhost", "-p", str(self.server.port), "--tls", "--cacert", self.server.certificate]
        return self.ends([*command, "--user", login, "--no-auth-warning", "PING"], REDISCLI_AUTH=password)


class SigningIn(Consumer):
    """Signs in with what it holds, instead of using a storage account."""

    kind: Kind

    def _use(self) -> None:
        is_in = self.kind.sign_in(self._account, self._key)
        self.requests += 1
        if not is_in:
            self.failures.append(f"{self._account} was not let in")


class Shop:
    """A secret that holds a login, its alternate, and the configuration that names both."""

    numbers = itertools.count()

    def __init__(self, stage: Stage, kind: Kind, form: str, **members: str) -> None:
        self.stage, self.kind, self.form = stage, kind, form
        number = next(self.numbers)
        self.logins = [f"app{number}_a", f"app{number}_b"]
        if "alternate" in members:
            members["alternate"] = self.logins[1]
        for login in self.logins:
            kind.make(login)
        vault = f"{VAULT}.{stage.settings()['KSSEDR_KEYVAULT_SUFFIX']}"
        self.url = f"https://{vault}/secrets/{SECRET}"
        stage.vault.set("db-admin", ADMIN_PASSWORD)
        admin = f"https://{vault}/secrets/db-admin"
        self.database = kind.database(self.logins[0], admin_password_secret=admin, **members)
        self.owner = f"{kind.scheme}://localhost:{kind.port}/{self.logins[0]}"
        self.set = {"KSSEDR_ALLOWED_TARGETS": f"{VAULT}={self.owner}", "KSSEDR_CONFIG": str(self.database.config)}
        tags = {"ProviderAddress": self.owner, "CredentialId": self.logins[0], "ValidityPeriodDays": "90"}
        self.stage.put_secret(SECRET, value=self.value(self.logins[0], FIRST), contentType=None, tags=tags)

    def value(self, login: str, password: str) -> str:
        return self.form.format(scheme=self.kind.scheme, port=self.kind.port, l=login, p=password)

    def read(self, value: str) -> tuple[str, str]:
        """What the application makes of the secret's value."""
        before, between, after = self.value("\0", "\1").replace("\1", "\0").split("\0")
        if not (value.startswith(before) and value.endswith(after)):
            raise ValueError("something beside login and password has changed")
        login, _, password = value[len(before) : len(value) - len(after)].partition(between)
        return login, unquote(password)

    def rotate(self) -> Ran:
        return self.stage.run("rotate", "--json", self.url, **self.set)

    def handle(self, version: str) -> Ran:
        event = json.dumps(self.stage.event(SECRET, version))
        return self.stage.run("handle", "--json", "-", stdin=event, **self.set)

    def settings(self) -> dict[str, str]:
        return self.stage.settings(**self.set)

    def consumer(self) -> SigningIn:
        vault = Vault(self.stage.emulator, self.stage.apps["application"], self.stage.vault.host.split(".")[0])
        consumer = SigningIn(self.stage.emulator, vault, SECRET, cache_seconds=1e9, pause=0.05, parse=self.read)
        consumer.kind = self.kind
        return consumer

    def is_open(self) -> bool:
        """Whether a password stands in the companion secret, as of an attempt that is not over."""
        try:
            self.stage.vault.get(f"{SECRET}-kssedr-pending")
        except Refused:
            return False
        return True


@dataclass(frozen=True)
class Point:
    """One upstream call of a rotation: what it asks for, and how many like it come before."""

    operation: str
    after: int


def points_of_a_rotation(kind: Kind) -> list[Point]:
    """What a rotation calls, in order, learnt from one that nobody disturbs. The server's statements lie between them."""
    with Stage() as stage:
        shop = Shop(stage, kind, JSON_FORM, alternate="yes")
        known = len(stage.emulator.calls())
        ran = shop.rotate()
        assert ran.objects[0]["outcome"] == "rotated", ran.out + ran.err
        points: list[Point] = []
        for call in stage.emulator.calls()[known:]:
            like = [point for point in points if point.operation == call["operation"]]
            # A slow machine reads again what it read before; a fast one does not.
            if not (like and call["operation"] in ("secret.get", "secret.list")):
                points.append(Point(call["operation"], len(like)))
        return points


def use_a_while(consumer: Consumer) -> None:
    done = consumer.requests
    assert eventually(lambda: consumer.requests > done + 1)


class Rotations:
    """What each kind of server is put through. Mixed into a test of that kind."""

    kind: Kind

    def rotate_twenty_times(self: Any, kills: bool) -> None:
        points = points_of_a_rotation(self.kind)
        self.assertIn("secret.update", [point.operation for point in points], "the companion is closed")
        kills_at = itertools.cycle(itertools.product(points, ("before", "after"))) if kills else itertools.repeat(None)
        each = 20 // len(self.kind.forms)
        for title, form in self.kind.forms.items():
            with self.subTest(title), Stage() as stage:
                shop = Shop(stage, self.kind, form, alternate="yes")
                with shop.consumer() as consumer:
                    for _ in range(each):
                        self.rotate_and_let_time_pass(shop, consumer, next(kills_at))
                self.assertEqual(consumer.failures, [])
                self.assertEqual(len(stage.vault.versions(SECRET)), each + 1)

    def rotate_and_let_time_pass(self: Any, shop: Shop, consumer: SigningIn, kill: tuple[Any, str] | None) -> None:
        before = shop.stage.vault.get(SECRET)
        if kill is not None:
            self.kill_at(shop, *kill)
            use_a_while(consumer)
        ran = shop.handle(before["version"])
        # Killed right before it answered, it was done.
        expected = ("rotated", "adopted", "superseded") if kill else ("rotated",)
        self.assertIn(ran.objects[0]["outcome"], expected, ran.out + ran.err)
        after = shop.stage.vault.get(SECRET)
        login, password = shop.read(after["value"])
        self.assertNotEqual(login, shop.read(before["value"])[0], "the logins take turns")
        self.assertEqual(after["tags"]["CredentialId"], login)
        self.assertNotIn(password, ran.out + ran.err)
        self.assertTrue(shop.kind.sign_in(login, password))
        use_a_while(consumer)
        shop.stage.emulator.advance("P6DT23H")
        use_a_while(consumer)
        consumer.read_again()
        self.assertTrue(consumer.wait_for_version(after["version"], 20))
        use_a_while(consumer)
        shop.stage.emulator.advance("P68D")

    def kill_at(self: Any, shop: Shop, point: Point, side: str) -> None:
        emulator = shop.stage.emulator
        service = "entra" if point.operation == "token" else "keyvault"
        emulator.fault(service, point.operation, user_agent="kssedr/", after=point.after, hold=side)
        running = subprocess.Popen([str(KSSEDR), "rotate", shop.url], env=shop.settings(), stdout=NOWHERE, stderr=NOWHERE)
        self.assertIsNotNone(emulator.wait_for_hold(20), f"the call never came: {point}")
        running.kill()
        running.wait()
        emulator.release()
        # What was written down a moment ago may yet be set by who wrote it; by the vault's clock that is past.
        emulator.advance("PT3M")

    def test_twenty_rotations_and_nobody_is_cut_off(self: Any) -> None:
        self.rotate_twenty_times(kills=False)

    def test_twenty_rotations_each_killed_at_another_call(self: Any) -> None:
        self.rotate_twenty_times(kills=True)

    def test_a_single_login_is_rotated_where_the_configuration_says_so(self: Any) -> None:
        with Stage() as stage:
            shop = Shop(stage, self.kind, JSON_FORM)
            ran = shop.rotate()
            self.assertEqual(ran.objects[0]["outcome"], "rotated", ran.out + ran.err)
            login, password = shop.read(stage.vault.get(SECRET)["value"])
            self.assertEqual(login, shop.logins[0])
            self.assertNotEqual(password, FIRST)
            self.assertTrue(shop.kind.sign_in(login, password))
            self.assertFalse(shop.is_open())

    def test_a_value_that_names_another_server_is_refused(self: Any) -> None:
        with Stage() as stage:
            shop = Shop(stage, self.kind, JSON_FORM.replace("localhost", "elsewhere.example"), alternate="yes")
            ran = shop.rotate()
            self.assertEqual(ran.objects[0]["code"], "value-not-understood", ran.out + ran.err)
            self.assertTrue(shop.kind.sign_in(shop.logins[0], FIRST))


class OfPostgresql(Rotations, unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.kind = Postgresql(postgresql_test.Server())

    @classmethod
    def tearDownClass(cls) -> None:
        cls.kind.server.stop()


class OfMariadb(Rotations, unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.kind = Mysql(mysql_test.Server())

    @classmethod
    def tearDownClass(cls) -> None:
        cls.kind.server.stop()


class OfRedis(Rotations, unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.kind = Redis(redis_test.Server())

    @classmethod
    def tearDownClass(cls) -> None:
        cls.kind.server.stop()


if __name__ == "__main__":
    leave_where_missing(postgresql_test.BIN / "postgres", "psql", mysql_test.MARIADBD, "mariadb", "redis-server", "openssl")
    unittest.main()
