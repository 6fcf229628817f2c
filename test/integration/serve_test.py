"""`kssedr serve` from its start to its end: the sweep, the store, a new configuration, signals."""

from __future__ import annotations

import os
import signal
import sqlite3
import tempfile
import unittest

from daemon import Daemon
from stage import SECRET, VAULT, Stage, eventually


class Serve(unittest.TestCase):
    def setUp(self) -> None:
        self.stage = Stage()
        self.addCleanup(self.stage.close)

    def serve(self, config: str | None = None, **changed: str | None) -> Daemon:
        without_hub = {name: None for name in ("EventHub_ConnectionString", "EventHub_Name", "EventHub_ConsumerGroup")}
        settings = self.stage.settings(**(without_hub | changed))
        daemon = Daemon(settings, config)
        self.addCleanup(daemon.close)
        return daemon

    def test_with_no_source_at_all_what_is_due_is_rotated_and_kept(self) -> None:
        version = self.stage.put_secret()
        daemon = self.serve()
        self.assertTrue(eventually(lambda: daemon.outcomes(outcome="rotated")), daemon.lines)
        self.assertNotEqual(self.stage.vault.get(SECRET)["version"], version)
        self.assertTrue(eventually(lambda: daemon.events("sweep.ended")))
        kept = daemon.history()
        self.assertEqual([line["outcome"]["outcome"] for line in kept], ["rotated"])
        # The head of the chain stands in the log with the outcome.
        self.assertEqual(daemon.outcomes()[0]["historyHead"], kept[0]["hash"])
        self.assertIn("READY=1", daemon.states)
        self.assertEqual(daemon.stop(), 0)
        self.assertIn("STOPPING=1", daemon.states)
        for line in daemon.lines:
            for value in self.stage.secret_values():
                self.assertNotIn(value, str(line))

    def test_a_new_configuration_holds_whole_or_not_at_all(self) -> None:
        self.stage.put_secret()
        listen = 'listen = "127.0.0.1:0"\n'
        daemon = self.serve('mode = "observe"\n' + listen, KSSEDR_LISTEN="")
        self.assertTrue(eventually(lambda: daemon.outcomes(code="observe")), daemon.lines)
        for refused, (config, why) in enumerate(
            [('mode = "observ"\nlead = "P1D"\n' + listen, "observ"), ('mode = "rotate"\n', "restart")]
        ):
            daemon.config.write_text(config)
            daemon.signal(signal.SIGHUP)
            self.assertTrue(eventually(lambda: len(daemon.events("serve.reload_refused")) > refused), daemon.lines)
            self.assertIn(why, daemon.events("serve.reload_refused")[refused]["why"])
        self.assertEqual(daemon.events("serve.reloaded"), [])
        daemon.config.write_text('mode = "rotate"\n' + listen)
        daemon.signal(signal.SIGHUP)
        self.assertTrue(eventually(lambda: daemon.outcomes(outcome="rotated")), daemon.lines)
        self.assertEqual(len(daemon.events("serve.reloaded")), 1)
        self.assertEqual(daemon.stop(), 0)

    def test_a_file_that_changes_is_read(self) -> None:
        self.stage.put_secret()
        daemon = self.serve('mode = "observe"\n')
        self.assertTrue(eventually(lambda: daemon.outcomes(code="observe")), daemon.lines)
        daemon.config.write_text('mode = "rotate"\n# another size\n')
        self.assertTrue(eventually(lambda: daemon.outcomes(outcome="rotated")), daemon.lines)

    def test_asked_to_end_it_finishes_what_is_under_way(self) -> None:
        self.stage.put_secret()
        self.stage.emulator.fault(operation="keys.regenerate", user_agent="kssedr/", times=1, delayMs=3000)
        daemon = self.serve()
        self.assertTrue(eventually(lambda: daemon.events("rotation.regenerating")), daemon.lines)
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual([line["outcome"]["outcome"] for line in daemon.history()], ["rotated"])
        self.assertEqual(daemon.events("serve.cut_off"), [])

    def test_whoever_asks_twice_is_heeded_at_once(self) -> None:
        self.stage.put_secret()
        self.stage.emulator.fault(operation="keys.regenerate", user_agent="kssedr/", times=1, delayMs=20000)
        daemon = self.serve()
        self.assertTrue(eventually(lambda: daemon.events("rotation.regenerating")), daemon.lines)
        daemon.signal(signal.SIGTERM)
        self.assertTrue(eventually(lambda: daemon.events("serve.stopping")))
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(len(daemon.events("serve.cut_off")), 1)

    def test_what_is_refused_is_parked_and_closes_by_itself(self) -> None:
        self.stage.put_secret()
        daemon = self.serve(KSSEDR_ALLOWED_TARGETS=f"{VAULT}=/subscriptions/00000000-0000-0000-0000-000000000000")
        self.assertTrue(eventually(lambda: daemon.outcomes(code="not-permitted")), daemon.lines)
        self.assertTrue(eventually(lambda: daemon.parked()))
        entry = daemon.parked()[0]
        self.assertEqual((entry["secret"], entry["code"], entry["count"]), (SECRET, "not-permitted", 1))
        daemon.stop()
        daemon.settings["KSSEDR_ALLOWED_TARGETS"] = self.stage.account_id
        daemon.start()
        self.assertTrue(eventually(lambda: daemon.outcomes(outcome="rotated")), daemon.lines)
        self.assertTrue(eventually(lambda: daemon.parked() == []))

    def test_while_the_store_is_locked_nothing_is_done_with_and_then_it_goes_on(self) -> None:
        daemon = self.serve()
        self.assertTrue(eventually(lambda: daemon.events("sweep.ended")), daemon.lines)
        daemon.stop()
        other = sqlite3.connect(daemon.store, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN EXCLUSIVE")
        self.stage.put_secret()
        daemon.start()
        self.assertTrue(eventually(lambda: daemon.events("store.keeps_nothing"), 60), daemon.lines)
        self.assertEqual(daemon.request("/healthz")[0], 200)
        self.assertEqual(daemon.request("/readyz")[0], 503)
        other.execute("ROLLBACK")
        self.assertTrue(eventually(lambda: daemon.outcomes(outcome="rotated"), 60), daemon.lines)
        self.assertTrue(eventually(lambda: daemon.request("/readyz")[0] == 200), daemon.request("/readyz"))

    def test_a_store_that_can_not_be_is_said_and_waited_for(self) -> None:
        self.stage.put_secret()
        directory = tempfile.TemporaryDirectory(prefix="kssedr-late-")
        self.addCleanup(directory.cleanup)
        late = os.path.join(directory.name, "mounted/later")
        daemon = self.serve(KSSEDR_STORE=late + "/kssedr.db")
        self.assertTrue(eventually(lambda: daemon.events("store.keeps_nothing")), daemon.lines)
        self.assertIn(late, daemon.events("store.keeps_nothing")[0]["why"])
        self.assertEqual(daemon.request("/readyz")[0], 503)
        os.makedirs(late)
        self.assertTrue(eventually(lambda: daemon.outcomes(outcome="rotated"), 60), daemon.lines)

    def test_an_address_that_is_taken_is_said(self) -> None:
        first = self.serve()
        settings = first.settings | {"KSSEDR_LISTEN": first.address, "EventHub_ConnectionString": None}
        ran = self.stage.run("serve", **settings)
        self.assertEqual(ran.code, 1)
        self.assertIn(first.address, ran.err)

    def test_settings_that_are_wrong_are_said(self) -> None:
        for name, value, said in (
            ("KSSEDR_STORE", "mysql://localhost/kssedr", "KSSEDR_STORE"),
            ("KSSEDR_LISTEN", "localhost", "KSSEDR_LISTEN"),
            ("KSSEDR_SWEEP_EVERY", "1h", "KSSEDR_SWEEP_EVERY"),
        ):
            with self.subTest(value):
                ran = self.stage.run("serve", **{"EventHub_ConnectionString": None, name: value})
                self.assertEqual(ran.code, 2, ran.err)
                self.assertIn(said, ran.err)


if __name__ == "__main__":
    os.environ.pop("KSSEDR_CONFIG", None)
    unittest.main(verbosity=2)
