"""Event hubs over AMQP: what is said, what is read, and what every way of losing it leads to."""

from __future__ import annotations

import json
import subprocess
import sys
import unittest
from typing import Any

from event_hub import FOLDER, KEY, TOOL, Hub, Tool, leave_where_missing
from stage import eventually


def run_tool(hub: Hub, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    settings = hub.environment() | environment
    return subprocess.run([str(TOOL), *arguments], env=settings, capture_output=True, text=True, timeout=60)


class EventHubs(unittest.TestCase):
    websocket = False

    def hub(self, **options: Any) -> Hub:
        hub = Hub(**options, websocket=self.websocket)
        self.addCleanup(hub.close)
        return hub

    def reader(self, hub: Hub, partition: int = 0, start: str = "earliest", **environment: str) -> Tool:
        tool = Tool(hub, "read", str(partition), start, **environment)
        self.addCleanup(tool.close)
        self.assertTrue(tool.is_open(), "the link was not opened")
        return tool

    def test_partitions_tell_of_themselves(self) -> None:
        hub = self.hub(partitions=3)
        hub.send("x", 1, 5)
        ran = run_tool(hub, "list")
        told = [json.loads(line) for line in ran.stdout.splitlines()]
        self.assertEqual([each["partition"] for each in told], ["0", "1", "2"], ran.stderr)
        self.assertEqual([each["last"] for each in told], [-1, 4, -1])

    def test_events_come_in_order_from_wherever_one_begins(self) -> None:
        hub = self.hub()
        hub.send("event {i}", count=1000)
        whole = self.reader(hub)
        self.assertTrue(eventually(lambda: len(whole.bodies) == 1000), len(whole.bodies))
        self.assertEqual(whole.bodies, [f"event {i}" for i in range(1000)])
        part = self.reader(hub, start="989")
        self.assertTrue(eventually(lambda: len(part.bodies) == 10))
        self.assertEqual(part.bodies[0], "event 990")
        newest = self.reader(hub, start="latest")
        hub.send("later")
        self.assertTrue(eventually(lambda: newest.bodies == ["later"]), newest.bodies)

    def test_large_events_arrive_whole(self) -> None:
        hub = self.hub()
        body = "x" * 900_000
        hub.send(body)
        hub.send("small")
        tool = self.reader(hub)
        self.assertTrue(eventually(lambda: len(tool.bodies) == 2))
        self.assertEqual(tool.bodies, [body, "small"])

    def test_what_microsofts_client_sends_is_read(self) -> None:
        hub = self.hub(partitions=1)
        bodies = [json.dumps({"n": i}) for i in range(20)]
        sent = subprocess.run(
            ["node", str(FOLDER / "send.mjs"), hub.connection(), hub.name],
            input=json.dumps(bodies),
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.assertEqual(sent.returncode, 0, sent.stderr)
        tool = self.reader(hub)
        self.assertTrue(eventually(lambda: len(tool.bodies) == 20), tool.bodies)
        self.assertEqual(tool.bodies, bodies)

    def test_a_newer_reader_takes_the_partition(self) -> None:
        hub = self.hub()
        first = self.reader(hub)
        self.reader(hub)
        code, complaint = first.wait()
        self.assertEqual(code, 1)
        self.assertIn("conflict", complaint)
        self.assertIn("amqp:link:stolen", complaint)

    def test_each_end_is_told_by_what_helps(self) -> None:
        for condition, word in (
            ("com.microsoft:server-busy", "unavailable"),
            ("amqp:link:detach-forced", "unavailable"),
            ("amqp:internal-error", "unavailable"),
            ("com.microsoft:never-heard-of", "unavailable"),
            ("amqp:unauthorized-access", "permission_denied"),
            ("amqp:not-found", "not_found"),
            ("com.microsoft:entity-disabled", "not_found"),
        ):
            with self.subTest(condition):
                hub = self.hub()
                tool = self.reader(hub)
                hub.order("detach", partition=0, condition=condition)
                code, complaint = tool.wait()
                self.assertEqual(code, 1)
                self.assertTrue(complaint.startswith(word), complaint)
                self.assertIn(condition, complaint)

    def test_the_end_of_the_connection_is_told(self) -> None:
        for order, members in (("close", {"condition": "amqp:connection:forced"}), ("cut", {})):
            with self.subTest(order):
                hub = self.hub()
                tool = self.reader(hub)
                hub.order(order, **members)
                code, complaint = tool.wait()
                self.assertEqual(code, 1)
                self.assertTrue(complaint.startswith("unavailable"), complaint)

    def test_who_may_not_read_is_told_what_to_do(self) -> None:
        hub = self.hub()
        ran = run_tool(hub, "list", HUB_CONNECTION=hub.connection(key="another-key-altogether"))
        self.assertEqual(ran.returncode, 1)
        self.assertTrue(ran.stderr.startswith("permission_denied"), ran.stderr)
        self.assertIn("Azure Event Hubs Data Receiver", ran.stderr)
        self.assertNotIn("another-key-altogether", ran.stderr)

    def test_the_key_itself_is_taken_where_the_source_says_so(self) -> None:
        hub = self.hub()
        hub.send("one")
        tool = self.reader(hub, HUB_PLAIN="1")
        self.assertTrue(eventually(lambda: tool.bodies == ["one"]), tool.lines)
        self.assertEqual(hub.state()["tokens"], 0)
        refused = run_tool(hub, "list", HUB_PLAIN="1", HUB_CONNECTION=hub.connection(key="another-key-altogether"))
        self.assertTrue(refused.stderr.startswith("permission_denied"), refused.stderr)
        self.assertNotIn("another-key-altogether", refused.stderr)

    def test_a_token_of_entras_is_taken(self) -> None:
        hub = self.hub(jwt="a-token-of-entras")
        ran = run_tool(hub, "list", HUB_TOKEN="a-token-of-entras")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        refused = run_tool(hub, "list", HUB_TOKEN="a-token-of-nobodys")
        self.assertTrue(refused.stderr.startswith("permission_denied"), refused.stderr)

    def test_a_position_past_the_end_and_an_unknown_partition_are_told(self) -> None:
        hub = self.hub()
        hub.send("one")
        for partition, start, condition in (
            ("0", "77", "com.microsoft:argument-error"),
            ("9", "earliest", "com.microsoft:argument-out-of-range"),
        ):
            ran = run_tool(hub, "read", partition, start)
            self.assertTrue(ran.stderr.startswith("invalid_argument"), ran.stderr)
            self.assertIn(condition, ran.stderr)

    def test_nobody_there_is_told(self) -> None:
        hub = Hub(websocket=self.websocket)
        hub.close()
        ran = run_tool(hub, "list")
        self.assertTrue(ran.stderr.startswith("unavailable"), ran.stderr)

    def test_a_certificate_that_is_not_trusted_is_refused_and_one_that_is_is_taken(self) -> None:
        made = make_certificate(self)
        hub = self.hub(tls={"cert": made["cert"], "key": made["key"]})
        settings = {"HUB_CONNECTION": hub.connection(emulator=False)}
        refused = run_tool(hub, "list", **settings)
        self.assertTrue(refused.stderr.startswith("unavailable"), refused.stderr)
        self.assertIn("TLS", refused.stderr)
        taken = run_tool(hub, "list", SSL_CERT_FILE=made["path"], **settings)
        self.assertEqual(taken.returncode, 0, taken.stderr)
        other = {"HUB_CONNECTION": hub.connection(host="another.example", emulator=False), "HUB_CONNECT_TO": "127.0.0.1"}
        named = run_tool(hub, "list", SSL_CERT_FILE=made["path"], **other)
        self.assertTrue(named.stderr.startswith("unavailable"), named.stderr)


class InWebSockets(EventHubs):
    """The same where port 443 alone is let through."""

    websocket = True
    # That one sends over AMQP's own port.
    test_what_microsofts_client_sends_is_read = None

    def test_what_is_no_websocket_is_told(self) -> None:
        hub = Hub()
        self.addCleanup(hub.close)
        ran = run_tool(hub, "list", HUB_WEBSOCKET="1")
        self.assertTrue(ran.stderr.startswith("unavailable"), ran.stderr)
        self.assertIn("WebSocket", ran.stderr)


def make_certificate(test: unittest.TestCase) -> dict[str, str]:
    """Of `localhost`, signed by itself."""
    import tempfile
    from pathlib import Path

    directory = tempfile.TemporaryDirectory(prefix="kssedr-hub-")
    test.addCleanup(directory.cleanup)
    key, cert = Path(directory.name, "key.pem"), Path(directory.name, "cert.pem")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    return {"key": key.read_text(), "cert": cert.read_text(), "path": str(cert)}


if __name__ == "__main__":
    leave_where_missing()
    assert KEY and sys.version_info >= (3, 11)
    unittest.main(verbosity=2)
