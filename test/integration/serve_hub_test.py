"""`kssedr serve` on an event hub, on Azurite and in its store: nothing is lost, nothing done twice, partitions are shared."""

from __future__ import annotations

import json
import random
import subprocess
import threading
import time
import unittest
from collections import Counter
from typing import Any

from azurite import Azurite
from azurite import leave_where_missing as leave_without_azurite
from daemon import Daemon
from event_hub import FOLDER, Hub, leave_where_missing
from stage import SECRET, Stage, eventually


class OnAHub(unittest.TestCase):
    partitions = 4

    def setUp(self) -> None:
        self.stage = Stage()
        self.hub = Hub(partitions=self.partitions)
        self.azurite: Azurite | None = None
        for each in (self.stage, self.hub):
            self.addCleanup(each.close)

    def serve(self, **changed: str | None) -> Daemon:
        settings = self.stage.settings(
            **{
                "EventHub_ConnectionString": self.hub.connection(),
                "EventHub_Name": self.hub.name,
                "AzureWebJobsStorage": None,
                # Events alone are to do it.
                "KSSEDR_SWEEP_EVERY": "P7D",
            }
            | changed
        )
        daemon = Daemon(settings)
        self.addCleanup(daemon.close)
        return daemon

    def with_azurite(self) -> str:
        self.azurite = Azurite()
        self.azurite.__enter__()
        self.addCleanup(self.azurite.__exit__)
        return self.azurite.connection_string()

    def announce(self, name: str = SECRET, partition: int = 0) -> str:
        event = self.stage.event(name)
        self.hub.send(json.dumps(event), partition)
        return str(event["id"])


class OneDaemon(OnAHub):
    def test_an_event_leads_to_a_rotation_and_is_checkpointed(self) -> None:
        daemon = self.serve()
        self.assertTrue(eventually(lambda: self.hub.state()["readers"] == [1] * 4), daemon.lines)
        self.stage.put_secret()
        event = self.announce()
        self.assertTrue(eventually(lambda: daemon.outcomes(outcome="rotated", eventId=event)), daemon.lines)
        self.assertEqual(daemon.request("/readyz")[0], 200)
        self.assertEqual(daemon.stop(), 0)
        # Started anew it goes on behind it.
        daemon.start()
        later = self.announce()
        self.assertTrue(eventually(lambda: daemon.outcomes(eventId=later)), daemon.lines)
        self.assertEqual(len(daemon.outcomes(eventId=event)), 1)

    def test_killed_at_any_moment_no_event_is_lost(self) -> None:
        daemon = self.serve()
        sent: list[str] = []
        chance = random.Random(5)
        for _ in range(8):
            for _ in range(20):
                sent.append(self._other(chance))
            time.sleep(chance.random())
            daemon.kill()
            daemon.start()
        self.assertTrue(eventually(lambda: set(sent) <= self._seen(daemon), 90), len(set(sent) - self._seen(daemon)))

    def _other(self, chance: random.Random) -> str:
        name = f"{chance.getrandbits(64):x}"
        self.hub.send(json.dumps({"id": name, "type": "Other", "specversion": "1.0", "source": "x"}), chance.randrange(4))
        return name

    @staticmethod
    def _seen(daemon: Daemon) -> set[str]:
        return {line["outcome"]["eventId"] for line in daemon.history("--limit", "10000") if "eventId" in line["outcome"]}

    def test_what_the_hub_does_to_it_passes(self) -> None:
        daemon = self.serve()
        self.assertTrue(eventually(lambda: self.hub.state()["readers"] == [1] * 4), daemon.lines)
        chance = random.Random(6)
        for order, members in (
            ("detach", {"partition": 0, "condition": "amqp:link:detach-forced"}),
            ("close", {"condition": "amqp:connection:forced"}),
            ("cut", {}),
            ("expire", {}),
        ):
            with self.subTest(order):
                self.hub.order(order, **members)
                event = self._other(chance)
                self.assertTrue(eventually(lambda: daemon.outcomes(eventId=event), 60), daemon.lines[-20:])
        self.assertTrue(eventually(lambda: daemon.request("/readyz")[0] == 200, 60))


class ManyDaemons(OnAHub):
    def test_three_share_and_one_that_dies_is_replaced(self) -> None:
        storage = self.with_azurite()
        fleet = [self.serve(AzureWebJobsStorage=storage, KSSEDR_LOCKS=None) for _ in range(3)]
        self.assertTrue(eventually(lambda: self.hub.state()["readers"] == [1] * 4, 60))
        time.sleep(25)
        claims = Counter(index for index, daemon in enumerate(fleet) for _ in range(self._owned(daemon)))
        self.assertEqual(sum(claims.values()), 4, claims)
        self.assertEqual(len(claims), 3, claims)
        fleet[0].kill()
        chance = random.Random(7)
        events = []
        for number in range(40):
            name = f"after-{number}"
            self.hub.send(json.dumps({"id": name, "type": "Other", "specversion": "1.0", "source": "x"}), number % 4)
            events.append(name)
        rest = fleet[1:]
        self.assertTrue(
            eventually(lambda: all(any(d.outcomes(eventId=e) for d in rest) for e in events), 150), chance.random()
        )

    @staticmethod
    def _owned(daemon: Daemon) -> int:
        claimed = [line["partition"] for line in daemon.events("event_hub.partition_claimed")]
        left = [line["partition"] for line in daemon.events("event_hub.partition_left")]
        return len(claimed) - len(left)

    def test_microsofts_processor_shares_the_group_and_takes_over(self) -> None:
        storage = self.with_azurite()
        daemon = self.serve(AzureWebJobsStorage=storage, KSSEDR_LOCKS=None)
        self.assertTrue(eventually(lambda: self.hub.state()["readers"] == [1] * 4, 60), daemon.lines)
        other = subprocess.Popen(
            ["node", str(FOLDER / "share.mjs"), self.hub.connection(), self.hub.name, storage, "kssedr-checkpoints"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        lines: list[dict[str, Any]] = []
        assert other.stdout is not None and other.stdin is not None
        reader = threading.Thread(target=lambda: lines.extend(json.loads(line) for line in other.stdout), daemon=True)
        reader.start()
        self.assertTrue(eventually(lambda: self._share_of(lines) == 2 and self._owned(daemon) == 2, 90), lines)
        sent = set()
        for number in range(40):
            name = f"both-{number}"
            self.hub.send(json.dumps({"id": name, "type": "Other", "specversion": "1.0", "source": "x"}), number % 4)
            sent.add(name)
        self.assertTrue(eventually(lambda: self._of_other(lines) | self._of(daemon) >= sent, 60), lines[-5:])
        daemon.stop()
        # It goes on in the partitions that were given back, where they had been left.
        self.assertTrue(eventually(lambda: self._share_of(lines) == 4, 60), lines[-5:])
        self.assertEqual(self._of_other(lines) & self._of(daemon), set())
        other.stdin.close()
        other.wait(30)
        reader.join()
        other.stdout.close()

    @staticmethod
    def _share_of(lines: list[dict[str, Any]]) -> int:
        return sum(1 for line in lines if "begins" in line) - sum(1 for line in lines if "ends" in line)

    @staticmethod
    def _of_other(lines: list[dict[str, Any]]) -> set[str]:
        return {json.loads(line["body"])["id"] for line in lines if "body" in line}

    @staticmethod
    def _of(daemon: Daemon) -> set[str]:
        return {line["eventId"] for line in daemon.outcomes() if "eventId" in line}


if __name__ == "__main__":
    leave_where_missing()
    leave_without_azurite()
    unittest.main(verbosity=2)
