"""The laws by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import documents
import layers
import names
import sizes
import targets
import words
from tree import Finding, Tree

LAWS: dict[str, Callable[[Tree], Iterator[Finding]]] = {
    "layers": layers.check,
    "tasks": words.TASKS.check,
    "clocks": words.CLOCKS.check,
    "timers": words.TIMERS.check,
    "sleeps": words.SLEEPS.check,
    "chance": words.CHANCE.check,
    "environment": words.ENVIRONMENT.check,
    "expose": words.expose,
    "targets": targets.check,
    "sizes": sizes.check,
    "names": names.meaningless,
    "readmes": names.readmes,
    "events": documents.events,
    "outcomes": documents.outcomes,
    "metrics": documents.metrics,
}
