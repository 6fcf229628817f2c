"""The package for Azure Functions runs where there is nothing but a kernel: its tree is the whole root it sees."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

from stage import BINARIES, ROOT, SECRET, Options, Stage, get_json, get_text, outcomes


LATER = (
    "libpq.so.5",
    "libmariadb.so.3",
    "/lib/libmariadb3/plugin/caching_sha2_password.so",
    "/lib/libmariadb3/plugin/client_ed25519.so",
    "libsybdb.so.5",
    "libhiredis.so.0.14",
)


def pack(output: Path) -> None:
    command = [
        sys.executable,
        str(ROOT / "tools/package"),
        "--program",
        str(BINARIES / "kssedr"),
        "--output",
        str(output),
    ]
    subprocess.run(command, check=True, capture_output=True)


def unpack(package: Path, root: Path) -> None:
    """As `unzip` does, modes included."""
    with zipfile.ZipFile(package) as archive:
        for entry in archive.infolist():
            path = archive.extract(entry, root)
            os.chmod(path, (entry.external_attr >> 16) & 0o777)


class Package(unittest.TestCase):
    directory: tempfile.TemporaryDirectory[str]
    package: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.directory = tempfile.TemporaryDirectory(prefix="kssedr-package-")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.package = Path(cls.directory.name, "first.zip")
        pack(cls.package)

    def test_its_entries(self) -> None:
        with zipfile.ZipFile(self.package) as archive:
            modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
            host = json.loads(archive.read("host.json"))
        executables = {"kssedr", "lib/ld-linux-x86-64.so.2", "lib/libc.so.6", "lib/libcurl.so.4", "lib/libssl.so.3"}
        for name in executables:
            self.assertEqual(modes.get(name), stat.S_IFREG | 0o755, name)
        for name in ("host.json", "ca-certificates.crt", "EventHubTriggerFunction/function.json", "licences/libc6", "zoneinfo/UTC"):
            self.assertEqual(modes.get(name), stat.S_IFREG | 0o644, name)
        self.assertIn(host["customHandler"]["description"]["defaultExecutablePath"], modes)
        self.assertFalse([name for name in modes if name.startswith(("/", "..")) or "settings" in name])

    def test_the_same_inputs_make_the_same_bytes(self) -> None:
        second = self.package.with_name("second.zip")
        pack(second)
        self.assertEqual(self.package.read_bytes(), second.read_bytes())

    def test_what_is_loaded_later_is_there_with_all_that_it_needs(self) -> None:
        with tempfile.TemporaryDirectory(prefix="kssedr-package-") as name:
            root = Path(name)
            unpack(self.package, root)
            become_root = [] if os.geteuid() == 0 else ["unshare", "--map-root-user"]
            loader = [*become_root, "chroot", name, "/lib/ld-linux-x86-64.so.2", "--library-path", "/lib"]

            def run(library: str) -> tuple[int, str, str]:
                # Loaded before the program is, and bound at once, as the program does it later.
                command = [*loader, "--preload", library, "/kssedr", "version"]
                ran = subprocess.run(command, env={"LD_BIND_NOW": "1", "PATH": os.environ["PATH"]}, capture_output=True, text=True)
                return ran.returncode, ran.stdout[:7], ran.stderr

            for library in LATER:
                with self.subTest(library):
                    self.assertEqual(run(library), (0, "kssedr ", ""))
            (root / "lib/libpq.so.5").unlink()
            self.assertIn("libpq.so.5", run("libpq.so.5")[2], "the loader says what it does not find")

    def test_it_runs_in_a_root_of_its_own(self) -> None:
        with Stage() as stage:
            root = Path(self.directory.name, "root")
            unpack(self.package, root)
            # The local Azure's authority takes the place of the public ones: what else would be found is in the tree.
            (root / "ca-certificates.crt").write_text(Path(stage.emulator.ca_file).read_text())
            # Windows need the rules of their zones, and these too are in the tree.
            (root / "kssedr.toml").write_text('[[rule]]\nwindows = "daily 00:00-24:00 Pacific/Apia"\n')
            stage.app_root = root
            stage.put_secret()
            stage.hub.send(json.dumps(stage.event()))
            options = Options(retry_scale=0.02, jail=True)
            environment = {"SSL_CERT_FILE": None, "KSSEDR_CONFIG": "/kssedr.toml"}
            with stage.consumer() as consumer, stage.host(options, **environment) as host:
                self.assertEqual(get_text(f"http://127.0.0.1:{host.process.port}/"), "kssedr\n")
                self.assertTrue(get_json(f"{host.front.url}/api/IsAlive")["isAlive"])
                self.assertTrue(stage.hub.wait_until_read(20))
                self.assertEqual([outcome["outcome"] for outcome in outcomes(host)], ["rotated"], host.lines)
                self.assertTrue(consumer.wait_for_version(stage.vault.get(SECRET)["version"], 5))
                if os.geteuid() == 0:  # it hides its memory from others
                    self.assertEqual(os.readlink(f"/proc/{host.process.pid}/root"), str(root.resolve()))
            self.assertEqual(consumer.failures, [])


if __name__ == "__main__":
    unittest.main()
