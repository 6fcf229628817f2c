"""The main job: an event comes in, a storage credential is rotated, its consumer never notices."""

from __future__ import annotations

import itertools
import json
import unittest
from typing import Any

from stage import SECRET, Ingest, Options, Stage, event_invocations, eventually, get_json, outcomes

FORWARDING = (True, False)
DATA_TYPES = ("binary", "string", "")


class Rotation(unittest.TestCase):
    def test_from_event_grid_to_a_new_version_in_every_form_of_delivery(self) -> None:
        for forwarding, data_type in itertools.product(FORWARDING, DATA_TYPES):
            options = Options(forwarding=forwarding, data_type=data_type, chunked=data_type != "string")
            with self.subTest(forwarding=forwarding, data_type=data_type), Stage() as stage:
                self._rotate(stage, options)

    def _rotate(self, stage: Stage, options: Options) -> None:
        # A life of minutes: it is near its end when the clock has gone six of them.
        before = stage.put_secret(created=None, nbf=None, exp=stage.later(minutes=10), announce=True)
        ingest = Ingest(stage.hub)
        types = ["Microsoft.KeyVault.SecretNearExpiry"]
        stage.emulator.put("event-subscriptions", name="hub", endpoint=ingest.url, types=types)
        keys = stage.arm.keys(stage.account_id)
        with stage.consumer() as consumer, stage.host(options) as host:
            stage.emulator.advance("PT6M")
            self.assertTrue(eventually(lambda: len(outcomes(host)) == 1), [line.text for line in host.lines])
            self.assertTrue(stage.hub.wait_until_read(10))
            outcome = outcomes(host)[0]
            self.assertEqual((outcome["outcome"], outcome["version"]), ("rotated", before))
            self.assertEqual((outcome["formerCredential"], outcome["credential"]), ("key1", "key2"))
            after = stage.vault.get(SECRET)
            self.assertEqual(after["version"], outcome["newVersion"])
            self.assertTrue(consumer.wait_for_version(after["version"], 5))
            alive = get_json(host.front.url + "/api/IsAlive")
        ingest.close()
        self.assertEqual(consumer.failures, [])
        self.assertGreater(consumer.requests, 5)
        new_keys = stage.arm.keys(stage.account_id)
        self.assertEqual(new_keys["key1"], keys["key1"], "the key in use was touched")
        self.assertNotEqual(new_keys["key2"], keys["key2"])
        self.assertEqual(after["value"], stage.value(new_keys["key2"]))
        self.assertEqual(len(stage.kssedr_calls("keys.regenerate")), 1)
        self.assertEqual(sorted(alive), ["isAlive", "regionName", "timestamp", "version"])
        self.assertEqual((alive["isAlive"], alive["regionName"]), (True, "West Europe"))
        self.assertEqual(host.queues, {})
        self.assertEqual(host.undeclared_outputs, [])

    def test_a_provider_that_does_not_tell_key_times_is_rotated_by_other_evidence(self) -> None:
        with Stage(key_times=False) as stage:
            stage.put_secret()
            with stage.consumer(cache_seconds=0.2) as consumer, stage.host() as host:
                stage.hub.send(json.dumps(stage.event()))
                self.assertTrue(stage.hub.wait_until_read(20))
                self.assertEqual(outcomes(host)[0]["outcome"], "rotated", outcomes(host))
                self.assertTrue(consumer.wait_for_version(stage.vault.get(SECRET)["version"], 5))
            self.assertEqual(consumer.failures, [])

    def test_three_rotations_alternate_and_never_cut_anybody_off(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            with stage.consumer(cache_seconds=0.2) as consumer, stage.host() as host:
                slots = []
                for _ in range(3):
                    stage.hub.send(json.dumps(stage.event()))
                    self.assertTrue(stage.hub.wait_until_read(20))
                    slots.append(outcomes(host)[-1].get("credential"))
                    self.assertTrue(consumer.wait_for_version(stage.vault.get(SECRET)["version"], 5))
                    stage.emulator.advance("P61D")
            self.assertEqual(slots, ["key2", "key1", "key2"])
            self.assertEqual(consumer.failures, [])

    def test_an_event_that_comes_a_hundred_times_rotates_once(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            event = json.dumps(stage.event())
            for number in range(100):
                stage.hub.send(event, partition=number % 2)
            with stage.consumer(cache_seconds=0.2) as consumer, stage.host() as host:
                self.assertTrue(stage.hub.wait_until_read(60))
                words = [outcome["outcome"] for outcome in outcomes(host)]
            self.assertEqual(len(words), 100)
            self.assertEqual((words.count("rotated"), words.count("superseded")), (1, 99))
            self.assertEqual(len(stage.kssedr_calls("keys.regenerate")), 1)
            self.assertEqual(len(stage.vault.versions(SECRET)), 2)
            self.assertEqual(consumer.failures, [])


class Kept(unittest.TestCase):
    """What a rotation must not change."""

    def test_everything_but_the_credential_its_slot_and_its_times_stays(self) -> None:
        with Stage() as stage:
            keys = stage.arm.keys(stage.account_id)
            suffix = stage.emulator.environment["KSSEDR_STORAGE_SUFFIX"]
            https = "DefaultEndpointsProtocol=https;AccountName=demostorage;"
            forms = {
                "bare": "{}",
                "portal": f"{https}AccountKey={{}};EndpointSuffix={suffix}",
                "original": f"{https}EndpointSuffix={suffix};AccountKey={{}}",
                "odd": f" accountname=demostorage ; ACCOUNTKEY={{}};Endpointsuffix={suffix};;",
            }
            tags = stage.original_tags() | {"A b": "c;=d"}
            for name, form in forms.items():
                stage.put_secret(name, value=form.replace("{}", keys["key1"]), tags=tags)
            with stage.host() as host:
                for name, form in forms.items():
                    with self.subTest(form=name):
                        self._check(stage, host, name, form)

    def _check(self, stage: Stage, host: Any, name: str, form: str) -> None:
        before = stage.vault.get(name)
        stage.hub.send(json.dumps(stage.event(name)))
        self.assertTrue(stage.hub.wait_until_read(20))
        outcome = event_invocations(host)[-1].return_value[0]
        self.assertIn(outcome["outcome"], ("rotated", "adopted"), outcome)
        after = stage.vault.get(name)
        slot = outcome["credential"]
        self.assertEqual(after["value"], form.replace("{}", stage.arm.keys(stage.account_id)[slot]))
        self.assertEqual(after["contentType"], before["contentType"])
        tags = dict(after["tags"])
        self.assertTrue(tags.pop("AutoRotate").endswith("Z"))
        self.assertEqual(tags, before["tags"] | {"key": str(int(slot[-1]) - 1)})
        self.assertTrue(after["attributes"]["enabled"])
        self.assertGreaterEqual(after["attributes"]["nbf"], before["attributes"]["nbf"])
        self.assertEqual(len(stage.vault.versions(name)), 2)
        days = (after["attributes"]["exp"] - after["attributes"]["created"]) / 86400
        self.assertAlmostEqual(days, 90, delta=0.1)


if __name__ == "__main__":
    unittest.main()
