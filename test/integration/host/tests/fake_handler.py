"""A custom handler that does what it is told, badly too. It is told by the messages it gets.

A message `{"do": …}` names what to do with the batch; what was received is kept and shown at `GET /api/received`.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RECEIVED: list[dict[str, Any]] = []

# What is answered to an envelope: status, content type, body.
ANSWERS: dict[str, tuple[int, str | None, bytes]] = {
    "succeed": (200, "application/json", b'{"Outputs":{},"Logs":["done"],"ReturnValue":[1]}'),
    "members in other case": (200, "text/json; charset=utf-8", b'{"outputs":{},"LOGS":["done"],"more":1}'),
    "empty object": (200, "application/json", b"{}"),
    "empty": (200, "application/json", b""),
    "no content": (204, None, b""),
    "null": (200, "application/json", b"null"),
    "array": (200, "application/json", b"[]"),
    "broken": (200, "application/json", b'{"Outputs":'),
    "logs of objects": (200, "application/json", b'{"Logs":[{}]}'),
    "outputs of array": (200, "application/json", b'{"Outputs":[]}'),
    "plain text": (200, "text/plain", b"{}"),
    "no type": (200, None, b"{}"),
    "redirect": (302, "application/json", b"{}"),
    "fail": (500, "application/json", b'{"Logs":["never seen"]}'),
    "poison": (200, "application/json", b'{"Outputs":{"poison":[{"a":1},"some text","eyJiIjoyfQ=="],"other":"lost"}}'),
    "large poison": (200, "application/json", b'{"Outputs":{"poison":["' + b"-" * 50_000 + b'"]}}'),
    "http text": (
        200,
        "application/json",
        b'{"Outputs":{"res":{"statusCode":"201","body":"hi","headers":{"X-A":"b"}}}}',
    ),
    "http plain": (200, "application/json", b'{"Outputs":{"res":"hi"}}'),
    "http nothing": (200, "application/json", b'{"Outputs":{}}'),
    "http null": (200, "application/json", b'{"Outputs":null}'),
}


def told(body: bytes) -> str:
    """What the first message of a batch, or a caller's query, asks for."""
    data = json.loads(body)["Data"]
    if "req" in data:
        return str(data["req"]["Query"].get("do", "http text"))
    if "events" not in data:
        return "succeed"
    for element in json.loads(data["events"]):
        message = element
        if isinstance(element, str):
            try:
                message = json.loads(base64.b64decode(element, validate=True))
            except ValueError:
                message = json.loads(element) if element.startswith("{") else None
        if isinstance(message, dict) and "do" in message:
            return str(message["do"])
    return "succeed"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        pass

    def answer(self, status: int, kind: str | None, body: bytes) -> None:
        self.send_response_only(status)
        if kind is not None:
            self.send_header("Content-Type", kind)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        if self.path == "/":
            self.answer(200, "text/plain", b"ready")
        elif self.path.startswith("/api/received"):
            self.answer(200, "application/json", json.dumps(RECEIVED).encode())
        elif "missing" in self.path:
            self.answer(404, "text/plain", b"not here")
        else:
            RECEIVED.append({"path": self.path, "headers": dict(self.headers.items())})
            self.answer(200, "application/json", b'{"isAlive":true}')

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        RECEIVED.append({"path": self.path, "headers": dict(self.headers.items()), "body": body.decode()})
        asked = told(body)
        if asked.startswith("exit "):
            os._exit(int(asked.removeprefix("exit ")))
        if asked == "sleep":
            time.sleep(60)
        if asked == "exit 1 once" or (asked == "fail once" and len(RECEIVED) == 1):
            asked = "fail"
        self.answer(*ANSWERS.get(asked, ANSWERS["succeed"]))


def main() -> None:
    if "FAKE_HANDLER_DEAF" in os.environ:
        time.sleep(60)
    print("started", flush=True)
    print("a thing went wrong", file=sys.stderr, flush=True)
    print("this is a Warning", file=sys.stderr, flush=True)
    ThreadingHTTPServer.allow_reuse_address = True
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["FUNCTIONS_CUSTOMHANDLER_PORT"])), Handler).serve_forever()


main()
