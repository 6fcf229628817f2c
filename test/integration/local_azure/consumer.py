"""An application that keeps a storage credential in Key Vault: reads it when it starts, again only now and then, and uses it
all the time. It is what a rotation must not break."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable

from .clients import Refused, Vault
from .emulator import Emulator
from .shared_key import sign


def read_connection_string(value: str) -> tuple[str, str]:
    """Account name and key."""
    members = dict(member.split("=", 1) for member in value.split(";") if "=" in member)
    return members["AccountName"], members["AccountKey"]


class Consumer:
    """Reads the secret every `cache_seconds`, and makes a signed request about every `pause` seconds in between."""

    def __init__(
        self,
        emulator: Emulator,
        vault: Vault,
        secret: str,
        cache_seconds: float = 1.0,
        pause: float = 0.02,
        parse: Callable[[str], tuple[str, str]] = read_connection_string,
    ) -> None:
        self._emulator = emulator
        self._vault = vault
        self._secret = secret
        self._cache_seconds = cache_seconds
        self._pause = pause
        self._parse = parse
        self._stopping = threading.Event()
        self._must_read = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="consumer")
        self.requests = 0
        self.failures: list[str] = []
        self.versions: list[str] = []
        self.on_version: Callable[[str], None] = lambda version: None

    def start(self) -> Consumer:
        self._account, self._key = self._read()
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def __enter__(self) -> Consumer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def read_again(self) -> None:
        """Lets it read the secret before its next request, as a restart would."""
        self._must_read.set()

    def wait_for_version(self, version: str, timeout: float) -> bool:
        """Whether the application came to use that version in time."""
        deadline = time.monotonic() + timeout
        while version not in self.versions and time.monotonic() < deadline:
            time.sleep(0.02)
        return version in self.versions

    def _read(self) -> tuple[str, str]:
        secret = self._vault.get(self._secret)
        if secret["version"] not in self.versions:
            self.versions.append(secret["version"])
            self.on_version(secret["version"])
        return self._parse(secret["value"])

    def _run(self) -> None:
        read_at = time.monotonic()
        while not self._stopping.wait(self._pause):
            try:
                if self._must_read.is_set() or time.monotonic() - read_at >= self._cache_seconds:
                    self._must_read.clear()
                    self._account, self._key = self._read()
                    read_at = time.monotonic()
                self._use()
            except (OSError, http.client.HTTPException, Refused, KeyError, ValueError) as error:
                self.failures.append(f"{type(error).__name__}: {error}")

    def _use(self) -> None:
        """Lists the account's containers."""
        target = "/?comp=list"
        headers = sign(self._account, self._key, "GET", target)
        reply = self._emulator.wire.call(f"{self._account}.blob.storage.localhost", "GET", target, headers)
        self.requests += 1
        if reply.status != 200:
            self.failures.append(f"{reply.status} {reply.body[:200]!r}")
