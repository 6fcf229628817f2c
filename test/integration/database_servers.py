"""Real database servers of Debian's packages, each in a folder of its own, on free ports, ended with the test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
BINARIES = Path(os.environ.get("KSSEDR_TEST_BINARIES", HERE.parents[1] / "build/release/bin"))
TOOL = BINARIES / "login-tool"
SKIPPED = 77
ADMIN_PASSWORD = "the 'admin' \\ has \"one\" ; of his own"


def leave_where_missing(*programs: str | Path) -> None:
    """Ends a program whose server is not installed: a skip, but a failure with KSSEDR_REQUIRE_ALL=1."""
    missing = [str(program) for program in programs if shutil.which(program) is None]
    if missing:
        is_required = os.environ.get("KSSEDR_REQUIRE_ALL") == "1"
        word = "failed, for everything is to be run" if is_required else "skipped"
        print(f"{word}: not installed: {', '.join(missing)}")
        sys.exit(1 if is_required else SKIPPED)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(happened: Callable[[], bool], what: str) -> None:
    """Asks until it is so; the bound is for a test that would hang."""
    for _ in range(600):
        if happened():
            return
        subprocess.run(["sleep", "0.05"], check=True)
    raise AssertionError(f"did not happen: {what}")


class Folder:
    """A temporary folder that belongs to whom the server runs as: servers refuse root."""

    def __init__(self, user: str) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="kssedr-database-", ignore_cleanup_errors=True)
        self.path = Path(self._directory.name)
        self.user = user if os.geteuid() == 0 else None
        self.path.chmod(0o755)

    def give_away(self) -> None:
        if self.user is not None:
            shutil.chown(self.path, self.user, self.user)
            for below in self.path.rglob("*"):
                shutil.chown(below, self.user, self.user)

    def identity(self) -> dict[str, object]:
        return {} if self.user is None else {"user": self.user, "group": self.user, "extra_groups": []}

    def close(self) -> None:
        self._directory.cleanup()


def make_certificate(folder: Path, name: str = "server", host: str = "localhost") -> Path:
    """A certificate that signs itself, `{name}.pem`, and its key, `{name}.key`."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        + ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
        + ["-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"],
        check=True,
        capture_output=True,
    )
    (folder / f"{name}.key").chmod(0o600)
    return folder / f"{name}.pem"


class Database:
    """A `[[database]]`, and the tool that calls what kssedr calls."""

    def __init__(self, folder: Path, owner: str, **members: str) -> None:
        # One file a configuration, so that several may be in use at once.
        self.config = Path(tempfile.mkstemp(suffix=".toml", dir=folder)[1])
        given = {"admin_user": "kssedr", "admin_password_secret": "https://ops.vault.azure.net/secrets/admin"} | members
        if "alternate" not in given:
            given["single_login"] = "true"
        lines = ["[[database]]", f'owner = "{owner}"'] + [f'{name} = "{value}"' for name, value in given.items()]
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.login = owner.rpartition("/")[2]

    def start(self, what: str, password: str, login: str | None = None, seconds: int = 20, admin: str | None = None):
        # An environment of libpq's or another library's own must not reach what is tested.
        return subprocess.Popen(
            [TOOL, self.config, ADMIN_PASSWORD if admin is None else admin, str(seconds), what]
            + [login or self.login, password],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={"PATH": os.environ["PATH"]},
        )

    @staticmethod
    def end(process: subprocess.Popen[str]) -> str:
        out, _ = process.communicate(timeout=60)
        if process.returncode != 0:
            raise AssertionError(f"login-tool ended with {process.returncode}: {out}")
        return out.strip()

    def set(self, password: str, **how) -> str:
        return self.end(self.start("set", password, **how))

    def try_login(self, password: str, **how) -> str:
        return self.end(self.start("try", password, **how))
