"""The Event Hub: partitions that only grow, and a checkpoint in each. It outlives the hosts that read it."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any


@dataclass(frozen=True)
class Message:
    """One event of the hub, as its publisher sent it."""

    body: bytes
    sequence: int
    offset: int
    enqueued: datetime
    properties: dict[str, Any] = field(default_factory=dict)
    partition_key: str | None = None


@dataclass(frozen=True)
class LostBatch:
    """What was checkpointed although no attempt succeeded: gone, unless the handler kept it."""

    partition: int
    messages: list[Message]
    error: str


class Partition:
    """A log of messages with one reader."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._messages: list[Message] = []
        self._checkpoint = 0
        self._changed = threading.Condition()

    def append(self, body: bytes, properties: dict[str, Any] | None = None, key: str | None = None) -> Message:
        with self._changed:
            last = self._messages[-1] if self._messages else None
            message = Message(
                body=body,
                sequence=last.sequence + 1 if last else 256,
                offset=last.offset + 96 + len(last.body) if last else 29696,
                enqueued=datetime.now(timezone.utc),
                properties=properties or {},
                partition_key=key,
            )
            self._messages.append(message)
            self._changed.notify_all()
            return message

    def wait_for(self, limit: int, timeout: float) -> list[Message]:
        """What lies behind the checkpoint, at most `limit`; empty where nothing came in time."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._messages) > self._checkpoint, timeout)
            return self._messages[self._checkpoint : self._checkpoint + limit]

    def checkpoint(self, count: int) -> None:
        with self._changed:
            self._checkpoint += count
            self._changed.notify_all()

    def rewind(self, count: int) -> None:
        """Moves the checkpoint back, as a lost lease or a lost checkpoint does: the same messages come once more."""
        with self._changed:
            self._checkpoint = max(0, self._checkpoint - count)
            self._changed.notify_all()

    @property
    def behind(self) -> int:
        with self._changed:
            return len(self._messages) - self._checkpoint

    def wait_until_read(self, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._checkpoint == len(self._messages), timeout)


class EventHub:
    """Partitions, filled in turn where nobody says which."""

    def __init__(self, partitions: int = 4, name: str = "key-vault-events") -> None:
        self.name = name
        self.partitions = [Partition(number) for number in range(partitions)]
        self.lost: list[LostBatch] = []
        self._turn = itertools.cycle(self.partitions)
        self._lock = threading.Lock()

    def send(self, body: bytes | str, partition: int | None = None, **more: Any) -> Message:
        with self._lock:
            target = self.partitions[partition] if partition is not None else next(self._turn)
        return target.append(body.encode() if isinstance(body, str) else body, **more)

    def wait_until_read(self, timeout: float) -> bool:
        """Whether all partitions were read to their end, successfully or not, in that time."""
        return all(partition.wait_until_read(timeout) for partition in self.partitions)
