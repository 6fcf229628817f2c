"""What nobody should send: it gets an outcome that says what and where, the rest of its batch is handled, the process lives,
nobody is asked anything on its behalf, and nothing secret is seen anywhere."""

from __future__ import annotations

import json
import os
import unittest
from pathlib import Path
from typing import Any

from stage import SECRET, FunctionsHost, Options, Stage, event_invocations, eventually, outcomes

MEGABYTE = 1024 * 1024


def changed(event: dict[str, Any], **data: Any) -> dict[str, Any]:
    """The event with other members in its data; None removes one."""
    inner = {name: value for name, value in (event["data"] | data).items() if value is not None}
    return event | {"data": inner}


def hostile(stage: Stage) -> dict[str, dict[str, Any]]:
    """Events that would have kssedr talk to somebody else, or about something else."""
    event = stage.event()
    port, version = stage.emulator.port, event["data"]["Version"]
    host = stage.vault.host
    path = f"secrets/{SECRET}/{version}"
    ids = {
        "another host": f"https://evil.example/{path}",
        "another host, ours behind a hash": f"https://evil.example/#.{host}:{port}/{path}",
        "another host, ours before an at": f"https://{host}:{port}@evil.example/{path}",
        "another port": f"https://{host}:1/{path}",
        "no port": f"https://{host}/{path}",
        "a dot behind": f"https://{host}.:{port}/{path}",
        "a suffix of a longer name": f"https://demo.evilvault.localhost:{port}/{path}",
        "two labels": f"https://a.demo.vault.localhost:{port}/{path}",
        "no vault": f"https://vault.localhost:{port}/{path}",
        "a look-alike": f"https://d\u0435mo.vault.localhost:{port}/{path}",
        "plain http": f"http://{host}:{port}/{path}",
        "a way up": f"https://{host}:{port}/secrets/../keys/{SECRET}/{version}",
        "a way up, encoded": f"https://{host}:{port}/secrets/%2e%2e%2fkeys/{version}",
        "a query": f"https://{host}:{port}/{path}?api-version=1",
        "a line end": f"https://{host}:{port}/secrets/{SECRET}\r\nX: y/{version}",
        "a NUL": f"https://{host}:{port}/secrets/{SECRET}\x00/{version}",
        "a key, no secret": f"https://{host}:{port}/keys/{SECRET}/{version}",
        "nothing": "",
    }
    events = {title: changed(event, Id=identifier) for title, identifier in ids.items()}
    events["another vault's name"] = changed(event, VaultName="other")
    events["another secret's name"] = changed(event, ObjectName="other")
    events["a certificate"] = changed(event, ObjectType="Certificate")
    events["no id"] = changed(event, Id=None)
    events["an id that is a number"] = changed(event, Id=5)
    events["a vault name that is an object"] = changed(event, VaultName={"a": 1})
    events["data that is a list"] = event | {"data": [1, 2]}
    events["data that is missing"] = {name: value for name, value in event.items() if name != "data"}
    return events


def peak(process: int | None) -> int:
    """The most memory that the process ever held, in bytes."""
    status = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


class BadInput(unittest.TestCase):
    def test_hostile_events_are_refused_and_nobody_is_asked_on_their_behalf(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            events = hostile(stage)
            with stage.host() as host:
                for title, event in events.items():
                    with self.subTest(title=title):
                        outcome = self._send(stage, host, json.dumps(event).encode())[0]
                        self.assertEqual((outcome["outcome"], outcome["code"]), ("refused", "malformed"), outcome)
                self.assertEqual(stage.kssedr_calls(), [])
                self.assertEqual(stage.emulator.calls(service="entra", clientId=stage.apps["kssedr"]["clientId"]), [])
                self.assertEqual(len(host.queues["kssedr-poison"]), len(events))
                self._check_nothing_is_said(stage, host)

    def test_malformed_messages_leave_the_rest_of_their_batch_alone(self) -> None:
        bad = [
            b"",
            b"\x00\xff\xfe",
            b"plain text",
            b"{",
            b'{"a":' * 10_000,
            b"[" * 100_000 + b"]" * 100_000,
            b'{"id":"\\ud800","type":5}',
            b"null",
            b"5",
            b'"text"',
            b"[[[]]]",
            b'{"id":"1","id":"2"',
            json.dumps({"type": "x" * 10_000, "id": "y" * 10_000}).encode(),
            "{\u202e\u2066}".encode(),
        ]
        with Stage() as stage:
            stage.put_secret()
            for message in bad:
                stage.hub.send(message, partition=0)
            stage.hub.send(json.dumps(stage.event()), partition=0)
            with stage.consumer() as consumer, stage.host() as host:
                pid = host.process.pid
                self.assertTrue(stage.hub.wait_until_read(30))
                self.assertEqual(host.process.pid, pid)
                words = [outcome["outcome"] for outcome in outcomes(host)]
                self.assertEqual(len(event_invocations(host)), 1, "one batch, one invocation")
                self.assertEqual(words[-1], "rotated")
                self.assertLessEqual(set(words[:-1]), {"refused", "ignored"})
                self.assertTrue(all(outcome["reason"] for outcome in outcomes(host)))
                self._check_nothing_is_said(stage, host)
            self.assertEqual(consumer.failures, [])

    def test_a_hundred_megabytes_of_nonsense(self) -> None:
        with Stage() as stage:
            stage.put_secret()
            with stage.host(Options(retry_scale=0.02)) as host:
                pid = host.process.pid
                for message in (os.urandom(100 * MEGABYTE), b"[" + b"{}," * (20 * MEGABYTE) + b"{}]"):
                    with self.subTest(begins=message[:8]):
                        stage.hub.send(message, partition=0)
                        stage.hub.send(json.dumps(stage.event()), partition=0)
                        self.assertTrue(stage.hub.wait_until_read(120))
                        self.assertTrue(event_invocations(host)[-1].succeeded, event_invocations(host)[-1].error)
                        self.assertIn(outcomes(host)[-1]["outcome"], ("rotated", "deferred"))
                self.assertEqual(host.process.pid, pid)
                self.assertEqual(host.process.starts, 1)

    def test_a_body_in_chunks_is_not_held_twice_while_it_grows(self) -> None:
        body = b"[" + b"1," * (50 * MEGABYTE) + b"1]"
        headers = [("Host", "localhost"), ("Content-Type", "application/json")]
        with Stage() as stage, stage.host() as host:
            before = peak(host.process.pid)
            answer = host.client.call("POST", "/EventHubTriggerFunction", headers, body, 120, chunked=True)
            self.assertLess(answer.status, 500, answer)
            # Beside the body there is the connection's buffer, and what the parser needs.
            self.assertLess(peak(host.process.pid) - before, len(body) + 12 * MEGABYTE)
            for line in host.lines:
                self.assertNotIn("http.refused", line.text)
            too_long = host.client.call(
                "POST", "/EventHubTriggerFunction", headers, b"1" * (161 * MEGABYTE), 120, chunked=True
            )
            self.assertEqual(too_long.status, 413)
            self.assertTrue(eventually(lambda: any("http.refused status=413" in line.text for line in host.lines)))

    def test_names_from_outside_stand_escaped_in_the_log(self) -> None:
        nasty = "\n2026-01-15T09:30:12Z error forged.event \x1b[31mred\u202e"
        with Stage() as stage:
            stage.put_secret()
            event = stage.event() | {"id": nasty, "type": nasty + "x" * 500}
            with stage.host() as host:
                self._send(stage, host, json.dumps(event).encode())
                self._send(stage, host, json.dumps(changed(stage.event(), ObjectName=nasty)).encode())
                for line in host.lines:
                    self.assertNotRegex(line.text, r"[\x00-\x08\x0b-\x1f\x1b\u202e\u2066]")
                    self.assertFalse(line.text.startswith("2026-01-15"), line.text)
                    self.assertNotIn("x" * 200, line.text)

    def _send(self, stage: Stage, host: FunctionsHost, message: bytes) -> list[dict[str, Any]]:
        known = len(outcomes(host))
        stage.hub.send(message)
        self.assertTrue(stage.hub.wait_until_read(20))
        self.assertEqual(stage.hub.lost, [])
        return outcomes(host)[known:]

    def _check_nothing_is_said(self, stage: Stage, host: FunctionsHost) -> None:
        """Nothing secret in what the host saw: lines, answers, queue."""
        seen = "\n".join(line.text for line in host.lines)
        seen += "\n".join(str(invocation) for invocation in host.invocations)
        seen += "\n".join(message.decode(errors="replace") for queue in host.queues.values() for message in queue)
        for secret in stage.secret_values():
            self.assertNotIn(secret, seen)


if __name__ == "__main__":
    unittest.main()
