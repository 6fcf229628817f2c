"""Every entry of the catalogue with slots, end to end.

A secret that holds one of the service's keys is rotated twice, in each form that people keep such a key in, against a
local Azure that has the services' facts from elsewhere.
"""

from __future__ import annotations

import subprocess
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from stage import KSSEDR, SUBSCRIPTION, VAULT, Identity, Ran, Stage, eventually, run_kssedr

SAS = "Endpoint=sb://{n}.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey={key}"
OF_ENTITY = SAS + ";EntityPath=orders"
TURNED_ROUND = "SharedAccessKey={key};SharedAccessKeyName=send;Endpoint=sb://{n}.servicebus.windows.net/"
AMQP = "amqps://send:{url}@{n}.servicebus.windows.net"
JSON = '{{ "note": "keep",  "key" : "{key}" }}'
REDIS = "{n}.redis.cache.windows.net:6380,password={key},ssl=True,abortConnect=False"
TAGS = {"ValidityPeriodDays": "90", "team": "payments"}


@dataclass(frozen=True)
class Kind:
    """A kind of owner: its id behind `providers`, and values that hold its key.

    `{n}` is a name of the case's own; in a form `{key}` is the key, `{url}` the key percent-encoded, `{id}` its id.
    """

    owner: str
    forms: tuple[str, ...] = ("{key}",)
    read_only: str = ""  # a form of the second pair


KINDS = {
    "storage-account-key": Kind(
        "Microsoft.Storage/storageAccounts/{n}",
        ("{key}", "DefaultEndpointsProtocol=https;AccountName={n};AccountKey={key};EndpointSuffix={storage}"),
    ),
    "cosmosdb-key": Kind(
        "Microsoft.DocumentDB/databaseAccounts/{n}",
        (
            "{key}",
            "AccountEndpoint=https://{n}.documents.azure.com:443/;AccountKey={key};",
            "mongodb://{n}:{url}@{n}.mongo.cosmos.azure.com:10255/?ssl=true&replicaSet=globaldb&retrywrites=false"
            "&maxIdleTimeMS=120000&appName=@{n}@",
            "DefaultEndpointsProtocol=https;AccountName={n};AccountKey={key};"
            "TableEndpoint=https://{n}.table.cosmos.azure.com:443/;",
        ),
        "AccountEndpoint=https://{n}.documents.azure.com:443/;AccountKey={key};",
    ),
    "redis-key": Kind(
        "Microsoft.Cache/redis/{n}", ("{key}", REDIS, "rediss://:{url}@{n}.redis.cache.windows.net:6380/0", JSON)
    ),
    "redisenterprise-key": Kind(
        "Microsoft.Cache/redisEnterprise/{n}/databases/default",
        (
            "{n}.westeurope.redis.azure.net:10000,password={key},ssl=True,abortConnect=False",
            "rediss://:{url}@{n}.westeurope.redis.azure.net:10000",
        ),
    ),
    "servicebus-namespace-sas": Kind(
        "Microsoft.ServiceBus/namespaces/{n}/authorizationRules/send", ("{key}", SAS, TURNED_ROUND, AMQP)
    ),
    "servicebus-queue-sas": Kind(
        "Microsoft.ServiceBus/namespaces/{n}/queues/orders/authorizationRules/send", (OF_ENTITY, SAS)
    ),
    "servicebus-topic-sas": Kind(
        "Microsoft.ServiceBus/namespaces/{n}/topics/orders/authorizationRules/send", (OF_ENTITY,)
    ),
    "eventhub-namespace-sas": Kind("Microsoft.EventHub/namespaces/{n}/authorizationRules/send", (SAS,)),
    "eventhub-eventhub-sas": Kind(
        "Microsoft.EventHub/namespaces/{n}/eventhubs/orders/authorizationRules/send", (OF_ENTITY,)
    ),
    "relay-namespace-sas": Kind("Microsoft.Relay/namespaces/{n}/authorizationRules/send", (SAS,)),
    "relay-hybridconnection-sas": Kind(
        "Microsoft.Relay/namespaces/{n}/hybridConnections/orders/authorizationRules/send", (OF_ENTITY,)
    ),
    "relay-wcfrelay-sas": Kind(
        "Microsoft.Relay/namespaces/{n}/wcfRelays/orders/authorizationRules/send", (OF_ENTITY,)
    ),
    "notificationhubs-namespace-sas": Kind(
        "Microsoft.NotificationHubs/namespaces/{n}/authorizationRules/send", (SAS,)
    ),
    "notificationhubs-hub-sas": Kind(
        "Microsoft.NotificationHubs/namespaces/{n}/notificationHubs/orders/authorizationRules/send", (OF_ENTITY,)
    ),
    "eventgrid-topic-key": Kind("Microsoft.EventGrid/topics/{n}"),
    "eventgrid-domain-key": Kind("Microsoft.EventGrid/domains/{n}"),
    "eventgrid-partnernamespace-key": Kind("Microsoft.EventGrid/partnerNamespaces/{n}"),
    "eventgrid-namespace-key": Kind("Microsoft.EventGrid/namespaces/{n}"),
    "eventgrid-namespacetopic-key": Kind("Microsoft.EventGrid/namespaces/{n}/topics/orders"),
    "cognitiveservices-key": Kind("Microsoft.CognitiveServices/accounts/{n}", ("{key}", JSON)),
    "search-admin-key": Kind("Microsoft.Search/searchServices/{n}"),
    "machinelearning-online-endpoint-key": Kind(
        "Microsoft.MachineLearningServices/workspaces/{n}/onlineEndpoints/score"
    ),
    "machinelearning-serverless-endpoint-key": Kind(
        "Microsoft.MachineLearningServices/workspaces/{n}/serverlessEndpoints/score"
    ),
    "batch-key": Kind("Microsoft.Batch/batchAccounts/{n}"),
    "signalr-key": Kind(
        "Microsoft.SignalRService/signalR/{n}",
        ("Endpoint=https://{n}.service.signalr.net;AccessKey={key};Version=1.0;",),
    ),
    "webpubsub-key": Kind(
        "Microsoft.SignalRService/webPubSub/{n}",
        ("Endpoint=https://{n}.webpubsub.azure.com;AccessKey={key};Version=1.0;",),
    ),
    "appconfiguration-key": Kind(
        "Microsoft.AppConfiguration/configurationStores/{n}",
        ("Endpoint=https://{n}.azconfig.io;Id={id};Secret={key}",),
        "Endpoint=https://{n}.azconfig.io;Id={id};Secret={key}",
    ),
    "maps-key": Kind("Microsoft.Maps/accounts/{n}"),
    "apim-subscription-key": Kind("Microsoft.ApiManagement/service/{n}/subscriptions/shop"),
    "apim-workspace-subscription-key": Kind(
        "Microsoft.ApiManagement/service/{n}/workspaces/shop/subscriptions/orders"
    ),
    "apim-tenant-access-key": Kind("Microsoft.ApiManagement/service/{n}/tenant/access"),
    "apim-gateway-key": Kind("Microsoft.ApiManagement/service/{n}/gateways/shop"),
    "communication-key": Kind(
        "Microsoft.Communication/communicationServices/{n}",
        ("endpoint=https://{n}.communication.azure.com/;accesskey={key}",),
    ),
    "acr-admin-password": Kind("Microsoft.ContainerRegistry/registries/{n}"),
    "functions-host-key": Kind(
        "Microsoft.Web/sites/{n}/host/default", ("{key}", "https://{n}.azurewebsites.net/api/orders?code={url}")
    ),
    "botservice-directline-key": Kind("Microsoft.BotService/botServices/{n}/channels/DirectLineChannel"),
    "appplatform-test-key": Kind("Microsoft.AppPlatform/spring/{n}"),
    "fluidrelay-key": Kind("Microsoft.FluidRelay/fluidRelayServers/{n}"),
    "datafactory-ir-key": Kind("Microsoft.DataFactory/factories/{n}/integrationRuntimes/own"),
    "synapse-ir-key": Kind("Microsoft.Synapse/workspaces/{n}/integrationRuntimes/own"),
    "datamigration-sqlservice-key": Kind("Microsoft.DataMigration/sqlMigrationServices/{n}"),
    "automation-agent-key": Kind("Microsoft.Automation/automationAccounts/{n}"),
    "iothub-policy-key": Kind(
        "Microsoft.Devices/IotHubs/{n}/IotHubKeys/service",
        ("HostName={n}.azure-devices.net;SharedAccessKeyName=service;SharedAccessKey={key}",),
    ),
    "iotdps-policy-key": Kind(
        "Microsoft.Devices/provisioningServices/{n}/keys/enrollmentread",
        ("HostName={n}.azure-devices-provisioning.net;SharedAccessKeyName=enrollmentread;SharedAccessKey={key}",),
    ),
}


# Whose keys are tried against the service's own endpoint before they are published.
TRIED = {
    "storage-account-key",
    "cosmosdb-key",
    "cognitiveservices-key",
    "search-admin-key",
    "signalr-key",
    "webpubsub-key",
    "appconfiguration-key",
    "communication-key",
    "acr-admin-password",
}


def slot_entries() -> dict[str, dict[str, Any]]:
    listed = run_kssedr("providers", "--json").objects
    return {entry["id"]: entry for entry in listed if entry["shape"] == "slots"}


@dataclass(frozen=True)
class Key:
    value: str
    id: str = ""


class Case:
    """A resource of a kind, and a secret that holds one of its keys in one form."""

    def __init__(self, stage: Stage, entry: dict[str, Any], form: str, number: int, first: int) -> None:
        self.stage, self.form, self.first = stage, form, first
        self.name = f"case{number}"
        self.title = f"{entry['id']}: {form}"
        self.is_tried = entry["id"] in TRIED
        self.slots: list[str] = entry["slots"]
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/demo/providers/"
        self.owner = group + KINDS[entry["id"]].owner.format(n=self.name)
        self.resource, _, self.policy = self.owner.partition("/IotHubKeys/")
        if "/provisioningServices/" in self.owner:
            self.resource, _, self.policy = self.owner.partition("/keys/")
        self.is_storage = "Microsoft.Storage/" in self.owner
        self._make()

    def _make(self) -> None:
        emulator = self.stage.emulator
        if self.is_storage:
            emulator.put("accounts", name=self.name, created=self.stage.later(days=-400))
        else:
            emulator.put("resources", id=self.resource, created=self.stage.later(days=-400))
        if "Microsoft.Web/" in self.owner:
            self._make_host_key("kssedr")
        self.put_secret(self.first, days=-70)

    def put_secret(self, slot: int, days: int) -> None:
        self.stage.emulator.put(
            "secrets",
            vault=VAULT,
            name=self.name,
            value=self.value(self.keys()[slot]),
            contentType="text/plain",
            tags=TAGS | {"ProviderAddress": self.owner, "CredentialId": self.slots[slot]},
            created=self.stage.later(days=days),
            exp=self.stage.later(days=20),
            announce=False,
        )

    def _make_host_key(self, name: str) -> None:
        operator = Identity(self.stage.emulator, self.stage.apps["operator"])
        target = f"{self.owner}/functionKeys/{name}?api-version=2023-12-01"
        body = {"properties": {"name": name, "value": None}}
        reply = operator.call("https://management.localhost", "management.localhost", "PUT", target, body)
        assert reply.status == 201, reply.body

    def keys(self, listed: list[dict[str, Any]] | None = None) -> list[Key]:
        """All keys of the owner, as the local Azure has them, in the order of the slots."""
        if self.is_storage:
            return [Key(value) for value in self.stage.arm.keys(self.owner).values()]
        for resource in listed or self.stage.emulator.admin("GET", "resources"):
            if resource["id"] == self.resource:
                keys = [key for key in resource["keys"] if key.get("policy", "") == self.policy]
                return [Key(key["value"], key.get("id", "")) for key in keys]
        raise AssertionError(f"{self.resource} is gone")

    def value(self, key: Key) -> str:
        storage = self.stage.emulator.environment["KSSEDR_STORAGE_SUFFIX"]
        return self.form.format(n=self.name, key=key.value, url=quote(key.value, safe=""), id=key.id, storage=storage)

    @property
    def url(self) -> str:
        return f"https://{self.stage.vault.host}:{self.stage.emulator.port}/secrets/{self.name}"

    def rotate(self) -> Ran:
        return self.stage.run(
            "rotate", self.url, "--json", KSSEDR_ALLOWED_TARGETS="/", **self.stage.by_real_names()
        )

    def effects(self) -> list[dict[str, Any]]:
        """The calls of kssedr that made a key anew, or were to."""
        calls = self.stage.kssedr_calls()
        return [
            call
            for call in calls
            if call["resource"] == self.resource and call["operation"] in ("keys.regenerate", "resource.put")
        ]

    def goes_on(self) -> bool:
        """Whether the service is still making a key."""
        listed = self.stage.emulator.admin("GET", "resources")
        return any(each["operationGoesOn"] for each in listed if each["id"] == self.resource)


class Watch:
    """Reads all secrets again and again, and looks whether each holds a key that is valid."""

    def __init__(self, stage: Stage, cases: list[Case]) -> None:
        self._stage, self._cases = stage, cases
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch")
        self.looks = 0
        self.failures: list[str] = []

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        # Not more often: a vault allows 400 calls a second.
        while not self._stopping.wait(0.2):
            try:
                self._look()
            except Exception as error:  # seen by the test, in whose thread this is not
                self.failures.append(repr(error))
                return

    def _look(self) -> None:
        values = {case.name: self._stage.vault.get(case.name)["value"] for case in self._cases}
        listed = self._stage.emulator.admin("GET", "resources")
        for case in self._cases:
            if values[case.name] not in map(case.value, case.keys(listed)):
                self.failures.append(case.title)
        self.looks += 1


def make_cases(stage: Stage, entries: dict[str, dict[str, Any]]) -> list[Case]:
    cases: list[Case] = []
    for id, kind in KINDS.items():
        for form in kind.forms:
            cases.append(Case(stage, entries[id], form, len(cases), 0))
        if kind.read_only:
            cases.append(Case(stage, entries[id], kind.read_only, len(cases), 2))
    return cases


class Catalogue(unittest.TestCase):
    def test_every_entry_has_a_form_here(self) -> None:
        self.assertEqual(sorted(slot_entries()), sorted(KINDS))

    def test_every_entry_is_rotated_twice_and_what_is_current_is_always_valid(self) -> None:
        with Stage() as stage:
            cases = make_cases(stage, slot_entries())
            with Watch(stage, cases) as watch:
                self._rotate_all(cases, from_other=0)
                # The overlap is over, and the new version due. What goes on after its answer is done at once now.
                stage.emulator.advance("P75D")
                for case in cases:
                    if not case.is_storage:
                        stage.emulator.put("resources", id=case.resource, operationTakes="PT0S")
                self._rotate_all(cases, from_other=1)
            self.assertEqual(watch.failures, [])
            self.assertGreater(watch.looks, 5)
            self._check_what_was_done(cases)

    def test_killed_while_the_service_goes_on_it_finds_the_key_that_was_made(self) -> None:
        entry = slot_entries()["cosmosdb-key"]
        with Stage() as stage:
            case = Case(stage, entry, KINDS["cosmosdb-key"].forms[1], 0, 0)
            # Versions before it are the evidence, where the service does not say when a key was made.
            case.put_secret(1, days=-69)
            case.put_secret(0, days=-68)
            before = case.keys()
            settings = stage.settings(KSSEDR_ALLOWED_TARGETS="/")
            nowhere = subprocess.DEVNULL
            running = subprocess.Popen([str(KSSEDR), "rotate", case.url], env=settings, stdout=nowhere, stderr=nowhere)
            self.assertTrue(eventually(case.goes_on))
            running.kill()
            running.wait()
            self.assertEqual(case.keys(), before, "nothing is made yet")

            after = case.rotate()
            self.assertEqual(after.objects[0]["outcome"], "adopted", after.out)
            self.assertEqual(stage.vault.get(case.name)["value"], case.value(case.keys()[1]))
            self.assertEqual([key != old for key, old in zip(case.keys(), before)], [False, True, False, False])
            self.assertEqual([call["status"] for call in case.effects() if call["effect"]], [202])

    def _rotate_all(self, cases: list[Case], from_other: int) -> None:
        before = {case.name: case.keys() for case in cases}
        secrets = {case.name: case.stage.vault.get(case.name) for case in cases}
        with ThreadPoolExecutor(6) as pool:
            ran = dict(zip([case.name for case in cases], pool.map(Case.rotate, cases)))
        for case in cases:
            with self.subTest(case.title, rotation=from_other + 1):
                self._check(case, ran[case.name], before[case.name], secrets[case.name], case.first + from_other)

    def _check(self, case: Case, ran: Ran, before: list[Key], secret: dict[str, Any], held: int) -> None:
        other = case.first + 1 - (held - case.first)
        self.assertEqual(ran.code, 0, ran.out + ran.err)
        outcome = ran.objects[0]
        self.assertEqual((outcome["outcome"], outcome["credential"]), ("rotated", case.slots[other]), outcome)
        self.assertEqual(outcome["verified"], "yes" if case.is_tried else "not-reachable", outcome)
        after = case.keys()
        changed = [slot for slot, (one, two) in enumerate(zip(before, after, strict=True)) if one != two]
        self.assertEqual(changed, [other], "the slot that nobody held is the one that is made anew")
        now = case.stage.vault.get(case.name)
        self.assertEqual(secret["value"], case.value(before[held]))
        self.assertEqual(now["value"], case.value(after[other]))
        self.assertEqual(now["contentType"], secret["contentType"])
        self.assertEqual(now["tags"], secret["tags"] | {"CredentialId": case.slots[other]})

    def _check_what_was_done(self, cases: list[Case]) -> None:
        """One regeneration a rotation, and none that was tried twice."""
        for case in cases:
            calls = case.effects()
            with self.subTest(case.title):
                self.assertEqual([call["status"] < 300 for call in calls], [True, True], calls)
                self.assertTrue(all(call["effect"] for call in calls))


if __name__ == "__main__":
    unittest.main()
