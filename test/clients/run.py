#!/usr/bin/env python3
"""Runs Microsoft's own clients against the local Azure: run.py PATH/TO/kssedr-emulator [--only az|node|python] [--require-all]

They use the real host names (login.microsoftonline.com and so on) through the emulator's CONNECT proxy and trust its
certificate, so that what they send and expect is what they send to and expect of Azure. The last line is
`N passed, N failed`. Ends with 0, with 1 where a check failed, and with 77 where no client is installed.
With --require-all, or KSSEDR_REQUIRE_ALL=1 as `./dev test` sets it for ctest, az and the npm packages must be there:
where one is missing that is a failure and no skip. Debian's Python packages come with its az alone and may lack.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
SKIPPED = 77


class Results:
    def __init__(self, require_all=False):
        self.require_all = require_all
        self.passed = 0
        self.failed = 0

    def add(self, ok, name, why=""):
        if ok:
            self.passed += 1
            print(f"ok {name}", flush=True)
        else:
            self.failed += 1
            print(f"not ok {name}: {why}", flush=True)

    def missing(self, client, why):
        """A client that cannot be run here."""
        if self.require_all:
            self.add(False, f"{client}: is here to be run", why)
        else:
            print(f"skipped {client}: {why}", flush=True)

    def read(self, text):
        """Takes over the lines of a client script; what is no result is shown as it is."""
        for line in text.splitlines():
            if line.startswith("ok "):
                self.add(True, line[3:])
            elif line.startswith("not ok "):
                name, _, why = line[7:].partition(": ")
                self.add(False, name, why)
            else:
                print(line, flush=True)


class Emulator:
    def __init__(self, program, directory):
        self.process = subprocess.Popen(
            [program, "--port", "0", "--proxy-port", "0", "--dir", directory, "--with-parent", "--quiet"],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.ready = json.loads(self.process.stdout.readline())

    def client_environment(self, home):
        told = self.ready["environment"]
        proxy = f"http://127.0.0.1:{self.ready['proxyPort']}"
        environment = {key: value for key, value in os.environ.items() if not key.upper().endswith("_PROXY")}
        environment.update({name: told[name] for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")})
        environment.update(
            HTTPS_PROXY=proxy,
            REQUESTS_CA_BUNDLE=self.ready["caFile"],
            NODE_EXTRA_CA_CERTS=self.ready["caFile"],
            AZURE_CONFIG_DIR=str(Path(home) / "azure"),
            AZURE_CORE_COLLECT_TELEMETRY="no",
            AZURE_CORE_NO_COLOR="yes",
            CERTIFICATE_FILE=self.register_certificate(home),
            EMULATOR_PORT=str(self.ready["port"]),
            SUBSCRIPTION_ID=self.state()["subscriptions"][0]["id"],
        )
        return environment

    def register_certificate(self, home):
        """A certificate for the application, its key in the same file; the file's name."""
        key, certificate, both = (Path(home) / name for name in ("key.pem", "certificate.pem", "both.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=client", "-keyout", key,
                        "-out", certificate], check=True, capture_output=True)
        both.write_text(key.read_text() + certificate.read_text())
        app = {"clientId": self.ready["environment"]["AZURE_CLIENT_ID"], "certificates": [certificate.read_text()]}
        url = f"http://127.0.0.1:{self.ready['proxyPort']}/_emulator/apps"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.open(urllib.request.Request(url, json.dumps(app).encode(), method="PUT"), timeout=10).close()
        return str(both)

    def state(self):
        url = f"http://127.0.0.1:{self.ready['proxyPort']}/_emulator/state"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=10) as answer:
            return json.load(answer)

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=30)


def run_az(results, environment):
    if shutil.which("az") is None:
        results.missing("az", "not installed (apt-get install azure-cli)")
        return
    tenant, app, secret = (environment[name] for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"))

    def az(*arguments):
        done = subprocess.run(["az", *arguments, "--output", "json"], env=environment, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    def check(name, arguments, accept):
        code, out, err = az(*arguments)
        try:
            ok = code == 0 and accept(json.loads(out) if out.strip() else None)
        except (ValueError, KeyError, TypeError) as error:
            ok, err = False, str(error)
        results.add(ok, f"az: {name}", (err.strip().splitlines() or ["unexpected answer"])[-1])
        return ok

    code, _, err = az("login", "--service-principal", "-u", app, "-p=wrong", "--tenant", tenant)
    results.add(code != 0 and "AADSTS7000215" in err, "az: login with a wrong secret is refused by its AADSTS code", err[-200:])
    login = ("login", "--service-principal", "-u", app, f"-p={secret}", "--tenant", tenant)
    if not check("login as a service principal", login, lambda got: got[0]["id"] == environment["SUBSCRIPTION_ID"]):
        return
    check("account list", ("account", "list"), lambda got: got[0]["tenantId"] == tenant)
    check("group list", ("group", "list"), lambda got: got[0]["name"] == "demo")
    check("storage account list", ("storage", "account", "list"), lambda got: got[0]["name"] == "demostorage")
    keys = ("storage", "account", "keys")
    _, before, _ = az(*keys, "list", "-n", "demostorage", "-g", "demo")
    before = {key["keyName"]: key["value"] for key in json.loads(before or "[]")}
    check("storage account keys list, found by name", (*keys, "list", "-n", "demostorage"),
          lambda got: {key["keyName"]: key["value"] for key in got} == before and len(before) == 2)
    check("storage account keys renew changes the key asked for and no other",
          (*keys, "renew", "-n", "demostorage", "-g", "demo", "--key", "key2"),
          lambda got: got[0]["value"] == before["key1"] and got[1]["value"] != before["key2"])
    check("keyvault list", ("keyvault", "list"), lambda got: got[0]["name"] == "demo")
    run_az_vault(results, az, check)
    run_az_own_cloud(results, az, check, login, environment)


def run_az_own_cloud(results, az, check, login, environment):
    """The same by the local names, as a cloud of its own."""
    port = environment["EMULATOR_PORT"]
    code, _, err = az("cloud", "register", "--name", "local", "--endpoint-active-directory", f"https://login.localhost:{port}",
                      "--endpoint-resource-manager", f"https://management.localhost:{port}",
                      "--endpoint-active-directory-resource-id", f"https://management.localhost:{port}",
                      "--suffix-keyvault-dns", f".vault.localhost:{port}",
                      "--suffix-storage-endpoint", f"storage.localhost:{port}")
    results.add(code == 0, "az: cloud register", err[-200:])
    code, _, err = az("cloud", "set", "--name", "local")
    results.add(code == 0, "az: cloud set", err[-200:])
    check("login to the registered cloud", login, lambda got: got[0]["cloudName"] == "local")
    check("storage account keys list in the registered cloud", ("storage", "account", "keys", "list", "-n", "demostorage"),
          lambda got: [key["keyName"] for key in got] == ["key1", "key2"])


def run_az_vault(results, az, check):
    """Debian's az cannot run `az keyvault secret`: it asks for azure.keyvault.v7_0, of the azure-keyvault 1.1 that no package
    of Debian 12 holds (its python3-azure brings 4.2). Then `az rest` does the same with az's own token."""
    code, out, err = az("keyvault", "secret", "set", "--vault-name", "demo", "--name", "from-az", "--value", "hello")
    if "No module named" in err:
        reason = next(line.strip() for line in err.splitlines() if "No module named" in line).removeprefix("ERROR: ")
        print(f"left out: az keyvault secret set, show, list: this az cannot run them ({reason}; Debian packages no such "
              "module, Microsoft's own azure-cli does). `az rest` below makes the same three requests", flush=True)
    else:
        results.add(code == 0 and json.loads(out)["value"] == "hello", "az: keyvault secret set", err[-200:])
        check("keyvault secret show", ("keyvault", "secret", "show", "--vault-name", "demo", "--name", "from-az"),
              lambda got: got["value"] == "hello")
        check("keyvault secret list", ("keyvault", "secret", "list", "--vault-name", "demo"),
              lambda got: any(one["name"] == "from-az" for one in got))
    url = "https://demo.vault.azure.net/secrets"
    rest = ("rest", "--resource", "https://vault.azure.net")
    check("rest: set a secret", (*rest, "--method", "put", "--url", f"{url}/by-rest?api-version=7.4", "--body",
                                 '{"value":"hello","attributes":{"exp":1900000000}}'),
          lambda got: got["value"] == "hello" and got["attributes"]["exp"] == 1900000000)
    check("rest: show a secret", (*rest, "--method", "get", "--url", f"{url}/by-rest?api-version=7.4"),
          lambda got: got["value"] == "hello")
    check("rest: list secrets", (*rest, "--method", "get", "--url", f"{url}?api-version=7.4"),
          lambda got: any(one["id"].endswith("/by-rest") for one in got["value"]) and got["nextLink"] is None)


def run_node(results, environment):
    if shutil.which("node") is None or shutil.which("npm") is None:
        results.missing("node", "node and npm are not installed (apt-get install nodejs npm)")
        return
    if not (HERE / "node_modules").is_dir():
        # The proxy of the environment, if any: this one does go out.
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE, capture_output=True, text=True)
        if done.returncode != 0:
            results.missing("node", "npm ci failed: " + (done.stderr.strip().splitlines() or ["no reason given"])[-1])
            return
    done = subprocess.run(["node", "node_client.mjs"], cwd=HERE, env=environment, capture_output=True, text=True, timeout=300)
    results.read(done.stdout)
    if done.returncode != 0:
        results.add(False, "node: runs to its end", done.stderr.strip()[-300:])


def run_python(results, environment):
    for python in (sys.executable, "/usr/bin/python3"):
        done = subprocess.run([python, "python_client.py"], cwd=HERE, env=environment, capture_output=True, text=True)
        if done.returncode == SKIPPED:
            continue
        results.read(done.stdout)
        if done.returncode != 0:
            results.add(False, "python: runs to its end", done.stderr.strip()[-300:])
        return
    print("skipped python: azure-keyvault-secrets is not installed (apt-get install python3-azure)")


def main():
    arguments = sys.argv[1:]
    only = None
    if "--only" in arguments:
        at = arguments.index("--only")
        only = arguments[at + 1]
        del arguments[at : at + 2]
    require_all = os.environ.get("KSSEDR_REQUIRE_ALL") == "1"
    if "--require-all" in arguments:
        require_all = True
        arguments.remove("--require-all")
    if len(arguments) != 1:
        sys.exit(__doc__)
    results = Results(require_all)
    with tempfile.TemporaryDirectory() as home:
        emulator = Emulator(arguments[0], home)
        try:
            environment = emulator.client_environment(home)
            for name, run in (("az", run_az), ("node", run_node), ("python", run_python)):
                if only in (None, name):
                    run(results, environment)
        finally:
            code = emulator.stop()
        results.add(code == 0, "the local Azure ends cleanly when told to", f"exit code {code}")
    print(f"{results.passed} passed, {results.failed} failed")
    if results.failed:
        sys.exit(1)
    sys.exit(0 if results.passed > 1 else SKIPPED)


if __name__ == "__main__":
    main()
