"""Tokens of Entra's that callers of `kssedr serve` show, checked with keys that an authority publishes over TLS.

The authority is this test's own, and signs with openssl: nothing of kssedr's makes the tokens that kssedr checks.
"""

from __future__ import annotations

import base64
import json
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from daemon import Daemon
from stage import Stage, eventually

HOST = "login.authority.test"
TENANT = "7c8b8a5e-0000-4000-8000-000000000001"
EVENT_GRID = "4962773b-9cdb-44cf-a8bf-237846a00ab7"
EVENT = json.dumps({"id": "1", "source": "/s", "type": "Microsoft.KeyVault.SecretNewVersionCreated"}).encode()


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


class Key:
    """An RSA key, by openssl."""

    def __init__(self, directory: Path, name: str) -> None:
        self.name = name
        self.file = directory / f"{name}.pem"
        self._run("genrsa", "-out", str(self.file), "2048")
        modulus = self._run("rsa", "-in", str(self.file), "-noout", "-modulus").decode().strip().partition("=")[2]
        self.jwk = {"kty": "RSA", "use": "sig", "kid": name, "e": "AQAB", "n": base64url(bytes.fromhex(modulus))}

    @staticmethod
    def _run(*arguments: str, given: bytes | None = None) -> bytes:
        return subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True).stdout

    def certificate(self, host: str) -> str:
        return self._run(
            *("req", "-x509", "-new", "-key", str(self.file), "-days", "2", "-subj", f"/CN={host}"),
            *("-addext", f"subjectAltName=DNS:{host}"),
        ).decode()

    def token(self, claims: dict[str, Any], **header: Any) -> str:
        parts = [{"typ": "JWT", "alg": "RS256", "kid": self.name} | header, claims]
        signed = ".".join(base64url(json.dumps(part).encode()) for part in parts)
        signature = self._run("dgst", "-sha256", "-sign", str(self.file), given=signed.encode())
        return f"{signed}.{base64url(signature)}"


class Authority:
    """Discovery documents and key sets of both versions; it counts how often each is asked for."""

    def __init__(self, directory: Path) -> None:
        self.keys: list[dict[str, str]] = []
        self.asked: list[str] = []
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                authority.asked.append(self.path)
                content = json.dumps(authority.answer(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_POST(self) -> None:
                self.send_error(503)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        own = Key(directory, "tls")
        self.certificate = directory / "authority.pem"
        self.certificate.write_text(own.certificate(HOST))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, own.file)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.url = f"https://{HOST}:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def issuer(self, version: str) -> str:
        return f"{self.url}/{TENANT}/v2.0" if version == "2.0" else f"https://sts.test/{TENANT}/"

    def answer(self, path: str) -> dict[str, Any]:
        version = "2.0" if "/v2.0/" in path else "1.0"
        if path.endswith("/.well-known/openid-configuration"):
            keys = f"{self.url}/common/discovery/{'v2.0/' if version == '2.0' else ''}keys"
            return {"issuer": self.issuer(version), "jwks_uri": keys}
        return {"keys": self.keys}

    def claims(self, version: str = "1.0", **changed: Any) -> dict[str, Any]:
        now = int(time.time())
        application = "azp" if version == "2.0" else "appid"
        good = {"ver": version, "iss": self.issuer(version), "tid": TENANT, "aud": "api://kssedr", "nbf": now - 60}
        return good | {"exp": now + 3600, application: EVENT_GRID} | changed

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class ServeEntra(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory(prefix="kssedr-entra-")
        self.addCleanup(directory.cleanup)
        root = Path(directory.name)
        self.stage = Stage()
        self.addCleanup(self.stage.close)
        self.authority = Authority(root)
        self.addCleanup(self.authority.close)
        self.key, self.other = Key(root, "key-1"), Key(root, "key-2")
        self.authority.keys = [self.key.jwk]
        settings = self.stage.settings(
            EventHub_ConnectionString=None, EventHub_Name=None, EventHub_ConsumerGroup=None, KSSEDR_VAULTS=None
        )
        bundle = root / "bundle.pem"
        bundle.write_text(Path(settings["SSL_CERT_FILE"]).read_text() + self.authority.certificate.read_text())
        resolve = [settings.get("KSSEDR_RESOLVE", ""), f"{HOST}:{self.authority.port}:127.0.0.1"]
        settings |= {
            "SSL_CERT_FILE": str(bundle),
            "AZURE_AUTHORITY_HOST": self.authority.url,
            "KSSEDR_RESOLVE": ",".join(one for one in resolve if one),
            "no_proxy": HOST,
            "tenantId": TENANT,
            "KSSEDR_PUSH_AUDIENCE": "api://kssedr",
            "KSSEDR_API_AUDIENCE": "api://kssedr",
        }
        self.daemon = Daemon(settings, config="")
        self.addCleanup(self.daemon.close)

    def push(self, token: str) -> int:
        return self.daemon.request("/api/events", EVENT, {"Authorization": f"Bearer {token}"})[0]

    def status(self, token: str) -> int:
        return self.daemon.request("/api/v1/status", None, {"Authorization": f"Bearer {token}"})[0]

    def test_who_is_let_in(self) -> None:
        good = self.authority.claims
        cases = {
            "version 1": (self.key.token(good()), 200),
            "version 2": (self.key.token(good("2.0")), 200),
            "another application": (self.key.token(good(appid=TENANT)), 403),
            "another audience": (self.key.token(good(aud="api://other")), 401),
            "another tenant": (self.key.token(good(iss="https://sts.test/other/")), 401),
            "another's key under the name": (self.other.token(good(), kid="key-1"), 401),
            "alg none": (self.key.token(good(), alg="none"), 401),
            "alg HS256": (self.key.token(good(), alg="HS256"), 401),
            "ended": (self.key.token(good(exp=int(time.time()) - 301)), 503),
            "nonsense": ("a.b.c", 401),
        }
        for name, (token, status) in cases.items():
            with self.subTest(name):
                self.assertEqual(self.push(token), status, self.daemon.lines)
        operator = self.authority.claims(appid=TENANT, roles=["Kssedr.Operate"])
        self.assertEqual(self.status(self.key.token(operator)), 200)
        self.assertEqual(self.status(self.key.token(good(roles=["Reader"]))), 403)
        for line in self.daemon.lines:
            self.assertNotIn(cases["version 1"][0].rpartition(".")[2], str(line))

    def test_an_invented_key_is_looked_for_once(self) -> None:
        self.assertEqual(self.push(self.key.token(self.authority.claims())), 200)
        asked = len(self.authority.asked)
        for number in range(20):
            token = self.other.token(self.authority.claims(), kid=f"invented-{number}")
            self.assertEqual(self.push(token), 503, "it may be a new one: its sender is to come again")
        self.assertEqual(len(self.authority.asked), asked, "looked at just now, and not again within five minutes")
        self.assertEqual(self.push(self.key.token(self.authority.claims())), 200)

    def test_a_reload_says_anew_who_is_let_in(self) -> None:
        operator = self.key.token(self.authority.claims(appid=TENANT, roles=["Kssedr.Operate"]))
        other = self.key.token(self.authority.claims(appid=TENANT, roles=["Rotations.Operate"]))
        self.assertEqual([self.status(operator), self.status(other)], [200, 403])
        self.daemon.config.write_text('api_role = "Rotations.Operate"\n')
        self.daemon.signal(signal.SIGHUP)
        self.assertTrue(eventually(lambda: self.daemon.events("serve.reloaded")), self.daemon.lines)
        self.assertEqual([self.status(operator), self.status(other)], [403, 200])


if __name__ == "__main__":
    unittest.main()
