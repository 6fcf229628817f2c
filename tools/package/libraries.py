"""Which shared libraries a program needs, and under which terms they come."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

# Packages whose headers are compiled into the program, and whose licence must go with it. Boost's asks that of source only.
COMPILED_IN = ("libcli11-dev", "libtomlplusplus-dev")


# What the program loads when it is first needed: a file, and the package of Debian's that it comes with.
LOADED = {
    "libpq.so.5": "libpq5",
    "libmariadb.so.3": "libmariadb3",
    # How accounts of MySQL sign in, of which the library brings the older ways itself.
    "libmariadb3/plugin/caching_sha2_password.so": "libmariadb3",
    "libmariadb3/plugin/client_ed25519.so": "libmariadb3",
    "libmariadb3/plugin/mysql_clear_password.so": "libmariadb3",
    "libmariadb3/plugin/sha256_password.so": "libmariadb3",
    "libsybdb.so.5": "libsybdb5",
    "libhiredis.so.0.14": "libhiredis0.14",
}


class LibraryMissing(Exception):
    """The program would not start here either, or would not do all that it can."""


def needed(program: Path) -> dict[str, Path]:
    """By the name that is looked for: every library the program needs, and theirs, and the loader."""
    listed = subprocess.run(["ldd", str(program)], check=True, capture_output=True, text=True).stdout
    found: dict[str, Path] = {}
    for line in listed.splitlines():
        match = re.match(r"\s*(?P<name>\S+)(?: => (?P<path>.+?))?(?: \(0x[0-9a-f]+\))?$", line)
        if not match or match["name"].startswith("linux-vdso"):
            continue
        path = match["path"] or match["name"]
        if path == "not found":
            raise LibraryMissing(f"{match['name']}, which {program} needs, is not on this machine")
        found[Path(match["name"]).name] = Path(path).resolve()
    return found


def loaded(folder: Path) -> dict[str, Path]:
    """By their names in the package: what the program loads later, from the system's folder of libraries, and what that needs."""
    found: dict[str, Path] = {}
    for name, package in LOADED.items():
        path = folder / name
        if not path.is_file():
            raise LibraryMissing(f"{name} is not on this machine; install Debian's package {package}")
        found |= needed(path)
        found[name] = path.resolve()
    return found


def licences(libraries: Iterable[Path]) -> dict[str, bytes]:
    """By Debian package: the copyright file of each that a library comes from, and of those compiled in."""
    texts: dict[str, bytes] = {}
    for package in (*(_package_of(library) for library in sorted(libraries)), *COMPILED_IN):
        copyright_file = Path("/usr/share/doc", package, "copyright") if package else None
        if package and copyright_file and copyright_file.is_file():
            texts[package] = copyright_file.read_bytes()
    return texts


def _package_of(path: Path) -> str | None:
    # On a merged /usr a file is known by the name it was packed with, which may lack the /usr.
    for name in (str(path), str(path).removeprefix("/usr")):
        search = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True)
        if search.returncode == 0:
            return search.stdout.partition(":")[0]
    return None
