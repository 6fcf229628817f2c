"""The laws of the house, each a program that can fail.

usage: python3 tools/check [--compile-commands FILE] [--root DIRECTORY] [--notes] [LAW...]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from laws import LAWS
from tree import Tree


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tools/check", description="The laws of the house.")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--compile-commands", type=Path, help="the build's list of what it compiles")
    parser.add_argument("--notes", action="store_true", help="also what breaks no law but is worth a look")
    parser.add_argument("laws", nargs="*", metavar="LAW", help=f"one of {', '.join(LAWS)} (default: all)")
    options = parser.parse_args(arguments)
    if unknown := set(options.laws) - set(LAWS):
        parser.error(f"there is no law {', '.join(sorted(unknown))}")
    commands = options.compile_commands
    if commands is None:
        made = (options.root / "build" / preset / "compile_commands.json" for preset in ("debug", "asan", "release"))
        commands = next((path for path in made if path.is_file()), None)
    tree = Tree(options.root, commands)
    broken: list[str] = []
    for name in options.laws or LAWS:
        findings = list(LAWS[name](tree))
        for finding in findings:
            if finding.fatal or options.notes:
                print(f"{finding} [{name}]")
        if any(finding.fatal for finding in findings):
            broken.append(name)
    if broken:
        print(f"broken: {', '.join(broken)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
