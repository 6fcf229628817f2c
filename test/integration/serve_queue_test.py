"""`kssedr serve` on queues that lock what they hand out: a storage queue of Azurite's, such as the function app's poison queue, and
a subscription of an Event Grid namespace in the local Azure, by pull delivery."""

from __future__ import annotations

import base64
import json
import tempfile
import unittest
import urllib.error
import urllib.request
import xml.etree.ElementTree as ElementTree
from typing import Any
from xml.sax.saxutils import escape

from azurite import Azurite, leave_where_missing
from daemon import Daemon
from stage import SECRET, Stage, eventually

QUEUE = "kssedr-poison"
CONFIG = f"""
[[source]]
name = "parked"
type = "storage-queue"
queue = "{QUEUE}"
"""


class OnAStorageQueue(unittest.TestCase):
    def setUp(self) -> None:
        self.stage = Stage()
        self.addCleanup(self.stage.close)
        self.azurite = Azurite("queue")
        self.addCleanup(self.azurite.stop)

    def serve(self, config: str = CONFIG, storage: str | None = None) -> Daemon:
        settings = self.stage.settings(
            EventHub_ConnectionString=None,
            EventHub_Name=None,
            EventHub_ConsumerGroup=None,
            AzureWebJobsStorage=storage or self.azurite.connection_string(),
            KSSEDR_CHECKPOINTS="store",
            KSSEDR_SWEEP_EVERY="P7D",
        )
        daemon = Daemon(settings, config)
        self.addCleanup(daemon.close)
        self.assertTrue(eventually(lambda: daemon.events("sweep.ended")), daemon.lines)
        return daemon

    def ask(self, method: str, path: str, body: bytes | None = None) -> ElementTree.Element | None:
        separator = "&" if "?" in path else "?"
        url = f"{self.azurite.endpoint}/{path}{separator}{self.azurite.signature()}"
        request = urllib.request.Request(url, body, {"Content-Type": "application/xml"}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read().decode()
        return ElementTree.fromstring(text.lstrip("\ufeff")) if text else None

    def make_queue(self) -> None:
        self.ask("PUT", QUEUE)

    def put(self, text: str, coded: bool = True) -> None:
        message = base64.b64encode(text.encode()).decode() if coded else escape(text)
        body = f"<QueueMessage><MessageText>{message}</MessageText></QueueMessage>"
        self.ask("POST", f"{QUEUE}/messages", body.encode())

    def waiting(self) -> int:
        """Also of those that are locked."""
        request = urllib.request.Request(f"{self.azurite.endpoint}/{QUEUE}?comp=metadata&{self.azurite.signature()}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.headers["x-ms-approximate-messages-count"])

    @staticmethod
    def notice(event: dict[str, Any]) -> str:
        return json.dumps({"schema": 1, "outcome": {"schema": 1, "outcome": "failed", "code": "x"}, "event": event})


class StorageQueue(OnAStorageQueue):
    def test_what_the_function_app_parked_is_taken_up(self) -> None:
        daemon = self.serve()
        self.assertTrue(eventually(lambda: daemon.request("/readyz")[0] == 200), "a queue that is not there is empty")
        self.make_queue()
        self.stage.put_secret()
        event = self.stage.event()
        self.put(self.notice(event))
        self.assertTrue(eventually(lambda: daemon.outcomes(outcome="rotated", eventId=event["id"]), 60), daemon.lines)
        self.assertTrue(eventually(lambda: self.waiting() == 0))
        again = self.stage.event(version=event["data"]["Version"])
        for text, coded in ((json.dumps(again), True), (json.dumps([again]), False), ("no <event> & no base64", False)):
            self.put(text, coded)
        self.assertTrue(eventually(lambda: len(daemon.outcomes(eventId=again["id"])) == 2, 60), daemon.lines)
        self.assertTrue(eventually(lambda: daemon.outcomes(outcome="refused", code="malformed"), 60), daemon.lines)
        self.assertTrue(eventually(lambda: self.waiting() == 0))
        self.assertEqual([entry["code"] for entry in daemon.parked()], ["malformed"])
        self.assertEqual(daemon.stop(), 0)

    def test_a_key_that_is_wrong_is_said(self) -> None:
        daemon = self.serve(storage=self.azurite.connection_string(base64.b64encode(b"k" * 64).decode()))
        self.assertTrue(eventually(lambda: "AuthenticationFailed" in daemon.request("/readyz")[1]), daemon.request("/readyz"))
        self.assertEqual(daemon.request("/readyz")[0], 503)

    def test_nobody_says_which_account(self) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as config:
            config.write(CONFIG)
            config.flush()
            ran = self.stage.run("serve", KSSEDR_CONFIG=config.name, AzureWebJobsStorage=None)
        self.assertEqual(ran.code, 2)
        self.assertIn("set service to its URL", ran.err)


class KilledOnAStorageQueue(OnAStorageQueue):
    def test_killed_it_loses_nothing(self) -> None:
        self.make_queue()
        daemon = self.serve()
        self.stage.put_secret()
        self.stage.emulator.fault(operation="keys.regenerate", user_agent="kssedr/", times=1, delayMs=4000)
        event = self.stage.event()
        self.put(json.dumps(event))
        self.assertTrue(eventually(lambda: daemon.events("rotation.regenerating"), 60), daemon.lines)
        daemon.kill()
        self.assertEqual(self.waiting(), 1)
        daemon.start()
        # Its lock ends after a minute, and it comes again; the sweep of the new start may have been there before.
        self.assertTrue(eventually(lambda: daemon.outcomes(eventId=event["id"]), 120), daemon.lines)
        self.assertTrue(eventually(lambda: self.waiting() == 0))
        self.assertEqual(len(self.stage.vault.versions(SECRET)), 2)


class Pull(unittest.TestCase):
    def setUp(self) -> None:
        self.stage = Stage()
        self.addCleanup(self.stage.close)
        made = self.stage.emulator.put("topic-subscriptions", namespace="shop", topic="near-expiry", name="kssedr", lock="PT30S")
        self.host, self.key = made["host"], made["key"]

    def serve(self, with_key: bool = False, **changed: str | None) -> Daemon:
        source = {"name": "pull", "type": "event-grid-namespace", "namespace": self.host, "topic": "near-expiry"}
        source |= {"subscription": "kssedr"} | ({"secret_from": "NAMESPACE_KEY"} if with_key else {})
        config = "[[source]]\n" + "".join(f'{name} = "{value}"\n' for name, value in source.items())
        settings = self.stage.settings(
            **{
                "EventHub_ConnectionString": None,
                "EventHub_Name": None,
                "EventHub_ConsumerGroup": None,
                "KSSEDR_SWEEP_EVERY": "P7D",
                "NAMESPACE_KEY": self.key if with_key else None,
            }
            | changed
        )
        daemon = Daemon(settings, config)
        self.addCleanup(daemon.close)
        self.assertTrue(eventually(lambda: daemon.events("sweep.ended")), daemon.lines)
        return daemon

    def publish(self, *events: dict[str, Any]) -> None:
        path = "/topics/near-expiry:publish?api-version=2024-06-01"
        headers = {"Authorization": f"SharedAccessKey {self.key}", "Content-Type": "application/cloudevents-batch+json"}
        host = self.host.partition(":")[0]
        reply = self.stage.emulator.wire.call(host, "POST", path, headers, json.dumps(events).encode())
        self.assertEqual(reply.status, 200, reply.body)

    def calls(self, operation: str) -> list[dict[str, Any]]:
        return self.stage.emulator.calls(operation=f"events.{operation}")

    def test_an_event_leads_to_a_rotation_and_is_acknowledged(self) -> None:
        for with_key in (False, True):
            with self.subTest(with_key=with_key):
                daemon = self.serve(with_key)
                self.stage.put_secret()
                event = self.stage.event()
                stale = self.stage.event(version="0123456789abcdef0123456789abcdef")
                other = {"id": "o", "source": "/x", "type": "Other", "specversion": "1.0"}
                self.publish(event, stale, other)
                self.assertTrue(eventually(lambda: daemon.outcomes(outcome="rotated", eventId=event["id"])), daemon.lines)
                self.assertTrue(eventually(lambda: daemon.outcomes(outcome="superseded", eventId=stale["id"])), daemon.lines)
                self.assertTrue(eventually(lambda: len([c for c in self.calls("acknowledge") if c["effect"]]) == 3))
                self.assertEqual(daemon.request("/readyz")[0], 200)
                self.assertEqual(daemon.stop(), 0)
                self.stage.emulator.admin("DELETE", "calls")
                self.stage.emulator.advance("P61D")

    def test_what_takes_longer_than_its_lock_is_kept_and_what_a_kill_left_comes_again(self) -> None:
        daemon = self.serve()
        self.stage.put_secret()
        self.stage.emulator.fault(operation="keys.regenerate", user_agent="kssedr/", times=1, delayMs=25_000)
        event = self.stage.event()
        self.publish(event)
        self.assertTrue(eventually(lambda: daemon.outcomes(eventId=event["id"]), 60), daemon.lines)
        self.assertTrue(eventually(lambda: any(call["effect"] for call in self.calls("acknowledge"))))
        self.assertTrue(any(call["effect"] for call in self.calls("renewLock")))
        self.assertEqual(len(daemon.outcomes(eventId=event["id"])), 1)
        self.stage.emulator.fault(operation="secret.get", user_agent="kssedr/", times=1, delayMs=4000)
        later = self.stage.event()
        self.publish(later)
        before = len(self.calls("receive"))
        self.assertTrue(eventually(lambda: any(call["effect"] for call in self.calls("receive")[before - 1 :])))
        daemon.kill()
        daemon.start()
        self.assertTrue(eventually(lambda: daemon.outcomes(eventId=later["id"]), 60), daemon.lines)

    def test_who_may_not_is_told(self) -> None:
        self.key = "another"
        daemon = self.serve(with_key=True)
        self.assertTrue(eventually(lambda: daemon.request("/readyz")[0] == 503), daemon.lines)
        self.assertIn("401", daemon.request("/readyz")[1])


if __name__ == "__main__":
    leave_where_missing()
    unittest.main(verbosity=2)
