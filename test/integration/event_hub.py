"""An event hub that speaks AMQP (test/event_hub/hub.mjs), as tests start it, and what reads it without a daemon."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Any

from stage import BINARIES, eventually

FOLDER = Path(__file__).resolve().parents[1] / "event_hub"
TOOL = BINARIES / "event-hub-tool"
KEY = "key-of-the-hub-0123456789"
SKIPPED = 77


def leave_where_missing() -> None:
    """Ends a program whose tests need the hub where it is not: a skip, but a failure with KSSEDR_REQUIRE_ALL=1."""
    is_there = shutil.which("node") and (FOLDER / "node_modules/rhea").is_dir()
    if not is_there:
        required = os.environ.get("KSSEDR_REQUIRE_ALL") == "1"
        print("node or npm's packages are missing: npm ci --ignore-scripts in test/event_hub")
        sys.exit(1 if required else SKIPPED)


class Hub:
    def __init__(self, **options: Any) -> None:
        self.name = options.setdefault("hub", "near-expiry")
        options.setdefault("key", KEY)
        self._websocket = bool(options.get("websocket"))
        self._process = subprocess.Popen(
            ["node", str(FOLDER / "hub.mjs"), json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        ports = json.loads(self._process.stdout.readline())
        self.port, self._admin = ports["port"], ports["admin"]

    def connection(self, host: str = "localhost", key: str = KEY, emulator: bool = True) -> str:
        plain = ";UseDevelopmentEmulator=true" if emulator else ""
        return (
            f"Endpoint=sb://{host}:{self.port};SharedAccessKeyName=listen;SharedAccessKey={key};"
            f"EntityPath={self.name}{plain}"
        )

    def environment(self) -> dict[str, str]:
        """What a tool needs to find it."""
        return {"HUB_CONNECTION": self.connection()} | ({"HUB_WEBSOCKET": "1"} if self._websocket else {})

    def order(self, what: str, **members: Any) -> dict[str, Any]:
        request = urllib.request.Request(f"http://127.0.0.1:{self._admin}/{what}", json.dumps(members).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            state: dict[str, Any] = json.load(answer)
            return state

    def state(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._admin}/state", timeout=30) as answer:
            state: dict[str, Any] = json.load(answer)
            return state

    def send(self, body: str, partition: int = 0, count: int = 1) -> None:
        self.order("send", body=body, partition=partition, count=count)

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def __enter__(self) -> Hub:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Tool:
    """`event-hub-tool read`, with the lines that it printed."""

    def __init__(self, hub: Hub, *arguments: str, **environment: str) -> None:
        settings = hub.environment() | environment
        self._process = subprocess.Popen(
            [str(TOOL), *arguments], env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.lines: list[dict[str, Any]] = []
        self._has_ended = False
        self._ended: queue.SimpleQueue[None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(json.loads(line))
        self._ended.put(None)

    @property
    def bodies(self) -> list[str]:
        return [line["body"] for line in self.lines if "body" in line]

    def close(self) -> None:
        if self._has_ended:
            return
        self._process.kill()
        self.wait()

    def is_open(self) -> bool:
        return eventually(lambda: {"open": True} in self.lines)

    def wait(self, timeout: float = 30) -> tuple[int, str]:
        """Its exit code, and what it complained of."""
        assert self._process.stdout is not None and self._process.stderr is not None
        self._ended.get(timeout=timeout)
        self._has_ended = True
        complaint = self._process.stderr.read()
        code = self._process.wait(timeout)
        self._process.stdout.close()
        self._process.stderr.close()
        return code, complaint
