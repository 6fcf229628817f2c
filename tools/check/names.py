"""Names that say nothing, and folders that do not say what they are for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tree import SUFFIXES, Finding, Tree, is_ours, matches

_EMPTY_WORDS = {"util", "utils", "utility", "utilities", "common", "helper", "helpers", "manager", "misc", "stuff"}
_EMPTY_TYPES = re.compile(r"\b(?:class|struct)\s+\w*(?:Manager|Helper|Helpers|Util|Utils|Impl)\b")
# Azure's own name for a service.
_FIELD_WORDS = re.compile(r"resource_?manager", re.IGNORECASE)
README_LINES = 30


def meaningless(tree: Tree) -> Iterator[Finding]:
    """No `utils`, `common`, `helpers`, `manager`: a name says what a thing is for."""
    for top in ("src", "emulator", "test", "tools"):
        for path in sorted((tree.root / top).rglob("*")):
            if not is_ours(path, tree.root):
                continue
            if empty := _EMPTY_WORDS.intersection(re.split(r"[_\-.]", _FIELD_WORDS.sub("", path.name.lower()))):
                name = str(path.relative_to(tree.root))
                yield Finding(name, 1, f"`{empty.pop()}` says nothing; name it after what it is for")
    for source in tree.sources:
        for line, name in matches(source, _EMPTY_TYPES, _FIELD_WORDS.sub("", source.code)):
            yield Finding(source.name, line, f"`{name}` says nothing; name it after what it is for")


def readmes(tree: Tree) -> Iterator[Finding]:
    """Every folder of src/ tells its purpose in at most thirty lines."""
    for folder in sorted(path for path in (tree.root / "src").glob("*") if path.is_dir()):
        if not any(path.suffix in SUFFIXES for path in folder.iterdir()):
            continue
        name = str(Path("src", folder.name, "README.md"))
        text = tree.read(name)
        if text is None:
            yield Finding(name, 1, "is missing: purpose, what belongs, what not, where to start, the one invariant")
        elif (lines := len(text.splitlines())) > README_LINES:
            yield Finding(name, 1, f"{lines} lines, over {README_LINES}")
