#!/usr/bin/env python3
"""Events that lead to nothing, which most do: through AMQP, and through push, to `superseded`; and what an idle daemon costs.

Usage: events.py BINARIES [EVENTS] [IDLE_SECONDS]

Events of a version that is not the current one, as duplicates are: each is read, looked up with one call at most, and kept in the
store before it is acknowledged. Beside it the least that a consumer can do: npm's rhea, which reads the same hub and parses each event.
Judges nothing; hub, local Azure and daemon share the machine, so ratios and processor time are what to compare.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BINARIES = Path(sys.argv[1] if len(sys.argv) > 1 else "build/release/bin").resolve()
EVENTS = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
IDLE = int(sys.argv[3]) if len(sys.argv) > 3 else 120
os.environ["KSSEDR_TEST_BINARIES"] = str(BINARIES)
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from daemon import Daemon  # noqa: E402
from event_hub import FOLDER, KEY, Hub  # noqa: E402
from stage import Stage  # noqa: E402

SECRET = "a-secret-for-the-bench-0123456789"


def processor_seconds(daemon: Daemon) -> float:
    tasks = Path(f"/proc/{daemon.process.pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def handled(daemon: Daemon) -> int:
    """Outcomes so far, by the metrics."""
    total = 0.0
    for line in daemon.request("/metrics")[1].splitlines():
        if line.startswith("kssedr_events_total{"):
            total += float(line.rpartition(" ")[2])
    return int(total)


def wait_for(daemon: Daemon, events: int) -> None:
    while handled(daemon) < events:
        time.sleep(0.05)


def tell(name: str, events: int, seconds: float, processor: float) -> None:
    print(f"{name:36}  {events / seconds:9.0f} events/s  {processor * 1e6 / events:7.1f} us of processor time an event", flush=True)


def serve(stage: Stage, **changed: str | None) -> Daemon:
    settings = stage.settings(AzureWebJobsStorage=None, KSSEDR_PUSH_SECRET=SECRET, KSSEDR_SWEEP_EVERY="P7D", **changed)
    return Daemon(settings | {"KSSEDR_PUSH_SECRET_HEADER": "x-bench"})


def through_amqp(stage: Stage, event: str) -> None:
    with Hub(partitions=1) as hub:
        hub.send(event, count=EVENTS)
        command = ["node", str(FOLDER / "consume.mjs"), str(hub.port), hub.name, KEY, str(EVENTS)]
        least = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        tell("rhea, which parses and no more", EVENTS, least["seconds"], least["cpu"])
        with serve(stage, EventHub_ConnectionString=hub.connection(), EventHub_Name=hub.name) as daemon:
            began, used = time.monotonic(), processor_seconds(daemon)
            wait_for(daemon, EVENTS)
            tell("kssedr, AMQP to superseded", EVENTS, time.monotonic() - began, processor_seconds(daemon) - used)


def through_push(stage: Stage, event: str) -> None:
    nothing = {name: None for name in ("EventHub_ConnectionString", "EventHub_Name", "EventHub_ConsumerGroup")}
    with serve(stage, **nothing) as daemon:
        events = EVENTS // 10
        body = ("[" + ",".join([event] * 10) + "]").encode()
        headers = {"x-bench": SECRET, "Content-Type": "application/cloudevents-batch+json"}
        began, used = time.monotonic(), processor_seconds(daemon)
        with ThreadPoolExecutor(16) as posts:
            answers = set(posts.map(lambda _: daemon.request("/api/events", body, headers)[0], range(events // 10)))
        assert answers == {200}, answers
        wait_for(daemon, events)
        tell("kssedr, push in tens to superseded", events, time.monotonic() - began, processor_seconds(daemon) - used)


def idle(stage: Stage) -> None:
    with Hub() as hub, serve(stage, EventHub_ConnectionString=hub.connection(), EventHub_Name=hub.name) as daemon:
        time.sleep(10)
        used = processor_seconds(daemon)
        time.sleep(IDLE)
        spent = (processor_seconds(daemon) - used) * 3600 / IDLE
        print(f"idle on a hub: {daemon.resident() / (1 << 20):.1f} MiB resident, {spent:.1f} s of processor time an hour ({IDLE} s were measured)")


def main() -> None:
    with Stage() as stage:
        stage.emulator.admin("POST", "throttle", {"enabled": False})
        stage.put_secret()
        event = json.dumps(stage.event(version="0123456789abcdef0123456789abcdef"))
        through_amqp(stage, event)
        through_push(stage, event)
        idle(stage)


if __name__ == "__main__":
    main()
