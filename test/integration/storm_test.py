"""Two function apps on one container of leases, killed with -9 at random moments under duplicated events, round after round.

Each application reads its secret when a round begins and keeps what it read until the round has ended, as one that caches its
credential for the overlap: it must never fail. Each round makes exactly one new version of each secret, by one regeneration.
"""

from __future__ import annotations

import json
import random
import sys
import time
import unittest
from collections import Counter
from datetime import timedelta

from azurite import Azurite, leave_where_missing
from local_azure import Consumer
from stage import EventHub, FunctionsHost, Options, Stage, eventually, rfc3339

LEASE_SECONDS = 60


class App:
    """A deployment of its own hub, so that each event comes to both; it starts anew after each kill."""

    def __init__(self, stage: Stage, storage: str) -> None:
        self._stage = stage
        self._settings = {"AzureWebJobsStorage": storage, "KSSEDR_LOCKS": None}
        self._settings["KSSEDR_ALLOWED_TARGETS"] = stage.account_id.partition("/providers/")[0]
        self.hub = EventHub(partitions=4)
        self.kills = 0
        self._start()

    def _start(self) -> None:
        options = Options(retry_scale=0.05)
        settings = self._stage.settings(**self._settings)
        self.host = FunctionsHost(self._stage.app_root, settings, self.hub, options)
        self.host.start()

    def kill(self) -> None:
        self.host.stop(0)
        self.kills += 1
        self._start()


class Storm(unittest.TestCase):
    owners = 12
    kills = 5

    def setUp(self) -> None:
        self.seed = random.randrange(1 << 32)
        self.chance = random.Random(self.seed)
        for each in (azurite := Azurite(), stage := Stage()):
            each.__enter__()
            self.addCleanup(each.__exit__)
        self.azurite, self.stage = azurite, stage
        self.emulator = stage.emulator
        # This is about kills; the pace that Azure sets has tests of its own.
        self.emulator.admin("POST", "throttle", {"enabled": False})
        self.without_times: set[str] = set()
        self.regenerations = 0
        self.accounts = {name: self._make(name) for name in (f"owner{number:02}" for number in range(self.owners))}
        for operation in ("secret.get", "secret.set", "keys.list", "keys.regenerate"):
            delay = self.chance.randrange(100, 500)
            self.emulator.fault(operation=operation, user_agent="kssedr/", times=0, delayMs=delay)

    def _make(self, name: str) -> str:
        long_ago = rfc3339(self.stage.now - timedelta(days=400))
        tells_times = self.chance.random() < 0.7
        account = self.emulator.put("accounts", name=name, created=long_ago, keyTimes=tells_times)
        if not tells_times:
            self.without_times.add(account["id"])
        value = self._value(name, self.stage.arm.keys(account["id"])["key1"])
        tags = {"orgin": account["id"], "key": "0"}
        self.stage.put_secret(name, value=value, contentType=account["id"], tags=tags)
        return str(account["id"])

    def _value(self, name: str, key: str) -> str:
        suffix = self.emulator.environment["KSSEDR_STORAGE_SUFFIX"]
        return f"DefaultEndpointsProtocol=https;AccountName={name};EndpointSuffix={suffix};AccountKey={key}"

    def _versions(self) -> int:
        return sum(len(self.stage.vault.versions(name)) for name in self.accounts)

    def test_nobody_notices(self) -> None:
        with self.subTest(seed=self.seed):
            storage = self.azurite.connection_string()
            apps = [App(self.stage, storage), App(self.stage, storage)]
            consumers = [self.stage.consumer(name, cache_seconds=1e9, pause=0.3).start() for name in self.accounts]
            try:
                number = 0
                while sum(app.kills for app in apps) < self.kills:
                    number += 1
                    self._round(apps, number)
                    self._read_again(consumers)
                    self.emulator.advance("P61D")
            finally:
                for consumer in consumers:
                    consumer.stop()
                for app in apps:
                    app.host.stop(0)
            self.assertEqual([failure for each in consumers for failure in each.failures], [])
            self.assertTrue(all(each.requests for each in consumers))
            kills = sum(app.kills for app in apps)
            told = f"{kills} kills, {self.regenerations} regenerations, {sum(each.requests for each in consumers)} signed requests"
            print(f"{told}, no failure (seed {self.seed})", file=sys.stderr)

    def _round(self, apps: list[App], number: int) -> None:
        goal = self.owners * (number + 1)
        self.emulator.admin("DELETE", "calls")
        self._send(apps)
        while sum(app.kills for app in apps) < self.kills and self._wait_for_work(goal):
            time.sleep(self.chance.uniform(0, 1.5))
            self.chance.choice(apps).kill()
        for app in apps:
            self.assertTrue(app.hub.wait_until_read(4 * LEASE_SECONDS))
        # What came to its last attempt is on the poison queue: an event is a hint, and the sweep does the rest.
        if self._versions() < goal:
            self._sweep()
        self.assertEqual(self._versions(), goal)
        self._check_regenerations()
        self._check_values()

    def _send(self, apps: list[App]) -> None:
        """Every event to both apps, in an order of each one's own, some of them twice."""
        events = [json.dumps(self.stage.event(name)) for name in self.accounts]
        for app in apps:
            for event in self.chance.sample(events, len(events)) + self.chance.sample(events, len(events) // 4):
                app.hub.send(event)

    def _wait_for_work(self, goal: int) -> bool:
        """Until an owner's lease is taken; false where there is nothing left to do."""

        def taken() -> int:
            return len([line for line in list(self.azurite.lines) if "comp=lease" in line and '" 201 ' in line])

        before = taken()
        for _ in range(2 * LEASE_SECONDS):
            if eventually(lambda: taken() > before, 1) or self._versions() >= goal:
                break
        return self._versions() < goal

    def _sweep(self) -> None:
        settings = {"AzureWebJobsStorage": self.azurite.connection_string(), "KSSEDR_LOCKS": None}
        settings["KSSEDR_ALLOWED_TARGETS"] = self.stage.account_id.partition("/providers/")[0]
        ran = self.stage.run("--log-level", "off", "sweep", **settings)
        self.assertEqual(ran.code, 0, ran.out + ran.err)

    def _check_regenerations(self) -> None:
        """One version leads to one regeneration. Where the service gives no times, the key that a killed attempt has made
        may be as old as the version that is due, and is made once more; nobody holds it (docs/rotation.md)."""
        calls = [each for each in self.emulator.calls(operation="keys.regenerate") if each["effect"]]
        made = Counter(each["resource"].lower() for each in calls)
        self.regenerations += made.total()
        for account in self.accounts.values():
            if account in self.without_times:
                self.assertGreaterEqual(made[account.lower()], 1, account)
            else:
                self.assertEqual(made[account.lower()], 1, account)

    def _check_values(self) -> None:
        for name, account in self.accounts.items():
            keys = self.stage.arm.keys(account).values()
            secret = self.stage.vault.get(name)
            self.assertIn(secret["value"], [self._value(name, key) for key in keys])
            self.assertEqual(secret["tags"]["orgin"], account)

    def _read_again(self, consumers: list[Consumer]) -> None:
        for consumer in consumers:
            consumer.read_again()
            known = consumer.requests
            self.assertTrue(eventually(lambda consumer=consumer, known=known: consumer.requests > known + 1))


class Hundred(Storm):
    owners = 24
    kills = 100


if __name__ == "__main__":
    leave_where_missing()
    unittest.main()
