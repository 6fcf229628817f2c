"""The bodies that the host posts to a handler."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl

from .hub import Message
from .values import date_without_zone, envelope_value, event_element, to_json

_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
_ROLES = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"


def _sys(function: str) -> dict[str, Any]:
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f") + "1Z"
    return {"MethodName": function, "UtcNow": now, "RandGuid": str(uuid.uuid4())}


def retry_context(count: int, limit: int, error: str | None) -> dict[str, Any]:
    exception = None
    if error is not None:
        exception = {
            "ClassName": "Microsoft.Azure.WebJobs.Host.FunctionInvocationException",
            "Message": "Exception while executing function: Functions.EventHubTriggerFunction",
            "InnerException": {
                "ClassName": "System.Net.Http.HttpRequestException",
                "Message": error,
                "InnerException": None,
            },
            "StackTraceString": "   at Microsoft.Azure.WebJobs.Host.Executors.FunctionExecutor.cs:line 352",
            "HResult": -2146233088,
        }
    return {"RetryCount": count, "MaxRetryCount": limit, "Exception": exception, "Instance": None, "State": {}}


def event_batch(
    function: str,
    binding: dict[str, Any],
    messages: list[Message],
    partition: int,
    namespace: str,
    retry: dict[str, Any] | None,
) -> dict[str, Any]:
    """A batch of events. Raises BatchNotJson where the binding has no dataType and a body is no JSON."""
    data_type = str(binding.get("dataType", "")).lower()
    elements = [event_element(message.body, data_type) for message in messages]
    context = {
        "IsCheckpointingAfterInvocation": True,
        "FullyQualifiedNamespace": namespace,
        "EventHubName": binding["eventHubName"],
        "ConsumerGroup": binding.get("consumerGroup", "$Default"),
        "PartitionId": str(partition),
    }
    arrays = {
        "PartitionKeyArray": [message.partition_key for message in messages],
        "OffsetArray": [str(message.offset) for message in messages],
        "OffsetStringArray": [str(message.offset) for message in messages],
        "SequenceNumberArray": [message.sequence for message in messages],
        "EnqueuedTimeUtcArray": [date_without_zone(message.enqueued) for message in messages],
        "PropertiesArray": [message.properties for message in messages],
        "SystemPropertiesArray": [_system_properties(message) for message in messages],
    }
    metadata: dict[str, Any] = {"TriggerPartitionContext": context, "PartitionContext": context}
    metadata |= {name: envelope_value(value) for name, value in arrays.items()}
    metadata["sys"] = _sys(function)
    if retry is not None:
        metadata["RetryContext"] = retry
    return {"Data": {binding["name"]: envelope_value(elements)}, "Metadata": metadata}


def _system_properties(message: Message) -> dict[str, Any]:
    when = date_without_zone(message.enqueued)
    properties: dict[str, Any] = {
        "x-opt-sequence-number-epoch": -1,
        "x-opt-sequence-number": message.sequence,
        "x-opt-offset": str(message.offset),
        "x-opt-enqueued-time": when + "+00:00",
    }
    if message.partition_key is not None:
        properties["x-opt-partition-key"] = message.partition_key
    return properties | {
        "SequenceNumber": message.sequence,
        "Offset": message.offset,
        "OffsetString": str(message.offset),
        "PartitionKey": message.partition_key,
        "EnqueuedTimeUtc": when,
    }


def timer(function: str, binding: dict[str, Any], past_due: bool) -> dict[str, Any]:
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f") + "1+00:00"
    info = {
        "Schedule": {"AdjustForDST": True},
        "ScheduleStatus": {"Last": now, "Next": now, "LastUpdated": now},
        "IsPastDue": past_due,
    }
    return {"Data": {binding["name"]: envelope_value(info)}, "Metadata": {"sys": _sys(function)}}


def http_request(
    function: str, binding: dict[str, Any], method: str, url: str, headers: list[tuple[str, str]], body: bytes
) -> dict[str, Any]:
    """A caller's request for a function whose requests are not forwarded."""
    pairs = parse_qsl(url.partition("?")[2], keep_blank_values=True)
    joined: dict[str, str] = {}
    last: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
        last[name] = value
    arrays: dict[str, list[str]] = {}
    for name, value in headers:
        arrays.setdefault(name, []).append(value)
    identity: dict[str, Any] = {
        "AuthenticationType": None,
        "IsAuthenticated": False,
        "Actor": None,
        "BootstrapContext": None,
        "Claims": [],
        "Label": None,
        "Name": None,
        "NameClaimType": _CLAIMS,
        "RoleClaimType": _ROLES,
    }
    request: dict[str, Any] = {
        "Url": url,
        "Method": method,
        "Query": joined,
        "Headers": arrays,
        "Params": {},
        "Identities": [identity],
    }
    if body:
        request["Body"] = body.decode("utf-8", errors="replace")
    metadata: dict[str, Any] = {name: to_json(value) for name, value in last.items() if name != "code"}
    metadata |= {"Query": last, "Headers": {name: ", ".join(values) for name, values in arrays.items()}}
    metadata["sys"] = _sys(function)
    return {"Data": {binding["name"]: request}, "Metadata": metadata}
