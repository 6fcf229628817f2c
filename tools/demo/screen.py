"""Lines that are pleasant to read: a time, who does it, what is done. Colours only on a terminal."""

from __future__ import annotations

import os
import sys
import time

_COLORS = {
    "Azure": "34",
    "Event Grid": "35",
    "host": "36",
    "kssedr": "1;32",
    "application": "33",
    "clock": "2",
}


class Screen:
    """Writes to standard output, each line at once."""

    def __init__(self) -> None:
        self._colored = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        self._began = time.monotonic()

    def paint(self, text: str, color: str) -> str:
        return f"\x1b[{color}m{text}\x1b[0m" if self._colored else text

    def heading(self, text: str) -> None:
        print(f"\n{self.paint(text, '1')}\n", flush=True)

    def step(self, date: str, actor: str, text: str) -> None:
        """`date` is the local Azure's; what it takes in real seconds stands before it."""
        seconds = f"{time.monotonic() - self._began:5.1f} s"
        who = self.paint(f"{actor:<12}", _COLORS.get(actor, "0"))
        print(f"{self.paint(seconds, '2')}  {date[:10]} {date[11:16]}  {who} {text}", flush=True)

    def fact(self, label: str, text: str) -> None:
        print(f"  {label:<28} {text}", flush=True)

    def good(self, text: str) -> str:
        return self.paint(text, "32")

    def bad(self, text: str) -> str:
        return self.paint(text, "1;31")
