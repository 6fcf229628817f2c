"""The commands against the local Azure: what they print, how they end, and what wrong settings get."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from stage import KSSEDR, SECRET, Options, Ran, Stage, event_invocations, get_text, outcomes, run_kssedr

PUBLISHED = {"schema", "outcome", "code", "reason", "trigger", "vault", "secret", "version", "newVersion", "resource"}
HELP = Path(__file__).with_name("help.txt")
COMMANDS: list[tuple[str, ...]] = [
    (),
    ("functions",),
    ("serve",),
    ("handle",),
    ("rotate",),
    ("plan",),
    ("sweep",),
    ("explain",),
    ("providers",),
    ("providers", "role-definition"),
    ("history",),
    ("parked",),
    ("parked", "list"),
    ("parked", "requeue"),
    ("parked", "drop"),
    ("version",),
]


class Commands(unittest.TestCase):
    def test_handle_takes_events_as_a_source_delivers_them(self) -> None:
        with Stage() as stage:
            version = stage.put_secret()
            original = self._originals_payload(stage, version)
            file = Path(stage.app_root, "payload.json")
            file.write_text(json.dumps([original, stage.event(kind="SecretNewVersionCreated")]))
            ran = stage.run("handle", str(file), "--json")
            self.assertEqual(ran.code, 0, ran)
            self.assertEqual([each["outcome"] for each in ran.objects], ["rotated", "ignored"])
            self.assertLessEqual(PUBLISHED, set(ran.objects[0]))
            self.assertEqual(ran.objects[0]["newVersion"], stage.vault.get(SECRET)["version"])
            again = stage.run("handle", "-", "--json", stdin=json.dumps(original))
            self.assertEqual((again.code, again.objects[0]["outcome"]), (0, "superseded"))

    def _originals_payload(self, stage: Stage, version: str) -> dict[str, object]:
        """The sample of the original's README: Event Grid's schema, a version that can be none, keys in odd case."""
        event = stage.event(version=version)
        data = event["data"] | {"Version": "aaa", " vaultname ": event["data"]["VaultName"], "EXP": "1639694645"}
        del data["VaultName"]
        return {
            "id": event["id"],
            "topic": event["source"],
            "subject": "SecretNearExpiry",
            "eventType": "Microsoft.KeyVault.SecretNearExpiry",
            "data": data,
            "dataVersion": "1",
        }

    def test_no_keys_of_tls_are_written(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            keys = Path(stage.app_root, "tls-keys")
            url = f"https://{stage.vault.host}:{stage.emulator.port}/secrets/{SECRET}"
            ran = stage.run("explain", url, SSLKEYLOGFILE=str(keys))
            self.assertEqual(ran.code, 0, ran)
            self.assertFalse(keys.exists(), "whoever reads it can read every connection")

    def test_functions_outlives_a_hostile_request_and_a_closed_output(self) -> None:
        settings = {"tenantId": "t", "clientId": "c", "clientSecret": "s", "FUNCTIONS_CUSTOMHANDLER_PORT": "0"}
        with subprocess.Popen([KSSEDR, "functions"], env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ran:
            assert ran.stdout is not None and ran.stderr is not None
            listening = re.search(rb"port=(\d+)", ran.stdout.readline())
            assert listening is not None
            ran.stdout.close()
            for request, status in (
                (b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", b"431"),
                (b"Connection: close\r\n\r\n", b"200"),
            ):
                with socket.create_connection(("127.0.0.1", int(listening[1])), timeout=10) as peer:
                    peer.sendall(b"GET /IsAlive HTTP/1.1\r\nHost: h\r\n" + request)
                    self.assertEqual(peer.recv(12)[9:], status)
            ran.terminate()  # which it says, to nobody
            self.assertEqual(ran.wait(20), 0, ran.stderr.read())

    def test_exit_codes_of_handle(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            stage.put_secret("plain", contentType="text/plain", tags={})
            malformed, other = '{"id":"1"}', json.dumps(stage.event(kind="SecretNewVersionCreated"))
            unmanaged = json.dumps(stage.event("plain"))
            for title, text, code in (
                ("nothing to do", other, 0),
                ("unmanaged", unmanaged, 0),
                ("malformed", malformed, 3),
                ("both", f"[{other},{malformed}]", 3),
            ):
                with self.subTest(title=title):
                    self.assertEqual(stage.run("handle", stdin=text).code, code)
            stage.emulator.fault("arm", "keys.list", times=0, status=200, body="nonsense")
            failing = json.dumps(stage.event())
            self.assertEqual(stage.run("handle", stdin=failing).code, 1)
            self.assertEqual(stage.run("handle", stdin=f"[{failing},{malformed}]").code, 3)
            for file, says in {
                "/no/such/file": "/no/such/file",
                "/dev/zero": "larger than",
                "/": "a directory",
            }.items():
                with self.subTest(file=file):
                    wrong = stage.run("handle", file)
                    self.assertEqual((wrong.code, says in wrong.err, wrong.out), (2, True, ""), wrong)

    def test_rotate(self) -> None:
        with Stage() as stage:
            stage.put_secret(exp=stage.later(days=80), created=None, nbf=None)
            url = f"{stage.vault.url}/secrets/{SECRET}"
            dry = stage.run("rotate", url, "--dry-run", "--json")
            self.assertEqual((dry.code, dry.objects[0]["outcome"], dry.objects[0]["code"]), (0, "deferred", "dry-run"))
            self.assertEqual(stage.kssedr_calls("keys.regenerate"), [])
            with stage.consumer(cache_seconds=0.2) as consumer:
                ran = stage.run("rotate", url, "--json")
                self.assertEqual((ran.code, ran.objects[0]["outcome"]), (0, "rotated"), ran)
                self.assertEqual(ran.objects[0]["trigger"], "command")
                self.assertTrue(consumer.wait_for_version(ran.objects[0]["newVersion"], 5))
                # At once again: the slot that was left is kept for the overlap, force or not.
                for arguments in ((), ("--force",)):
                    early = stage.run("rotate", url, "--json", *arguments)
                    self.assertEqual((early.code, early.objects[0]["code"]), (0, "overlap"), early)
                    self.assertIn("retryAfter", early.objects[0])
            self.assertEqual(consumer.failures, [])

    def test_rotate_does_not_go_beyond_policy(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            stage.put_secret("plain", contentType="text/plain", tags={})
            url = f"{stage.vault.url}/secrets"
            frozen = stage.original_tags() | {"kssedr-freeze": "true"}
            stage.put_secret("frozen", tags=frozen)
            cases: dict[str, tuple[tuple[str, ...], dict[str, str | None], int, str]] = {
                "not permitted": (
                    ("rotate", f"{url}/{SECRET}", "--force"),
                    {"KSSEDR_ALLOWED_TARGETS": ""},
                    3,
                    "not-permitted",
                ),
                "unmanaged": (("rotate", f"{url}/plain"), {}, 3, "asks-for-nothing"),
                "another vault": (("rotate", f"{url}/{SECRET}"), {"KSSEDR_VAULTS": "other"}, 3, "vault-not-served"),
                "frozen": (("rotate", f"{url}/frozen"), {}, 0, "freeze"),
                "gone": (("rotate", f"{url}/nothing"), {}, 0, "gone"),
                "explain unmanaged": (("explain", f"{url}/plain"), {}, 3, "asks-for-nothing"),
            }
            for title, (arguments, changed, code, word) in cases.items():
                with self.subTest(title=title):
                    ran = stage.run(*arguments, "--json", stdin="", **changed)
                    self.assertEqual((ran.code, ran.objects[0]["code"]), (code, word), ran)
            self.assertEqual(stage.kssedr_calls("keys.regenerate"), [])
            for wrong in ("https://evil.example/secrets/a", "demo/secret", f"{url}/a/b/c", ""):
                with self.subTest(wrong=wrong):
                    self.assertEqual(stage.run("rotate", wrong).code, 2)

    def test_a_redirect_is_not_tried_again(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            stage.emulator.fault("keyvault", "secret.get", times=0, status=302, body="")
            ran = stage.run("rotate", f"{stage.vault.url}/secrets/{SECRET}", "--json")
            self.assertEqual((ran.code, ran.objects[0]["code"]), (3, "rejected-by-service"), ran)
            self.assertIn("a redirect, which is not followed", ran.objects[0]["reason"])
            asked = stage.emulator.calls(service="keyvault", operation="secret.get")
            self.assertEqual(len(asked), 1, asked)

    def test_the_vaults_of_a_scope_are_swept(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            subscription = stage.account_id.split("/resourceGroups/")[0]
            url = f"{stage.vault.url}/secrets/{SECRET}"
            missing = stage.run("rotate", url, "--json", KSSEDR_VAULTS=f"{subscription}/resourceGroups/other")
            self.assertEqual((missing.code, missing.objects[0]["code"]), (3, "resource-not-found"), missing)
            self.assertIn("KSSEDR_VAULTS", missing.objects[0]["reason"])
            ran = stage.run("sweep", "--json", KSSEDR_VAULTS=subscription)
            self.assertEqual((ran.code, ran.objects[0]["outcome"]), (0, "rotated"), ran)

            stage.emulator.fault("arm", "vault.list", times=0, status=403, code="AuthorizationFailed")
            denied = stage.run("sweep", "--json", KSSEDR_VAULTS=subscription)
            self.assertEqual((denied.code, denied.objects[-1]["unreadable"]), (1, 1), denied)
            self.assertIn("sweep.vaults_unknown", denied.err)

    def test_a_vault_that_cannot_be_listed_is_named_with_the_reason(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            stage.emulator.fault("keyvault", "secret.list", times=0, status=403, code="ForbiddenByRbac")
            for command, code in (("plan", 0), ("sweep", 1)):
                with self.subTest(command=command):
                    ran = stage.run(command, stage.vault.url, "--json")
                    self.assertEqual((ran.code, ran.objects[-1]["unreadable"]), (code, 1), ran)
                    line = next(line for line in ran.err.splitlines() if "sweep.vault_unreadable" in line)
                    for word in (stage.vault.host, "ForbiddenByRbac", "Key Vault Secrets Officer"):
                        self.assertIn(word, line)

    def test_plan_tells_of_nothing_done(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            ran = stage.run("plan", stage.vault.url, "--json")
            self.assertEqual((ran.code, ran.err, stage.kssedr_calls("keys.regenerate")), (0, "", []), ran)
            planned = ran.objects[0]
            self.assertEqual((planned["outcome"], planned["planned"], planned["credential"]), ("rotated", True, "key2"))
            self.assertEqual(planned["version"], stage.vault.get(SECRET)["version"])
            for made_up in ("newVersion", "verified"):
                self.assertNotIn(made_up, planned)

    def test_explain_tells_the_policy_and_the_evidence(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            url = f"{stage.vault.url}/secrets/{SECRET}"
            ran = stage.run("explain", url, "--json")
            self.assertEqual(ran.code, 0, ran)
            told = ran.objects[0]
            self.assertEqual(
                [(each["slot"], each["held"]) for each in told["credentials"]], [("key1", True), ("key2", False)]
            )
            self.assertEqual(told["permittedBy"], f"KSSEDR_ALLOWED_TARGETS entry {stage.account_id}")
            text = stage.run("explain", url)
            for word in (stage.account_id, "key1", "KSSEDR_MIN_OVERLAP", "KSSEDR_ALLOWED_TARGETS"):
                self.assertIn(word, text.out)
            self.assertNotIn("\x1b", text.out, "colours are for terminals")
            self.assertEqual(stage.kssedr_calls("keys.regenerate"), [])
            self._check_nothing_is_said(stage, ran.out + ran.err + text.out + text.err)

    def test_nothing_secret_is_printed_even_at_debug(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            url = f"{stage.vault.url}/secrets/{SECRET}"
            said = ""
            for arguments in (("explain", url), ("rotate", url), ("rotate", url)):
                for style in ((), ("--json", "--log-format", "json")):
                    ran = stage.run(*arguments, *style, "--log-level", "debug")
                    said += ran.out + ran.err
            self._check_nothing_is_said(stage, said)

    def _check_nothing_is_said(self, stage: Stage, said: str) -> None:
        for secret in stage.secret_values():
            self.assertNotIn(secret, said)

    def test_version(self) -> None:
        text, told = run_kssedr("version"), run_kssedr("version", "--json")
        self.assertRegex(text.out, r"^kssedr \d+\.\d+\.\d+\S*\n$")
        self.assertEqual(list(told.objects[0]), ["version"])
        self.assertEqual((text.code, told.code), (0, 0))

    def test_wrong_usage(self) -> None:
        wrong: list[tuple[str, ...]] = [
            (),
            ("nonsense",),
            ("version", "\x1b[31m"),
            ("rotate",),
            ("version", "--no"),
            ("handle", "--log-level", "x"),
        ]
        for arguments in wrong:
            with self.subTest(arguments=arguments):
                ran = run_kssedr(*arguments)
                self.assertEqual(ran.code, 2, ran)
                self.assertTrue(ran.err)
                self.assertNotIn("\x1b", ran.err)
        self.assertEqual(run_kssedr("--help").code, 0)

    def test_help_is_what_it_was(self) -> None:
        told = "".join(f"$ kssedr {' '.join((*words, '--help'))}\n{self._help(words)}\n" for words in COMMANDS)
        if os.environ.get("KSSEDR_REFRESH_SNAPSHOTS"):
            HELP.write_text(told, encoding="utf-8")
        self.assertEqual(told, HELP.read_text(encoding="utf-8"))

    def test_help_of_each_command_tells_what_all_take_and_how_they_end(self) -> None:
        for words in COMMANDS[1:]:
            told = self._help(words)
            for part in ("--config FILE", "--ca-file FILE", "--log-level LEVEL", "--log-format FORMAT", "--json", "3 a"):
                self.assertIn(part, told, words)

    def _help(self, words: tuple[str, ...]) -> str:
        ran = run_kssedr(*words, "--help")
        self.assertEqual((ran.code, ran.err), (0, ""), words)
        return ran.out

    def test_every_command_is_among_those_whose_help_is_looked_at(self) -> None:
        listed = re.findall(r"^  ([a-z]+)  ", self._help(()).partition("Subcommands:")[2], re.MULTILINE)
        self.assertEqual(sorted(listed), sorted({words[0] for words in COMMANDS if words}))


class Settings(unittest.TestCase):
    """Wrong settings: exit code 2 with the setting's name and what to write, before anything is listened on or asked."""

    WRONG: dict[str, tuple[dict[str, str | None], str]] = {
        "no tenant": ({"tenantId": None}, r"tenantId"),
        "no client": ({"clientId": None}, r"clientId"),
        "no secret": ({"clientSecret": None}, r"clientSecret"),
        "a mode that is none": ({"KSSEDR_MODE": "observer"}, r"KSSEDR_MODE.*observe"),
        "a name that is none": ({"KSSEDR_ALLOWED_TARGET": "/"}, r"KSSEDR_ALLOWED_TARGET .*KSSEDR_ALLOWED_TARGETS"),
        "a span that is none": ({"KSSEDR_LEAD": "30 days"}, r"KSSEDR_LEAD.*P30D"),
        "two spellings that differ": ({"AZURE_CLIENT_ID": "other"}, r"clientId.*AZURE_CLIENT_ID"),
        "a management group": (
            {"KSSEDR_ALLOWED_TARGETS": "/providers/Microsoft.Management/managementGroups/all"},
            r"KSSEDR_ALLOWED_TARGETS",
        ),
        "a scope that is none": ({"KSSEDR_ALLOWED_TARGETS": "storage"}, r"KSSEDR_ALLOWED_TARGETS"),
        "a host for a vault": ({"KSSEDR_VAULTS": "evil.example"}, r"KSSEDR_VAULTS"),
        "a URL without https": ({"KSSEDR_RESOURCE_MANAGER_URL": "http://x"}, r"KSSEDR_RESOURCE_MANAGER_URL"),
        "a cloud that is none": ({"KSSEDR_CLOUD": "private"}, r"KSSEDR_CLOUD.*usgovernment"),
        "authorities that are none": ({"SSL_CERT_FILE": "/etc/passwd"}, r"SSL_CERT_FILE.*/etc/passwd.*no certificate"),
        "a token that is not there": (
            {"clientSecret": None, "AZURE_FEDERATED_TOKEN_FILE": "/no/such/token"},
            r"/no/such/token.*AZURE_FEDERATED_TOKEN_FILE.*platform",
        ),
        "a file that is not there": ({"KSSEDR_CONFIG": "/no/such.toml"}, r"/no/such\.toml"),
    }

    def test_each_is_named_and_nothing_is_begun(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            for title, (changed, pattern) in self.WRONG.items():
                for command in (("functions",), ("rotate", f"{stage.vault.url}/secrets/{SECRET}")):
                    with self.subTest(title=title, command=command[0]):
                        ran = stage.run(*command, stdin="", FUNCTIONS_CUSTOMHANDLER_PORT="0", **changed)
                        self.assertEqual(ran.code, 2, ran)
                        self.assertRegex(ran.err, re.compile(pattern, re.DOTALL))
                        self.assertNotIn("listening", ran.out + ran.err)
                        self.assertNotIn(stage.apps["kssedr"]["clientSecret"], ran.out + ran.err)
            self.assertEqual(stage.kssedr_calls(), [])

    def test_a_ca_bundle_that_is_not_there(self) -> None:
        with Stage() as stage:
            ran = stage.run("rotate", f"{stage.vault.url}/secrets/{SECRET}", SSL_CERT_FILE="/no/such.pem")
            self.assertEqual((ran.code, "SSL_CERT_FILE" in ran.err), (2, True), ran)

    def test_the_host_says_why_the_handler_does_not_start(self) -> None:
        with Stage() as stage:
            host = stage.host(KSSEDR_MODE="nonsense")
            with self.assertRaisesRegex(RuntimeError, "KSSEDR_MODE"):
                host.start(10)

    def test_a_file_says_the_same_as_the_environment(self) -> None:
        with Stage() as stage, tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            stage.put_secret()
            file.write(f'mode = "observe"\nallowed_targets = ["{stage.account_id}"]\n')
            file.flush()
            url = f"{stage.vault.url}/secrets/{SECRET}"
            ran = stage.run("rotate", url, "--json", "--config", file.name, KSSEDR_ALLOWED_TARGETS=None)
            self.assertEqual((ran.code, ran.objects[0]["code"]), (0, "observe"), ran)
            both = stage.run("rotate", url, "--json", "--config", file.name, KSSEDR_MODE="paused")
            self.assertEqual(both.objects[0]["code"], "paused", "the environment goes before the file")


class Certificate(unittest.TestCase):
    """Signing in by a certificate, in the forms that Azure's own libraries read."""

    def test_each_form_signs_in_and_what_is_wrong_is_said(self) -> None:
        with Stage() as stage, tempfile.TemporaryDirectory() as folder:
            stage.put_secret()
            key, certificate, pem, store = (Path(folder, name) for name in ("k.pem", "c.pem", "both.pem", "both.pfx"))
            self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=kssedr",
                          "-keyout", str(key), "-out", str(certificate))
            pem.write_text(certificate.read_text() + key.read_text())
            self._openssl("pkcs12", "-export", "-inkey", str(key), "-in", str(certificate), "-out", str(store),
                          "-passout", "pass:pass word")
            stranger = self._run(stage, pem)
            self.assertIn("AADSTS700027", stranger.out + stranger.err)
            self.assertEqual(stranger.code, 1, stranger)
            app = stage.apps["kssedr"]
            stage.emulator.put("apps", clientId=app["clientId"], tenant=app["tenant"],
                               certificates=[certificate.read_text()])
            for file, password in ((pem, None), (store, "pass word")):
                with self.subTest(file=file.name):
                    ran = self._run(stage, file, password)
                    self.assertEqual((ran.code, ran.objects[0]["code"]), (0, "dry-run"), ran)
            for file, password, says in (
                (store, "wrong", "AZURE_CLIENT_CERTIFICATE_PASSWORD"),
                (certificate, None, "no private key"),
                (Path(folder, "absent"), None, "AZURE_CLIENT_CERTIFICATE_PATH"),
            ):
                with self.subTest(says=says):
                    ran = self._run(stage, file, password)
                    self.assertEqual((ran.code, says in ran.err, ran.out), (2, True, ""), ran)

    def _run(self, stage: Stage, file: Path, password: str | None = None) -> Ran:
        return stage.run(
            "rotate",
            f"{stage.vault.url}/secrets/{SECRET}",
            "--dry-run",
            "--json",
            clientSecret=None,
            AZURE_CLIENT_CERTIFICATE_PATH=str(file),
            AZURE_CLIENT_CERTIFICATE_PASSWORD=password,
        )

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Modes(unittest.TestCase):
    def test_observe_judges_and_changes_nothing(self) -> None:
        self._mode("observe", ["secret.get", "secret.list", "secret.get", "keys.list"])

    def test_paused_looks_at_nothing(self) -> None:
        self._mode("paused", [])

    def _mode(self, mode: str, expected_calls: list[str]) -> None:
        with Stage() as stage:
            version = stage.put_secret()
            keys = stage.arm.keys(stage.account_id)
            event = json.dumps(stage.event())
            with stage.host(Options(retry_scale=0.01), KSSEDR_MODE=mode) as host:
                stage.hub.send(event)
                self.assertTrue(stage.hub.wait_until_read(20))
                outcome = outcomes(host)[0]
                self.assertEqual((outcome["outcome"], outcome["code"]), ("deferred", mode))
                self.assertIn("KSSEDR_MODE", outcome["reason"])
                self.assertEqual([each.succeeded for each in event_invocations(host)], [True])
            calls = [call["operation"] for call in stage.kssedr_calls() if call["operation"] != "token"]
            self.assertEqual([call for call in calls if call in expected_calls], expected_calls)
            self.assertFalse([call for call in stage.kssedr_calls() if call["effect"] and call["service"] != "entra"])
            self.assertEqual(stage.vault.get(SECRET)["version"], version)
            self.assertEqual(stage.arm.keys(stage.account_id), keys)


class Process(unittest.TestCase):
    """What the host and the machine do to the handler's process."""

    def test_it_is_ready_at_once_and_serves_the_documents(self) -> None:
        for forwarding in (True, False):
            with self.subTest(forwarding=forwarding), Stage() as stage, stage.host(
                Options(forwarding=forwarding)
            ) as host:
                ready = host.process.time_to_ready
                self.assertIsNotNone(ready)
                self.assertLess(ready or 9, 1.0)
                for path, mark in {
                    "swagger.json": '"swagger": "2.0"',
                    "openapi/v3.json": '"openapi": "3.0',
                    "swagger/ui": "<html",
                    "IsAlive": '"isAlive":true',
                }.items():
                    text = get_text(f"{host.front.url}/api/{path}")
                    self.assertIn(mark.replace(" ", ""), text.replace(" ", ""), path)
                sweep = host.fire_timer("Sweep")
                self.assertTrue(sweep.succeeded, sweep.error)
                self.assertTrue(sweep.logs)

    def test_it_ends_with_its_parent(self) -> None:
        script = f"import subprocess; subprocess.Popen([{str(KSSEDR)!r}, 'functions']).wait()"
        with Stage() as stage:
            settings = stage.settings(FUNCTIONS_CUSTOMHANDLER_PORT="0")
            parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=settings)
            assert parent.stdout is not None
            self.assertIn("listening", parent.stdout.readline())
            parent.kill()
            # The pipe ends when the last process that holds it does.
            parent.communicate(timeout=5)


if __name__ == "__main__":
    unittest.main()
