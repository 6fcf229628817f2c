#!/usr/bin/env python3
"""Measures what a cold start of `kssedr functions` costs: from exec to the first answered GET /, and idle memory.

Usage: startup.py PATH_TO_KSSEDR [RUNS]. Prints min, median and max; judges nothing.
"""

import os
import socket
import statistics
import subprocess
import sys
import time


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def first_answer(port: int, deadline: float) -> None:
    request = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    while time.perf_counter() < deadline:
        with socket.socket() as connection:
            if connection.connect_ex(("127.0.0.1", port)) != 0:
                time.sleep(0.0002)
                continue
            connection.sendall(request)
            if connection.recv(1024).startswith(b"HTTP/1.1 200"):
                return
    raise SystemExit("kssedr did not answer within the deadline")


def resident_kib(pid: int) -> int:
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def run_once(program: str) -> tuple[float, int]:
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "tenantId": "t", "clientId": "c", "clientSecret": "s", "KSSEDR_LOCKS": "none",
                   "FUNCTIONS_CUSTOMHANDLER_PORT": str(port)}
    start = time.perf_counter()
    with subprocess.Popen([program, "functions"], env=environment, stdout=subprocess.DEVNULL) as handler:
        first_answer(port, start + 10)
        took = time.perf_counter() - start
        time.sleep(0.05)
        memory = resident_kib(handler.pid)
        handler.kill()
    return took * 1000, memory


def main() -> None:
    program = sys.argv[1]
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    run_once(program)
    results = [run_once(program) for _ in range(runs)]
    for name, unit, values in (("first answer", "ms", [r[0] for r in results]), ("idle memory", "KiB", [r[1] for r in results])):
        print(f"{name:13} min {min(values):8.1f}  median {statistics.median(values):8.1f}  max {max(values):8.1f} {unit}")


if __name__ == "__main__":
    main()
