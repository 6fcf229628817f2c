"""What the world sees of the app over HTTP, and the endpoint at which Event Grid's events enter the Event Hub."""

from __future__ import annotations

import re
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from .app import Function
from .client import Unreachable
from .envelope import http_request
from .hub import EventHub
from .values import to_json

if TYPE_CHECKING:
    from .host import FunctionsHost

_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


class _Server:
    """An HTTP server on a free port of the loopback, on a thread of its own."""

    def __init__(self, handler: type[BaseHTTPRequestHandler], port: int = 0) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class names it so
        pass

    def read_body(self) -> bytes:
        # A chunked body of a caller's is dropped by the real host.
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status: int, body: bytes, headers: list[tuple[str, str]], reason: str | None = None) -> None:
        self.send_response_only(status, reason)
        for name, value in headers:
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


# ---------------------------------------------------------------- the app's own HTTP functions
class Front(_Server):
    """The host's public side: routes of HTTP functions, forwarded or in an envelope."""

    def __init__(self, host: FunctionsHost) -> None:
        class Handler(_Quiet):
            def serve(self) -> None:
                _serve(host, self)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = serve

        super().__init__(Handler)


def _route(host: FunctionsHost, method: str, path: str) -> Function | None:
    for function in host.app.functions.values():
        if function.kind != "httptrigger":
            continue
        template = "/".join(part for part in ("", host.app.route_prefix, function.route) if part or not part)
        pattern = re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(template))
        methods = [each.upper() for each in function.trigger.get("methods", [])]
        if re.fullmatch(pattern, path, re.IGNORECASE) and (not methods or method in methods):
            return function
    return None


def _serve(host: FunctionsHost, request: _Quiet) -> None:
    parts = urlsplit(request.path)
    body = request.read_body()
    function = _route(host, request.command, parts.path)
    if function is None:
        request.answer(404, b"", [])
    elif host.process.state == "starting":
        request.answer(503, b"Function host is not running.", [("Content-Type", "text/plain")])
    elif host.forwarding and function.is_plain_http:
        _forward(host, request, body)
    else:
        _envelope(host, request, function, body)


def _forward(host: FunctionsHost, request: _Quiet, body: bytes) -> None:
    parts = urlsplit(request.path)
    query: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    target = parts.path + (f"?{urlencode(query)}" if query else "")
    agent = f"{request.headers.get('User-Agent', '')} {host.user_agent}".strip()
    headers = [(name, value) for name, value in request.headers.items()
               if name.lower() not in _HOP_BY_HOP | {"user-agent"}]  # fmt: skip
    headers += [
        ("User-Agent", agent),
        ("X-Azure-Functions-HostVersion", host.options.version),
        ("X-Azure-Functions-InvocationId", str(uuid.uuid4())),
    ]
    try:
        answer = host.client.call(request.command, target, headers, body or None, host.function_timeout, chunked=False)
    except Unreachable:
        request.answer(500, b"", [])
        return
    request.answer(answer.status, answer.body, answer.headers, answer.reason)


def _envelope(host: FunctionsHost, request: _Quiet, function: Function, body: bytes) -> None:
    url = f"http://{request.headers.get('Host')}{request.path}"
    envelope = http_request(function.name, function.trigger, request.command, url, list(request.headers.items()), body)
    invocation = host.invoke(function, envelope, str(uuid.uuid4()), 0)
    if not invocation.succeeded:
        request.answer(500, b"", [])
        return
    if not invocation.has_outputs:
        request.answer(204, b"", [])
        return
    name = next(each for each, binding in function.outputs.items() if binding["type"].lower() == "http")
    if name not in invocation.outputs:
        request.answer(200, b"{}", [("Content-Type", "text/plain; charset=utf-8")])
        return
    _answer_output(request, invocation.outputs[name])


def _answer_output(request: _Quiet, output: Any) -> None:
    if not isinstance(output, dict):
        request.answer(500, b"", [])  # "Output is not in expected format"
        return
    members = {key.lower(): value for key, value in output.items()}
    body = members.get("body")
    text = "" if body is None else body if isinstance(body, str) else to_json(body)
    headers = {str(key): str(value) for key, value in (members.get("headers") or {}).items()}
    if text and not any(key.lower() == "content-type" for key in headers):
        headers["Content-Type"] = "text/plain; charset=utf-8"
    status = int(members.get("statuscode", members.get("status", 200)))
    request.answer(status, text.encode(), list(headers.items()))


# ---------------------------------------------------------------- Event Grid's way in
class Ingest(_Server):
    """What Event Grid delivers to: each body becomes one message of the hub. Answers the handshake of CloudEvents."""

    def __init__(self, hub: EventHub, port: int = 0) -> None:
        class Handler(_Quiet):
            def do_OPTIONS(self) -> None:
                origin = self.headers.get("WebHook-Request-Origin", "*")
                self.answer(200, b"", [("WebHook-Allowed-Origin", origin), ("WebHook-Allowed-Rate", "*")])

            def do_POST(self) -> None:
                hub.send(self.read_body())
                self.answer(200, b"", [])

        super().__init__(Handler, port)
