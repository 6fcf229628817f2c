"""What the code says to operators equals what the documents say it says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree import Finding, Tree

EVENTS = "docs/operations/events.md"
OUTCOMES = "docs/operations/outcomes.md"
METRICS = "docs/operations/metrics.md"

_LOGGED = re.compile(r'\blog\w*(?:\(\))?\s*(?:\.|->)\s*(?:debug|info|warn|error)\(\s*"(?P<name>[a-z0-9_.\-]+)"')
# A code is assigned, or stands behind the kind of outcome that it explains.
_CODE = re.compile(r'(?:\bcode\s*(?:=|\(|\{)|\bOutcomeKind::[a-z]+\s*,)\s*"(?P<name>[a-z][a-z\-]*)"')
_METRIC = re.compile(r'"(?P<name>(?:kssedr|process)_[a-z][a-z0-9_]*)"')
# A row of a table whose first cell is a name in backticks.
_ROW = re.compile(r"^\|\s*`(?P<name>[^`]+)`\s*\|", re.M)


def _said(tree: Tree, pattern: re.Pattern[str]) -> dict[str, tuple[str, int]]:
    """Each name and the first place that says it, in what is shipped."""
    said: dict[str, tuple[str, int]] = {}
    for source in tree.sources:
        if source.is_test or not source.name.startswith("src/"):
            continue
        for match in pattern.finditer(source.code_and_strings):
            said.setdefault(match["name"], (source.name, source.line_of(match.start())))
    return said


def _compare(tree: Tree, document: str, pattern: re.Pattern[str], what: str) -> Iterator[Finding]:
    text = tree.read(document)
    if text is None:
        return
    listed = {match["name"]: text.count("\n", 0, match.start()) + 1 for match in _ROW.finditer(text)}
    said = _said(tree, pattern)
    for name in sorted(set(said) - set(listed)):
        yield Finding(*said[name], f"the {what} `{name}` is not listed in {document}")
    for name in sorted(set(listed) - set(said)):
        yield Finding(document, listed[name], f"the {what} `{name}` is said nowhere in src/")


def events(tree: Tree) -> Iterator[Finding]:
    """Log events in the code are those of docs/operations/events.md."""
    return _compare(tree, EVENTS, _LOGGED, "log event")


def outcomes(tree: Tree) -> Iterator[Finding]:
    """Outcome codes in the code are those of docs/operations/outcomes.md."""
    return _compare(tree, OUTCOMES, _CODE, "outcome code")


def metrics(tree: Tree) -> Iterator[Finding]:
    """Metrics in the code are those of docs/operations/metrics.md."""
    return _compare(tree, METRICS, _METRIC, "metric")
