"""Signs a blob request with an account key: "Authorize with Shared Key" of the Azure Storage REST reference."""

from __future__ import annotations

import base64
import hashlib
import hmac
from email.utils import formatdate
from urllib.parse import parse_qsl, urlsplit

VERSION = "2023-11-03"


def sign(account: str, key: str, method: str, target: str) -> dict[str, str]:
    """The headers of a request without a body."""
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": VERSION}
    parts = urlsplit(target)
    # Of the twelve standard headers none is sent: their lines are empty.
    lines = [method, *[""] * 11]
    lines += [f"{name}:{headers[name]}" for name in sorted(headers)]
    lines += [f"/{account}{parts.path}"]
    lines += [f"{name.lower()}:{value}" for name, value in sorted(parse_qsl(parts.query, keep_blank_values=True))]
    signed = hmac.new(base64.b64decode(key), "\n".join(lines).encode(), hashlib.sha256).digest()
    return headers | {"Authorization": f"SharedKey {account}:{base64.b64encode(signed).decode()}"}
