"""kssedr as a daemon, as tests start, watch, and stop it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from stage import KSSEDR, eventually


class Daemon:
    """`kssedr serve` with these settings and nothing else in its environment, on a free port."""

    def __init__(self, settings: dict[str, str], config: str | None = None, store: str | None = None) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="kssedr-daemon-")
        self.root = Path(self._directory.name)
        self.config = self.root / "kssedr.toml"
        if config is not None:
            self.config.write_text(config)
            settings = settings | {"KSSEDR_CONFIG": str(self.config)}
        self.store = store or str(self.root / "kssedr.db")
        settings = {"KSSEDR_LISTEN": "127.0.0.1:0", "KSSEDR_STORE": self.store} | settings
        self.settings = {name: value for name, value in settings.items() if value}
        self.lines: list[dict[str, Any]] = []
        self.states: list[str] = []
        self._notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notified.bind(str(self.root / "notify"))
        threading.Thread(target=self._hear, daemon=True).start()
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [str(KSSEDR), "serve", "--log-format", "json"],
            env=self.settings | {"NOTIFY_SOCKET": str(self.root / "notify")},
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()
        seen = len(self.events("serve.listening"))
        assert eventually(lambda: len(self.events("serve.listening")) > seen), self.lines
        self.address = self.events("serve.listening")[-1]["address"]

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        with process.stderr as stream:
            for line in stream:
                try:
                    self.lines.append(json.loads(line))
                except ValueError:
                    self.lines.append({"event": "", "text": line.rstrip()})

    def _hear(self) -> None:
        while True:
            try:
                self.states.append(self._notified.recv(4096).decode())
            except OSError:
                return

    def events(self, name: str, **members: str) -> list[dict[str, Any]]:
        """The log's lines of an event that have these members."""
        return [line for line in self.lines if line.get("event") == name and members.items() <= line.items()]

    def outcomes(self, **members: str) -> list[dict[str, Any]]:
        return self.events("rotation.outcome", **members)

    def request(
        self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, method: str | None = None
    ) -> tuple[int, str]:
        asked = urllib.request.Request(f"http://{self.address}{path}", body, headers or {}, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def history(self, *arguments: str) -> list[dict[str, Any]]:
        return self._ask("history", *arguments)

    def parked(self) -> list[dict[str, Any]]:
        return self._ask("parked", "list")

    def _ask(self, *arguments: str) -> list[dict[str, Any]]:
        command = [str(KSSEDR), *arguments, "--json", "--log-level", "off"]
        ran = subprocess.run(command, env=self.settings, capture_output=True, text=True, timeout=60, check=True)
        return [json.loads(line) for line in ran.stdout.splitlines()]

    def signal(self, which: signal.Signals) -> None:
        self.process.send_signal(which)

    def stop(self) -> int:
        """Asks it to end; its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        self.process.kill()
        self.wait()

    def wait(self) -> int:
        code = self.process.wait(60)
        self._reader.join()
        return code

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident(self) -> int:
        """Bytes of memory."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
        self._notified.close()
        self._directory.cleanup()

    def __enter__(self) -> Daemon:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
