"""Trouble that passes, and trouble that does not: 500 and the host's retry policy, then the poison queue; never silence."""

from __future__ import annotations

import json
import unittest
from typing import Any

from stage import SECRET, Options, Stage, event_invocations, outcomes

QUICK = Options(retry_scale=0.01)
# An answer that is no JSON fails at once, where a 503 would be tried again inside kssedr first.
NONSENSE: dict[str, Any] = {"status": 200, "body": "<html>not what was asked for</html>"}


def lose_answer(test: unittest.TestCase, operation: str) -> None:
    """One call has its effect and no answer; it must not be made twice."""
    with Stage() as stage:
        stage.put_secret()
        stage.emulator.fault(operation=operation, reset="after")
        stage.hub.send(json.dumps(stage.event()))
        with stage.consumer() as consumer, stage.host(QUICK) as host:
            test.assertTrue(stage.hub.wait_until_read(200))
            test.assertEqual([outcome["outcome"] for outcome in outcomes(host)], ["rotated"])
        test.assertEqual(consumer.failures, [])
        made = [call for call in stage.emulator.calls(operation="keys.regenerate") if call["effect"]]
        test.assertEqual(len(made), 1)
        test.assertEqual(len(stage.vault.versions(SECRET)), 2)


class Retry(unittest.TestCase):
    def test_a_short_trouble_is_mended_within_one_invocation(self) -> None:
        troubles: dict[str, dict[str, Any]] = {
            "unavailable": {"status": 503},
            "throttled": {"status": 429, "headers": {"Retry-After": "1"}},
            "reset": {"reset": "before"},
        }
        for title, action in troubles.items():
            with self.subTest(title=title), Stage() as stage:
                stage.put_secret()
                event = json.dumps(stage.event())
                with stage.consumer(cache_seconds=1e9) as consumer, stage.host(QUICK) as host:
                    stage.emulator.fault("arm", "keys.list", times=2, **action)
                    stage.emulator.fault("keyvault", "secret.get", times=1, **action)
                    stage.hub.send(event)
                    self.assertTrue(stage.hub.wait_until_read(60))
                    self.assertEqual([each.succeeded for each in event_invocations(host)], [True])
                    self.assertEqual([outcome["outcome"] for outcome in outcomes(host)], ["rotated"])
                self.assertEqual(consumer.failures, [])

    def test_a_denial_that_passes_is_waited_out(self) -> None:
        """Role assignments spread slowly."""
        with Stage() as stage:
            stage.put_secret()
            event = json.dumps(stage.event())
            stage.emulator.fault("keyvault", "secret.get", user_agent="kssedr/", status=403, code="Forbidden")
            with stage.host(QUICK) as host:
                stage.hub.send(event)
                self.assertTrue(stage.hub.wait_until_read(60))
                self.assertEqual([each.succeeded for each in event_invocations(host)], [True])
                self.assertEqual([outcome["outcome"] for outcome in outcomes(host)], ["rotated"])

    def test_a_lost_answer_to_a_publication_is_looked_for_in_the_vault(self) -> None:
        lose_answer(self, "secret.set")

    def test_a_longer_trouble_is_answered_500_until_it_is_over(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            stage.emulator.fault("arm", "keys.list", times=3, **NONSENSE)
            stage.hub.send(json.dumps(stage.event()))
            with stage.host(QUICK) as host:
                self.assertTrue(stage.hub.wait_until_read(60))
                invocations = event_invocations(host)
                self.assertEqual([each.succeeded for each in invocations], [False, False, False, True])
                self.assertIn("500", invocations[0].error)
                self.assertEqual(outcomes(host)[-1]["outcome"], "rotated")
                self.assertEqual(host.queues, {})
                # What the host throws away with the answer is told on standard error first.
                told = [line for line in host.lines if line.stream == "stderr" and "unexpected-answer" in line.text]
                self.assertEqual(len(told), 3)

    def test_the_last_attempt_puts_what_failed_on_the_poison_queue(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            stage.put_secret("other", contentType="text/plain", tags={})
            stage.emulator.fault("arm", "keys.list", times=0, **NONSENSE)
            for name in (SECRET, "other"):
                stage.hub.send(json.dumps(stage.event(name)), partition=0)
            with stage.host(QUICK) as host:
                self.assertTrue(stage.hub.wait_until_read(60))
                invocations = event_invocations(host)
                self.assertEqual([each.attempt for each in invocations], [0, 1, 2, 3, 4, 5])
                self.assertEqual([each.succeeded for each in invocations], [False] * 5 + [True])
                self.assertEqual([outcome["outcome"] for outcome in outcomes(host)], ["failed", "unmanaged"])
                poison = [json.loads(message) for message in host.queues["kssedr-poison"]]
            self.assertEqual(stage.hub.lost, [])
            self.assertEqual([message["outcome"]["secret"] for message in poison], [SECRET])
            self.assertEqual(poison[0]["event"]["data"]["ObjectName"], SECRET)

    def test_a_refused_event_goes_to_the_poison_queue_at_once(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            stage.hub.send(json.dumps(stage.event()))
            with stage.host(QUICK, KSSEDR_ALLOWED_TARGETS="") as host:
                self.assertTrue(stage.hub.wait_until_read(20))
                self.assertEqual([each.succeeded for each in event_invocations(host)], [True])
                outcome = outcomes(host)[0]
                self.assertEqual((outcome["outcome"], outcome["code"]), ("refused", "not-permitted"))
                self.assertIn(
                    stage.account_id.lower(), outcome["reason"].lower(), "it names the line that would allow it"
                )
                poison = [json.loads(message) for message in host.queues["kssedr-poison"]]
            self.assertEqual(poison[0]["outcome"]["code"], "not-permitted")
            self.assertEqual(stage.kssedr_calls("keys.list"), [])


class Doubt(unittest.TestCase):
    """A long run: after a lost answer to a regeneration two minutes must pass before the slot is trusted."""

    def test_a_lost_answer_to_a_regeneration_is_waited_for(self) -> None:
        lose_answer(self, "keys.regenerate")


if __name__ == "__main__":
    unittest.main()
