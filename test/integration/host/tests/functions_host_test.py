"""The simulated Functions host against a handler that does what it is told: each trap of the real host is there."""

from __future__ import annotations

import base64
import json
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from functions_host import App, AppError, EventHub, FunctionsHost, Options  # noqa: E402
from functions_host.front import Ingest  # noqa: E402
from functions_host.process import classify  # noqa: E402

DEPLOYED = HERE.parents[3] / "deploy/functions"
SETTINGS = {
    "EventHub_ConnectionString": "Endpoint=sb://local/",
    "EventHub_Name": "events",
    "EventHub_ConsumerGroup": "$Default",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "a.setting": "with a dot",
}


class Running:
    """An app root like the deployed one, but with the fake handler, and a host that runs it."""

    def __init__(
        self,
        retry: dict[str, Any] | None = None,
        options: Options = Options(),
        hub: EventHub | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        self._directory = tempfile.TemporaryDirectory()
        root = Path(self._directory.name)
        host = json.loads((DEPLOYED / "host.json").read_text())
        host["customHandler"]["description"] = {
            "defaultExecutablePath": sys.executable,
            "arguments": [str(HERE / "fake_handler.py")],
        }
        (root / "host.json").write_text(json.dumps(host))
        for path in DEPLOYED.glob("*/function.json"):
            (root / path.parent.name).mkdir()
            function = json.loads(path.read_text())
            function.pop("retry", None)
            if retry and path.parent.name == "EventHubTriggerFunction":
                function["retry"] = retry
            (root / path.parent.name / "function.json").write_text(json.dumps(function))
        self.hub = hub or EventHub(partitions=2)
        self.host = FunctionsHost(root, SETTINGS | (environment or {}), self.hub, options)

    def __enter__(self) -> Running:
        self.host.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.host.stop(2)
        self._directory.cleanup()

    def send(self, do: str, partition: int = 0) -> None:
        self.hub.send(json.dumps({"do": do}), partition)

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes, dict[str, str]]:
        request = urllib.request.Request(self.host.front.url + path, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read(), dict(answer.headers.items())
        except urllib.error.HTTPError as error:
            return error.code, error.read(), dict(error.headers.items())

    def received(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.host.process.port}/api/received") as answer:
            received: list[dict[str, Any]] = json.loads(answer.read())
            return received


def eventually(condition: Any, timeout: float = 10.0) -> bool:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


FIXED = {"strategy": "fixedDelay", "maxRetryCount": 2, "delayInterval": "00:00:01"}
QUICK = Options(retry_scale=0.01)


class Judging(unittest.TestCase):
    def test_answers(self) -> None:
        succeed = ("succeed", "members in other case", "empty object", "poison")
        fail = ("array", "broken", "logs of objects", "outputs of array", "plain text", "no type", "redirect", "fail",
                "large poison")  # fmt: skip
        with Running() as running:
            for do in succeed + fail:
                with self.subTest(do=do):
                    before = len(running.host.invocations)
                    running.send(do)
                    self.assertTrue(running.hub.wait_until_read(5))
                    self.assertEqual(running.host.invocations[before].succeeded, do in succeed)

    def test_an_empty_answer_hangs_until_the_timeout_and_the_handler_is_killed(self) -> None:
        for do in ("empty", "no content", "null"):
            with self.subTest(do=do), Running(options=Options(function_timeout=0.5)) as running:
                pid = running.host.process.pid
                running.send(do)
                self.assertTrue(running.hub.wait_until_read(5))
                self.assertFalse(running.host.invocations[0].succeeded)
                self.assertGreaterEqual(running.host.invocations[0].seconds, 0.5)
                self.assertTrue(eventually(lambda: running.host.process.pid != pid))
                self.assertTrue(running.host.process.wait_until_ready(5))
                self.assertEqual(running.host.process.events, ["restarted"])

    def test_a_slow_answer_is_cut_by_the_timeout(self) -> None:
        with Running(options=Options(function_timeout=0.5)) as running:
            running.send("sleep")
            self.assertTrue(running.hub.wait_until_read(5))
            self.assertIn("FunctionTimeoutException", running.host.invocations[0].error)

    def test_logs_and_outputs_count_on_success_only(self) -> None:
        with Running() as running:
            for do in ("succeed", "fail", "poison"):
                running.send(do)
                self.assertTrue(running.hub.wait_until_read(5))
            logs = [invocation.logs for invocation in running.host.invocations]
            self.assertIn(["done"], logs)
            self.assertNotIn(["never seen"], logs)
            # A string that happens to be base64 is decoded; an output that is not declared is dropped.
            self.assertEqual(running.host.queues, {"kssedr-poison": [b'{"a":1}', b"some text", b'{"b":2}']})
            self.assertEqual(running.host.undeclared_outputs, ["EventHubTriggerFunction: other"])


class Delivering(unittest.TestCase):
    def test_a_failed_batch_is_checkpointed_and_lost(self) -> None:
        with Running() as running:
            running.send("fail")
            self.assertTrue(running.hub.wait_until_read(5))
            self.assertEqual(len(running.hub.lost), 1)

    def test_retries_carry_the_same_id_and_a_count_and_end_lost(self) -> None:
        with Running(retry=FIXED, options=QUICK) as running:
            running.send("fail")
            self.assertTrue(running.hub.wait_until_read(5))
            self.assertEqual([invocation.attempt for invocation in running.host.invocations], [0, 1, 2])
            received = running.received()
            self.assertEqual(len({each["headers"]["X-Azure-Functions-InvocationId"] for each in received}), 1)
            contexts = [json.loads(each["body"])["Metadata"]["RetryContext"] for each in received]
            self.assertEqual([context["RetryCount"] for context in contexts], [0, 1, 2])
            self.assertEqual(contexts[0]["MaxRetryCount"], 2)
            self.assertIsNone(contexts[0]["Exception"])
            self.assertIn("500", contexts[2]["Exception"]["InnerException"]["Message"])
            self.assertEqual(len(running.hub.lost), 1)

    def test_a_retry_that_succeeds_loses_nothing(self) -> None:
        with Running(retry=FIXED, options=QUICK) as running:
            running.send("fail once")
            self.assertTrue(running.hub.wait_until_read(5))
            self.assertEqual([invocation.succeeded for invocation in running.host.invocations], [False, True])
            self.assertEqual(running.hub.lost, [])

    def test_without_a_policy_there_is_no_retry_context(self) -> None:
        with Running() as running:
            running.send("succeed")
            self.assertTrue(running.hub.wait_until_read(5))
            self.assertNotIn("RetryContext", json.loads(running.received()[0]["body"])["Metadata"])

    def test_a_retrying_partition_waits_and_others_go_on(self) -> None:
        with Running(retry=FIXED | {"maxRetryCount": -1}, options=QUICK) as running:
            running.send("fail", partition=0)
            running.send("succeed", partition=1)
            self.assertTrue(running.hub.partitions[1].wait_until_read(5))
            self.assertEqual(running.hub.partitions[0].behind, 1)

    def test_data_types(self) -> None:
        bodies = [b'{"id":"a","value":21.50}', b"[1,2]", "café  text".encode()]
        expected: dict[str, list[Any]] = {
            "binary": [base64.b64encode(body).decode() for body in bodies],
            "string": [body.decode() for body in bodies],
            "": [{"id": "a", "value": 21.5}, [1, 2]],
        }
        for data_type, elements in expected.items():
            with self.subTest(data_type=data_type):
                hub = EventHub(partitions=1)
                for body in bodies[: len(elements)]:
                    hub.send(body)
                with Running(options=Options(data_type=data_type), hub=hub) as running:
                    self.assertTrue(hub.wait_until_read(5))
                    envelope = json.loads(running.received()[0]["body"])
                    self.assertIsInstance(envelope["Data"]["events"], str)
                    self.assertEqual(json.loads(envelope["Data"]["events"]), elements)
                    for name, value in envelope["Metadata"].items():
                        if name.endswith("Array"):
                            self.assertEqual(len(json.loads(value)), len(elements), name)
                    self.assertEqual(envelope["Metadata"]["PartitionContext"]["PartitionId"], "0")

    def test_without_a_data_type_one_body_that_is_no_json_loses_the_batch_unseen(self) -> None:
        hub = EventHub(partitions=1)
        hub.send('{"id":1}')
        hub.send("plain text")
        with Running(options=Options(data_type=""), hub=hub) as running:
            self.assertTrue(hub.wait_until_read(5))
            self.assertEqual(running.received(), [])
            self.assertEqual(len(hub.lost[0].messages), 2)

    def test_both_framings(self) -> None:
        for chunked in (True, False):
            with self.subTest(chunked=chunked), Running(options=Options(chunked=chunked)) as running:
                running.hub.send("x" * 100_000)
                self.assertTrue(running.hub.wait_until_read(5))
                headers = running.received()[0]["headers"]
                self.assertEqual("Transfer-Encoding" in headers, chunked)
                self.assertEqual("Content-Length" in headers, not chunked)

    def test_batches_have_a_limit_and_an_order(self) -> None:
        hub = EventHub(partitions=1)
        for number in range(250):
            hub.send(f'{{"n":{number}}}')
        with Running(hub=hub, options=Options(data_type="")) as running:
            self.assertTrue(hub.wait_until_read(5))
            batches = [json.loads(json.loads(each["body"])["Data"]["events"]) for each in running.received()]
            self.assertEqual([len(batch) for batch in batches], [100, 100, 50])
            self.assertEqual([event["n"] for batch in batches for event in batch], list(range(250)))

    def test_a_stopped_host_leaves_the_batch_for_the_next(self) -> None:
        hub = EventHub(partitions=1)
        running = Running(hub=hub)
        with running:
            running.send("sleep")
            self.assertTrue(eventually(lambda: len(running.received()) == 1))
            running.host.stop(0)
        self.assertEqual(hub.partitions[0].behind, 1)
        with Running(hub=hub) as other:
            self.assertTrue(eventually(lambda: len(other.received()) == 1))

    def test_event_grid_delivers_into_the_hub(self) -> None:
        hub = EventHub(partitions=1)
        ingest = Ingest(hub)
        asked = urllib.request.Request(ingest.url, method="OPTIONS", headers={"WebHook-Request-Origin": "eventgrid"})
        with urllib.request.urlopen(asked) as answer:
            self.assertEqual(answer.headers["WebHook-Allowed-Origin"], "eventgrid")
        with urllib.request.urlopen(ingest.url + "/any/path", data=b'[{"id":"1"},{"id":"2"}]') as answer:
            self.assertEqual(answer.status, 200)
        ingest.close()
        self.assertEqual([message.body for message in hub.partitions[0].wait_for(9, 0)], [b'[{"id":"1"},{"id":"2"}]'])


class Living(unittest.TestCase):
    def test_the_environment(self) -> None:
        with Running() as running:
            with open(f"/proc/{running.host.process.pid}/environ", "rb") as file:
                entries = dict(entry.split("=", 1) for entry in file.read().decode().split("\0") if entry)
            self.assertEqual(entries["FUNCTIONS_CUSTOMHANDLER_PORT"], str(running.host.process.port))
            for name in ("FUNCTIONS_HTTPWORKER_PORT", "FUNCTIONS_CUSTOMHANDLER_WORKER_ID", "FUNCTIONS_HTTPWORKER_ID",
                         "FUNCTIONS_APP_ROOT_PATH", "EventHub_Name"):  # fmt: skip
                self.assertIn(name, entries)
            self.assertEqual(entries["a_setting"], "with a dot")

    def test_lines_have_levels(self) -> None:
        with Running() as running:
            self.assertTrue(eventually(lambda: len(running.host.lines) == 3))
            self.assertEqual(
                {(line.level, line.text) for line in running.host.lines},
                {("Information", "started"), ("Error", "a thing went wrong"), ("Warning", "this is a Warning")},
            )
        self.assertEqual(classify("stdout", "LanguageWorkerConsoleLog x").text, " x")

    def test_exit_0_is_never_started_again(self) -> None:
        with Running() as running:
            running.send("exit 0")
            self.assertTrue(running.hub.wait_until_read(5))
            self.assertTrue(eventually(lambda: running.host.process.state == "dead"))
            running.send("succeed")
            self.assertTrue(running.hub.wait_until_read(5))
            self.assertFalse(running.host.invocations[-1].succeeded)
            self.assertEqual(running.host.process.starts, 1)

    def test_exit_200_restarts_on_the_same_port_as_often_as_you_like(self) -> None:
        with Running() as running:
            port = running.host.process.port
            for count in range(2, 7):
                running.send("exit 200")
                self.assertTrue(eventually(lambda: running.host.process.starts == count))
                self.assertTrue(running.host.process.wait_until_ready(5))
            self.assertEqual(running.host.process.port, port)

    def test_the_third_crash_shuts_the_host_down(self) -> None:
        with Running() as running:
            for count in (2, 3):
                running.host.process.signal()
                self.assertTrue(eventually(lambda: running.host.process.starts == count))
                self.assertTrue(running.host.process.wait_until_ready(5))
            running.host.process.signal()
            self.assertTrue(eventually(lambda: running.host.process.state == "shut-down"))
            self.assertIn("a thing went wrong", running.host.process.events[0])

    def test_a_crash_fails_the_batch_and_the_retry_reaches_the_next_process(self) -> None:
        with Running(retry=FIXED, options=Options(retry_scale=0.2)) as running:
            running.send("sleep")
            self.assertTrue(eventually(lambda: len(running.received()) == 1))
            running.host.process.signal()
            self.assertTrue(eventually(lambda: running.host.process.starts == 2))
            self.assertTrue(running.host.process.wait_until_ready(5))
            self.assertTrue(eventually(lambda: len(running.received()) == 1))
            self.assertEqual(json.loads(running.received()[0]["body"])["Metadata"]["RetryContext"]["RetryCount"], 1)

    def test_a_handler_that_never_listens_is_an_error(self) -> None:
        running = Running(options=Options(init_timeout=0.2), environment={"FAKE_HANDLER_DEAF": "1"})
        with self.assertRaisesRegex(RuntimeError, "did not start in time"):
            running.host.start(10)


class Fronting(unittest.TestCase):
    def test_forwarding(self) -> None:
        with Running(options=Options(forwarding=True)) as running:
            status, body, _ = running.get("/api/IsAlive?x=1&y=a&y=b", {"User-Agent": "someone/1", "X-Mine": "kept"})
            self.assertEqual((status, body), (200, b'{"isAlive":true}'))
            seen = running.received()[0]
            self.assertEqual(seen["path"], "/api/IsAlive?x=1&y=a%2Cb")
            self.assertEqual(seen["headers"]["User-Agent"], f"someone/1 {running.host.user_agent}")
            self.assertEqual(seen["headers"]["X-Mine"], "kept")
            self.assertIn("X-Azure-Functions-InvocationId", seen["headers"])
            self.assertEqual(running.get("/api/isalive")[0], 200)
            self.assertEqual(running.get("/api/isalive?missing")[:2], (404, b"not here"))
            self.assertEqual(running.get("/api/nothing")[0], 404)
            self.assertEqual(running.get("/IsAlive")[0], 404)
            running.host.process.signal()
            # 503 where the host has already begun to start the handler anew.
            self.assertIn(running.get("/api/IsAlive")[0], (500, 503))

    def test_envelopes(self) -> None:
        expected = {
            "http%20text": (201, b"hi"),
            "http%20plain": (500, b""),
            "http%20nothing": (200, b"{}"),
            "http%20null": (204, b""),
            "fail": (500, b""),
        }
        with Running(options=Options(forwarding=False)) as running:
            for do, answer in expected.items():
                with self.subTest(do=do):
                    self.assertEqual(running.get(f"/api/IsAlive?do={do}")[:2], answer)
            headers = running.get("/api/IsAlive")[2]
            self.assertEqual((headers["X-A"], headers["Content-Type"]), ("b", "text/plain; charset=utf-8"))
            envelope = json.loads(running.received()[0]["body"])
            self.assertEqual(envelope["Data"]["req"]["Method"], "GET")
            self.assertEqual(envelope["Metadata"]["do"], '"http text"')

    def test_a_timer_fires_into_its_function(self) -> None:
        with Running() as running:
            self.assertTrue(running.host.fire_timer("Sweep").succeeded)
            received = running.received()[0]
            self.assertEqual(received["path"], "/Sweep")
            self.assertFalse(json.loads(received["body"])["Data"]["timer"]["IsPastDue"])


class Reading(unittest.TestCase):
    def test_the_deployed_files_are_such_that_the_host_starts(self) -> None:
        app = App.read(DEPLOYED, SETTINGS)
        self.assertEqual(app.event_function.trigger["eventHubName"], "events")
        self.assertTrue(app.forwarding)
        self.assertEqual(app.functions["IsAlive"].route, "IsAlive")
        self.assertIsNotNone(app.event_function.retry)

    def test_every_setting_that_function_json_names_is_in_the_example(self) -> None:
        example = json.loads((DEPLOYED / "settings.example.json").read_text())
        App.read(DEPLOYED, example | {"AzureWebJobsStorage": "which every app has"})

    def test_a_missing_setting_stops_the_function(self) -> None:
        for name in ("EventHub_Name", "EventHub_ConnectionString", "AzureWebJobsStorage"):
            with self.subTest(name=name), self.assertRaisesRegex(AppError, name):
                App.read(DEPLOYED, {key: value for key, value in SETTINGS.items() if key != name})


if __name__ == "__main__":
    unittest.main()
