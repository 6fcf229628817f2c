"""Microsoft's Python clients, as Debian ships them, against the local Azure, through HTTPS_PROXY.

Prints one line a check: `ok NAME` or `not ok NAME: why`. Ends with 77 where the clients are not installed.
"""

import os
import sys

try:
    from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
    from azure.identity import CertificateCredential, ClientSecretCredential
    from azure.keyvault.secrets import SecretClient
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)


def check(name, body):
    try:
        body()
        print(f"ok python: {name}")
    except Exception as error:  # the reason is the result
        print(f"not ok python: {name}: {str(error).splitlines()[0] if str(error) else type(error).__name__}")


credential = ClientSecretCredential(
    os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"], os.environ["AZURE_CLIENT_SECRET"]
)
vault = SecretClient("https://demo.vault.azure.net", credential)


def set_and_get():
    made = vault.set_secret("from-python", "value", tags={"a": "b"}, content_type="text/plain")
    got = vault.get_secret("from-python")
    assert got.value == "value" and got.properties.version == made.properties.version
    assert got.properties.tags == {"a": "b"} and got.properties.content_type == "text/plain"
    assert "from-python" in [one.name for one in vault.list_properties_of_secrets()]


def not_found():
    try:
        vault.get_secret("never-made")
    except ResourceNotFoundError as error:
        assert error.error.code == "SecretNotFound", error.error.code
        return
    raise AssertionError("found")


def disabled():
    made = vault.set_secret("off", "v", enabled=False)
    try:
        vault.get_secret("off")
    except HttpResponseError as error:
        assert error.status_code == 403
    else:
        raise AssertionError("read")
    updated = vault.update_secret_properties("off", made.properties.version, enabled=True)
    assert updated.enabled


def delete_and_recover():
    vault.set_secret("python-gone", "v")
    vault.begin_delete_secret("python-gone").wait()
    vault.begin_recover_deleted_secret("python-gone").wait()
    assert vault.get_secret("python-gone").value == "v"


def certificate():
    certified = CertificateCredential(
        os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"], os.environ["CERTIFICATE_FILE"]
    )
    assert certified.get_token("https://vault.azure.net/.default").token


check("a registered certificate signs in", certificate)
check("set, get and list a secret", set_and_get)
check("a secret that is not there is SecretNotFound", not_found)
check("a disabled secret cannot be read", disabled)
check("delete and recover", delete_and_recover)
