"""What host.json and the function.json files say, read as the host reads them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class AppError(Exception):
    """The app's files are such that the host would not start, or not start a function."""


@dataclass(frozen=True)
class Retry:
    """A function's retry policy; `limit` below zero repeats for ever."""

    limit: int
    exponential: bool
    minimum: float
    maximum: float

    def delay(self, attempt: int) -> float:
        """How long to wait after the attempt of that number, counted from zero."""
        if not self.exponential:
            return self.minimum
        return min(self.minimum * 2.0**attempt, self.maximum)


@dataclass(frozen=True)
class Function:
    """One function: its bindings with the %SETTINGS% in them resolved."""

    name: str
    trigger: dict[str, Any]
    outputs: dict[str, dict[str, Any]]
    retry: Retry | None

    @property
    def kind(self) -> str:
        return str(self.trigger["type"]).lower()

    @property
    def is_plain_http(self) -> bool:
        """One HTTP input and one HTTP output: only such a function's requests can be forwarded as they are."""
        return self.kind == "httptrigger" and [out["type"].lower() for out in self.outputs.values()] == ["http"]

    @property
    def route(self) -> str:
        return str(self.trigger.get("route") or self.name).strip("/")


@dataclass(frozen=True)
class App:
    """An app root, as deployed."""

    root: Path
    command: list[str]
    working_directory: Path
    forwarding: bool
    route_prefix: str
    max_batch: int
    function_timeout: float
    functions: dict[str, Function] = field(default_factory=dict)

    @staticmethod
    def read(root: Path, settings: dict[str, str]) -> App:
        root = root.resolve()
        host = _json(root / "host.json")
        if host.get("version") != "2.0":
            raise AppError('host.json: "version" must be "2.0"')
        handler = host.get("customHandler", {})
        extensions = host.get("extensions", {})
        functions = {path.parent.name: _function(path, settings) for path in sorted(root.glob("*/function.json"))}
        return App(
            root=root,
            command=_command(root, handler.get("description", {}), settings),
            working_directory=root / handler.get("description", {}).get("workingDirectory", ""),
            forwarding=bool(handler.get("enableForwardingHttpRequest", False)),
            route_prefix=extensions.get("http", {}).get("routePrefix", "api"),
            max_batch=int(extensions.get("eventHubs", {}).get("maxEventBatchSize", 100)),
            function_timeout=_seconds(host.get("functionTimeout", "00:05:00")),
            functions=functions,
        )

    @property
    def event_function(self) -> Function:
        return next(each for each in self.functions.values() if each.kind == "eventhubtrigger")


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AppError(f"{path}: {error}") from error
    if not isinstance(value, dict):
        raise AppError(f"{path}: not an object")
    return value


def _seconds(span: str) -> float:
    """`[d.]hh:mm:ss` as .NET writes a time span."""
    match = re.fullmatch(r"(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)", span)
    if not match:
        raise AppError(f"not a time span: {span}")
    days, hours, minutes, seconds = match.groups()
    return ((int(days or 0) * 24 + int(hours)) * 60 + int(minutes)) * 60 + float(seconds)


def _command(root: Path, description: dict[str, Any], settings: dict[str, str]) -> list[str]:
    def expand(text: str) -> str:
        return re.sub(r"%([^%]+)%", lambda m: settings.get(m[1], ""), text)

    executable = expand(description.get("defaultExecutablePath", ""))
    if not executable:
        raise AppError("host.json: customHandler.description.defaultExecutablePath is empty")
    if not executable.startswith("/") and (root / executable).exists():
        executable = str(root / executable)
    arguments = [expand(argument) for argument in description.get("arguments", [])]
    return [executable, *(argument for argument in arguments if argument)]


def _function(path: Path, settings: dict[str, str]) -> Function:
    declared = _json(path)
    name = path.parent.name

    def resolve(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        match = re.fullmatch(r"%([^%]+)%", value)
        if not match:
            return value
        if match[1] not in settings:
            raise AppError(f"{name}: '%{match[1]}%' does not resolve to a value")
        return settings[match[1]]

    bindings = [{key: resolve(value) for key, value in binding.items()} for binding in declared.get("bindings", [])]
    triggers = [binding for binding in bindings if str(binding["type"]).lower().endswith("trigger")]
    if len(triggers) != 1:
        raise AppError(f"{name}: needs exactly one trigger, has {len(triggers)}")
    for binding in bindings:
        connection = binding.get("connection")
        # Looked up with the prefix AzureWebJobs, then as it is. Where hosts rewrite dots, a dotted name is not found.
        if connection and not {f"AzureWebJobs{connection}", connection} & set(settings):
            raise AppError(f"{name}: connection '{connection}' is missing or empty")
    return Function(
        name=name,
        trigger=triggers[0],
        outputs={str(binding["name"]): binding for binding in bindings if binding["direction"] == "out"},
        retry=_retry(declared.get("retry")),
    )


def _retry(declared: dict[str, Any] | None) -> Retry | None:
    if not declared:
        return None
    if declared["strategy"] == "fixedDelay":
        delay = _seconds(declared["delayInterval"])
        return Retry(int(declared["maxRetryCount"]), False, delay, delay)
    if declared["strategy"] == "exponentialBackoff":
        return Retry(
            int(declared["maxRetryCount"]),
            True,
            _seconds(declared["minimumInterval"]),
            _seconds(declared["maximumInterval"]),
        )
    raise AppError(f"unknown retry strategy {declared['strategy']}")
