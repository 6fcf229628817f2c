"""Azurite, Microsoft's own emulator of storage: a blob or a queue service with real leases, keys and signatures, on a port of its own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlencode

from local_azure.shared_key import sign

PROGRAMS = Path(__file__).resolve().parent / "node_modules/azurite/dist/src"
ACCOUNT = "devstoreaccount1"
# Known to all the world.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
SKIPPED = 77
SIGNED_VERSION = "2021-08-06"


def why_not() -> str | None:
    """Why Azurite cannot be started here; nothing where it can."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not PROGRAMS.is_dir():
        return "azurite is not installed: npm ci --ignore-scripts in test/integration"
    return None


def leave_where_missing() -> None:
    """Ends a program whose tests need Azurite where it is not: a skip, but a failure with KSSEDR_REQUIRE_ALL=1."""
    if reason := why_not():
        is_required = os.environ.get("KSSEDR_REQUIRE_ALL") == "1"
        print(f"{'failed, for everything is to be run' if is_required else 'skipped'}: {reason}")
        sys.exit(1 if is_required else SKIPPED)


class Azurite:
    def __init__(self, service: str = "blob") -> None:
        self.service = service
        self._directory = tempfile.TemporaryDirectory(prefix="kssedr-azurite-")
        command = ["node", str(PROGRAMS / service / "main.js"), f"--{service}Host", "127.0.0.1", f"--{service}Port", "0"]
        command += ["--inMemoryPersistence"]
        command += ["--skipApiVersionCheck"]
        self._process = subprocess.Popen(
            command, cwd=self._directory.name, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: list[str] = []
        ports: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, args=(ports,), daemon=True)
        self._reader.start()
        port = ports.get(timeout=60)
        if port is None:
            raise RuntimeError("Azurite did not start")
        self.port = port
        self.endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"

    def _read(self, ports: queue.SimpleQueue[int | None]) -> None:
        """Takes what Azurite says until it ends, so that it never waits for a reader."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line)
            if found := re.search(r"successfully listens on http://127\.0\.0\.1:(\d+)", line):
                ports.put(int(found[1]))
        ports.put(None)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._directory.cleanup()

    def __enter__(self) -> Azurite:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def connection_string(self, key: str = KEY) -> str:
        own = f"{self.service.title()}Endpoint={self.endpoint};"
        # Whoever asks for one service is told where the other would be.
        other = "" if self.service == "blob" else f"BlobEndpoint={self.endpoint};"
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={key};{own}{other}"

    def signature_string(self) -> str:
        """A connection string with a shared access signature of the account in place of its key."""
        return f"{self.service.title()}Endpoint={self.endpoint}/;SharedAccessSignature={self.signature()}"

    def signature(self) -> str:
        """The query that opens the account to whoever has it."""
        expires = (datetime.now(timezone.utc) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        permissions, services, types = "rwdlacup", self.service[0], "sco"
        text = "\n".join([ACCOUNT, permissions, services, types, "", expires, "", "https,http", SIGNED_VERSION, "", ""])
        signed = hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()
        query = {"sv": SIGNED_VERSION, "ss": services, "srt": types, "sp": permissions, "se": expires}
        query |= {"spr": "https,http", "sig": base64.b64encode(signed).decode()}
        return urlencode(query)

    def refused_leases(self) -> int:
        """How often somebody was told that another has a lease."""
        return len([line for line in list(self.lines) if "comp=lease" in line and '" 409 ' in line])

    def lease_state(self, container: str, blob: str) -> str | None:
        """`available`, `leased`, `expired`, …; nothing where there is no such blob."""
        target = f"/{ACCOUNT}/{container}/{blob}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("HEAD", target, headers=sign(ACCOUNT, KEY, "HEAD", target))
            response = connection.getresponse()
            response.read()
            return response.getheader("x-ms-lease-state")
        finally:
            connection.close()
