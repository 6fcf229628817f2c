"""The tools of kafka_tool/ as processes that a test commands and listens to."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from database_servers import BINARIES

PATIENCE = 25


class Lines:
    """What a process prints, line by line, for whoever waits for one."""

    def __init__(self, command: list[str | Path]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def say(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def wait(self, what: str, so: Callable[[list[str]], bool], patience: float = PATIENCE) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: so(self.lines) or self._ended, patience) or not so(self.lines):
                raise AssertionError(f"did not happen: {what}; the last lines:\n" + "\n".join(self.lines[-20:]))

    def wait_line(self, pattern: str, after: int = 0, patience: float = PATIENCE) -> str:
        """The first line from `after` on that matches."""
        found: list[str] = []

        def is_there(lines: list[str]) -> bool:
            found[:] = [line for line in lines[after:] if re.search(pattern, line)]
            return bool(found)

        self.wait(pattern, is_there, patience)
        return found[0]

    def close(self) -> int:
        """What is left is killed."""
        if self.process.poll() is None:
            self.process.kill()
        code = self.process.wait()
        self._reader.join()
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        return code


class Cluster(Lines):
    """librdkafka's mock cluster."""

    def __init__(self, brokers: int = 1, topic: str = "near-expiry", partitions: int = 4) -> None:
        super().__init__([BINARIES / "kafka-cluster", str(brokers), topic, str(partitions)])
        self.wait("the cluster is up", lambda lines: len(lines) >= 1)
        self.addresses, self.topic = self.lines[0], topic

    def do(self, command: str) -> str:
        before = len(self.lines)
        self.say(command)
        self.wait(command, lambda lines: len(lines) > before)
        return self.lines[before]

    def committed(self, group: str = "kssedr") -> list[int]:
        """For each partition the first offset that is not done, 0 where the group has none."""
        return [max(0, int(offset)) for offset in self.do(f"committed {group}").split()]


class Taker(Lines):
    """A source, and whom it hands its messages to."""

    def __init__(self, addresses: str, *options: str, topic: str = "near-expiry", group: str = "kssedr") -> None:
        super().__init__([BINARIES / "kafka-taker", addresses, topic, group, *options])

    def taken(self) -> list[str]:
        return [line.removeprefix("took ") for line in list(self.lines) if line.startswith("took ")]

    def wait_taken(self, count: int, patience: float = PATIENCE) -> list[str]:
        self.wait(
            f"{count} messages are taken",
            lambda lines: sum(line.startswith("took ") for line in lines) >= count,
            patience,
        )
        return self.taken()

    def state(self) -> str:
        return next((line for line in reversed(list(self.lines)) if line.startswith("health ")), "")

    def stop(self, patience: float = 20) -> None:
        """SIGTERM; it must end by itself."""
        self.process.send_signal(signal.SIGTERM)
        self.wait("it ends", lambda lines: "ended" in lines, patience)
        code = self.process.wait(timeout=patience)
        self.close()
        if code != 0:
            raise AssertionError(f"kafka-taker ended with {code}")
