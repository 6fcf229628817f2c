"""Sees that a file compiles, and does not once its forbidden sentence is let in, for the reason the file gives.

usage: must_not_compile.py FILE COMPILER [ARGUMENT...]
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


def compile_file(command: list[str], *more: str) -> tuple[bool, str]:
    done = subprocess.run([*command, "-fsyntax-only", *more], capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stderr


def main(name: str, command: list[str]) -> int:
    expected = re.findall(r"^// error: (.+)$", Path(name).read_text(encoding="utf-8"), re.M)
    if not expected:
        print(f"{name} gives no `// error: ` that the compiler must say")
        return 1
    command = [*command, name]
    compiles, said = compile_file(command)
    if not compiles:
        print(f"{name} does not compile even without its forbidden sentence:\n{said}")
        return 1
    compiles, said = compile_file(command, "-DKSSEDR_MUST_NOT_COMPILE")
    if compiles:
        print(f"{name} compiles with its forbidden sentence")
        return 1
    if missing := [text for text in expected if text not in said]:
        print(f"{name} fails, but the compiler does not say {missing}:\n{said}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
