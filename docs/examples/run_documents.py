#!/usr/bin/env python3
"""Runs what the documents show, against the local Azure, and compares what comes with what they say.

A block that begins with "```console test" is run; the blocks of a document share one shell and one local Azure, whose
world is world.json on 15 January 2026, 09:30 UTC. A line that begins with "$ " is a command, "> " goes on with it, and what
follows is its output (both streams). In it "…" stands for anything within a line, and a line of "…" alone for any lines. Commands may use the
files beside this program as docs/examples/NAME. The ports 8443, 8444 and 8447 of the documents are replaced by free ones.

A block that begins with "```console test postgresql" has a real PostgreSQL besides, whose port stands as 5432: `psql` is its
superuser, and server.pem its certificate. Where it is not installed such blocks are left out, or fail with KSSEDR_REQUIRE_ALL=1.

usage: python3 docs/examples/run_documents.py [--binaries DIRECTORY] [DOCUMENT...]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BLOCK = re.compile(r"^```console test(?P<with> postgresql)?\n(?P<text>.*?)^```$", re.M | re.S)
NOW = "2026-01-15T09:30:00Z"


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


class LocalAzure:
    """kssedr-emulator with the examples' world."""

    def __init__(self, binaries: Path, directory: Path) -> None:
        command = [binaries / "kssedr-emulator", "--port", "0", "--proxy-port", "0", "--now", NOW, "--speed", "0"]
        command += ["--seed", HERE / "world.json", "--dir", directory, "--quiet", "--with-parent"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        ready = json.loads(self.process.stdout.readline())
        self.ports = {"8443": str(ready["port"]), "8444": str(ready["proxyPort"]), "8447": free_port()}
        self.environment: dict[str, str] = ready["environment"]

    def with_ports(self, text: str) -> str:
        """A document's ports to the ones that are in use."""
        return re.sub(r"\b(844[347]|5432)\b", lambda match: self.ports.get(match.group(), match.group()), text)

    def without_ports(self, text: str) -> str:
        for shown, port in self.ports.items():
            text = re.sub(rf"\b{port}\b", shown, text)
        return text

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def start_postgresql(azure: LocalAzure, directory: Path) -> tuple[Any, dict[str, str]]:
    """The server that the tests of databases use, and the environment in which `psql` is its superuser."""
    sys.path.insert(0, str(ROOT / "test/integration"))
    import postgresql_test

    server = postgresql_test.Server(has_admin=False)
    azure.ports["5432"] = str(server.port)
    shutil.copyfile(server.certificate, directory / "server.pem")
    return server, {"PGHOST": str(server.path), "PGPORT": str(server.port), "PGUSER": "root", "PGDATABASE": "postgres"}


def has_postgresql() -> bool:
    return shutil.which("psql") is not None and any(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


class Shell:
    """One bash for a document's commands."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=directory, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )

    def run(self, command: str) -> list[str]:
        """The lines that a command prints."""
        end = "--- end of a command ---"
        self.process.stdin.write(f"{{ {command}\n}} </dev/null; echo; echo '{end}'\n")
        self.process.stdin.flush()
        lines: list[str] = []
        stuck = threading.Timer(60, self.process.kill)
        stuck.start()
        for line in self.process.stdout:
            if line.rstrip("\n") == end:
                break
            lines.append(line.rstrip())
        stuck.cancel()
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def is_as_shown(shown: list[str], printed: list[str]) -> bool:
    def to_pattern(line: str) -> str:
        if line.strip() == "…":
            return r"(?:.*\n)*"
        return ".*".join(re.escape(part) for part in line.split("…")) + r"\n"

    return re.fullmatch("".join(map(to_pattern, shown)), "".join(line + "\n" for line in printed)) is not None


def steps(block: str) -> list[tuple[str, list[str]]]:
    """Commands, each with what it is to print."""
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found and line.startswith("> "):
            found[-1] = (found[-1][0] + "\n" + line[2:], [])
        elif found:
            found[-1][1].append(line.rstrip())
    return found


def run_document(document: Path, binaries: Path) -> tuple[int, list[str]]:
    """How many commands were run, and what was not as shown."""
    text = document.read_text(encoding="utf-8")
    blocks = [(text.count("\n", 0, match.start()) + 1, match) for match in BLOCK.finditer(text)]
    if any(match["with"] for _, match in blocks) and not has_postgresql():
        if os.environ.get("KSSEDR_REQUIRE_ALL") == "1":
            return 1, [f"{document.relative_to(ROOT)}: PostgreSQL is not installed, and everything is to be run"]
        blocks = [(line, match) for line, match in blocks if not match["with"]]
    if not blocks:
        return 0, []
    count, wrong = 0, []
    with tempfile.TemporaryDirectory(prefix="kssedr-documents-") as name:
        directory = Path(name)
        azure = LocalAzure(binaries, directory / "azure")
        (directory / "docs/examples").mkdir(parents=True)
        for file in HERE.iterdir():
            if file.is_file():
                shutil.copyfile(file, directory / "docs/examples" / file.name)
        for file in (directory / "docs/examples").glob("*.json"):
            file.write_text(azure.with_ports(file.read_text(encoding="utf-8")), encoding="utf-8")
        environment = {"PATH": f"{binaries}:{os.environ['PATH']}", "HOME": name, **azure.environment}
        server = None
        if any(match["with"] for _, match in blocks):
            server, of_server = start_postgresql(azure, directory)
            environment |= of_server
        shell = Shell(directory, environment)
        for line, match in blocks:
            for command, shown in steps(match["text"]):
                count += 1
                printed = [azure.without_ports(each) for each in shell.run(azure.with_ports(command))]
                if not is_as_shown(shown, printed):
                    wrong.append(f"{document.relative_to(ROOT)}:{line}: $ {command}")
                    wrong += ["    " + each for each in printed]
        shell.stop()
        azure.stop()
        if server is not None:
            server.stop()
    return count, wrong


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Runs what the documents show.")
    parser.add_argument("--binaries", type=Path, default=ROOT / "build/release/bin")
    parser.add_argument("documents", nargs="*", type=Path, help="default: all of them")
    options = parser.parse_args(arguments)
    documents = options.documents or sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*.md")])
    failed = 0
    for document in documents:
        count, wrong = run_document(document.resolve(), options.binaries.resolve())
        if count:
            print(f"{document}: {count} commands{', not as shown:' if wrong else ''}")
        for line in wrong:
            print(line)
        failed += bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
