"""How the host turns .NET values into the JSON of an envelope."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone
from typing import Any


def to_json(value: Any) -> str:
    """JSON as Json.NET writes it: no blanks, and of what is not ASCII only the line separators escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for separator in ("\u0085", "\u2028", "\u2029"):
        text = text.replace(separator, f"\\u{ord(separator):04x}")
    return text


def envelope_value(value: Any) -> Any:
    """Bytes become base64, objects stay as they are, all else (arrays too) becomes a string that holds JSON text."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return value
    return to_json(value)


def date_without_zone(when: datetime) -> str:
    """A UTC DateTime of unspecified kind: no Z, fraction digits as far as they go."""
    text = when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{when.microsecond:06d}".rstrip("0")
    return f"{text}.{fraction}" if fraction else text


class BatchNotJson(Exception):
    """Without a dataType one body that is no JSON fails the whole batch before the handler is called."""


def event_element(body: bytes, data_type: str) -> Any:
    """One event as an element of the array that `Data.events` holds."""
    if data_type == "binary":
        return base64.b64encode(body).decode()
    text = body.decode("utf-8", errors="replace")
    if data_type == "string":
        return text
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise BatchNotJson(str(error)) from error
