"""Laws about words that only named files may say: tasks, clocks, chance, the environment, secret values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tree import Finding, Tree, blank, matches

# An include alone does nothing.
_INCLUDES = re.compile(r"^[ \t]*#[ \t]*include.*$", re.M)


@dataclass(frozen=True)
class Reserved:
    """Words, the files (or folders, ending in a slash) that may say them, and what the others do instead."""

    words: re.Pattern[str]
    allowed: tuple[str, ...]
    instead: str
    tests_too: bool = True

    def check(self, tree: Tree) -> Iterator[Finding]:
        for source in tree.sources:
            if source.name.startswith(self.allowed) or (source.is_test and not self.tests_too):
                continue
            for line, word in matches(source, self.words, _INCLUDES.sub(blank, source.code)):
                yield Finding(source.name, line, f"`{word.strip(' (')}`: {self.instead}")


TASKS = Reserved(
    re.compile(r"\bco_spawn\b|\bstd::j?thread\b|\bstd::async\b|\bpthread_create\b|\basio::detached\b|\bthread_pool\b"),
    ("src/async/", "test/support/"),
    "no task without an owner; use TaskGroup or offload of src/async",
    tests_too=False,
)
CLOCKS = Reserved(
    re.compile(
        r"\b(?:system_clock|steady_clock|high_resolution_clock|file_clock|utc_clock)::now\b"
        r"|\b(?:gettimeofday|clock_gettime|timespec_get|localtime(?:_r)?|gmtime(?:_r)?)\s*\("
        r"|(?<![\w.>])time\s*\(\s*(?:nullptr|NULL|0|&)"
    ),
    ("src/async/clock.cc",),
    "time comes from Clock, through the constructor",
    tests_too=False,
)
TIMERS = Reserved(
    re.compile(r"\bsteady_timer\b|\bsystem_timer\b"),
    # A server closes idle sockets and a transport obeys libcurl by real time, whatever the program's clock says; the
    # local Azure delays by it on purpose. The token cache has a timer that never ends, as a thing to wait at.
    ("src/async/", "src/listen/", "src/http/", "src/azure/token_cache.cc", "emulator/"),
    "waiting is Clock's, so that it can be virtual",
    tests_too=False,
)
SLEEPS = Reserved(
    re.compile(r"\bthis_thread::sleep_\w+|(?<![\w.>:])(?:u|nano)?sleep\s*\("),
    (),
    "nobody sleeps, tests neither; wait for what is waited for",
)
CHANCE = Reserved(
    re.compile(
        r"\bstd::random_device\b|\bmt19937(?:_64)?\b|\bminstd_rand0?\b|(?<![\w.>])s?rand\s*\("
        r"|\bgetrandom\s*\(|\bgetentropy\s*\("
        r"|\bRAND_(?:priv_)?bytes\b|\barc4random\w*"
    ),
    # A certificate's serial number is OpenSSL's affair.
    ("src/base/random.cc", "test/support/seeded_random.h", "emulator/tls_authority.cc"),
    "chance comes from Random, through the constructor",
)
ENVIRONMENT = Reserved(
    re.compile(r"\b(?:secure_)?getenv\s*\(|\b(?:set|unset|put)env\s*\(|\benviron\b"),
    # Where recordings of real traffic lie is told to tests by the environment.
    ("src/config/", "test/support/vectors.h"),
    "only src/config reads the environment or takes out of it, and nobody writes it",
)

_EXPOSE = re.compile(r"\bexpose(?:_mutable)?\s*\(")
ALLOW_LIST = "tools/check/expose_allowed.txt"


def expose(tree: Tree) -> Iterator[Finding]:
    """`expose()` is the only way to a secret's bytes; the files that may say it are listed, each with its reason."""
    allowed: dict[str, int] = {}
    for number, line in enumerate((tree.read(ALLOW_LIST) or "").splitlines(), 1):
        name, _, reason = line.partition(" ")
        if not name or name.startswith("#"):
            continue
        allowed[name] = number
        if not reason.strip():
            yield Finding(ALLOW_LIST, number, f"{name} is allowed without a reason")
    said: set[str] = set()
    for source in tree.sources:
        if source.is_test:
            continue
        for place, _word in matches(source, _EXPOSE, source.code):
            entry = source.name if source.name in allowed else source.name.rpartition("/")[0] + "/"
            said.add(entry)
            if entry not in allowed:
                yield Finding(source.name, place, f"reaches a secret's bytes, and {ALLOW_LIST} does not name this file")
    for name in sorted(set(allowed) - said):
        yield Finding(
            ALLOW_LIST, allowed[name], f"{name} does not reach a secret's bytes (any more); take it off the list"
        )
