"""The tree that is checked: its C++ sources, with and without what is not code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SUFFIXES = (".h", ".cc")
ROOTS = ("src", "emulator", "test")


@dataclass(frozen=True)
class Finding:
    """A breach of a law, or (where it is not fatal) something worth a look."""

    path: str
    line: int
    says: str
    fatal: bool = True

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {'' if self.fatal else 'note: '}{self.says}"


# A raw string, a string, a character, a comment; the order matters. A digit separator (1'000) is none of them.
_NOT_CODE = re.compile(
    r'R"(?P<raw>[^()\s\\]{0,16})\((?:.|\n)*?\)(?P=raw)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"
    r"|//[^\n]*"
    r"|/\*(?:.|\n)*?\*/"
)


def blank(match: re.Match[str]) -> str:
    """As many blanks and line ends as were matched, so that lines and columns stay."""
    return re.sub(r"[^\n]", " ", match.group())


@dataclass(frozen=True)
class Source:
    """One file. `name` is its path from the root, with slashes."""

    name: str
    text: str

    @property
    def folder(self) -> str:
        """`base` for src/base/x.cc, `emulator` for emulator/x.cc, `test/support` for test/support/x.h."""
        parts = self.name.split("/")
        if parts[0] == "src":
            return parts[1]
        return "/".join(parts[:-1][:2])

    @property
    def is_test(self) -> bool:
        """A test, or what only tests beside it use (`test_world.h`)."""
        last = self.name.rpartition("/")[2]
        return self.name.startswith("test/") or last.endswith("_test.cc") or last.startswith("test_")

    @cached_property
    def code(self) -> str:
        """The text with comments, strings and characters made blank; lines and columns stay."""
        return _NOT_CODE.sub(blank, self.text)

    @cached_property
    def code_and_strings(self) -> str:
        """The text with comments made blank."""
        return _NOT_CODE.sub(lambda m: blank(m) if m.group().startswith("/") else m.group(), self.text)

    def line_of(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1


class Tree:
    """A checkout of the project, or of something small that a self-test made."""

    def __init__(self, root: Path, compile_commands: Path | None = None) -> None:
        self.root = root
        self.compile_commands = compile_commands

    @cached_property
    def sources(self) -> list[Source]:
        return [
            Source(str(path.relative_to(self.root)), path.read_text(encoding="utf-8", errors="replace"))
            for top in ROOTS
            for path in sorted((self.root / top).rglob("*"))
            if path.suffix in SUFFIXES and is_ours(path, self.root)
        ]

    def read(self, name: str) -> str | None:
        """The text of a file, or nothing where there is none."""
        path = self.root / name
        return path.read_text(encoding="utf-8") if path.is_file() else None


def is_ours(path: Path, root: Path) -> bool:
    """Not what a build, a package manager or a tool's cache put there."""
    parts = path.relative_to(root).parts
    return not any(part in ("node_modules", "build", "__pycache__") or part.startswith(".") for part in parts)


def matches(source: Source, pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, str]]:
    """Each match's line and text."""
    for match in pattern.finditer(text):
        yield source.line_of(match.start()), match.group()
