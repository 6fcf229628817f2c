"""Three daemons on one container, one of them killed with -9 every few seconds under events with duplicates.

Every event has an outcome, of those about one secret a single one that changed it; each due secret is rotated by one regeneration and
one new version, and what consumers read before is accepted all through.
"""

from __future__ import annotations

import json
import random
import sys
import time
import unittest
from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

from azurite import Azurite
from azurite import leave_where_missing as leave_without_azurite
from daemon import Daemon
from database_servers import leave_where_missing as leave_without_servers
from event_hub import Hub, leave_where_missing
from postgresql_test import BIN
from stage import VAULT, Stage, eventually, rfc3339
from store_test import PostgresServer

PARTITIONS = 8
# What an event may come to where a duplicate of it, or of another of the same secret, came before.
NOTHING_WAS_DONE = {"superseded", "deferred"}
WHAT_ELSE = {"foreign": {"ignored"}, "crooked": {"refused"}}


class Fleet(unittest.TestCase):
    secrets = 400
    events = 10_000
    kills = 30
    one_store = False

    def setUp(self) -> None:
        self.seed = random.randrange(1 << 32)
        self.chance = random.Random(self.seed)
        self.stage = Stage()
        self.hub = Hub(partitions=PARTITIONS)
        self.azurite = Azurite()
        self.addCleanup(self.azurite.stop)
        for each in (self.hub, self.stage):
            self.addCleanup(each.close)
        self.environment: dict[str, str] = {}
        self.store: str | None = None
        if self.one_store:
            server = PostgresServer()
            self.addCleanup(server.close)
            self.store, self.environment = server.location, server.environment
        # This is about kills; the pace that Azure sets has tests of its own.
        self.stage.emulator.admin("POST", "throttle", {"enabled": False})

    def _make(self, name: str) -> str:
        # A subscription each: the limits of one are not what this is about.
        subscription = f"{int(name[5:]):08x}-0000-4000-8000-000000000000"
        self.stage.emulator.put("subscriptions", id=subscription, name=name)
        self.stage.emulator.put("resource-groups", name=name, subscription=subscription)
        long_ago = rfc3339(self.stage.now - timedelta(days=400))
        account = self.stage.emulator.put(
            "accounts", name=name, subscription=subscription, resourceGroup=name, created=long_ago
        )
        value = self._value(name, self.stage.arm.keys(account["id"])["key1"])
        self.stage.put_secret(name, value=value, contentType=account["id"], tags={"orgin": account["id"], "key": "0"})
        return str(account["id"])

    def _value(self, name: str, key: str) -> str:
        suffix = self.stage.emulator.environment["KSSEDR_STORAGE_SUFFIX"]
        return f"DefaultEndpointsProtocol=https;AccountName={name};EndpointSuffix={suffix};AccountKey={key}"

    def _serve(self) -> Daemon:
        settings = self.stage.settings(
            EventHub_ConnectionString=self.hub.connection(),
            EventHub_Name=self.hub.name,
            AzureWebJobsStorage=self.azurite.connection_string(),
            KSSEDR_LOCKS=None,
            KSSEDR_ALLOWED_TARGETS="/",
            KSSEDR_SWEEP_EVERY="P7D",
        )
        daemon = Daemon(settings | self.environment, store=self.store)
        self.addCleanup(daemon.close)
        return daemon

    def test_every_event_has_an_outcome_and_every_secret_one_rotation(self) -> None:
        with self.subTest(seed=self.seed):
            fleet = [self._serve() for _ in range(3)]
            # The sweep at the start finds nothing yet: events, and the sweeps of whoever is started anew, do it.
            self.assertTrue(eventually(lambda: any(daemon.events("sweep.ended") for daemon in fleet), 60))
            self.accounts = {name: self._make(name) for name in (f"owner{number:03}" for number in range(self.secrets))}
            self.told = {name: self.stage.event(name) for name in self.accounts}
            sent = self._send()
            for _ in range(self.kills):
                time.sleep(self.chance.uniform(1, 4))
                victim = self.chance.choice(fleet)
                victim.kill()
                victim.start()
            self.assertTrue(eventually(lambda: sent.keys() <= self._lines(fleet).keys(), 300), self._missing(fleet, sent))
            lines = self._lines(fleet)
            self.assertEqual([daemon.stop() for daemon in fleet], [0, 0, 0])
            self._check_events(sent, lines)
            self._check_secrets()
            outcomes = Counter(line["outcome"] for of_event in lines.values() for line in of_event)
            told = f"{self.kills} kills, {sum(sent.values())} events, {len(sent)} ids: {dict(outcomes)}"
            print(f"{told} (seed {self.seed})", file=sys.stderr)

    def _send(self) -> Counter[str]:
        """All of them in some order; how often each id was sent."""
        made = list(self.told.values())
        for number in range(self.secrets // 4):
            made.append({"id": f"foreign-{number}", "specversion": "1.0", "source": "/x", "type": "Other"})
            name = self.chance.choice(list(self.accounts))
            gone = json.dumps(self.told[name]).replace(f"/{name}/", f"/gone-{number}/").replace(f'"{name}"', f'"gone-{number}"')
            made.append(json.loads(gone) | {"id": f"gone-{number}"})
            crooked = json.loads(gone) | {"id": f"crooked-{number}", "subject": name}
            crooked["data"] |= {"ObjectName": name}
            made.append(crooked)
            made.append(self.stage.event(name, version="0123456789abcdef0123456789abcdef"))
        sent = [json.dumps(event) for event in made]
        sent += self.chance.choices(sent, k=max(self.events - len(sent), 0))
        self.chance.shuffle(sent)
        for number, body in enumerate(sent):
            self.hub.send(body, number % PARTITIONS)
        return Counter(json.loads(body)["id"] for body in sent)

    def _lines(self, fleet: list[Daemon]) -> dict[str, list[dict[str, Any]]]:
        """What the histories hold of each event."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for daemon in fleet[:1] if self.one_store else fleet:
            for line in daemon.history("--limit", "100000"):
                if event := line["outcome"].get("eventId"):
                    found[event].append(line["outcome"])
        return found

    def _missing(self, fleet: list[Daemon], sent: Counter[str]) -> str:
        missing = sent.keys() - self._lines(fleet).keys()
        return f"{len(missing)} of {len(sent)} have none: {sorted(missing)[:3]}; {[d.lines[-2:] for d in fleet]}"

    def _check_events(self, sent: Counter[str], lines: dict[str, list[dict[str, Any]]]) -> None:
        self.assertEqual(lines.keys(), sent.keys())
        changed: Counter[str] = Counter()
        for event, outcomes in lines.items():
            did = [each for each in outcomes if each["outcome"] in {"rotated", "adopted", "repaired"}]
            self.assertLessEqual(len(did), 1, outcomes)
            changed.update(each["secret"] for each in did)
            rest = {each["outcome"] for each in outcomes if each not in did}
            self.assertLessEqual(rest, WHAT_ELSE.get(event.partition("-")[0], NOTHING_WAS_DONE), outcomes[:3])
        self.assertEqual([name for name, times in changed.items() if times > 1], [])

    def _check_secrets(self) -> None:
        if any(len(self.stage.vault.versions(name)) == 1 for name in self.accounts):
            settings = {"KSSEDR_ALLOWED_TARGETS": "/", "KSSEDR_LOCKS": None}
            ran = self.stage.run("sweep", AzureWebJobsStorage=self.azurite.connection_string(), **settings)
            self.assertEqual(ran.code, 0, ran.out + ran.err)
        calls = [each for each in self.stage.emulator.calls(operation="keys.regenerate") if each["effect"]]
        made = Counter(each["resource"].lower() for each in calls)
        self.assertEqual(made, Counter({account.lower(): 1 for account in self.accounts.values()}))
        for name, account in self.accounts.items():
            keys = self.stage.arm.keys(account)
            self.assertEqual(len(self.stage.vault.versions(name)), 2, name)
            self.assertEqual(self.stage.vault.get(name)["value"], self._value(name, keys["key2"]))


class FleetOfOneStore(Fleet):
    """The three of them on one history, in PostgreSQL."""

    one_store = True


class Few(FleetOfOneStore):
    secrets = 40
    events = 600
    kills = 4


if __name__ == "__main__":
    leave_where_missing()
    leave_without_azurite()
    leave_without_servers(BIN / "postgres", "psql")
    unittest.main(verbosity=2)
