"""Makes the package for Azure Functions: a zip that runs on any x86-64 Linux with a kernel and nothing else.

The image that Azure runs code in may have an older C library than the one this was built with. So the zip carries every
shared library of the program, those that it loads later and the loader among them, and host.json starts the program
through that loader.

The same inputs make the same bytes: entries are sorted, and their times are fixed.

usage: python3 tools/package [--program FILE] [--output FILE]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from libraries import LibraryMissing, licences, loaded, needed

ROOT = Path(__file__).resolve().parents[2]
ZONES = Path("/usr/share/zoneinfo")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# What is for people and not for the host.
LEFT_OUT = {"README.md", "settings.example.json"}
FIXED_TIME = (1980, 1, 1, 0, 0, 0)
PROGRAM_LIMIT = 12 * 1024 * 1024


def contents(program: Path) -> dict[str, tuple[bytes, bool]]:
    """What goes into the zip: name, bytes, whether it is executable."""
    entries: dict[str, tuple[bytes, bool]] = {}
    deployed = ROOT / "deploy/functions"
    for path in deployed.rglob("*"):
        if path.is_file() and path.name not in LEFT_OUT:
            entries[str(path.relative_to(deployed))] = (path.read_bytes(), False)
    libraries = needed(program)
    libraries = loaded(libraries["libcurl.so.4"].parent) | libraries
    for name, library in libraries.items():
        entries[f"lib/{name}"] = (library.read_bytes(), True)
    for name, text in licences(libraries.values()).items():
        entries[f"licences/{name}"] = (text, False)
    entries["licences/kssedr"] = ((ROOT / "LICENSE").read_bytes(), False)
    entries["kssedr"] = (stripped(program), True)
    entries |= {f"zoneinfo/{name}": (data, False) for name, data in zones().items()}
    entries["licences/tzdata"] = (Path("/usr/share/doc/tzdata/copyright").read_bytes(), False)
    entries["ca-certificates.crt"] = (CERTIFICATES.read_bytes(), False)
    return entries


def zones() -> dict[str, bytes]:
    """By its IANA name: the rules of each time zone, for an image that brings none."""
    found: dict[str, bytes] = {}
    for path in sorted(ZONES.rglob("*")):
        name = str(path.relative_to(ZONES))
        if name.startswith(("posix/", "right/")) or name in ("localtime", "posixrules") or not path.is_file():
            continue
        data = path.read_bytes()
        if data.startswith(b"TZif"):
            found[name] = data
    return found


def stripped(program: Path) -> bytes:
    with tempfile.NamedTemporaryFile() as copy:
        subprocess.run(["strip", "--strip-all", "-o", copy.name, str(program)], check=True)
        return Path(copy.name).read_bytes()


def write(output: Path, entries: dict[str, tuple[bytes, bool]]) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    unfinished = output.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(entries):
            data, executable = entries[name]
            entry = zipfile.ZipInfo(name, FIXED_TIME)
            entry.create_system = 3  # Unix: only then are the mode bits looked at
            entry.external_attr = (0o100755 if executable else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    unfinished.replace(output)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tools/package", description="Makes the package for Azure Functions.")
    parser.add_argument("--program", type=Path, default=ROOT / "build/release/bin/kssedr")
    parser.add_argument("--output", type=Path, default=ROOT / "build/package/kssedr-functions-linux-x64.zip")
    options = parser.parse_args(arguments)
    for path in (options.program, CERTIFICATES, ZONES / "Europe/Berlin"):
        if not path.is_file():
            print(f"package: {path} is missing", file=sys.stderr)
            return 2
    try:
        entries = contents(options.program)
    except LibraryMissing as missing:
        print(f"package: {missing}", file=sys.stderr)
        return 1
    size = len(entries["kssedr"][0])
    if size > PROGRAM_LIMIT:
        print(f"package: the program has {size} bytes, over {PROGRAM_LIMIT}", file=sys.stderr)
        return 1
    write(options.output, entries)
    count = sum(name.startswith("lib/") for name in entries)
    print(f"{options.output}: {options.output.stat().st_size / 1e6:.1f} MB")
    print(f"  kssedr {size / 1e6:.1f} MB stripped, {count} libraries, {len(entries)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
