"""The host: one app, one handler, the readers of a hub, and the HTTP front."""

from __future__ import annotations

import base64
import binascii
import os
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .app import App, Function
from .client import Client, Unreachable
from .envelope import timer
from .front import Front
from .hub import EventHub
from .judge import Verdict, judge
from .process import HandlerProcess, LogLine
from .processor import Processor
from .values import to_json

# A queue of Azure Storage takes 64 KB, and messages go over the wire in base64.
QUEUE_MESSAGE_LIMIT = 48 * 1024


@dataclass(frozen=True)
class Options:
    """What differs between hosts, plans and settings; the defaults are the real host's."""

    forwarding: bool | None = None  # None: as host.json says
    data_type: str | None = None  # None: as function.json says; "" for none at all
    chunked: bool = True
    retry_scale: float = 1.0  # tests do not wait minutes
    function_timeout: float | None = None  # None: as host.json says
    init_timeout: float = 30.0
    traceparent: bool = True
    namespace: str = "local.servicebus.windows.net"
    version: str = "4.1045.200.25556"
    jail: bool = False  # the handler sees nothing but the app root


@dataclass(frozen=True)
class Invocation:
    """One attempt of one function, as the host records it."""

    id: str
    function: str
    attempt: int
    succeeded: bool
    error: str
    seconds: float
    logs: list[str] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    has_outputs: bool = False
    return_value: Any = None


class FunctionsHost:
    """Runs until `stop()`. The hub is the caller's and outlives it, as the real one does."""

    def __init__(self, root: Path, settings: dict[str, str], hub: EventHub, options: Options = Options()) -> None:
        self.app = App.read(root, settings)
        self.hub = hub
        self.options = options
        self.forwarding = self.app.forwarding if options.forwarding is None else options.forwarding
        self.function_timeout = options.function_timeout or self.app.function_timeout
        self.user_agent = f"Azure-Functions-Host/{options.version}"
        self.invocations: list[Invocation] = []
        self.queues: dict[str, list[bytes]] = {}
        self.undeclared_outputs: list[str] = []
        self.process = HandlerProcess(self.app, _environment(settings), options.init_timeout, options.jail)
        self.client = Client(self.process.port, options.chunked)
        self.front = Front(self)
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._processors = [
            Processor(self, function, partition)
            for function in self.app.functions.values()
            if function.kind == "eventhubtrigger"
            for partition in hub.partitions
        ]

    # ------------------------------------------------------------ life
    def start(self, timeout: float = 30.0) -> None:
        """Starts the handler and, once it is ready, the readers."""
        self.process.start()
        if not self.process.wait_until_ready(timeout):
            events, lines = self.process.events, self.process.lines[-5:]
            self.stop(0)
            raise RuntimeError(f"the handler did not become ready: {events} {[line.text for line in lines]}")
        for processor in self._processors:
            processor.start()

    def stop(self, grace: float = 10.0) -> None:
        """Takes no more batches, gives those in flight some time, and kills the handler."""
        deadline = time.monotonic() + grace
        for processor in self._processors:
            processor.ask_to_stop()
        for processor in self._processors:
            processor.join(max(0.0, deadline - time.monotonic()))
        self._stopped.set()
        self.process.stop()
        self.front.close()
        self.client.close()

    def __enter__(self) -> FunctionsHost:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def lines(self) -> list[LogLine]:
        return list(self.process.lines)

    # ------------------------------------------------------------ invocations
    def invoke(self, function: Function, envelope: dict[str, Any], identifier: str, attempt: int) -> Invocation:
        """Posts an envelope and judges the answer."""
        began = time.monotonic()
        verdict = self._ask(function, to_json(envelope).encode("utf-8", errors="surrogatepass"), identifier, began)
        if verdict.succeeded:
            verdict = self._bind(function, verdict)
        return self._record(
            Invocation(
                identifier,
                function.name,
                attempt,
                verdict.succeeded,
                verdict.error,
                time.monotonic() - began,
                verdict.logs,
                verdict.outputs,
                verdict.has_outputs,
                verdict.return_value,
            )
        )

    def note_unbindable(self, function: Function, identifier: str, attempt: int, error: str) -> Invocation:
        return self._record(Invocation(identifier, function.name, attempt, False, f"binding: {error}", 0.0))

    def fire_timer(self, name: str, past_due: bool = False) -> Invocation:
        function = self.app.functions[name]
        return self.invoke(function, timer(name, function.trigger, past_due), str(uuid.uuid4()), 0)

    def _record(self, invocation: Invocation) -> Invocation:
        with self._lock:
            self.invocations.append(invocation)
        return invocation

    def _ask(self, function: Function, body: bytes, identifier: str, began: float) -> Verdict:
        # An invocation before the handler is ready waits for it; a dead handler is simply not reached.
        self.process.wait_until_ready(4 * self.options.init_timeout)
        try:
            answer = self.client.call(
                "POST", f"/{function.name}", self._headers(identifier), body, self.function_timeout
            )
        except Unreachable as error:
            if time.monotonic() - began < self.function_timeout:
                return Verdict(False, str(error))
            return self._time_out()
        verdict = judge(answer)
        if verdict.hangs:
            if not self._stopped.wait(max(0.0, self.function_timeout - (time.monotonic() - began))):
                timed_out = self._time_out()
                return Verdict(False, f"{timed_out.error} ({verdict.error})")
        return verdict

    def _time_out(self) -> Verdict:
        """The whole process is killed and started again; whatever else it was doing dies with it."""
        self.process.restart()
        return Verdict(False, f"FunctionTimeoutException: Timeout value of {self.function_timeout:g} s exceeded")

    def _headers(self, identifier: str) -> list[tuple[str, str]]:
        headers = [
            ("Host", f"127.0.0.1:{self.process.port}"),
            ("X-Azure-Functions-HostVersion", self.options.version),
            ("X-Azure-Functions-InvocationId", identifier),
            ("User-Agent", self.user_agent),
        ]
        if self.options.traceparent:
            headers.append(("traceparent", f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01"))
        return [*headers, ("Content-Type", "application/json; charset=utf-8")]

    # ------------------------------------------------------------ output bindings
    def _bind(self, function: Function, verdict: Verdict) -> Verdict:
        for name, value in verdict.outputs.items():
            binding = function.outputs.get(name)
            if binding is None:
                # The real host drops it without a word.
                self.undeclared_outputs.append(f"{function.name}: {name}")
            elif binding["type"].lower() == "queue":
                messages = [_queue_message(each) for each in (value if isinstance(value, list) else [value])]
                if any(len(message) > QUEUE_MESSAGE_LIMIT for message in messages):
                    return Verdict(False, "RequestFailedException: The request body is too large (queue message)")
                with self._lock:
                    self.queues.setdefault(binding["queueName"], []).extend(messages)
        return verdict


def _queue_message(value: Any) -> bytes:
    if not isinstance(value, str):
        return to_json(value).encode()
    try:
        # The trap of string outputs: what happens to be base64 is decoded.
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return value.encode()


def _environment(settings: dict[str, str]) -> dict[str, str]:
    """What the handler finds: the app's settings, names with a dot rewritten as hosts on Linux do."""
    passed = {
        name: value for name, value in os.environ.items() if name.startswith(("ASAN_", "UBSAN_", "TSAN_", "LLVM_"))
    }
    base = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/home", "LANG": "C.UTF-8"}
    return passed | base | {name.replace(".", "_"): value for name, value in settings.items()}
