"""What happens on the stage, as it happens: watches the local Azure, the host and the application, and tells each step."""

from __future__ import annotations

from screen import Screen
from stage import SECRET, Consumer, FunctionsHost, Ingest, Stage, event_invocations

# What kssedr asks of Azure, in words. A slot is filled in where one is known.
_CALLS = {
    "token": "signs in to Entra",
    "secret.get": "reads the secret: is it current, due, permitted?",
    "keys.list": "compares it with the account's keys: the evidence of what is in use",
    "keys.regenerate": "regenerates the other key, which nobody holds",
    "secret.set": "publishes a new version with it",
}
_LOOKS_AGAIN = "looks again: what is published works"


class Story:
    """`tick()` tells what is new."""

    def __init__(self, stage: Stage, host: FunctionsHost, consumer: Consumer, screen: Screen) -> None:
        self._stage = stage
        self._host = host
        self._consumer = consumer
        self._screen = screen
        self._calls = len(stage.emulator.calls())
        self._events = 0
        self._invocations = 0
        self._versions = 0
        self._signed_in = False
        self._has_published = False
        self.rotations = 0

    def tell(self, actor: str, text: str) -> None:
        self._screen.step(self._stage.emulator.now(), actor, text)

    def tick(self) -> None:
        self._tell_events()
        self._tell_calls()
        self._tell_outcomes()
        self._tell_reads()

    def _tell_events(self) -> None:
        events = self._stage.emulator.events("SecretNearExpiry")
        for event in events[self._events :]:
            # What follows happens at the pace of a real day.
            self._stage.emulator.admin("POST", "clock", {"speed": 1})
            self._has_published = False
            days = round((event["data"]["EXP"] - self._stage.emulator.seconds()) / 86_400)
            self.tell("Event Grid", f"SecretNearExpiry: {event['subject']} expires in {days} days")
            self.tell("host", "takes it from the Event Hub and hands it to kssedr: POST /EventHubTriggerFunction")
        self._events = len(events)

    def _tell_calls(self) -> None:
        calls = self._stage.emulator.calls()
        for call in calls[self._calls :]:
            if call["clientId"] != self._stage.apps["kssedr"]["clientId"]:
                continue
            operation = call["operation"]
            if operation == "token":
                if not self._signed_in:
                    self.tell("kssedr", _CALLS[operation])
                self._signed_in = True
            elif operation == "keys.list" and self._has_published:
                self.tell("kssedr", _LOOKS_AGAIN)
            elif call["status"] == 200 and operation in _CALLS:
                self.tell("kssedr", _CALLS[operation])
                self._has_published = self._has_published or operation == "secret.set"
        self._calls = len(calls)

    def _tell_outcomes(self) -> None:
        invocations = event_invocations(self._host)
        if len(invocations) > self._invocations:
            self._tell_calls()  # what was asked before the outcome came, but after the last look
        for invocation in invocations[self._invocations :]:
            if not invocation.succeeded:
                self.tell("host", f"the invocation failed and is tried again: {invocation.error}")
            for outcome in invocation.return_value or []:
                word = outcome["outcome"]
                self.rotations += word == "rotated"
                moved = f" from {outcome['formerCredential']} to {outcome['credential']}" if word == "rotated" else ""
                until = f", expires {outcome['expires'][:10]}" if "expires" in outcome else f": {outcome['reason']}"
                self.tell("kssedr", f"{word}{moved}{until} ({outcome['durationMs']} ms)")
        self._invocations = len(invocations)

    def _tell_reads(self) -> None:
        for version in self._consumer.versions[self._versions :]:
            again = "reads the secret" if self._versions == 0 else "reads the secret again and goes on with the new key"
            self.tell("application", f"{again} (version {version[:8]})")
            self._versions += 1


__all__ = ["SECRET", "Ingest", "Story"]
