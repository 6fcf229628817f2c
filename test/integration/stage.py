"""The stage of the end-to-end tests and of the demo.

A local Azure with a vault and a storage account, a secret in the one that holds a key of the other, and kssedr as it is
deployed to Azure Functions, run by the simulated host.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "host"))

from functions_host import EventHub, FunctionsHost, Options  # noqa: E402
from functions_host.front import Ingest  # noqa: E402
from functions_host.host import Invocation  # noqa: E402
from local_azure import Arm, Consumer, Emulator, Vault  # noqa: E402
from local_azure.clients import Identity  # noqa: E402

ROOT = HERE.parents[1]
BINARIES = Path(os.environ.get("KSSEDR_TEST_BINARIES", ROOT / "build/release/bin"))
KSSEDR = BINARIES / "kssedr"
DEPLOYED = ROOT / "deploy/functions"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"

VAULT = "demo"
ACCOUNT = "demostorage"
SECRET = "storage-connection"


def lay_out_app(root: Path) -> None:
    """The app root as `./dev package` makes it, but with links to what lies on this machine."""
    shutil.copytree(DEPLOYED, root, dirs_exist_ok=True)
    (root / "lib").mkdir()
    (root / "kssedr").symlink_to(KSSEDR)
    (root / "lib/ld-linux-x86-64.so.2").symlink_to("/lib64/ld-linux-x86-64.so.2")
    (root / "ca-certificates.crt").symlink_to(CERTIFICATES)


def rfc3339(when: datetime) -> str:
    return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Ran:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


class Stage:
    """Everything but the host, which tests start with `host()`, and which may come and go."""

    def __init__(self, now: datetime | None = None, key_times: bool = True) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="kssedr-stage-")
        self.app_root = Path(self._directory.name, "app")
        lay_out_app(self.app_root)
        self.now = now or datetime.now(timezone.utc)
        self.apps = {name: self._new_app(name) for name in ("kssedr", "application", "operator")}
        self.emulator = Emulator(self._seed(key_times), rfc3339(self.now), BINARIES / "kssedr-emulator")
        self.hub = EventHub(partitions=2)
        self.vault = Vault(self.emulator, self.apps["operator"], VAULT)
        self.arm = Arm(self.emulator, self.apps["operator"])
        self.account_id = self.emulator.state()["accounts"][0]["id"]
        self.vault_id = self.emulator.state()["vaults"][0]["id"]

    def close(self) -> None:
        self.emulator.stop()
        self._directory.cleanup()

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------ the world
    def _new_app(self, name: str) -> dict[str, str]:
        secret = f"secret-of-{name}-{uuid.uuid4().hex}"
        return {"name": name, "clientId": str(uuid.uuid4()), "clientSecret": secret, "tenant": TENANT}

    def _seed(self, key_times: bool) -> dict[str, Any]:
        long_ago = rfc3339(self.now - timedelta(days=400))
        apps = [
            {"name": app["name"], "clientId": app["clientId"], "clientSecrets": [app["clientSecret"]], "tenant": TENANT}
            for app in self.apps.values()
        ]
        return {
            "tenants": [{"id": TENANT, "domain": "contoso.onmicrosoft.com"}],
            "apps": apps,
            "subscriptions": [{"id": SUBSCRIPTION, "name": "Local"}],
            "resourceGroups": [{"name": "demo"}],
            "vaults": [{"name": VAULT}],
            "accounts": [{"name": ACCOUNT, "created": long_ago, "keyTimes": key_times}],
        }

    def later(self, **span: float) -> str:
        """A time after the one the stage began at, as `timedelta` takes it."""
        return rfc3339(self.now + timedelta(**span))

    def value(self, key: str) -> str:
        """The original's form: the key stands last, behind the suffix."""
        suffix = self.emulator.environment["KSSEDR_STORAGE_SUFFIX"]
        return f"DefaultEndpointsProtocol=https;AccountName={ACCOUNT};EndpointSuffix={suffix};AccountKey={key}"

    def original_tags(self, slot: int = 0) -> dict[str, str]:
        return {"orgin": self.account_id, "key": str(slot), "team": "payments"}

    def put_secret(self, name: str = SECRET, slot: str = "key1", **members: Any) -> str:
        """A secret of the original's making that is due, unless told otherwise; its version."""
        made = {
            "vault": VAULT,
            "name": name,
            "value": self.value(self.arm.keys(self.account_id)[slot]),
            "contentType": self.account_id,
            "tags": self.original_tags(int(slot[-1]) - 1),
            "created": rfc3339(self.now - timedelta(days=70)),
            "nbf": rfc3339(self.now - timedelta(days=70)),
            "exp": rfc3339(self.now + timedelta(days=20)),
            "announce": False,
        } | members
        answer = self.emulator.put("secrets", **{key: value for key, value in made.items() if value is not None})
        return str(answer["id"]).rpartition("/")[2]

    def event(self, name: str = SECRET, version: str | None = None, kind: str = "SecretNearExpiry") -> dict[str, Any]:
        """What Event Grid would say of the secret's current version."""
        version = version or self.vault.get(name)["version"]
        return {
            "id": str(uuid.uuid4()),
            "source": self.vault_id,
            "subject": name,
            "type": f"Microsoft.KeyVault.{kind}",
            "time": self.emulator.now(),
            "specversion": "1.0",
            "data": {
                "Id": f"https://{self.vault.host}:{self.emulator.port}/secrets/{name}/{version}",
                "VaultName": VAULT,
                "ObjectType": "Secret",
                "ObjectName": name,
                "Version": version,
                "NBF": None,
                "EXP": None,
            },
        }

    def consumer(self, name: str = SECRET, **more: Any) -> Consumer:
        return Consumer(self.emulator, Vault(self.emulator, self.apps["application"], VAULT), name, **more)

    def kssedr_calls(self, operation: str | None = None) -> list[dict[str, Any]]:
        like = {"operation": operation} if operation else {}
        return self.emulator.calls(client_id=self.apps["kssedr"]["clientId"], **like)

    def secret_values(self) -> list[str]:
        """What must never be seen anywhere: keys, also such as were, and client secrets."""
        keys = {part for name in self.vault_secret_names for part in self._keys_in(name)}
        keys.update(self.arm.keys(self.account_id).values())
        return sorted(keys | {app["clientSecret"] for app in self.apps.values()})

    def _keys_in(self, name: str) -> set[str]:
        values = (self.vault.get(name, version)["value"] for version in self.vault.versions(name))
        return {value.rpartition("AccountKey=")[2] for value in values if "AccountKey=" in value}

    vault_secret_names: tuple[str, ...] = (SECRET,)

    # ------------------------------------------------------------ kssedr
    def settings(self, **changed: str | None) -> dict[str, str]:
        """The app's settings; None leaves one out."""
        app = self.apps["kssedr"]
        given: dict[str, str | None] = {
            name: value for name, value in self.emulator.environment.items() if not name.startswith("AZURE_CLIENT")
        }
        given.pop("AZURE_TENANT_ID", None)
        given |= {
            "tenantId": app["tenant"],
            "clientId": app["clientId"],
            "clientSecret": app["clientSecret"],
            "EventHub_ConnectionString": "Endpoint=sb://local.servicebus.windows.net/;SharedAccessKeyName=l",
            "EventHub_Name": self.hub.name,
            "EventHub_ConsumerGroup": "$Default",
            "AzureWebJobsStorage": "UseDevelopmentStorage=true",
            "KSSEDR_LOCKS": "none",
            "KSSEDR_VAULTS": VAULT,
            "KSSEDR_ALLOWED_TARGETS": self.account_id,
            "REGION_NAME": "West Europe",
        }
        given |= changed
        return {name: value for name, value in given.items() if value is not None}

    def by_real_names(self) -> dict[str, str | None]:
        """Settings with which the services' own endpoints are asked, by their real names, through the emulator."""
        return {"HTTPS_PROXY": f"http://127.0.0.1:{self.emulator.proxy_port}", "no_proxy": "localhost"}

    def host(self, options: Options | None = None, **changed: str | None) -> FunctionsHost:
        return FunctionsHost(self.app_root, self.settings(**changed), self.hub, options or Options(retry_scale=0.02))

    def run(self, *arguments: str, stdin: str = "", **changed: str | None) -> Ran:
        """Runs a kssedr command with the app's settings and nothing else in its environment."""
        return run_kssedr(*arguments, stdin=stdin, environment=self.settings(**changed))


TENANT = "11111111-2222-3333-4444-555555555555"
SUBSCRIPTION = "66666666-7777-8888-9999-000000000000"


def run_kssedr(*arguments: str, stdin: str = "", environment: dict[str, str] | None = None) -> Ran:
    finished = subprocess.run(
        [str(KSSEDR), *arguments], env=environment or {}, input=stdin, capture_output=True, text=True, timeout=60
    )
    return Ran(finished.returncode, finished.stdout, finished.stderr)


def outcomes(host: FunctionsHost) -> list[dict[str, Any]]:
    """Each outcome of each successful invocation of the event function, in order."""
    return [outcome for invocation in event_invocations(host) for outcome in invocation.return_value or []]


def event_invocations(host: FunctionsHost) -> list[Invocation]:
    return [each for each in host.invocations if each.function == "EventHubTriggerFunction"]


def eventually(condition: Callable[[], object], timeout: float = 20.0) -> bool:
    """Whether a condition came true in time."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


def get_text(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        text: bytes = answer.read()
        return text.decode()


def get_json(url: str) -> Any:
    return json.loads(get_text(url))


__all__ = [
    "ACCOUNT",
    "Arm",
    "Consumer",
    "DEPLOYED",
    "Emulator",
    "EventHub",
    "FunctionsHost",
    "Identity",
    "Ingest",
    "KSSEDR",
    "Options",
    "SECRET",
    "Stage",
    "VAULT",
    "Vault",
    "event_invocations",
    "eventually",
    "get_json",
    "get_text",
    "outcomes",
    "rfc3339",
    "run_kssedr",
]
