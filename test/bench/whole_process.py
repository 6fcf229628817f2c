#!/usr/bin/env python3
"""Rotations through the whole process: `kssedr functions` against the local Azure, and the same calls by libcurl alone.

Usage: whole_process.py BINARIES [SECRETS]

For 1, 16, 64 and 256 rotations in flight, with and without 20 ms of latency upstream: rotations a second, processor time of
kssedr a rotation and an upstream call, memory a rotation in flight. The floor is `kssedr-bench-floor` beside the binaries: it
makes the calls of as many rotations, one after another, over warm connections. Judges nothing; the local Azure shares the
machine, so rates say what this machine does, and ratios are what to compare.
"""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

BINARIES = Path(sys.argv[1] if len(sys.argv) > 1 else "build/release/bin").resolve()
SECRETS = int(sys.argv[2]) if len(sys.argv) > 2 else 256
os.environ["KSSEDR_TEST_BINARIES"] = str(BINARIES)
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from stage import KSSEDR, Identity, Stage, rfc3339, timedelta  # noqa: E402

A_DELIVERY = 16  # kssedr handles so many of one delivery at once


class World:
    """As many secrets as there are accounts, each account in a subscription of its own: Azure's limits are not met."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        stage.emulator.admin("POST", "throttle", {"enabled": False})
        self.names = [f"secret{number:04}" for number in range(SECRETS)]
        self.accounts: dict[str, str] = {}
        for number, name in enumerate(self.names):
            self._make(number, name)

    def _make(self, number: int, name: str) -> None:
        subscription = f"{number:08x}-0000-4000-8000-000000000000"
        self.stage.emulator.put("subscriptions", id=subscription, name=name)
        self.stage.emulator.put("resource-groups", name=name, subscription=subscription)
        long_ago = rfc3339(self.stage.now - timedelta(days=400))
        account = self.stage.emulator.put(
            "accounts", name=f"acct{number:04}", subscription=subscription, resourceGroup=name, created=long_ago
        )
        value = self.value(f"acct{number:04}", self.stage.arm.keys(account["id"])["key1"])
        self.stage.put_secret(name, value=value, contentType=account["id"], tags={"orgin": account["id"], "key": "0"})
        self.accounts[name] = account["id"]

    def value(self, account: str, key: str) -> str:
        suffix = self.stage.emulator.environment["KSSEDR_STORAGE_SUFFIX"]
        return f"DefaultEndpointsProtocol=https;AccountName={account};EndpointSuffix={suffix};AccountKey={key}"

    def events(self) -> list[dict[str, Any]]:
        return [self.stage.event(name) for name in self.names]


class Handler:
    def __init__(self, stage: Stage, port: int) -> None:
        settings = stage.settings(KSSEDR_ALLOWED_TARGETS="/", KSSEDR_VERIFY="off")
        self._process = subprocess.Popen(
            [str(KSSEDR), "--log-level", "off", "functions"],
            env=settings | {"FUNCTIONS_CUSTOMHANDLER_PORT": str(port)},
        )
        self._url = f"http://127.0.0.1:{port}"
        for _ in range(500):
            try:
                urllib.request.urlopen(self._url, timeout=5).read()
                break
            except OSError:
                time.sleep(0.01)

    def post(self, events: list[dict[str, Any]]) -> list[str]:
        body = json.dumps({"Data": {"events": json.dumps(events)}, "Metadata": {}}).encode()
        request = urllib.request.Request(
            f"{self._url}/EventHubTriggerFunction", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=300) as answer:
            return [outcome["outcome"] for outcome in json.load(answer)["ReturnValue"]]

    def processor_seconds(self) -> float:
        """Of its one busy thread and the others, to the nanosecond (proc(5), schedstat)."""
        tasks = Path(f"/proc/{self._process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def memory(self, name: str) -> int:
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
        return 0

    def forget_peak(self) -> None:
        Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


def measure(world: World, handler: Handler, in_flight: int, latency: int) -> dict[str, float]:
    emulator = world.stage.emulator
    emulator.clear_faults()
    if latency:
        emulator.fault(user_agent="kssedr/", times=0, delayMs=latency)
    events = world.events()
    if in_flight == 1:
        events = events[: max(16, SECRETS // 8)]
    size = min(in_flight, A_DELIVERY)
    deliveries = [events[i : i + size] for i in range(0, len(events), size)]
    emulator.admin("DELETE", "calls")
    rest = handler.memory("VmRSS:")
    handler.forget_peak()
    processor, began = handler.processor_seconds(), time.monotonic()
    with ThreadPoolExecutor(max(1, in_flight // size)) as posts:
        outcomes = [outcome for answer in posts.map(handler.post, deliveries) for outcome in answer]
    took, used = time.monotonic() - began, handler.processor_seconds() - processor
    assert outcomes == ["rotated"] * len(events), outcomes
    calls = len(world.stage.kssedr_calls())
    emulator.advance("P61D")
    return {
        "rotations_a_second": len(events) / took,
        "cpu_ms_a_rotation": used * 1000 / len(events),
        "cpu_us_a_call": used * 1e6 / calls,
        "calls_a_rotation": calls / len(events),
        "peak_kib_a_rotation_in_flight": max(0, handler.memory("VmHWM:") - rest) / in_flight,
    }


def floor(world: World) -> float:
    """Processor time of one call, in microseconds."""
    stage = world.stage
    identity = Identity(stage.emulator, stage.apps["operator"])
    tokens = {name: identity.token(f"https://{name}.localhost") for name in ("management", "vault")}
    lines = []
    for name in world.names:
        value = stage.vault.get(name)["value"]
        account = f"https://management.localhost:{stage.emulator.port}{world.accounts[name]}"
        secret = f"https://{stage.vault.host}:{stage.emulator.port}/secrets/{name}?api-version=7.4"
        keys = f"POST {account}/listKeys?api-version=2023-01-01 {tokens['management']} -"
        made = f"POST {account}/regenerateKey?api-version=2023-01-01 {tokens['management']} {json.dumps({'keyName': 'key2'})}"
        body = json.dumps({"value": value, "tags": {"orgin": world.accounts[name], "key": "1"}})
        lines += [f"GET {secret} {tokens['vault']} -", keys, made, f"PUT {secret} {tokens['vault']} {body}", keys]
    ran = subprocess.run(
        [str(BINARIES / "kssedr-bench-floor"), stage.emulator.ca_file, stage.emulator.environment["KSSEDR_RESOLVE"]],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(ran.stdout)
    assert told["failed"] == 0, told
    return float(told["seconds"] * 1e6 / told["calls"])


def main() -> None:
    with Stage() as apart:  # it leaves the secrets without an expiry
        least = floor(World(apart))
    print(f"floor: {least:.0f} us of processor time a call (libcurl alone, warm, one after another)")
    print("in flight  latency  rotations/s  cpu ms/rotation  cpu us/call  x floor  calls/rotation  KiB/rotation in flight")
    for latency, in_flight in itertools.product((0, 20), (1, 16, 64, 256)):
        if in_flight > SECRETS:
            continue
        told = measure_alone(in_flight, latency)
        print(
            f"{in_flight:9}  {latency:4} ms  {told['rotations_a_second']:11.1f}  {told['cpu_ms_a_rotation']:15.2f}"
            f"  {told['cpu_us_a_call']:11.0f}  {told['cpu_us_a_call'] / least:7.2f}"
            f"  {told['calls_a_rotation']:14.2f}  {told['peak_kib_a_rotation_in_flight']:22.1f}",
            flush=True,
        )


def measure_alone(in_flight: int, latency: int) -> dict[str, float]:
    """In a world and a process of its own: one keeps to the 300 versions that a vault takes in ten seconds."""
    with Stage() as stage:
        world = World(stage)
        handler = Handler(stage, free_port())
        try:
            handler.post(world.events()[:16])  # warm: tokens, connections, listings
            stage.emulator.advance("P61D")
            return measure(world, handler, in_flight, latency)
        finally:
            handler.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
