"""How a source over Kafka's protocol signs in: over TLS to whom it trusts, by password or token; and what it says where it
may not."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from database_servers import BINARIES, leave_where_missing
from kafka_front import Front, make_certificate
from kafka_processes import Cluster, Taker

USER = "$ConnectionString"
PASSWORD = "Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=listen;SharedAccessKey=hunter2+of/the=="
TOKEN = "eyJ0.hunter2-of-the-token.sig"
PLAIN = ("PLAIN", f"\0{USER}\0{PASSWORD}".encode())
BEARER = ("OAUTHBEARER", f"n,,\x01auth=Bearer {TOKEN}\x01\x01".encode())
BY_PASSWORD = (f"user={USER}", f"password={PASSWORD}")
BY_TOKEN = (f"token={TOKEN}",)


class SignIn(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="kssedr-kafka-")
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name)
        self.cluster = Cluster(partitions=1)
        self.addCleanup(self.cluster.close)
        self.cluster.do("many 3")

    def front(self, welcome: tuple[str, bytes] | None, host: str = "127.0.0.1") -> Front:
        self.certificate = make_certificate(self.path, host)
        front = Front(self.cluster.addresses, self.certificate, lambda *sent: sent == welcome)
        self.addCleanup(front.close)
        return front

    def taker(self, front: Front, *options: str, ca_file: Path | None = None) -> Taker:
        taker = Taker(front.address, f"ca_file={ca_file or self.certificate}", *options)
        self.addCleanup(taker.close)
        return taker

    def assert_nothing_leaked(self, taker: Taker) -> None:
        self.assertNotIn("hunter2", "\n".join(taker.lines))

    def test_what_is_right_is_let_in(self) -> None:
        for title, welcome, options in (("password", PLAIN, BY_PASSWORD), ("token", BEARER, BY_TOKEN)):
            with self.subTest(title):
                front = self.front(welcome)
                taker = self.taker(front, *options)
                self.assertEqual(taker.wait_taken(3), ["m0", "m1", "m2"])
                taker.wait_line("health ready")
                if title == "token":
                    self.assertIn("token for https://127.0.0.1", taker.lines)
                self.assertEqual(set(front.seen), {welcome})
                self.assert_nothing_leaked(taker)
                taker.process.kill()
                taker.close()
                self.cluster.close()
                self.cluster = Cluster(partitions=1)
                self.addCleanup(self.cluster.close)
                self.cluster.do("many 3")

    def test_what_is_refused_is_said_with_what_to_do_and_tried_again(self) -> None:
        for title, welcome, options, cure in (
            ("password", PLAIN, BY_PASSWORD, "mend user, or what secret_from holds"),
            ("token", BEARER, BY_TOKEN, "the role Azure Event Hubs Data Receiver"),
        ):
            with self.subTest(title):
                front = self.front(None)
                taker = self.taker(front, *options)
                taker.wait_line(f"health unusable .*refuses the sign-in; .*{cure}")
                if title == "token":
                    taker.wait_line("^token rejected$")
                before = len(taker.lines)
                front.accepts = lambda *sent, welcome=welcome: sent == welcome
                taker.wait_line("health ready", after=before)
                self.assert_nothing_leaked(taker)
                taker.stop()

    def test_without_a_token_nobody_signs_in(self) -> None:
        front = self.front(BEARER)
        taker = self.taker(front, "token=none")
        taker.wait_line("health unusable .*Entra knows nobody of that name")
        self.assertEqual(front.seen, [])
        taker.stop()

    def test_who_is_not_trusted_is_sent_nothing(self) -> None:
        other = make_certificate(self.path, "other.example")
        for title, host, ca_file in (
            ("signed by somebody else", "127.0.0.1", other),
            ("the certificate of another host", "localhost", None),
        ):
            with self.subTest(title):
                front = self.front(PLAIN, host)
                taker = self.taker(front, *BY_PASSWORD, ca_file=ca_file)
                taker.wait_line("health unusable .*is not trusted, or names another host")
                self.assertEqual(front.seen, [])
                taker.stop()

    def test_authorities_that_are_none_are_said_at_the_start(self) -> None:
        front = self.front(PLAIN)
        empty = self.path / "empty.pem"
        empty.touch()
        for ca_file in (empty, self.path / "missing.pem"):
            with self.subTest(ca_file.name):
                taker = self.taker(front, *BY_PASSWORD, ca_file=ca_file)
                taker.wait_line("health unusable .*ssl.ca.location")
                self.assert_nothing_leaked(taker)
                taker.stop()


if __name__ == "__main__":
    leave_where_missing(BINARIES / "kafka-cluster", BINARIES / "kafka-taker", "openssl")
    unittest.main()
