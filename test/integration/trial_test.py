"""A new key is tried against the account's own endpoint before it is published."""

from __future__ import annotations

import json
import unittest
from typing import Any

from stage import ACCOUNT, SECRET, Stage


class Trial(unittest.TestCase):
    def rotate(self, stage: Stage, **changed: str | None) -> dict[str, Any]:
        stage.put_secret()
        return self.handle(stage, **changed)

    def handle(self, stage: Stage, **changed: str | None) -> dict[str, Any]:
        ran = stage.run("handle", "--json", "-", stdin=json.dumps(stage.event()), **changed)
        self.assertEqual(len(ran.objects), 1, ran.err)
        self.words = ran.out + ran.err
        return ran.objects[0]

    def trials(self, stage: Stage) -> int:
        return len(stage.emulator.calls(service="blob"))

    def test_a_key_that_works_is_published_as_tried(self) -> None:
        with Stage() as stage:
            outcome = self.rotate(stage, KSSEDR_VERIFY="required")
            self.assertEqual((outcome["outcome"], outcome["verified"]), ("rotated", "yes"), outcome)
            self.assertEqual(self.trials(stage), 1)

    def test_who_may_not_read_the_account_tries_all_the_same(self) -> None:
        with Stage() as stage:
            stage.emulator.fault("arm", "account.get", times=0, status=403, code="AuthorizationFailed")
            outcome = self.rotate(stage)
            self.assertEqual((outcome["outcome"], outcome["verified"]), ("rotated", "yes"), outcome)

    def test_a_key_that_takes_time_to_spread_is_published_when_it_works(self) -> None:
        with Stage() as stage:
            stage.emulator.put("accounts", name=ACCOUNT, propagationDelay="PT5S")
            stage.put_secret()
            with stage.consumer(cache_seconds=0.05) as consumer:
                outcome = self.handle(stage)
                self.assertEqual((outcome["outcome"], outcome["verified"]), ("rotated", "yes"), outcome)
                self.assertTrue(consumer.wait_for_version(outcome["newVersion"], 5))
            self.assertEqual(consumer.failures, [])
            self.assertGreater(outcome["durationMs"], 4000)

    def test_where_shared_keys_are_switched_off_policy_decides(self) -> None:
        for verify, word, code in (("best-effort", "rotated", "rotated"), ("required", "failed", "verify-not-reachable")):
            with self.subTest(verify=verify), Stage() as stage:
                stage.emulator.put("accounts", name=ACCOUNT, allowSharedKeyAccess=False)
                outcome = self.rotate(stage, KSSEDR_VERIFY=verify)
                self.assertEqual((outcome["outcome"], outcome["code"]), (word, code), outcome)
                self.assertEqual(outcome["verified"], "not-reachable")
                if verify == "required":
                    self.assertIn("switched off", outcome["reason"])
                    self.assertEqual(len(stage.vault.versions(SECRET)), 1)

    def test_nothing_is_tried_where_it_is_off(self) -> None:
        with Stage() as stage:
            outcome = self.rotate(stage, KSSEDR_VERIFY="off")
            self.assertEqual(outcome["outcome"], "rotated")
            self.assertNotIn("verified", outcome)
            self.assertEqual(self.trials(stage), 0)

    def test_what_the_service_quotes_of_a_refusal_is_told_nobody(self) -> None:
        # Azure shows the signature and the text that was signed; neither is for logs.
        with Stage() as stage:
            stage.emulator.fault("blob", "container.list", times=1, status=403, code="AuthenticationFailed")
            outcome = self.rotate(stage)
            self.assertEqual((outcome["outcome"], outcome["verified"]), ("rotated", "yes"), outcome)
            self.assertEqual(self.trials(stage), 2)
            self.assertNotIn("SharedKey", self.words)
            for value in stage.secret_values():
                self.assertNotIn(value, self.words)


if __name__ == "__main__":
    unittest.main()
