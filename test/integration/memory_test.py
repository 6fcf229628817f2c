"""After a rotation no copy of a key is left in the process: its memory is read from outside, as root may."""

from __future__ import annotations

import base64
import json
import os
import sys
import time
import unittest
from pathlib import Path

from stage import SECRET, Stage, outcomes

SKIPPED = 77


def regions(process: int) -> list[tuple[int, int, str]]:
    """What the process may write: start, end, and whose it is."""
    found = []
    for line in Path(f"/proc/{process}/maps").read_text().splitlines():
        span, rights, _, _, _, *name = line.split(maxsplit=5)
        if rights.startswith("rw"):
            start, end = (int(part, 16) for part in span.split("-"))
            found.append((start, end, name[0] if name else "anonymous"))
    return found


def find_copies(process: int, needles: dict[str, bytes]) -> list[str]:
    """Each place where one of them stands, with some of what is around it for whoever has to find out why."""
    found = []
    with open(f"/proc/{process}/mem", "rb", buffering=0) as memory:
        for start, end, name in regions(process):
            memory.seek(start)
            try:
                content = memory.read(end - start)
            except OSError:  # a guard page
                continue
            for title, needle in needles.items():
                at = content.find(needle)
                while at >= 0:
                    found.append(f"{title} in {name} at {start + at:#x}, behind {content[max(0, at - 60):at]!r}")
                    at = content.find(needle, at + 1)
    return found


class Memory(unittest.TestCase):
    def test_no_key_is_left_a_second_after_the_outcome(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            retired = stage.arm.keys(stage.account_id)
            with stage.host() as host:
                stage.hub.send(json.dumps(stage.event()))
                self.assertTrue(stage.hub.wait_until_read(30))
                self.assertEqual([each["outcome"] for each in outcomes(host)], ["rotated"])
                time.sleep(1)
                keys = {f"retired {slot}": key for slot, key in retired.items()}
                keys |= {f"new {slot}": key for slot, key in stage.arm.keys(stage.account_id).items()}
                needles = {title: key.encode()[:40] for title, key in keys.items()}
                needles |= {f"{title}, decoded": base64.b64decode(key)[:32] for title, key in keys.items()}
                # A scan that finds nothing must be able to: the app's own settings stand in its environment.
                mark = SECRET.encode()
                self.assertTrue(find_copies(host.process.pid or 0, {"name": mark}))
                copies = find_copies(host.process.pid or 0, needles)
                self.assertEqual(copies, [], "\n".join(copies))


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("skipped: only root may read another process's memory")
        sys.exit(SKIPPED)
    unittest.main()
