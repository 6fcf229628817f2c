"""Client secrets of an Entra application, end to end.

An application keeps its client secret in a vault and asks for tokens with it all the time. It never fails, whatever
form the value has, however long Entra takes to hear of a new one, and wherever kssedr is killed.
"""

from __future__ import annotations

import json
import subprocess
import unittest
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from stage import KSSEDR, Consumer, Emulator, Ran, Stage, Vault, eventually

SECRET = "shop-client-secret"
TAGS = {"ValidityPeriodDays": "90", "team": "payments"}
NOWHERE = subprocess.DEVNULL

# `{s}` is the client secret, `{a}` what the application signs in by.
FORMS = {
    "bare": "{s}",
    "create-for-rbac": '{{"appId":"{a}","displayName":"shop","password":"{s}","tenant":"contoso.onmicrosoft.com"}}',
    "json-auth": '{{"clientId":"{a}", "clientSecret":"{s}",\n "activeDirectoryEndpointUrl":'
    '"https://login.microsoftonline.com","managementEndpointUrl":"https://management.core.windows.net/"}}',
    "settings": '[{{"name":"AZURE_CLIENT_ID","value":"{a}"}},{{"name":"AZURE_CLIENT_SECRET","value":"{s}"}}]',
    "authentication string": "RunAs=App;AppId={a};TenantId=contoso.onmicrosoft.com;AppKey={s}",
    "ADO": "Server=tcp:shop.database.windows.net,1433;Authentication=Active Directory Service Principal;"
    "User Id={a};Password={s};Encrypt=True",
}


class TokenConsumer(Consumer):
    """Asks for a token with what it holds, instead of using a storage account."""

    tenant = ""

    def _use(self) -> None:
        reply = sign_in(self._emulator, self.tenant, self._account, self._key)
        self.requests += 1
        if reply != 200:
            self.failures.append(f"{reply}")


def sign_in(emulator: Emulator, tenant: str, client_id: str, secret: str) -> int:
    """The status of Entra's answer."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    form["scope"] = "https://graph.localhost/.default"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    target = f"/{tenant}/oauth2/v2.0/token"
    return emulator.wire.call("login.localhost", "POST", target, headers, urlencode(form).encode()).status


class Shop:
    """An application of the world, and a secret that holds a client secret of it."""

    def __init__(self, stage: Stage, name: str = SECRET, form: str = "{s}", **members: Any) -> None:
        self.stage, self.name, self.form = stage, name, form
        self.app_id, self.object_id = str(uuid.uuid4()), str(uuid.uuid4())
        self.tenant = stage.apps["kssedr"]["tenant"]
        self.by_hand = {"keyId": str(uuid.uuid4()), "displayName": "by hand"}
        self.by_hand["secretText"] = f"hand8Q~{uuid.uuid4().hex}"
        self.by_hand["startDateTime"] = stage.later(days=-70)
        self.by_hand["endDateTime"] = stage.later(days=700)
        others = members.pop("others", [])
        stage.emulator.put(
            "apps",
            clientId=self.app_id,
            applicationObjectId=self.object_id,
            name=name,
            tenant=self.tenant,
            clientSecrets=[f"other8Q~{uuid.uuid4().hex}"],
            passwordCredentials=[self.by_hand, *others],
            **members,
        )
        self.put_secret()

    def put_secret(self, **members: Any) -> None:
        made = {"tags": TAGS | {"ProviderAddress": self.object_id, "CredentialId": self.by_hand["keyId"]}}
        value = self.value(self.by_hand["secretText"])
        self.stage.put_secret(self.name, value=value, contentType=None, **(made | members))

    def value(self, secret: str) -> str:
        return self.form.format(s=secret, a=self.app_id)

    def read(self, value: str) -> tuple[str, str]:
        """What the application makes of the secret's value."""
        before, after = self.value("\0").split("\0")
        if not (value.startswith(before) and value.endswith(after)):
            raise ValueError("something beside the client secret has changed")
        return self.app_id, value[len(before) : len(value) - len(after)]

    @property
    def url(self) -> str:
        return f"{self.stage.vault.url}/secrets/{self.name}"

    @property
    def mark(self) -> str:
        return f"kssedr {self.stage.vault.host}:{self.stage.emulator.port}/{self.name}"

    def settings(self) -> dict[str, str]:
        return self.stage.settings(KSSEDR_ALLOWED_TARGETS=f"entra:{self.object_id}")

    def rotate(self) -> Ran:
        return self.stage.run("rotate", "--json", self.url, KSSEDR_ALLOWED_TARGETS=f"entra:{self.object_id}")

    def handle(self, version: str) -> Ran:
        """The event about that version, delivered (again)."""
        event = json.dumps(self.stage.event(self.name, version))
        return self.stage.run("handle", "--json", "-", stdin=event, KSSEDR_ALLOWED_TARGETS=f"entra:{self.object_id}")

    def listed(self) -> list[dict[str, Any]]:
        """Every client secret that stands, with its value."""
        applications = self.stage.emulator.admin("GET", "applications")
        (mine,) = [one for one in applications if one["id"] == self.object_id]
        credentials: list[dict[str, Any]] = mine["passwordCredentials"]
        return credentials

    def ours(self) -> list[str]:
        return [one["keyId"] for one in self.listed() if one["displayName"] == self.mark]

    def current(self) -> str:
        """The id of the client secret that the current version holds; empty where it is none that stands."""
        _, secret = self.read(self.stage.vault.get(self.name)["value"])
        return "".join(one["keyId"] for one in self.listed() if one["secretText"] == secret)

    def consumer(self, cache_seconds: float = 1e9) -> TokenConsumer:
        vault = Vault(self.stage.emulator, self.stage.apps["application"], self.stage.vault.host.split(".")[0])
        consumer = TokenConsumer(
            self.stage.emulator, vault, self.name, cache_seconds=cache_seconds, pause=0.01, parse=self.read
        )
        consumer.tenant = self.tenant
        return consumer


def leftover_of_ours(stage: Stage) -> dict[str, str]:
    """What an attempt of long ago made and nobody has."""
    return {
        "keyId": str(uuid.uuid4()),
        "displayName": f"kssedr demo.vault.localhost:{stage.emulator.port}/{SECRET}",
        "startDateTime": stage.later(days=-300),
        "endDateTime": stage.later(days=300),
    }


def use_a_while(consumer: Consumer) -> None:
    done = consumer.requests
    assert eventually(lambda: consumer.requests > done + 1)


class Entra(unittest.TestCase):
    def check_rotated(self, ran: Ran) -> dict[str, Any]:
        self.assertEqual(ran.code, 0, ran.out + ran.err)
        outcome = ran.objects[0]
        self.assertEqual(outcome["outcome"], "rotated", outcome)
        self.assertEqual(outcome["verified"], "yes", outcome)
        return outcome

    def test_every_form_is_rotated_three_times_and_the_application_never_fails(self) -> None:
        for title, form in FORMS.items():
            with self.subTest(title), Stage() as stage:
                shop = Shop(stage, form=form)
                with shop.consumer() as consumer:
                    made = [self.rotate_and_let_time_pass(shop, consumer) for _ in range(3)]
                self.assertEqual(consumer.failures, [])
                self.assertEqual(len(consumer.versions), 4)
                self.assertEqual(shop.ours(), made[1:], "what nobody has any more is removed, and nothing else")
                self.assertIn(shop.by_hand["keyId"], [one["keyId"] for one in shop.listed()])

    def rotate_and_let_time_pass(self, shop: Shop, consumer: Consumer) -> str:
        """The id of what was made. The application has the former one until just before the overlap is over."""
        before = shop.stage.vault.get(shop.name)
        outcome = self.check_rotated(shop.rotate())
        after = shop.stage.vault.get(shop.name)
        self.assertEqual(after["tags"], before["tags"] | {"CredentialId": shop.current()})
        self.assertEqual(outcome["credential"], shop.current())
        use_a_while(consumer)
        shop.stage.emulator.advance("P6DT23H")
        use_a_while(consumer)
        consumer.read_again()
        self.assertTrue(consumer.wait_for_version(after["version"], 20))
        use_a_while(consumer)
        shop.stage.emulator.advance("P68D")
        return shop.current()

    def test_a_new_one_that_takes_time_to_spread_is_published_when_it_works(self) -> None:
        with Stage() as stage:
            shop = Shop(stage, propagationDelay="PT3S", listingDelay="PT1S")
            with shop.consumer(cache_seconds=0.05) as consumer:
                outcome = self.check_rotated(shop.rotate())
                self.assertTrue(consumer.wait_for_version(outcome["newVersion"], 20))
                use_a_while(consumer)
            self.assertEqual(consumer.failures, [])
            tries = [call["status"] for call in stage.emulator.calls(client_id=shop.app_id, operation="token")]
            self.assertIn(401, tries, "it was tried before Entra knew it")

    def test_what_is_not_this_secrets_is_never_removed(self) -> None:
        with Stage() as stage:
            old = {"startDateTime": stage.later(days=-300), "endDateTime": stage.later(days=300)}
            host = f"demo.vault.localhost:{stage.emulator.port}"
            names = (f"kssedr {host}/other", f"kssedr other.vault.localhost/{SECRET}", f"not kssedr {host}/{SECRET}")
            leftover = leftover_of_ours(stage)
            others = [{"displayName": name, **old} for name in names]
            shop = Shop(stage, others=[*others, leftover, {"secretText": "no-name-at-all-0123"}])
            before = {one["keyId"] for one in shop.listed()}
            self.assertEqual(shop.ours(), [leftover["keyId"]])
            self.check_rotated(shop.rotate())
            # What is left of ours is removed; what has another name, or none, is not.
            self.assertEqual(before - {one["keyId"] for one in shop.listed()}, {leftover["keyId"]})
            stage.emulator.advance("P75D")
            self.check_rotated(shop.rotate())
            self.assertEqual(before - {one["keyId"] for one in shop.listed()}, {leftover["keyId"]})

    def test_an_edited_credential_id_removes_nothing(self) -> None:
        with Stage() as stage:
            shop = Shop(stage)
            self.check_rotated(shop.rotate())
            held = shop.current()
            stage.emulator.advance("P75D")
            version = stage.vault.get(shop.name)["version"]
            tags = TAGS | {"ProviderAddress": shop.object_id, "CredentialId": str(uuid.uuid4())}
            stage.vault.update(shop.name, version, tags=tags)
            self.check_rotated(shop.rotate())
            self.assertIn(held, shop.ours())

    def test_who_may_not_is_told_what_to_grant(self) -> None:
        with Stage() as stage:
            shop = Shop(stage)
            stage.emulator.fault("graph", "application.get", times=0, status=403, code="Authorization_RequestDenied")
            ran = shop.rotate()
            self.assertEqual(ran.objects[0]["code"], "permission-denied", ran.out)
            self.assertIn("Application.ReadWrite.OwnedBy", ran.objects[0]["reason"])
            self.assertEqual(len(stage.vault.versions(shop.name)), 1)


@dataclass(frozen=True)
class Point:
    """One upstream call of a rotation: what it asks for, and how many like it come before."""

    service: str
    operation: str
    after: int


def points_of_a_rotation() -> list[Point]:
    """What a rotation calls, in order, learnt from one that nobody disturbs."""
    with Stage() as stage:
        shop = Shop(stage, others=[leftover_of_ours(stage)])
        known = len(stage.emulator.calls())
        ran = shop.rotate()
        assert ran.objects[0]["outcome"] == "rotated", ran.out
        points: list[Point] = []
        for call in stage.emulator.calls()[known:]:
            like = [one for one in points if (one.service, one.operation) == (call["service"], call["operation"])]
            # A slow machine reads again what it read before; a fast one does not.
            may_be_more = call["operation"] in ("secret.get", "secret.list")
            if not (like and may_be_more):
                points.append(Point(call["service"], call["operation"], len(like)))
        return points


class Killed(unittest.TestCase):
    points: list[Point]

    @classmethod
    def setUpClass(cls) -> None:
        cls.points = points_of_a_rotation()

    def test_the_calls_are_the_ones_that_matter(self) -> None:
        operations = [point.operation for point in self.points]
        for operation in ("token", "secret.get", "application.get", "password.remove", "password.add", "secret.set"):
            self.assertIn(operation, operations)

    def test_killed_at_every_call_the_next_attempt_finds_its_way(self) -> None:
        for point in self.points:
            for side in ("before", "after"):
                with self.subTest(point=point, side=side), Stage() as stage:
                    self._kill_at(Shop(stage, others=[leftover_of_ours(stage)]), point, side)

    def _kill_at(self, shop: Shop, point: Point, side: str) -> None:
        first = shop.stage.vault.get(shop.name)["version"]
        with shop.consumer() as consumer:
            emulator = shop.stage.emulator
            # The consumer asks Entra for the same thing.
            emulator.fault(point.service, point.operation, user_agent="kssedr/", after=point.after, hold=side)
            running = subprocess.Popen(
                [str(KSSEDR), "rotate", shop.url], env=shop.settings(), stdout=NOWHERE, stderr=NOWHERE
            )
            self.assertIsNotNone(emulator.wait_for_hold(20), "the call never came")
            running.kill()
            running.wait()
            emulator.release()
            use_a_while(consumer)
            consumer.read_again()
            use_a_while(consumer)
            ran = shop.handle(first)
            self.assertIn(ran.objects[0]["outcome"], ("rotated", "superseded"), ran.out)
            use_a_while(consumer)
            consumer.read_again()
            use_a_while(consumer)
            self.assertEqual(len(shop.stage.vault.versions(shop.name)), 2)
            self.assertIn(shop.current(), shop.ours())
            emulator.advance("P75D")
            use_a_while(consumer)
            ran = shop.rotate()
            self.assertEqual(ran.objects[0]["outcome"], "rotated", ran.out)
            self.assertEqual(len(shop.ours()), 2, "one that was left behind is removed")
        self.assertEqual(consumer.failures, [])


if __name__ == "__main__":
    unittest.main()
