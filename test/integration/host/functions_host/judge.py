"""Whether the host takes an answer for a success."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    reason: str
    content_type: str
    body: bytes
    headers: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Verdict:
    """`hangs`: the invocation never completes, and the function's timeout ends it."""

    succeeded: bool
    error: str = ""
    hangs: bool = False
    outputs: dict[str, Any] = field(default_factory=dict)
    has_outputs: bool = False
    logs: list[str] = field(default_factory=list)
    return_value: Any = None


def _failed(error: str) -> Verdict:
    return Verdict(False, error)


def judge(answer: Answer) -> Verdict:
    """Judges an answer to an envelope."""
    if not 200 <= answer.status <= 299:
        return _failed(f"Response status code does not indicate success: {answer.status} ({answer.reason}).")
    if not answer.body:
        # The empty answer is read as null, and nothing is ever done about it: the worst trap of all.
        return Verdict(False, "the answer was empty", hangs=True)
    media_type = answer.content_type.partition(";")[0].strip().lower()
    if media_type not in ("application/json", "text/json"):
        return _failed(f"UnsupportedMediaTypeException: No MediaTypeFormatter is available for '{media_type}'.")
    try:
        value = json.loads(answer.body)
    except ValueError as error:
        return _failed(f"Invalid HttpResponseMessage: {error}")
    if value is None:
        return Verdict(False, "the answer was null", hangs=True)
    if not isinstance(value, dict):
        return _failed("Invalid HttpResponseMessage: not an object")
    return _judge_members({name.lower(): member for name, member in value.items()})


def _judge_members(members: dict[str, Any]) -> Verdict:
    outputs, logs = members.get("outputs"), members.get("logs")
    if outputs is not None and not isinstance(outputs, dict):
        return _failed("Invalid HttpResponseMessage: Outputs is not an object")
    if logs is not None and not isinstance(logs, list):
        return _failed("Invalid HttpResponseMessage: Logs is not an array")
    if any(isinstance(line, (dict, list)) for line in logs or []):
        return _failed("Invalid HttpResponseMessage: Logs holds what is no scalar")
    return Verdict(
        True,
        outputs=outputs or {},
        has_outputs=outputs is not None,
        logs=[str(line) for line in logs or [] if line is not None],
        return_value=members.get("returnvalue"),
    )
