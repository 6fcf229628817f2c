"""A day of a daemon in hurried time, with faults: at its end memory, descriptors and threads are what they were after the first hour.

What hurries is Azure: its clock runs 144 times as fast, so a day of due dates, overlaps and expiries is ten minutes. kssedr's own
clock does not; its periods are set short instead. Meanwhile: events with duplicates through a hub and by push, nonsense, questions
to the API, lost connections of every kind, calls that fail, are late or unanswered, and a new configuration now and then.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import unittest
from datetime import timedelta
from pathlib import Path

from azurite import Azurite
from azurite import leave_where_missing as leave_without_azurite
from daemon import Daemon
from event_hub import Hub, leave_where_missing
from stage import Stage, eventually, rfc3339

SPEED = 144
HOUR = 3600 / SPEED
OPERATIONS = ("secret.get", "secret.set", "secret.versions", "secret.list", "keys.list", "keys.regenerate", "token")
PUSH_SECRET = "a-secret-for-the-day-0123456789"
API_TOKEN = "a-token-for-the-day-0123456789abcdef"


class Day(unittest.TestCase):
    hours = 24
    secrets = 60

    def setUp(self) -> None:
        self.seed = random.randrange(1 << 32)
        self.chance = random.Random(self.seed)
        self.stage, self.hub, self.azurite = Stage(), Hub(partitions=4), Azurite()
        for close in (self.azurite.stop, self.hub.close, self.stage.close):
            self.addCleanup(close)
        self.names = [f"day{number:02}" for number in range(self.secrets)]
        for name in self.names:
            self._make(name)
        settings = self.stage.settings(
            EventHub_ConnectionString=self.hub.connection(),
            EventHub_Name=self.hub.name,
            AzureWebJobsStorage=self.azurite.connection_string(),
            KSSEDR_LOCKS=None,
            KSSEDR_ALLOWED_TARGETS="/",
            KSSEDR_SWEEP_EVERY="PT1M",
            KSSEDR_PUSH_SECRET=PUSH_SECRET,
            KSSEDR_PUSH_SECRET_HEADER="x-day",
            KSSEDR_API_TOKEN=API_TOKEN,
        )
        self.daemon = Daemon(settings, config='mode = "rotate"\n')
        self.addCleanup(self.daemon.close)

    def _make(self, name: str) -> None:
        long_ago = rfc3339(self.stage.now - timedelta(days=400))
        account = self.stage.emulator.put("accounts", name=name, created=long_ago, keyTimes=self.chance.random() < 0.7)
        suffix = self.stage.emulator.environment["KSSEDR_STORAGE_SUFFIX"]
        key = self.stage.arm.keys(account["id"])["key1"]
        value = f"DefaultEndpointsProtocol=https;AccountName={name};EndpointSuffix={suffix};AccountKey={key}"
        # Half a day is left, and half a day later it is due again.
        born = self.stage.now - timedelta(hours=self.chance.uniform(0, 20))
        dates = {"created": rfc3339(born), "nbf": None, "exp": rfc3339(born + timedelta(days=1))}
        tags = {"CredentialId": "key1", "ValidityPeriodDays": "1"}
        self.stage.put_secret(name, value=value, contentType=account["id"], tags=tags, **dates)

    # ------------------------------------------------------------ what befalls it
    def _announce(self) -> None:
        event = self.stage.event(self.chance.choice(self.names))
        if self.chance.random() < 0.2:
            event["data"] |= {"Version": "0123456789abcdef0123456789abcdef"}
            event["data"]["Id"] = event["data"]["Id"].rpartition("/")[0] + "/0123456789abcdef0123456789abcdef"
        body = json.dumps(event) if self.chance.random() < 0.95 else "{nonsense" + "x" * self.chance.randrange(2000)
        if self.chance.random() < 0.3:
            self.daemon.request("/api/events", f"[{body},{body}]".encode(), {"x-day": PUSH_SECRET})
        else:
            self.hub.send(body, self.chance.randrange(4), count=self.chance.randrange(1, 12))

    def _ask(self) -> None:
        path = self.chance.choice(["/metrics", "/readyz", "/", "/api/v1/status", "/api/v1/history?limit=50", "/api/v1/parked"])
        self.daemon.request(path, None, {"Authorization": f"Bearer {API_TOKEN}"})

    def _fault(self) -> None:
        action = self.chance.choice(
            [{"status": 429}, {"status": 503}, {"reset": "before"}, {"reset": "after"}, {"delayMs": 3000}]
        )
        self.stage.emulator.fault(
            operation=self.chance.choice(OPERATIONS), user_agent="kssedr/", times=self.chance.randrange(1, 6), **action
        )

    def _disturb_hub(self) -> None:
        order, members = self.chance.choice(
            [
                ("detach", {"partition": self.chance.randrange(4), "condition": "amqp:link:detach-forced"}),
                ("close", {"condition": "amqp:connection:forced"}),
                ("cut", {}),
                ("expire", {}),
            ]
        )
        self.hub.order(order, **members)

    def _reload(self) -> None:
        self.daemon.config.write_text('mode = "rotate"\n' + "#" * self.chance.randrange(50) + "\n")
        self.daemon.signal(signal.SIGHUP)

    def _live(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._announce()
            self._ask()
            for chance, befalls in ((0.2, self._fault), (0.05, self._disturb_hub), (0.01, self._reload)):
                if self.chance.random() < chance:
                    befalls()
            # The reader of its log is this test's; what it keeps is not to grow.
            del self.daemon.lines[:-1000]
            time.sleep(0.1)

    # ------------------------------------------------------------ what is looked at
    def _calm(self) -> tuple[int, int, int, int]:
        """Resident memory in KiB, sockets, other descriptors, threads, once nothing is under way."""
        self.stage.emulator.clear_faults()

        def is_calm() -> bool:
            status = json.loads(self.daemon.request("/api/v1/status", None, {"Authorization": f"Bearer {API_TOKEN}"})[1])
            return status.get("inFlight", 0) == 0 and self.daemon.request("/readyz")[0] == 200

        eventually(is_calm, 90)
        time.sleep(12)  # idle connections of the API and to Azure are closed
        self.assertIsNone(self.daemon.process.poll(), self.daemon.lines[-20:])
        process = Path(f"/proc/{self.daemon.process.pid}")
        told = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        open_ones = [os.readlink(place) for place in (process / "fd").iterdir()]
        sockets = sum(name.startswith("socket:") for name in open_ones)
        return int(told["VmRSS"].split()[0]), sockets, len(open_ones) - sockets, int(told["Threads"])

    def test_ends_as_it_was_after_the_first_hour(self) -> None:
        with self.subTest(seed=self.seed):
            self.stage.emulator.admin("POST", "clock", {"speed": SPEED})
            self._live(2 * HOUR)
            first = self._calm()
            seen = [first]
            for _ in range(4):
                self._live((self.hours - 2) / 4 * HOUR)
                seen.append(self._calm())
            print(f"resident KiB, sockets, other descriptors, threads: {seen} (seed {self.seed})", file=sys.stderr)
            memory, sockets, descriptors, threads = seen[-1]
            # A heap grows in steps, and what is remembered of events and owners has a bound that the first hours do not fill: some
            # MiB in all. A leak by each of some 25,000 events has none.
            self.assertLessEqual(memory, first[0] + 16 * 1024, seen)
            self.assertLessEqual(sockets, 64, seen)
            self.assertLessEqual(descriptors, first[2] + 2, seen)
            self.assertLessEqual(threads, first[3] + 1, seen)
            self._check_secrets()
            self.assertEqual(self.daemon.stop(), 0)

    def _check_secrets(self) -> None:
        now = self.stage.emulator.seconds()
        for name in self.names:
            versions = self.stage.vault.versions(name)
            self.assertGreater(len(versions), 1, name)
            self.assertGreater(self.stage.vault.get(name)["attributes"]["exp"], now, name)


class Morning(Day):
    """Some hours of it: does the test itself work."""

    hours = 6


if __name__ == "__main__":
    leave_where_missing()
    leave_without_azurite()
    unittest.main(verbosity=2)
