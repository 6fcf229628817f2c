#!/usr/bin/env python3
"""Makes key_proof.json: requests that try a key, and the headers that show that their sender has it.

Written from Microsoft Learn (the pages that src/azure/key_proof.h names) by Python's own hmac, base64 and urllib, apart from
src/azure/key_proof.cc, so that two mistakes do not agree. The keys are invented. All are dated 2026-01-15T09:30:00Z.
"""

import base64
import hashlib
import hmac
import json
import sys
from urllib.parse import quote, urlsplit

DATE = "Thu, 15 Jan 2026 09:30:00 GMT"
SECONDS = 1768469400
KEY = base64.b64encode(bytes(range(64))).decode()
SHORT = base64.b64encode(bytes(range(32, 64))).decode()


def sign(key, text):
    return base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()


def cosmos(method, url, key):
    text = "\n".join([method.lower(), urlsplit(url).path[1:], "", DATE.lower(), "", ""])
    token = quote(f"type=master&ver=1.0&sig={sign(key, text)}", safe="")
    return {"authorization": token, "x-ms-date": DATE, "x-ms-version": "2018-12-31"}


def hmac_headers(method, url, key, credential=""):
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    digest = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    signature = sign(key, f"{method}\n{target}\n{DATE};{parts.netloc};{digest}")
    return {
        "authorization": f"HMAC-SHA256 {credential}SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={signature}",
        "x-ms-date": DATE,
        "x-ms-content-sha256": digest,
    }


def with_id(method, url, key):
    members = dict(part.partition("=")[::2] for part in key.split(";"))
    return hmac_headers(method, url, members["Secret"], f"Credential={members['Id']}&")


def encode(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def bearer(_method, url, key):
    head = encode(b'{"alg":"HS256","typ":"JWT"}')
    claims = encode(json.dumps({"aud": url, "iat": SECONDS, "exp": SECONDS + 60}, separators=(",", ":")).encode())
    signature = hmac.new(key.encode(), f"{head}.{claims}".encode(), hashlib.sha256).digest()
    return {"authorization": f"Bearer {head}.{claims}.{encode(signature)}"}


def basic(_method, _url, key):
    return {"authorization": "Basic " + base64.b64encode(f"demo:{key}".encode()).decode()}


CASES = [
    ("cosmos", cosmos, "GET", "https://demo.documents.azure.com/dbs", KEY),
    ("hmac", hmac_headers, "GET", "https://demo.communication.azure.com/phoneNumbers?api-version=2022-12-01&top=1", KEY),
    ("hmac", hmac_headers, "HEAD", "https://demo.communication.azure.com:8443/phoneNumbers", KEY),
    ("hmac-with-id", with_id, "GET", "https://demo.azconfig.io/keys?api-version=1.0",
     f"Endpoint=https://demo.azconfig.io;Id=ab+c-l0-s0:xyz;Secret={SHORT}"),
    ("bearer", bearer, "GET", "https://demo.service.signalr.net/api/v1/hubs/kssedr/connections/none", SHORT),
    ("bearer", bearer, "HEAD", "https://demo.webpubsub.azure.com/api/hubs/h/connections/none?api-version=2024-01-01", SHORT),
    ("basic", basic, "GET", "https://demo.azurecr.io/v2/", "aZ09+/=" * 5),
]

if __name__ == "__main__":
    vectors = [
        {"proof": proof, "method": method, "url": url, "key": key, "headers": make(method, url, key)}
        for proof, make, method, url, key in CASES
    ]
    json.dump(vectors, sys.stdout, indent=1)
    print()
