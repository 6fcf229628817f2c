"""Hooks: credentials that a program or a web service of the user's own makes, rotated end to end.

The program is the one that the documents show. Around it stands one that misbehaves where a test wants it.
"""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from database_servers import make_certificate
from stage import KSSEDR, ROOT, VAULT, Ran, Stage, eventually

EXAMPLE = ROOT / "docs/examples/two-keys-hook.py"
SECRET = "relay-login"

# Does what the example does, and what the file `fault` beside the keys says: once, before or after it.
MISBEHAVING = """#!{python}
import json, os, subprocess, sys
folder, example = sys.argv[1:]
asked = sys.stdin.read()
operation = json.loads(asked)["operation"]
with open(folder + "/asked", "a") as file:
    print(operation, file=file)
seen = {{"variables": dict(os.environ), "descriptors": os.listdir("/proc/self/fd"), "folder": os.getcwd()}}
with open(folder + "/environment", "w") as file:
    json.dump(seen, file)
try:
    fault = json.load(open(folder + "/fault"))
except FileNotFoundError:
    fault = {{}}
def misbehave(when):
    if fault.get("operation") != operation or fault["when"] != when:
        return
    os.remove(folder + "/fault")
    what = fault["what"]
    if what in ("hang", "leave", "hold"):
        child = 1 if what == "hold" else os.fork()
        if what != "leave" or child == 0:
            open(folder + "/held", "w").close()
            open(folder + "/fifo").read()
        return
    if what == "flood":
        while True:
            os.write(1, b"x" * 65536)
    if what == "die":
        print("broken pipe dream", file=sys.stderr, flush=True)
        os.kill(os.getpid(), 9)
    if what == "garble":
        print("Traceback: no JSON")
        sys.exit(0)
    print(json.dumps({{"error": fault["error"]}}))
    sys.exit(3)
misbehave("before")
ran = subprocess.run([example, folder + "/keys.json"], input=asked, stdout=subprocess.PIPE, text=True)
misbehave("after")
sys.stdout.write(ran.stdout)
"""


class Relay:
    """A secret that holds one of the hook's two keys, and the configuration that names the hook."""

    def __init__(self, stage: Stage, folder: Path, more: str = "", value: str = "{}") -> None:
        self.stage, self.folder, self.form = stage, folder, value
        self.keys_file = folder / "keys.json"
        keys = {"key1": "first-key-of-the-relay", "key2": "second-key-of-the-relay"}
        self.keys_file.write_text(json.dumps({name: {"value": value} for name, value in keys.items()}))
        os.mkfifo(folder / "fifo")
        self.program = folder / "hook"
        self.program.write_text(MISBEHAVING.format(python=sys.executable))
        self.program.chmod(0o700)
        self.config = folder / "kssedr.toml"
        self.config.write_text(
            f'[[hook]]\nname = "relay"\ncommand = ["{self.program}", "{folder}", "{EXAMPLE}"]\n'
            f'environment = {{ ZONE = "eu" }}\npass_environment = ["LANG"]\n{more}'
        )
        self.url = f"https://{VAULT}.{stage.settings()['KSSEDR_KEYVAULT_SUFFIX']}/secrets/{SECRET}"
        self.set = {
            "KSSEDR_ALLOWED_TARGETS": f"{VAULT}=hook:relay",
            "KSSEDR_CONFIG": str(self.config),
            "LANG": "C.UTF-8",
        }
        tags = {"ProviderAddress": "hook:relay", "CredentialId": "key1", "ValidityPeriodDays": "90", "team": "mail"}
        stage.put_secret(SECRET, value=value.replace("{}", "first-key-of-the-relay"), contentType=None, tags=tags)

    def keys(self) -> dict[str, str]:
        return {name: key["value"] for name, key in json.loads(self.keys_file.read_text()).items()}

    def asked(self) -> list[str]:
        return (self.folder / "asked").read_text().split()

    def is_running(self) -> bool:
        """Whether the program is, in any process."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if str(self.program).encode() in words:
                return True
        return False

    def fault(self, operation: str, when: str, what: str, **more: Any) -> None:
        (self.folder / "fault").write_text(json.dumps({"operation": operation, "when": when, "what": what, **more}))

    def current(self) -> str:
        before, after = self.form.split("{}")
        value: str = self.stage.vault.get(SECRET)["value"]
        assert value.startswith(before) and value.endswith(after), "something beside the key has changed"
        return value[len(before) : len(value) - len(after)]

    def rotate(self, *more: str, **changed: str) -> Ran:
        return self.stage.run("rotate", "--json", *more, self.url, **self.set, **changed)

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen([KSSEDR, "rotate", self.url], env=self.stage.settings(**self.set), stderr=subprocess.DEVNULL)


@contextmanager
def relay(more: str = "", value: str = "{}") -> Iterator[Relay]:
    with Stage() as stage, tempfile.TemporaryDirectory(prefix="kssedr-hook-") as name:
        yield Relay(stage, Path(name), more, value)


FORMS = {
    "bare": ("", "{}"),
    "JSON": ("", '{"user":"relay", "password" : "{}","port":587}'),
    "a member of its own": ('value_members = ["apiKey"]\n', '{"name":"a-name-of-the-relay","apiKey":"{}"}'),
    "connection string": (
        'connection_member = "Password"\nhosts = ["mail.example.com"]\n',
        "Host=mail.example.com;User=relay;Password={};Tls=true",
    ),
}


class Service(http.server.ThreadingHTTPServer):
    """The example behind HTTPS, for whoever signs with the secret."""

    signing_secret = "whsec-of-the-relay-in-the-tests"
    status = 200

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wrong: list[str] = []
        self.seen: list[dict[str, Any]] = []
        super().__init__(("127.0.0.1", 0), Answering)
        self.certificate = make_certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, folder / "server.key")
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.thread = threading.Thread(target=self.serve_forever)
        self.thread.start()

    def stop(self) -> None:
        self.shutdown()
        self.thread.join()
        self.server_close()

    def answer(self, headers: Any, body: bytes) -> bytes:
        signature = dict(part.split("=") for part in headers["X-Kssedr-Signature"].split(","))
        signed = signature["t"].encode() + b"." + body
        if signature["v1"] != hmac.new(self.signing_secret.encode(), signed, hashlib.sha256).hexdigest():
            self.wrong.append("the signature")
        request = json.loads(body)
        if headers["X-Kssedr-Id"] != request["id"]:
            self.wrong.append("the id")
        self.seen.append(request)
        ran = subprocess.run([EXAMPLE, self.folder / "keys.json"], input=body, stdout=subprocess.PIPE)
        return ran.stdout


class Answering(http.server.BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        answer = self.server.answer(self.headers, self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(self.server.status)
        if self.server.status == 307:
            self.send_header("Location", f"https://localhost:{self.server.server_port}/elsewhere")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


class Webhook(unittest.TestCase):
    @contextmanager
    def service(self) -> Iterator[tuple[Relay, Service]]:
        with relay() as it:
            service = Service(it.folder)
            signing = it.url.replace(SECRET, "relay-signing")
            it.stage.vault.set("relay-signing", service.signing_secret)
            it.config.write_text(
                f'[[hook]]\nname = "relay"\nurl = "https://localhost:{service.server_port}/kssedr"\nsigning_secret = "{signing}"\n'
            )
            trusted = it.folder / "trusted.pem"
            both = Path(it.stage.settings()["SSL_CERT_FILE"]).read_text() + service.certificate.read_text()
            trusted.write_text(both)
            it.set |= {"SSL_CERT_FILE": str(trusted), "NO_PROXY": "localhost", "no_proxy": "localhost"}
            try:
                yield it, service
            finally:
                service.stop()
            self.assertEqual(service.wrong, [])

    def test_two_rotations_signed(self) -> None:
        with self.service() as (it, service):
            before = it.keys()
            ran = it.rotate()
            self.assertEqual((ran.objects[0]["outcome"], ran.objects[0]["verified"]), ("rotated", "yes"), ran.out + ran.err)
            self.assertEqual(it.keys()["key1"], before["key1"])
            self.assertEqual(it.current(), it.keys()["key2"])
            it.stage.emulator.advance("P70D")
            self.assertEqual(it.rotate().objects[0]["credential"], "key1")
            self.assertEqual(it.current(), it.keys()["key1"])
            ids = [request["id"] for request in service.seen]
            self.assertEqual(len(ids), len(set(ids)))

    def test_a_redirect_is_not_followed(self) -> None:
        with self.service() as (it, service):
            service.status = 307
            ran = it.rotate()
            self.assertEqual(ran.objects[0]["code"], "rejected-by-service", ran.out + ran.err)
            self.assertIn("HTTP 307; redirects are not followed", ran.objects[0]["reason"])
            self.assertEqual(len(service.seen), 1)


class Program(unittest.TestCase):
    def test_two_rotations_in_each_form(self) -> None:
        for name, (more, form) in FORMS.items():
            with self.subTest(name), relay(more, form) as it:
                self._rotate_twice(it)

    def _rotate_twice(self, it: Relay) -> None:
        before = it.keys()
        first = it.rotate()
        self.assertEqual(first.code, 0, first.out + first.err)
        outcome = first.objects[0]
        self.assertEqual((outcome["outcome"], outcome["credential"], outcome["verified"]), ("rotated", "key2", "yes"))
        self.assertEqual(it.keys()["key1"], before["key1"], "whoever has the former key is not cut off")
        self.assertNotEqual(it.keys()["key2"], before["key2"])
        self.assertEqual(it.current(), it.keys()["key2"])
        self.assertEqual(it.rotate().objects[0]["outcome"], "deferred")
        it.stage.emulator.advance("P70D")
        middle = it.keys()
        second = it.rotate()
        self.assertEqual((second.objects[0]["outcome"], second.objects[0]["credential"]), ("rotated", "key1"), second.out)
        self.assertEqual(it.keys()["key2"], middle["key2"])
        self.assertEqual(it.current(), it.keys()["key1"])
        self.assertEqual(it.stage.vault.get(SECRET)["tags"]["team"], "mail")
        for key in {*before.values(), *middle.values(), *it.keys().values()}:
            self.assertNotIn(key, first.out + first.err + second.out + second.err)

    def test_it_has_nothing_of_ours(self) -> None:
        with relay() as it:
            ran = it.rotate("--dry-run")
            self.assertEqual(ran.code, 0, ran.out + ran.err)
            seen = json.loads((it.folder / "environment").read_text())
            variables = {name for name in seen["variables"] if name not in ("LC_CTYPE", "PWD", "SHLVL", "_")}
            self.assertEqual(variables, {"ZONE", "LANG"})
            # The fourth is the listing of descriptors itself.
            self.assertEqual(sorted(map(int, seen["descriptors"])), [0, 1, 2, 3])
            self.assertEqual(seen["folder"], "/")
            self.assertEqual(it.asked(), ["list"], "a dry run changes nothing")

    def test_what_it_does_not_permit_is_not_asked(self) -> None:
        with relay() as it:
            it.set["KSSEDR_ALLOWED_TARGETS"] = f"{VAULT}=hook:other"
            self.assertEqual(it.rotate().objects[0]["code"], "not-permitted")
            self.assertFalse((it.folder / "asked").exists())
            it.set["KSSEDR_ALLOWED_TARGETS"] = f"{VAULT}=hook:relay"
            it.config.write_text(it.config.read_text().replace('"relay"', '"relais"'))
            self.assertIn("no [[hook]] of the name relay; the nearest is relais", it.rotate().out)

    def test_a_file_that_others_may_write_is_refused(self) -> None:
        with relay() as it:
            it.config.chmod(0o622)
            ran = it.rotate()
            self.assertEqual(ran.code, 2)
            self.assertIn("kssedr.toml:1, hook: a file with hooks is to be writable by its owner alone", ran.err)
            it.config.chmod(0o600)
            it.program.chmod(0o722)
            self.assertEqual(it.rotate().code, 2)

    def test_whatever_goes_wrong_in_a_listing_nothing_is_changed(self) -> None:
        for what in ("hang", "flood", "die", "garble", "leave"):
            with self.subTest(what), relay('timeout = "PT1S"\n') as it:
                before = it.keys()
                it.fault("list", "before", what)
                # Repeated, as every reading is.
                ran = it.rotate()
                self.assertEqual(ran.objects[0]["outcome"], "rotated", ran.out + ran.err)
                self.assertEqual(it.keys()["key1"], before["key1"])
                self.assertEqual(it.asked().count("regenerate"), 1)
                if what == "die":
                    self.assertIn('hook.said resource=hook:relay operation=list said="broken pipe dream"', ran.err)

    def test_an_error_that_is_said_counts(self) -> None:
        for word, code, exit_code in (("invalid", "rejected-by-service", 3), ("not-found", "resource-not-found", 3)):
            with self.subTest(word), relay() as it:
                it.fault("regenerate", "before", "error", error={"code": word, "message": "the relay says no"})
                ran = it.rotate()
                self.assertEqual((ran.objects[0]["code"], ran.code), (code, exit_code), ran.out + ran.err)
                self.assertIn("the relay says no", ran.objects[0]["reason"])

    def test_a_trial_that_fails_is_inconclusive(self) -> None:
        for what in ("hang", "flood", "die", "garble"):
            with self.subTest(what), relay('timeout = "PT1S"\n') as it:
                it.fault("verify", "before", what)
                outcome = it.rotate().objects[0]
                self.assertEqual((outcome["outcome"], outcome["verified"]), ("rotated", "not-reachable"), outcome)


class Killed(unittest.TestCase):
    """kssedr is killed while its hook is at work: the hook ends with it, and the next attempt finds its way."""

    def test_at_every_call_of_the_hook(self) -> None:
        for operation in ("list", "regenerate", "verify"):
            for when in ("before", "after"):
                with self.subTest(operation=operation, when=when), relay() as it:
                    it.fault(operation, when, "hold")
                    self._kill(it, lambda it=it: (it.folder / "held").exists())  # type: ignore[misc]
                    self._finish(it, operation == "verify" or (operation == "regenerate" and when == "after"))

    def test_at_every_call_of_the_vault(self) -> None:
        for operation in ("secret.get", "secret.set"):
            for side in ("before", "after"):
                with self.subTest(operation=operation, side=side), relay() as it:
                    it.stage.emulator.fault("keyvault", operation, user_agent="kssedr/", hold=side)
                    self._kill(it, lambda it=it: it.stage.emulator.holds())  # type: ignore[misc]
                    it.stage.emulator.release()
                    self._finish(it, operation == "secret.set")

    def _kill(self, it: Relay, is_there: Callable[[], object]) -> None:
        running = it.start()
        self.assertTrue(eventually(is_there), "it never came so far")
        running.kill()
        running.wait()
        self.assertTrue(eventually(lambda: not it.is_running()), "the hook outlives kssedr")

    def _finish(self, it: Relay, is_made: bool) -> None:
        made = it.keys()
        self.assertEqual(made["key1"], "first-key-of-the-relay")
        self.assertEqual(made["key2"] != "second-key-of-the-relay", is_made)
        ran = it.rotate()
        self.assertEqual(ran.code, 0, ran.out + ran.err)
        self.assertIn(it.current(), it.keys().values())
        self.assertEqual(it.current(), it.keys()["key2"])
        self.assertEqual(it.keys()["key1"], "first-key-of-the-relay", "whoever has the former key is not cut off")
        if is_made:
            self.assertEqual(it.keys(), made, "what was made is adopted, not made again")


if __name__ == "__main__":
    unittest.main()
