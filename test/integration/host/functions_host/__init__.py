"""A small Azure Functions host for one app with a custom handler: starts it, asks it, judges its answers.

What the real host does was read from its source (Azure/azure-functions-host, azure-webjobs-sdk, the Event Hubs
extension in azure-sdk-for-net); docs/operations/functions-host.md tells its traps. What a handler cannot notice is not here.

    app        what host.json and the function.json files say
    values     .NET values to the JSON of an envelope
    envelope   the bodies that are posted to the handler
    judge      whether an answer is a success
    process    the handler's process: start, readiness, log lines, exits
    client     the host's HTTP client
    hub        the Event Hub: partitions, checkpoints
    processor  one reader a partition: batches, retries, checkpoints
    front      the HTTP side that the world sees, and the endpoint at which Event Grid delivers
    host       all of it together
"""

from .app import App, AppError
from .hub import EventHub, Message
from .host import FunctionsHost, Options

__all__ = ["App", "AppError", "EventHub", "FunctionsHost", "Message", "Options"]
