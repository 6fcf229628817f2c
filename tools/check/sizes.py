"""Functions fit sixty lines, files four hundred, lines a hundred and twenty columns.

A little more is worth a note and no more; a lot more fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tree import Finding, Source, Tree, is_ours

FILE_NOTE, FILE_FATAL = 400, 600
FUNCTION_NOTE, FUNCTION_FATAL = 60, 100
COLUMNS, COLUMNS_FATAL = 120, 160

_HOLDER = re.compile(r"\b(?:namespace|class|struct|union|enum)\b[^()=]*$|\bextern\s*$|\bconcept\b|\brequires\s*$")
_INITIALISER = re.compile(r"=\s*$|=[^=()]*$|\breturn\s*$")
_MEMBER_INITIALISER = re.compile(r"^\s*,\s*[\w:<>, ]+\s*$")


def functions(source: Source) -> Iterator[tuple[int, int]]:
    """First line and length of each function body at file, namespace or class level; good enough to measure with."""
    code = source.code
    holders: list[bool] = []  # for each open brace: whether it holds declarations
    start, depth = 0, 0  # of the function being measured
    head_from = 0
    after_body = False
    for match in re.finditer(r"[{};]|^[ \t]*#.*$", code, re.M):
        what = match.group()
        if what == "{":
            head = code[head_from : match.start()]
            inside = not all(holders)
            holds = not inside and bool(_HOLDER.search(head))
            if not inside and not holds and not _INITIALISER.search(head):
                if ")" in head or (after_body and (not head.strip() or _MEMBER_INITIALISER.match(head))):
                    start, depth = match.start(), len(holders) + 1
            holders.append(holds)
            after_body = False
        elif what == "}" and holders:
            if depth == len(holders):
                first = source.line_of(start)
                yield first, source.line_of(match.start()) - first + 1
                depth = 0
                after_body = True
            holders.pop()
        else:
            after_body = False
        head_from = match.end()


def _lines(name: str, text: str) -> Iterator[Finding]:
    lines = text.splitlines()
    if len(lines) > FILE_NOTE:
        yield Finding(name, 1, f"{len(lines)} lines: has it one subject?", fatal=len(lines) > FILE_FATAL)
    # An address or a table of vectors cannot be broken.
    wide = [
        (number, len(line))
        for number, line in enumerate(lines, 1)
        if len(line) > COLUMNS and "http" not in line and not line.rstrip(",;)").endswith(('"', "'"))
    ]
    if wide:
        says = f"over {COLUMNS} columns, the first of {len(wide)}"
        yield Finding(name, wide[0][0], says, fatal=max(wide, key=lambda each: each[1])[1] > COLUMNS_FATAL)


def check(tree: Tree) -> Iterator[Finding]:
    """Nothing is longer than a reader can hold."""
    for source in tree.sources:
        yield from _lines(source.name, source.text)
        for line, length in functions(source):
            if length > FUNCTION_NOTE:
                fatal = length > FUNCTION_FATAL and not source.is_test
                yield Finding(source.name, line, f"a function of {length} lines", fatal)
    for top in ("tools", "test"):
        for path in sorted((tree.root / top).rglob("*.py")):
            if is_ours(path, tree.root):
                yield from _lines(str(Path(path).relative_to(tree.root)), path.read_text(encoding="utf-8"))
