"""`kssedr serve` over HTTP: events that are pushed, health, metrics, the API and the page."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

from daemon import Daemon
from stage import SECRET, Stage, eventually

TOKEN = "0123456789abcdef0123456789abcdef"
PUSH = "fedcba9876543210fedcba9876543210"


class ServeHttp(unittest.TestCase):
    def setUp(self) -> None:
        self.stage = Stage()
        self.addCleanup(self.stage.close)
        # On a disk of its own, so that a second daemon finds it.
        directory = tempfile.TemporaryDirectory(prefix="kssedr-store-")
        self.addCleanup(directory.cleanup)
        self.store = str(Path(directory.name) / "kssedr.db")

    def serve(self, **changed: str | None) -> Daemon:
        without_hub = {name: None for name in ("EventHub_ConnectionString", "EventHub_Name", "EventHub_ConsumerGroup")}
        doors = {"KSSEDR_API_TOKEN": TOKEN, "KSSEDR_PUSH_SECRET": PUSH}
        daemon = Daemon(self.stage.settings(**(without_hub | doors | changed)), store=self.store)
        self.addCleanup(daemon.close)
        return daemon

    def push(self, daemon: Daemon, body: Any, **headers: str) -> tuple[int, str]:
        return daemon.request(
            "/api/events",
            json.dumps(body).encode(),
            {"x-kssedr-key": PUSH, "Content-Type": "application/cloudevents+json"} | headers,
        )

    def api(self, daemon: Daemon, path: str, body: Any = None, method: str | None = None) -> tuple[int, Any]:
        content = None if body is None else json.dumps(body).encode()
        status, text = daemon.request(path, content, {"Authorization": f"Bearer {TOKEN}"}, method)
        return status, json.loads(text) if text else None

    def metric(self, daemon: Daemon, sample: str) -> str | None:
        for line in daemon.request("/metrics")[1].splitlines():
            name, _, value = line.rpartition(" ")
            if name == sample:
                return value
        return None

    def test_the_status_tells_of_leases_and_of_the_next_sweep(self) -> None:
        daemon = self.serve()
        self.assertTrue(eventually(lambda: self.api(daemon, "/api/v1/status")[1]["nextSweep"]), daemon.lines)
        status = self.api(daemon, "/api/v1/status")[1]
        self.assertGreater(status["nextSweep"], status["sweep"]["ended"])
        # It is the one that sweeps, and the one that works on the inbox.
        self.assertEqual(status["leases"], 2, status)
        self.assertEqual(self.metric(daemon, "kssedr_leases_held"), "2")

    def test_a_pushed_event_is_rotated_kept_and_counted(self) -> None:
        version = self.stage.put_secret()
        # No vault is named, so no sweep comes first.
        daemon = self.serve(KSSEDR_VAULTS=None)
        self.assertEqual(self.push(daemon, self.stage.event(version=version))[0], 200)
        self.assertTrue(eventually(lambda: daemon.outcomes(outcome="rotated")), daemon.lines)
        self.assertNotEqual(self.stage.vault.get(SECRET)["version"], version)
        self.assertTrue(eventually(lambda: self.api(daemon, "/api/v1/status")[1]["inbox"] == 0))
        self.assertEqual(self.metric(daemon, 'kssedr_events_total{source="push",outcome="rotated"}'), "1")
        rotations = 'kssedr_rotations_total{provider="microsoft.storage/storageaccounts",outcome="rotated"}'
        self.assertEqual(self.metric(daemon, rotations), "1")
        calls = 'kssedr_upstream_requests_total{service="resource_manager",operation="regenerate",status="200"}'
        self.assertEqual(self.metric(daemon, calls), "1")
        self.assertIsNotNone(self.metric(daemon, 'kssedr_token_age_seconds{service="key_vault"}'))
        status, history = self.api(daemon, f"/api/v1/history?secret={SECRET}")
        self.assertEqual(status, 200)
        self.assertEqual([entry["outcome"]["outcome"] for entry in history["entries"]], ["rotated"])
        # Delivered again, nothing is done.
        self.assertEqual(self.push(daemon, [self.stage.event(version=version)])[0], 200)
        self.assertTrue(eventually(lambda: daemon.outcomes(outcome="superseded")), daemon.lines)
        for said in [json.dumps(history), daemon.request("/metrics")[1], str(daemon.lines)]:
            for value in [*self.stage.secret_values(), TOKEN, PUSH]:
                self.assertNotIn(value, said)

    def test_what_was_accepted_outlives_a_kill(self) -> None:
        version = self.stage.put_secret()
        daemon = self.serve(KSSEDR_VAULTS=None)
        self.assertEqual(self.push(daemon, self.stage.event(version=version))[0], 200)
        daemon.kill()
        daemon.start()
        self.assertTrue(
            eventually(lambda: daemon.outcomes(outcome="rotated") or daemon.outcomes(outcome="superseded")),
            daemon.lines,
        )
        self.assertNotEqual(self.stage.vault.get(SECRET)["version"], version)

    def test_handshakes_and_those_who_may_not(self) -> None:
        daemon = self.serve(KSSEDR_VAULTS=None)
        validation = [
            {
                "id": "1",
                "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
                "data": {"validationCode": "512d-38b6", "validationUrl": "https://nowhere.invalid/"},
            }
        ]
        status, text = self.push(daemon, validation, **{"aeg-event-type": "SubscriptionValidation"})
        self.assertEqual((status, json.loads(text)), (200, {"validationResponse": "512d-38b6"}))
        wrong = {
            "no secret": {"x-kssedr-key": ""},
            "another": {"x-kssedr-key": PUSH[:-1] + "x"},
            "a token": {"x-kssedr-key": "", "Authorization": f"Bearer {TOKEN}"},
        }
        for name, headers in wrong.items():
            with self.subTest(name):
                self.assertEqual(self.push(daemon, validation, **headers)[0], 401)
        self.assertEqual(daemon.request("/api/events", b"{", {"x-kssedr-key": PUSH})[0], 400)
        self.assertEqual(daemon.request("/api/events", b"x" * (1 << 20) + b"x", {"x-kssedr-key": PUSH})[0], 413)
        origin = {"x-kssedr-key": PUSH, "WebHook-Request-Origin": "eventgrid.azure.net"}
        self.assertEqual(daemon.request("/api/events", None, origin, "OPTIONS")[0], 200)
        self.assertEqual(daemon.request("/api/v1/status")[0], 401)

    def test_without_settings_there_is_nothing(self) -> None:
        daemon = self.serve(KSSEDR_API_TOKEN=None, KSSEDR_PUSH_SECRET=None)
        self.assertEqual(daemon.request("/api/events", b"[]")[0], 404)
        self.assertEqual(self.api(daemon, "/api/v1/status")[0], 404)
        for path in ("/", "/healthz", "/metrics", "/api/IsAlive", "/api/openapi/v3.json", "/api/swagger/ui"):
            self.assertEqual(daemon.request(path)[0], 200, path)

    def test_the_api_rotates_and_shows_what_is_parked(self) -> None:
        version = self.stage.put_secret()
        daemon = self.serve(KSSEDR_VAULTS=None)
        url = f"{self.stage.vault.url}/secrets/{SECRET}"
        status, outcome = self.api(daemon, "/api/v1/rotate", {"secret": url, "dryRun": True})
        self.assertEqual((status, outcome["code"]), (200, "dry-run"))
        self.assertEqual(self.stage.vault.get(SECRET)["version"], version)
        status, outcome = self.api(daemon, "/api/v1/rotate", {"secret": url})
        self.assertEqual((status, outcome["outcome"], outcome["trigger"]), (200, "rotated", "api"), outcome)
        self.assertEqual([line["outcome"]["trigger"] for line in daemon.history()], ["api"])
        self.assertEqual(self.api(daemon, "/api/v1/rotate", {"secret": "https://evil.example/secrets/a"})[0], 400)
        # What needs a person: a malformed event.
        broken = self.stage.event() | {"data": {"Id": "nonsense"}}
        self.assertEqual(self.push(daemon, broken)[0], 200)
        self.assertTrue(eventually(lambda: self.api(daemon, "/api/v1/parked")[1]["entries"]))
        entry = self.api(daemon, "/api/v1/parked")[1]["entries"][0]
        self.assertEqual((entry["code"], entry["source"]), ("malformed", "push"))
        self.assertEqual(self.api(daemon, f"/api/v1/parked/{entry['id']}", method="DELETE")[0], 204)
        self.assertEqual(self.api(daemon, "/api/v1/parked")[1]["entries"], [])

    def test_readiness_says_what_is_in_the_way(self) -> None:
        self.stage.put_secret()
        daemon = self.serve()
        self.assertTrue(eventually(lambda: daemon.request("/readyz")[0] == 200), daemon.request("/readyz"))
        self.assertTrue(eventually(lambda: self.api(daemon, "/api/v1/status")[1]["vaults"]))
        self.assertEqual(daemon.stop(), 0)
        wrong = self.serve(clientSecret="not-the-right-one-but-long-enough")
        self.assertTrue(eventually(lambda: "AADSTS" in wrong.request("/readyz")[1]), wrong.request("/readyz"))
        status, text = wrong.request("/readyz")
        self.assertEqual(status, 503)
        parts = {part["part"]: part for part in json.loads(text)["parts"]}
        self.assertFalse(parts["identity"]["ready"])
        self.assertTrue(parts["store"]["ready"])
        self.assertEqual(wrong.request("/healthz")[0], 200)


if __name__ == "__main__":
    unittest.main()
