#!/usr/bin/env python3
"""Makes shared_key.json: requests, the text that is signed and its signature, by Python's own hmac and urllib.

Written from Microsoft Learn, "Authorize with Shared Key", apart from src/azure/shared_key.cc, so that two mistakes do not
agree. The keys are invented.
"""

import base64
import hashlib
import hmac
import json
import sys
from urllib.parse import unquote, urlsplit

STANDARD = (
    "content-encoding content-language content-length content-md5 content-type date if-modified-since if-match"
    " if-none-match if-unmodified-since range"
).split()

AZURITE = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
INVENTED = base64.b64encode(bytes(range(64))).decode()
DATED = {"x-ms-date": "Thu, 15 Jan 2026 09:30:00 GMT", "x-ms-version": "2021-08-06"}

CASES = [
    ("listing containers", "GET", "https://demo.blob.core.windows.net/?comp=list&maxresults=1", DATED, "", "demo", INVENTED),
    ("no path at all", "GET", "https://demo.blob.core.windows.net?comp=list", DATED, "", "demo", INVENTED),
    (
        "a container below the account, and a port",
        "PUT", "http://127.0.0.1:10000/devstoreaccount1/kssedr-leases?restype=container",
        DATED, "", "devstoreaccount1", AZURITE,
    ),
    (
        "a body, conditions and headers out of order",
        "PUT", "https://demo.blob.core.windows.net/kssedr-leases/0f",
        DATED | {"x-ms-meta-owner": " padded ", "x-ms-blob-type": "BlockBlob", "Content-Type": "text/plain",
                 "If-None-Match": "*"},
        "/subscriptions/s", "demo", INVENTED,
    ),
    (
        "a lease",
        "PUT", "https://demo.blob.core.windows.net/kssedr-leases/0f?comp=lease&timeout=10",
        DATED | {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "60",
                 "x-ms-proposed-lease-id": "11111111-2222-4333-8444-555555555555"},
        "", "demo", INVENTED,
    ),
    (
        "a query in any order, escaped, with one name twice",
        "GET", "https://demo.blob.core.windows.net/c/a%20b?Prefix=x%2Fy%20z&comp=list&include=snapshots&include=metadata&empty=&marker=a+b",
        DATED, "", "demo", INVENTED,
    ),
]


def text_of(method, url, headers, body, account):
    lower = {name.lower(): value.strip() for name, value in headers.items()}
    if body:
        lower["content-length"] = str(len(body))
    parts = urlsplit(url)
    lines = [method, *(lower.get(name, "") for name in STANDARD)]
    lines += [f"{name}:{lower[name]}" for name in sorted(lower) if name.startswith("x-ms-")]
    lines.append(f"/{account}{parts.path or '/'}")
    query = {}
    for pair in filter(None, parts.query.split("&")):
        name, _, value = pair.partition("=")
        query.setdefault(unquote(name).lower(), []).append(unquote(value))
    lines += [f"{name}:{','.join(sorted(query[name]))}" for name in sorted(query)]
    return "\n".join(lines)


def vector(name, method, url, headers, body, account, key):
    text = text_of(method, url, headers, body, account)
    signed = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
    return {
        "name": name, "method": method, "url": url, "headers": headers, "body": body, "account": account, "key": key,
        "text": text, "authorization": f"SharedKey {account}:{base64.b64encode(signed).decode()}",
    }


if __name__ == "__main__":
    json.dump([vector(*case) for case in CASES], sys.stdout, indent=1)
    print()
