"""Who may know whom: the table of ARCHITECTURE.md as a program.

A folder may include itself and what it lists; nothing is transitive. A change here is a change of the architecture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree import Finding, Source, Tree

_DOMAIN = {"base", "rotation"}
_PORTS = _DOMAIN | {"async", "ports"}
_ENGINE = _PORTS | {"formats"}
_AZURE = _ENGINE | {"http"}

MAY_INCLUDE: dict[str, set[str]] = {
    "base": set(),
    "rotation": {"base"},
    "async": {"base"},
    "formats": _DOMAIN,
    "config": _DOMAIN,
    "ports": _DOMAIN | {"async"},
    "http": {"base", "async"},
    "listen": {"base", "async"},
    "store": _PORTS,
    "engine": _ENGINE,
    "azure": _AZURE,
    "providers": _AZURE | {"azure"},
    "server": _ENGINE | {"listen", "engine"},
    "cli": _ENGINE | {"config", "engine"},
    "app": _AZURE | {"azure", "providers", "store", "config", "engine", "listen", "server", "cli"},
    # The local Azure shares value types and plumbing with what it is there to test, never what it tests.
    "emulator": _DOMAIN | {"async", "listen"},
    # What tests of any layer may use: nothing that acts on the world.
    "test/support": _ENGINE | {"engine"},
    # The real core with nothing real around it.
    "test/simulation": _ENGINE | {"engine", "test/support"},
    # The same with the shipped providers and clients in it, and still nothing that acts on the world.
    "test/simulation_providers": _AZURE | {"azure", "providers", "config", "engine", "test/simulation", "test/support"},
}

# Third-party headers have an owner.
MAY_SEE: dict[str, set[str]] = {
    # Coroutines are Asio's, so whoever waits for several things at once sees some of it; tasks and timers do not spread
    # for that (words.py).
    "boost/asio": {"async", "http", "listen", "engine", "azure", "providers", "store", "app", "emulator"},
    "boost/beast": {"async", "listen"},
    "boost/json": {"formats", "config", "azure", "providers", "store", "server", "emulator"},
    "boost/url": {"formats", "azure", "emulator"},
    "curl/": {"http"},
    "openssl/": {"base", "async", "azure", "providers", "server", "emulator"},
    "toml++/": {"config"},
    "cctz/": {"rotation", "config"},
    "prometheus/": {"server"},
    "proton/": {"azure"},
    "librdkafka/": {"azure"},
    "sqlite3.h": {"store"},
    "expat.h": {"azure"},
    "libpq-fe.h": {"store", "providers"},
    "hiredis/": {"providers"},
    "mariadb/": {"providers"},
    "sybdb.h": {"providers"},
    "dlfcn.h": {"base"},
    "spdlog/": {"app"},
    "CLI/": {"cli", "app", "emulator"},
    "fmt/": set(MAY_INCLUDE),
    # What is left of Boost comes with Asio, Beast and URL.
    "boost/": {"async", "http", "listen", "formats", "azure", "providers", "store", "app", "emulator"},
}
# Dear in compile time, and nobody's business but the file's: never in a header.
ONLY_IN_CC = ("boost/json", "spdlog/", "toml++/")
ONLY_IN_TESTS = ("gtest/", "gmock/", "benchmark/")

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?P<quote>[<"])(?P<name>[^>"\n]+)[>"]', re.M)
_SYSTEM = re.compile(
    r"(?:sys|arpa|netinet|net|linux|sanitizer)/|"
    r"(?:unistd|fcntl|signal|poll|netdb|pwd|grp|syslog|termios|dirent|spawn|sched|stdlib|string|time|stdio|errno|"
    r"pthread|malloc|execinfo|features|link|elf|strings|resolv|ifaddrs)\.h$"
)


def cycle(table: dict[str, set[str]]) -> list[str]:
    """A way round in the table; empty where there is none."""

    def walk(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return trail[trail.index(name) :] + [name]
        for next_name in sorted(table.get(name, set())):
            if found := walk(next_name, trail + [name]):
                return found
        return []

    for name in table:
        if found := walk(name, []):
            return found
    return []


def _target(name: str) -> str:
    """The folder that an include in quotes names."""
    parts = name.split("/")
    if parts[0] in ("support", "simulation"):  # test/ is on the include path of tests
        return "test/" + parts[0]
    if parts[0] == "test":
        return "/".join(parts[:2])
    return parts[0]


def _quoted(source: Source, name: str) -> str | None:
    here, there = source.folder, _target(name)
    if there == here or "/" not in name:
        return None
    if source.is_test and there.startswith("test/"):
        return None
    if here.startswith("test/") and here not in MAY_INCLUDE:
        return "a test must not know app" if there == "app" else None
    if here not in MAY_INCLUDE:
        return f"the folder {here} is not in the table of tools/check/layers.py"
    if there not in MAY_INCLUDE[here]:
        return f"{here} must not include {there} (tools/check/layers.py)"
    return None


def _angled(source: Source, name: str) -> str | None:
    if ("/" not in name and not name.endswith(".h")) or _SYSTEM.match(name):
        return None
    if name.startswith(ONLY_IN_TESTS):
        return None if source.is_test else f"only tests may see <{name}>"
    if source.name.startswith("src/") and source.name.endswith(".h") and name.startswith(ONLY_IN_CC):
        return f"<{name}> belongs in .cc files: every includer of this header would pay for it"
    for prefix, owners in MAY_SEE.items():
        if name.startswith(prefix):
            if source.folder in owners or source.is_test:
                return None
            return f"{source.folder} must not see <{name}>; its owners: {', '.join(sorted(owners))}"
    return f"<{name}> has no owner; give it one in tools/check/layers.py"


def check(tree: Tree) -> Iterator[Finding]:
    """Includes go down the table, and third-party headers stay with their owners."""
    if round_trip := cycle(MAY_INCLUDE):
        yield Finding("tools/check/layers.py", 1, f"the table has a cycle: {' -> '.join(round_trip)}")
        return
    for source in tree.sources:
        for match in _INCLUDE.finditer(source.code_and_strings):
            judge = _quoted if match["quote"] == '"' else _angled
            if says := judge(source, match["name"]):
                yield Finding(source.name, source.line_of(match.start("name")), says)
