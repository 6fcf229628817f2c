"""The handler's process: how the host starts it, waits for it, reads its lines, and reacts to its end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from .app import App

POLL = 0.025
ERRORS_BEFORE_SHUTDOWN = 3
ERRORS_FORGOTTEN_AFTER = 30 * 60.0


@dataclass(frozen=True)
class LogLine:
    """One line of the handler's, as the host files it."""

    level: str
    stream: str
    text: str


def classify(stream: str, text: str) -> LogLine:
    """Standard output is information; a line on standard error is an error, or a warning where it says "warn"."""
    if text.startswith("LanguageWorkerConsoleLog"):
        text = text.removeprefix("LanguageWorkerConsoleLog")
    if stream == "stdout":
        return LogLine("Information", stream, text)
    return LogLine("Warning" if "warn" in text.lower() else "Error", stream, text)


def free_port() -> int:
    """A port of the loopback that is free now; the handler takes it a moment later, as with the real host."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class HandlerProcess:
    """Keeps one handler running on one port.

    `state`: starting, ready, dead (it exited with 0 and nobody starts it again), shut-down (too many errors), stopped.
    """

    def __init__(self, app: App, environment: dict[str, str], init_timeout: float, jail: bool = False) -> None:
        self.app = app
        self.port = free_port()
        self.state = "starting"
        self.lines: list[LogLine] = []
        self.events: list[str] = []
        self.starts = 0
        self.time_to_ready: float | None = None
        self.on_line: Callable[[LogLine], None] = lambda line: None
        self._environment = environment
        self._init_timeout = init_timeout
        self._jail = jail
        self._errors: list[float] = []
        self._child: subprocess.Popen[bytes] | None = None
        self._changed = threading.Condition()
        self._stopping = False
        self._restart_asked = False

    # ------------------------------------------------------------ starting
    def start(self) -> None:
        self._spawn()

    def _command(self) -> tuple[list[str], str]:
        if not self._jail:
            return self.app.command, str(self.app.working_directory)
        # The app root is the whole world: nothing of this machine's libraries can be found from there.
        inside = [re.sub(f"^{re.escape(str(self.app.root))}(?=/)", "", part) for part in self.app.command]
        # Only root may change its root; others are root in a user namespace of their own, where the system allows that.
        become_root = [] if os.geteuid() == 0 else ["unshare", "--map-root-user"]
        return [*become_root, "chroot", str(self.app.root), *inside], "/"

    def _spawn(self) -> None:
        worker = str(uuid.uuid4())
        environment = self._environment | {
            "FUNCTIONS_CUSTOMHANDLER_PORT": str(self.port),
            "FUNCTIONS_HTTPWORKER_PORT": str(self.port),
            "FUNCTIONS_CUSTOMHANDLER_WORKER_ID": worker,
            "FUNCTIONS_HTTPWORKER_ID": worker,
            "FUNCTIONS_APP_ROOT_PATH": str(self.app.root),
        }
        command, directory = self._command()
        with self._changed:
            self.state = "starting"
            self.starts += 1
            self._child = subprocess.Popen(
                command,
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            child = self._child
        readers = [
            threading.Thread(target=self._read, args=(stream, name), daemon=True)
            for stream, name in ((child.stdout, "stdout"), (child.stderr, "stderr"))
        ]
        for reader in readers:
            reader.start()
        threading.Thread(target=self._watch, args=(child, readers), daemon=True).start()
        threading.Thread(target=self._await_readiness, args=(child,), daemon=True).start()

    def _await_readiness(self, child: subprocess.Popen[bytes]) -> None:
        """`GET /` until anything but a refusal comes; only the pauses count."""
        began = time.monotonic()
        slept = 0.0
        while self._child is child and child.poll() is None:
            if self._ping():
                with self._changed:
                    if self._child is child and self.state == "starting":
                        self.state = "ready"
                        self.time_to_ready = time.monotonic() - began
                        self._changed.notify_all()
                return
            time.sleep(POLL)
            slept += POLL
            if slept > self._init_timeout:
                self._note_error(child, "did not start in time")
                return

    def _ping(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port)) as connection:
                connection.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode())
                connection.recv(4096)  # any answer, or its end, will do
                return True
        except OSError:
            return False

    def wait_until_ready(self, timeout: float) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self.state != "starting", timeout)
            return self.state == "ready"

    # ------------------------------------------------------------ lines
    def _read(self, stream: IO[bytes] | None, name: str) -> None:
        assert stream is not None
        with stream:
            for raw in stream:
                line = classify(name, raw.decode("utf-8", errors="replace").rstrip("\r\n"))
                self.lines.append(line)
                self.on_line(line)

    def last_errors(self) -> list[str]:
        return [line.text for line in self.lines if line.level == "Error"][-3:]

    # ------------------------------------------------------------ ends
    def _watch(self, child: subprocess.Popen[bytes], readers: list[threading.Thread]) -> None:
        code = child.wait()
        for reader in readers:
            reader.join()
        with self._changed:
            if self._stopping or self._child is not child:
                return
            restart, self._restart_asked = self._restart_asked, False
        if restart or code == 200:
            self.events.append("restarted")
            self._spawn()
        elif code == 0:
            with self._changed:
                self.events.append("exited with 0: nobody starts it again")
                self.state = "dead"
                self._changed.notify_all()
        else:
            self._note_error(child, f"exited with {code}: {' | '.join(self.last_errors())}")

    def _note_error(self, child: subprocess.Popen[bytes], what: str) -> None:
        now = time.monotonic()
        with self._changed:
            if self._stopping or self._child is not child:
                return
            if self._errors and now - self._errors[-1] > ERRORS_FORGOTTEN_AFTER:
                self._errors.clear()
            self._errors.append(now)
            self.events.append(what)
            over = len(self._errors) >= ERRORS_BEFORE_SHUTDOWN
            if over:
                self.events.append("Exceeded http worker restart retry count. Shutting down Functions Host")
                self.state = "shut-down"
                self._child = None
                self._changed.notify_all()
        _kill(child)
        if not over:
            self._spawn()

    def restart(self) -> None:
        """Kills and starts again, without counting it as an error: what a function's timeout does."""
        with self._changed:
            child, self._restart_asked = self._child, True
        if child is not None:
            _kill(child)

    def signal(self, number: int = signal.SIGKILL) -> None:
        """What a test does to the handler, behind the host's back."""
        child = self._child
        if child is not None:
            child.send_signal(number)

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None else None

    def is_running(self) -> bool:
        child = self._child
        return child is not None and child.poll() is None

    def stop(self) -> None:
        """No SIGTERM first: the real host has none either."""
        with self._changed:
            self._stopping = True
            child = self._child
            self.state = "stopped"
            self._changed.notify_all()
        if child is not None:
            _kill(child)
            child.wait(5)


def _kill(child: subprocess.Popen[bytes]) -> None:
    try:
        child.kill()
    except ProcessLookupError:
        pass
