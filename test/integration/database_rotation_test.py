"""Whole rotations of a login of a real PostgreSQL: two take turns, and who has the former password is not cut off."""

from __future__ import annotations

import json
import unittest

from database_servers import ADMIN_PASSWORD, leave_where_missing
from postgresql_test import BIN, Server
from stage import VAULT, Stage


class Rotation(unittest.TestCase):
    def test_two_logins_take_turns(self) -> None:
        server = Server()
        self.addCleanup(server.stop)
        for login in ("app", "app_b"):
            server.sql(f"CREATE ROLE {login} LOGIN PASSWORD 'old-password'")
        with Stage() as stage:
            vault = f"{VAULT}.{stage.settings()['KSSEDR_KEYVAULT_SUFFIX']}"
            owner = f"postgresql://localhost:{server.port}/app"
            database = server.database(alternate="app_b")
            configured = server.database(alternate="app_b", admin_password_secret=f"https://{vault}/secrets/db-admin")
            stage.vault.set("db-admin", ADMIN_PASSWORD)
            value = {"username": "app", "password": "old-password", "host": "localhost", "port": server.port, "note": "kept"}
            expires = int(stage.now.timestamp()) + 86400
            stage.vault.set("orders", json.dumps(value), tags={"ProviderAddress": owner}, attributes={"exp": expires})
            allowed = {"KSSEDR_ALLOWED_TARGETS": f"{VAULT}={owner}", "KSSEDR_MIN_OVERLAP": "PT0S"}
            held = value
            for login in ("app_b", "app"):
                ran = stage.run(
                    "rotate", "--config", str(configured.config), "--force", "--json", f"https://{vault}/secrets/orders", **allowed
                )
                self.assertEqual(ran.code, 0, ran.out + ran.err)
                self.assertEqual(ran.objects[0]["outcome"], "rotated", ran.objects)
                published = json.loads(stage.vault.get("orders")["value"])
                self.assertEqual(published, value | {"username": login, "password": published["password"]})
                for current in (published, held):
                    self.assertEqual(database.try_login(current["password"], login=current["username"]), "accepted:")
                self.assertNotIn(published["password"], ran.out + ran.err + server.log.read_text(encoding="utf-8"))
                held = published


if __name__ == "__main__":
    leave_where_missing(BIN / "postgres", "psql", "openssl")
    unittest.main()
