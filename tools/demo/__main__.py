"""The demo: a secret nears its expiry and is rotated, twice, while an application uses its credential all the time.

A local Azure, the simulated Azure Functions host with `kssedr functions` as it is deployed, and an application. The clock of
the local Azure is hurried where nothing happens. Ends by itself; exit code 0 only if the application never failed.

usage: ./dev demo   (builds first), or python3 tools/demo

It asks nothing, needs no account and no network beyond this machine, takes less than a minute, and leaves nothing behind.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/integration"))

from screen import Screen  # noqa: E402
from stage import SECRET, Consumer, FunctionsHost, Ingest, Options, Stage  # noqa: E402
from story import Story  # noqa: E402

# Twenty days a second.
HURRY = 20 * 86_400
PATIENCE = 20.0


def main() -> int:
    screen = Screen()
    screen.heading("A secret nears its expiry, and is rotated while an application keeps using it")
    with Stage() as stage:
        ingest = Ingest(stage.hub)
        types = ["Microsoft.KeyVault.SecretNearExpiry"]
        stage.emulator.put("event-subscriptions", name="key-vault-events", endpoint=ingest.url, types=types)
        first = make_secret(stage)
        host = stage.host(Options())
        consumer = stage.consumer(cache_seconds=1.0, pause=0.01)
        try:
            host.start()
            story = Story(stage, host, consumer, screen)
            introduce(stage, host, story)
            consumer.start()
            has_rotated = play(stage, host, story, consumer)
        finally:
            if consumer.versions:
                consumer.stop()
            host.stop(0)
            ingest.close()
        is_good = sum_up(stage, screen, consumer, first) and has_rotated
        if not has_rotated:
            print(screen.bad("the secret was not rotated; what kssedr and its host said:"))
            for line in [*host.process.events, *(line.text for line in host.lines[-20:])]:
                print(f"  {line}")
        return 0 if is_good else 1


def make_secret(stage: Stage) -> str:
    """A secret as the original's example makes it: a connection string, the account as content type, two tags."""
    value = stage.value(stage.arm.keys(stage.account_id)["key1"])
    secret = stage.vault.set(
        SECRET,
        value,
        contentType=stage.account_id,
        tags=stage.original_tags(),
        attributes={"nbf": int(stage.now.timestamp()), "exp": int(stage.now.timestamp()) + 90 * 86_400},
    )
    return str(secret["version"])


def introduce(stage: Stage, host: FunctionsHost, story: Story) -> None:
    story.tell("Azure", "vault demo, storage account demostorage with key1 and key2, Event Grid into an Event Hub")
    story.tell("Azure", f"secret {SECRET}: a connection string with key1, for 90 days")
    milliseconds = 1000 * (host.process.time_to_ready or 0)
    story.tell("host", f"starts `kssedr functions`, which answers after {milliseconds:.0f} ms")


def play(stage: Stage, host: FunctionsHost, story: Story, consumer: Consumer) -> bool:
    """Two rotations, one to each key. Whether both came about."""
    wait(story, lambda: consumer.requests > 50)
    for number in (1, 2):
        story.tell("clock", "sixty days pass, twenty in a second; the application makes its requests all along")
        stage.emulator.admin("POST", "clock", {"speed": HURRY})
        if not wait(story, lambda number=number: story.rotations == number):  # type: ignore[misc]
            return False
        current = stage.vault.get(SECRET)["version"]
        if not wait(story, lambda current=current: current in consumer.versions):  # type: ignore[misc]
            return False
    done = consumer.requests
    return wait(story, lambda: consumer.requests > done + 50)


def wait(story: Story, condition: Callable[[], bool]) -> bool:
    """Tells what happens until the condition holds; false where it does not for too long."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        story.tick()
        time.sleep(0.01)
    story.tick()
    return True


def sum_up(stage: Stage, screen: Screen, consumer: Consumer, first: str) -> bool:
    """The end of the story in figures; whether all of it is as it should be."""
    screen.heading("Before and after")
    keys = stage.arm.keys(stage.account_id)
    versions = [stage.vault.get(SECRET, version) for version in stage.vault.versions(SECRET)]
    before, after = stage.vault.get(SECRET, first), stage.vault.get(SECRET)
    for secret in versions:
        slot = next((name for name, key in keys.items() if secret["value"] == stage.value(key)), "a key that is gone")
        expires = time.strftime("%Y-%m-%d", time.gmtime(secret["attributes"]["exp"]))
        place = (
            "before" if secret["version"] == first else "after" if secret["version"] == after["version"] else "between"
        )
        screen.fact(f"version {place}", f"{secret['version']}  {slot:<18} expires {expires}")
    same = stayed_the_same(before, after)
    for label, is_same in same.items():
        screen.fact(label, screen.good("the same") if is_same else screen.bad("changed"))
    screen.fact("the application's requests", str(consumer.requests))
    failures = len(consumer.failures)
    screen.fact("its failures", screen.bad(f"{failures}: {consumer.failures[0]}") if failures else screen.good("0"))
    print(flush=True)
    return failures == 0 and all(same.values())


def stayed_the_same(before: dict[str, Any], after: dict[str, Any]) -> dict[str, bool]:
    """What a rotation must not change: the form of the value outside its credential, the content type, others' tags."""

    def form(secret: dict[str, Any]) -> str:
        head, _, _key = str(secret["value"]).rpartition("AccountKey=")
        return head

    def tags(secret: dict[str, Any]) -> dict[str, str]:
        return {name: value for name, value in secret["tags"].items() if name not in ("key", "AutoRotate")}

    return {
        "the value's form": form(before) == form(after),
        "content type": before["contentType"] == after["contentType"],
        "tags orgin, team": tags(before) == tags(after),
    }


if __name__ == "__main__":
    if sys.argv[1:] in (["--help"], ["-h"], ["help"]):
        print(__doc__.strip())
        sys.exit(0)
    if sys.argv[1:]:
        print(f"the demo takes no arguments, and was given {sys.argv[1]!r}; see --help", file=sys.stderr)
        sys.exit(2)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
