"""Reads one partition: a batch at a time, in order; retries in place; checkpoints after success and failure alike."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING

from .app import Function
from .envelope import event_batch, retry_context
from .hub import LostBatch, Message, Partition
from .values import BatchNotJson

if TYPE_CHECKING:
    from .host import FunctionsHost, Invocation


class Processor:
    """The reader of one partition, on a thread of its own."""

    def __init__(self, host: FunctionsHost, function: Function, partition: Partition) -> None:
        self._host = host
        self._function = function
        self._partition = partition
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"partition {partition.number}")

    def start(self) -> None:
        self._thread.start()

    def ask_to_stop(self) -> None:
        self._stopping.set()

    def join(self, timeout: float) -> None:
        if self._thread.ident is not None:  # one that was never started cannot be joined
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stopping.is_set() and self._host.process.state != "shut-down":
            batch = self._partition.wait_for(self._host.app.max_batch, 0.1)
            if batch and not self._stopping.is_set():
                self._deliver(batch)

    def _deliver(self, batch: list[Message]) -> None:
        invocation = self._attempts(batch)
        # A host that stops, or gives its handler up, leaves the checkpoint: the batch comes again elsewhere.
        if self._stopping.is_set() or self._host.process.state == "shut-down":
            return
        if invocation is not None and not invocation.succeeded:
            self._host.hub.lost.append(LostBatch(self._partition.number, batch, invocation.error))
        self._partition.checkpoint(len(batch))

    def _attempts(self, batch: list[Message]) -> Invocation | None:
        """The last attempt of as many as the policy allows; nothing where the host stopped before it."""
        retry = self._function.retry
        identifier = str(uuid.uuid4())
        attempt, error = 0, None
        while True:
            invocation = self._attempt(batch, identifier, attempt, error)
            if invocation.succeeded or retry is None or 0 <= retry.limit <= attempt:
                return invocation
            error = invocation.error
            if self._stopping.wait(retry.delay(attempt) * self._host.options.retry_scale):
                return None
            attempt += 1

    def _attempt(self, batch: list[Message], identifier: str, attempt: int, error: str | None) -> Invocation:
        retry = self._function.retry
        binding = dict(self._function.trigger)
        if self._host.options.data_type is not None:
            binding["dataType"] = self._host.options.data_type
        try:
            body = event_batch(
                self._function.name,
                binding,
                batch,
                self._partition.number,
                self._host.options.namespace,
                None if retry is None else retry_context(attempt, retry.limit, error),
            )
        except BatchNotJson as failure:
            return self._host.note_unbindable(self._function, identifier, attempt, str(failure))
        return self._host.invoke(self._function, body, identifier, attempt)
