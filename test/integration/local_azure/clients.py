"""Entra, Key Vault and Resource Manager as a person with curl would use them: no retries, nothing kept but the token."""

from __future__ import annotations

import json
import threading
import time
from typing import Any
from urllib.parse import urlencode

from .emulator import Emulator
from .wire import Reply

API = {"vault": "7.4", "storage": "2023-01-01"}


class Refused(Exception):
    """A service answered, and not with what was asked for."""

    def __init__(self, what: str, reply: Reply) -> None:
        super().__init__(f"{what}: {reply.status} {reply.body[:400]!r}")
        self.status = reply.status


class Identity:
    """A service principal and its tokens."""

    def __init__(self, emulator: Emulator, app: dict[str, str]) -> None:
        self._emulator = emulator
        self._app = app
        self._tokens: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def token(self, resource: str) -> str:
        with self._lock:
            known = self._tokens.get(resource)
            if known and time.monotonic() < known[1]:
                return known[0]
            form = {
                "grant_type": "client_credentials",
                "client_id": self._app["clientId"],
                "client_secret": self._app["clientSecret"],
                "scope": f"{resource}/.default",
            }
            reply = self._emulator.wire.call(
                "login.localhost",
                "POST",
                f"/{self._app['tenant']}/oauth2/v2.0/token",
                {"Content-Type": "application/x-www-form-urlencoded"},
                urlencode(form).encode(),
            )
            if reply.status != 200:
                raise Refused("token", reply)
            self._tokens[resource] = (reply.json["access_token"], time.monotonic() + reply.json["expires_in"] - 300)
            return str(reply.json["access_token"])

    def call(self, resource: str, host: str, method: str, target: str, body: dict[str, Any] | None = None) -> Reply:
        """One authorized exchange; a token that is no good any more is replaced once, as Azure's own clients do."""
        data = None if body is None else json.dumps(body).encode()
        for is_last in (False, True):
            headers = {"Authorization": f"Bearer {self.token(resource)}", "Content-Type": "application/json"}
            reply = self._emulator.wire.call(host, method, target, headers, data)
            if reply.status != 401 or is_last:
                break
            with self._lock:
                self._tokens.pop(resource, None)
        return reply


class Vault:
    """One vault's secrets."""

    def __init__(self, emulator: Emulator, app: dict[str, str], name: str) -> None:
        self._identity = Identity(emulator, app)
        self.host = f"{name}.vault.localhost"
        self.url = f"https://{self.host}:{emulator.port}"

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        separator = "&" if "?" in path else "?"
        target = f"{path}{separator}api-version={API['vault']}"
        reply = self._identity.call("https://vault.localhost", self.host, method, target, body)
        if reply.status != 200:
            raise Refused(f"{method} {path}", reply)
        return reply.json

    def get(self, name: str, version: str = "") -> dict[str, Any]:
        """`value`, `contentType`, `tags`, `attributes`, and `version` for the last part of its id."""
        secret: dict[str, Any] = self._call("GET", f"/secrets/{name}/{version}".rstrip("/"))
        return secret | {"version": secret["id"].rpartition("/")[2]}

    def set(self, name: str, value: str, **members: Any) -> dict[str, Any]:
        secret: dict[str, Any] = self._call("PUT", f"/secrets/{name}", {"value": value} | members)
        return secret | {"version": secret["id"].rpartition("/")[2]}

    def update(self, name: str, version: str, **members: Any) -> None:
        self._call("PATCH", f"/secrets/{name}/{version}", members)

    def delete(self, name: str) -> None:
        self._call("DELETE", f"/secrets/{name}")

    def versions(self, name: str) -> list[str]:
        """From the oldest to the newest, as far as their whole seconds tell."""
        listed: list[dict[str, Any]] = self._call("GET", f"/secrets/{name}/versions")["value"]
        listed.sort(key=lambda version: int(version["attributes"]["created"]))
        return [version["id"].rpartition("/")[2] for version in listed]


class Arm:
    """Resource Manager's storage accounts."""

    def __init__(self, emulator: Emulator, app: dict[str, str]) -> None:
        self._identity = Identity(emulator, app)

    def keys(self, account_id: str) -> dict[str, str]:
        """The account's keys by name."""
        return self._keys(account_id, "listKeys", {})

    def regenerate(self, account_id: str, name: str) -> dict[str, str]:
        return self._keys(account_id, "regenerateKey", {"keyName": name})

    def _keys(self, account_id: str, action: str, body: dict[str, Any]) -> dict[str, str]:
        target = f"{account_id}/{action}?api-version={API['storage']}"
        reply = self._identity.call("https://management.localhost", "management.localhost", "POST", target, body)
        if reply.status != 200:
            raise Refused(action, reply)
        return {key["keyName"]: key["value"] for key in reply.json["keys"]}
