"""Every .cc is compiled: a source outside the build is a source nobody tests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from tree import Finding, Tree

# Built by the fuzz preset only; meant not to compile.
_ELSEWHERE = re.compile(r"test/(?:fuzz|negative)/")


def check(tree: Tree) -> Iterator[Finding]:
    """Every .cc is in a target, by the build's own list of what it compiles."""
    if tree.compile_commands is None or not tree.compile_commands.is_file():
        return
    compiled = {
        str(Path(entry["directory"], entry["file"]).resolve())
        for entry in json.loads(tree.compile_commands.read_text(encoding="utf-8"))
    }
    root = tree.root.resolve()
    for source in tree.sources:
        if not source.name.endswith(".cc") or _ELSEWHERE.match(source.name):
            continue
        if str(root / source.name) not in compiled:
            yield Finding(source.name, 1, "is in no target of the build")
