"""kssedr is killed at every call it makes, on either side of the call's effect, and finds by evidence how far it came.

In each case the killed attempt is followed by a delivery of the same event, as the host makes it: by its retry policy where
only the handler died, from the checkpoint where the host died too. The consumer must never fail, with the version it has
read before as with the one it reads after.
"""

from __future__ import annotations

import json
import unittest
from dataclasses import dataclass

from stage import SECRET, Consumer, FunctionsHost, Options, Stage, eventually, outcomes

RETRY = Options(retry_scale=0.04)


@dataclass(frozen=True)
class Point:
    """One upstream call of a rotation: what it asks for, and how many like it come before."""

    service: str
    operation: str
    after: int


def points_of_a_rotation() -> list[Point]:
    """What a rotation calls, in order, learnt from one that nobody disturbs."""
    with Stage() as stage:
        stage.put_secret()
        event = json.dumps(stage.event())
        known = len(stage.emulator.calls())
        with stage.host() as host:
            stage.hub.send(event)
            assert stage.hub.wait_until_read(20)
            assert [outcome["outcome"] for outcome in outcomes(host)] == ["rotated"]
        points: list[Point] = []
        for call in stage.emulator.calls()[known:]:
            like = [
                point for point in points if (point.service, point.operation) == (call["service"], call["operation"])
            ]
            # A slow machine makes an attempt read its secret again before it begins; a fast one does not.
            is_read_again = like and call["operation"] == "secret.get"
            if not is_read_again:
                points.append(Point(call["service"], call["operation"], len(like)))
        return points


class Killed(unittest.TestCase):
    points: list[Point]

    @classmethod
    def setUpClass(cls) -> None:
        cls.points = points_of_a_rotation()

    def test_the_calls_are_the_ones_that_matter(self) -> None:
        operations = [point.operation for point in self.points]
        for operation in ("token", "secret.get", "keys.list", "keys.regenerate", "secret.set"):
            self.assertIn(operation, operations)

    def test_the_handler_is_killed_and_the_retry_finds_its_way(self) -> None:
        self._at_every_point(host_dies=False)

    def test_the_host_is_killed_and_the_next_delivery_finds_its_way(self) -> None:
        self._at_every_point(host_dies=True)

    def _at_every_point(self, host_dies: bool) -> None:
        for point in self.points:
            for side in ("before", "after"):
                with self.subTest(point=point, side=side), Stage() as stage:
                    self._kill_at(stage, point, side, host_dies)

    def _kill_at(self, stage: Stage, point: Point, side: str, host_dies: bool) -> None:
        first = stage.put_secret()
        event = json.dumps(stage.event())
        # The consumer reads the secret when told to, so that its own calls are not the ones that are held.
        consumer = stage.consumer(cache_seconds=1e9).start()
        host = stage.host(RETRY)
        host.start()
        try:
            # The consumer asks the blob endpoint for the same thing.
            agent = "kssedr/"
            stage.emulator.fault(point.service, point.operation, user_agent=agent, after=point.after, hold=side)
            stage.hub.send(event)
            self.assertIsNotNone(stage.emulator.wait_for_hold(20), "the call never came")
            if host_dies:
                host.stop(0)
            else:
                host.process.signal()
                self.assertTrue(eventually(lambda: host.process.starts == 2))
            stage.emulator.release()
            self._use_what_is_published(stage, consumer)
            if host_dies:
                host = stage.host(RETRY)
                host.start()
            self.assertTrue(stage.hub.wait_until_read(30))
            self._check_end(stage, host, first)
            self._use_what_is_published(stage, consumer)
        finally:
            consumer.stop()
            host.stop(0)
        self.assertEqual(consumer.failures, [])

    def _use_what_is_published(self, stage: Stage, consumer: Consumer) -> None:
        """With what it has for a while, then with what is current now."""
        for _ in range(2):
            done = consumer.requests
            self.assertTrue(eventually(lambda done=done: consumer.requests > done + 1))  # type: ignore[misc]
            consumer.read_again()
        self.assertEqual(consumer.failures, [])

    def _check_end(self, stage: Stage, host: FunctionsHost, first: str) -> None:
        self.assertEqual(stage.hub.lost, [])
        words = [outcome["outcome"] for outcome in outcomes(host)]
        self.assertIn(words, (["rotated"], ["adopted"], ["superseded"]), outcomes(host))
        versions = stage.vault.versions(SECRET)
        self.assertEqual(len(versions), 2)
        keys = stage.arm.keys(stage.account_id)
        self.assertEqual(stage.vault.get(SECRET)["value"], stage.value(keys["key2"]))
        self.assertEqual(stage.vault.get(SECRET, first)["value"], stage.value(keys["key1"]))
        made = [call for call in stage.emulator.calls(operation="keys.regenerate") if call["effect"]]
        self.assertEqual(len(made), 1, "one version leads to one regeneration")


if __name__ == "__main__":
    unittest.main()
