"""Starts kssedr-emulator on ports of its own, and steers it under /_emulator/ (docs/emulator.md)."""

from __future__ import annotations

import http.client
import json
import subprocess
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from .wire import Wire

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = ROOT / "build/release/bin/kssedr-emulator"


class Emulator:
    """One local Azure, its world the one that `seed` describes."""

    def __init__(self, seed: dict[str, Any] | None = None, now: str | None = None, program: Path = PROGRAM) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="kssedr-azure-")
        command = [str(program), "--port", "0", "--proxy-port", "0", "--dir", self._directory.name]
        command += ["--quiet", "--with-parent"]
        if seed is not None:
            file = Path(self._directory.name, "seed.json")
            file.write_text(json.dumps(seed), encoding="utf-8")
            command += ["--seed", str(file)]
        if now is not None:
            command += ["--now", now]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        ready = json.loads(self._process.stdout.readline() or "{}")
        if ready.get("event") != "ready":
            raise RuntimeError("the local Azure did not start")
        self.port: int = ready["port"]
        self.proxy_port: int = ready["proxyPort"]
        self.ca_file: str = ready["caFile"]
        self.environment: dict[str, str] = ready["environment"]
        self.wire = Wire(self.port, self.ca_file)

    def stop(self) -> None:
        self.wire.close()
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._directory.cleanup()

    def __enter__(self) -> Emulator:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # ------------------------------------------------------------ steering
    def admin(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.proxy_port, timeout=30)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, f"/_emulator/{path}", body=text)
            response = connection.getresponse()
            answer = json.loads(response.read() or b"{}")
        finally:
            connection.close()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {answer}")
        return answer

    def put(self, kind: str, **members: Any) -> Any:
        """Makes a thing of the world: `tenants`, `apps`, `vaults`, `accounts`, `secrets`, …"""
        return self.admin("POST", kind, members)

    def now(self) -> str:
        return str(self.admin("GET", "clock")["now"])

    def seconds(self) -> float:
        """The same as seconds since 1970."""
        return datetime.fromisoformat(self.now().replace("Z", "+00:00")).timestamp()

    def advance(self, duration: str) -> None:
        """Moves the clock by an ISO 8601 duration, and lets happen what has become due."""
        self.admin("POST", "clock", {"advance": duration})

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.admin("GET", "state")
        return state

    def fault(
        self,
        service: str = "",
        operation: str = "",
        resource: str = "",
        user_agent: str = "",
        after: int = 0,
        times: int = 1,
        **action: Any,
    ) -> None:
        match = {"service": service, "operation": operation, "resource": resource, "userAgent": user_agent}
        self.admin("POST", "faults", {"match": match, "after": after, "times": times, "action": action})

    def clear_faults(self) -> None:
        self.admin("DELETE", "faults")

    def holds(self) -> list[dict[str, Any]]:
        holds: list[dict[str, Any]] = self.admin("GET", "holds")
        return holds

    def wait_for_hold(self, timeout: float) -> dict[str, Any] | None:
        """The first call that is held, once there is one."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if held := self.holds():
                return held[0]
            time.sleep(0.005)
        return None

    def release(self) -> None:
        self.admin("DELETE", "holds")

    def calls(self, client_id: str | None = None, **like: Any) -> list[dict[str, Any]]:
        """What was asked of the services so far; `operation="keys.regenerate"` and the like narrow it."""
        calls: list[dict[str, Any]] = self.admin("GET", "calls")
        if client_id is not None:
            like["clientId"] = client_id
        return [call for call in calls if all(call.get(name) == value for name, value in like.items())]

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """What Event Grid has to say of the vaults so far, as CloudEvents; `kind` is `SecretNearExpiry` and the like."""
        events: list[dict[str, Any]] = [entry["event"] for entry in self.admin("GET", "events")]
        return [event for event in events if kind is None or event["type"].endswith(f".{kind}")]
