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

    def test_a_key_that_is_turned_down_where_another_is_taken_is_tried_again(self) -> None:
        with Stage() as stage:
            secret = Searched(stage)
            # The new key is turned down once, as if it were not known everywhere yet; the other one is taken.
            stage.emulator.fault("endpoint", "key.try", times=1, status=403, code="Forbidden")
            outcome = secret.rotate(KSSEDR_VERIFY="required")
            self.assertEqual((outcome["outcome"], outcome["verified"]), ("rotated", "yes"), outcome)
            self.assertEqual([call["status"] for call in secret.trials()], [403, 200, 200])

    def test_what_the_service_turns_down_with_every_key_is_a_matter_of_policy(self) -> None:
        for verify, word, code in (("best-effort", "rotated", "rotated"), ("required", "failed", "verify-not-reachable")):
            with self.subTest(verify=verify), Stage() as stage:
                secret = Searched(stage)
                stage.emulator.fault("endpoint", "key.try", times=0, status=403, code="Forbidden")
                outcome = secret.rotate(KSSEDR_VERIFY=verify)
                self.assertEqual((outcome["outcome"], outcome["code"]), (word, code), outcome)
                self.assertEqual(outcome["verified"], "not-reachable")
                self.assertEqual([call["status"] for call in secret.trials()], [403, 403])
                if verify == "required":
                    self.assertIn("another key", outcome["reason"])
                    self.assertEqual(len(stage.vault.versions("search")), 2)
                    # Once the service can be asked the key that was made is published, and no other is made.
                    stage.emulator.admin("DELETE", "faults")
                    after = secret.rotate(KSSEDR_VERIFY=verify)
                    self.assertEqual((after["outcome"], after["verified"]), ("adopted", "yes"), after)


class Searched:
    """A secret with a key of a search service, which is tried at its endpoint."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.owner = f"{stage.vault_id.partition('/providers/')[0]}/providers/Microsoft.Search/searchServices/shop"
        stage.emulator.put("resources", id=self.owner, created=stage.later(days=-400))
        # Versions before it are the evidence, where the service does not say when a key was made.
        for days, slot in ((-72, 1), (-71, 0)):
            stage.emulator.put(
                "secrets",
                vault="demo",
                name="search",
                value=stage.emulator.admin("GET", "resources")[0]["keys"][slot]["value"],
                tags={"ProviderAddress": self.owner, "CredentialId": ("primary", "secondary")[slot]},
                created=stage.later(days=days),
                exp=stage.later(days=20),
                announce=False,
            )

    def rotate(self, **changed: str | None) -> dict[str, Any]:
        url = f"https://{self.stage.vault.host}:{self.stage.emulator.port}/secrets/search"
        settings = {"KSSEDR_ALLOWED_TARGETS": self.owner} | self.stage.by_real_names() | changed
        return self.stage.run("rotate", url, "--json", **settings).objects[0]

    def trials(self) -> list[dict[str, Any]]:
        return self.stage.emulator.calls(service="endpoint")


if __name__ == "__main__":
    unittest.main()
