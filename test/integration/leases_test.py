"""Two instances of kssedr, one owner, one container of leases: never both at once, and never stuck behind a dead one."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
import unittest
from typing import Any

from azurite import Azurite, leave_where_missing
from stage import KSSEDR, SECRET, Stage, eventually, outcomes

CONTAINER = "kssedr-leases"
LEASE_SECONDS = 60


class Instance:
    """A kssedr process that handles one event."""

    def __init__(self, stage: Stage, event: str, **changed: str | None) -> None:
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [str(KSSEDR), "handle", "--json", "-"],
            env={"PATH": os.environ["PATH"]} | stage.settings(**changed),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin is not None
        self.process.stdin.write(event)
        self.process.stdin.close()
        self.process.stdin = None

    def outcome(self, timeout: float = 60) -> dict[str, Any]:
        self.out, self.err = self.process.communicate(timeout=timeout)
        self.took = time.monotonic() - self.began
        lines = self.out.splitlines()
        assert len(lines) == 1, (self.out, self.err)
        outcome: dict[str, Any] = json.loads(lines[0])
        return outcome

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


class OnAzurite(unittest.TestCase):
    azurite: Azurite

    @classmethod
    def setUpClass(cls) -> None:
        cls.azurite = Azurite()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.azurite.stop()

    def instance(self, stage: Stage, event: str, **changed: str | None) -> Instance:
        given = {"AzureWebJobsStorage": self.azurite.connection_string(), "KSSEDR_LOCKS": None} | changed
        return Instance(stage, event, **given)

    def state(self, stage: Stage, container: str = CONTAINER) -> str | None:
        blob = hashlib.sha256(stage.account_id.lower().encode()).hexdigest()
        return self.azurite.lease_state(container, blob)

    def regenerations(self, stage: Stage) -> int:
        return len([call for call in stage.emulator.calls(operation="keys.regenerate") if call["effect"]])

    def check_one_rotation(self, stage: Stage) -> None:
        self.assertEqual(self.regenerations(stage), 1)
        self.assertEqual(len(stage.vault.versions(SECRET)), 2)
        keys = stage.arm.keys(stage.account_id)
        self.assertEqual(stage.vault.get(SECRET)["value"], stage.value(keys["key2"]))


class Leases(OnAzurite):
    def meet(self, stage: Stage, container: str = CONTAINER, **changed: str | None) -> None:
        """Two instances at once: one rotates, the other waits and finds it done."""
        stage.put_secret()
        event = json.dumps(stage.event())
        stage.emulator.fault("arm", "keys.regenerate", hold="before")
        first = self.instance(stage, event, **changed)
        self.assertIsNotNone(stage.emulator.wait_for_hold(20), "the call never came")
        self.assertEqual(self.state(stage, container), "leased")
        listings = len(stage.emulator.calls(operation="keys.list"))
        refused = self.azurite.refused_leases()
        second = self.instance(stage, event, **changed)
        self.assertTrue(eventually(lambda: self.azurite.refused_leases() > refused + 1), "it was to ask again")
        self.assertIsNone(second.process.poll(), "it was to wait")
        self.assertEqual(len(stage.emulator.calls(operation="keys.list")), listings, "it acted without the lock")
        stage.emulator.release()
        self.assertEqual(first.outcome()["outcome"], "rotated", first.err)
        outcome = second.outcome()
        self.assertEqual((outcome["outcome"], outcome["code"]), ("superseded", "newer-version"), second.err)
        self.check_one_rotation(stage)
        self.assertEqual(self.state(stage, container), "available", "it was not given back")

    def test_one_rotates_and_the_other_finds_it_done(self) -> None:
        with Stage() as stage:
            self.meet(stage)

    def test_in_a_container_of_ones_own(self) -> None:
        with Stage() as stage:
            self.meet(stage, "mine", KSSEDR_LOCKS=f"{self.azurite.endpoint}/mine")

    def test_with_a_shared_access_signature(self) -> None:
        with Stage() as stage:
            self.meet(stage, AzureWebJobsStorage=self.azurite.signature_string())

    def test_many_at_once_regenerate_once(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            event = json.dumps(stage.event())
            instances = [self.instance(stage, event) for _ in range(6)]
            words = sorted(each.outcome()["outcome"] for each in instances)
            self.assertEqual(words, ["rotated"] + ["superseded"] * 5)
            self.check_one_rotation(stage)

    def test_without_the_lock_nothing_is_rotated(self) -> None:
        with Azurite() as gone:
            silent = gone.connection_string()
        wrong = self.azurite.connection_string("c29tZSBvdGhlciBrZXk=")
        cases = {silent: ("unavailable", "KSSEDR_LOCKS=none"), wrong: ("permission-denied", "AzureWebJobsStorage")}
        for storage, (code, cure) in cases.items():
            with self.subTest(code=code), Stage() as stage:
                before = stage.put_secret()
                instance = self.instance(stage, json.dumps(stage.event()), AzureWebJobsStorage=storage)
                outcome = instance.outcome()
                self.assertEqual((outcome["outcome"], outcome["code"]), ("failed", code), outcome)
                self.assertIn(cure, outcome["reason"])
                self.assertEqual(stage.vault.get(SECRET)["version"], before)
                self.assertEqual(self.regenerations(stage), 0)

    def test_a_host_that_is_stopped_gives_back_what_it_holds(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            event = json.dumps(stage.event())
            settings = {"AzureWebJobsStorage": self.azurite.connection_string(), "KSSEDR_LOCKS": None}
            with stage.host(**settings):
                stage.hub.send(event)
                self.assertTrue(stage.hub.wait_until_read(30))
            self.assertTrue(eventually(lambda: self.state(stage) == "available"))
            self.check_one_rotation(stage)


class LeasesThatRunOut(OnAzurite):
    """What takes as long as a lease."""

    def test_who_waits_too_long_comes_again(self) -> None:
        # An invocation's budget, and the 45 seconds that what was begun has more, end before the holder does.
        given = {"AzureWebJobsStorage": self.azurite.connection_string(), "KSSEDR_LOCKS": None}
        with Stage() as stage, stage.host(KSSEDR_INVOCATION_BUDGET="PT1S", **given) as host:
            stage.put_secret()
            event = json.dumps(stage.event())
            stage.emulator.fault("arm", "keys.regenerate", hold="before")
            first = self.instance(stage, event)
            try:
                self.assertIsNotNone(stage.emulator.wait_for_hold(20), "the call never came")
                stage.hub.send(event)
                held = eventually(lambda: any("code=lock-held" in line.text for line in host.lines), 60)
                self.assertTrue(held, [line.text for line in host.lines])
            finally:
                first.kill()
            stage.emulator.release()
            self.assertTrue(eventually(lambda: bool(outcomes(host)), 2 * LEASE_SECONDS))
            self.assertIn(outcomes(host)[0]["outcome"], ("rotated", "adopted"), outcomes(host))
            self.check_one_rotation(stage)

    def test_the_holder_is_killed_and_the_other_goes_on_when_its_lease_has_run_out(self) -> None:
        for side in ("before", "after"):
            with self.subTest(side=side), Stage() as stage:
                stage.put_secret()
                event = json.dumps(stage.event())
                stage.emulator.fault("arm", "keys.regenerate", hold=side)
                first = self.instance(stage, event)
                self.assertIsNotNone(stage.emulator.wait_for_hold(20), "the call never came")
                first.kill()
                stage.emulator.release()
                second = self.instance(stage, event)
                outcome = second.outcome(LEASE_SECONDS + 30)
                self.assertIn(outcome["outcome"], ("rotated", "adopted"), second.err)
                self.assertGreater(second.took, LEASE_SECONDS - 20, "the dead one's effects were not waited out")
                self.check_one_rotation(stage)


if __name__ == "__main__":
    leave_where_missing()
    unittest.main()
