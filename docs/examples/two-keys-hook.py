#!/usr/bin/env python3
"""A hook for kssedr: two keys that stand in a file of its own, in place of a service that has two.

usage: two-keys-hook.py FILE, with a request on standard input and an answer on standard output (docs/hooks.md)
"""

import datetime
import fcntl
import json
import os
import secrets
import sys

SLOTS = ("key1", "key2")


def new_key():
    made = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"value": secrets.token_urlsafe(32), "made": made}


def write(path, keys):
    """All or nothing, wherever this is killed."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(keys, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


def answer(request, path):
    with open(path, encoding="utf-8") as file:
        keys = json.load(file)
    if request["operation"] == "verify":
        known = request["credential"] in [key["value"] for key in keys.values()]
        return {"result": "accepted"} if known else {"result": "rejected", "why": "there is no such key"}
    if request["operation"] == "regenerate":
        keys[request["slot"]] = new_key()
        write(path, keys)
    return {"slots": [{"name": name, **keys[name]} for name in SLOTS]}


def main(path):
    request = json.load(sys.stdin)
    if request["version"] != 1:
        return {"error": {"code": "invalid", "message": "this hook speaks version 1 only"}}
    with open(path + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return answer(request, path)
        except FileNotFoundError:
            return {"error": {"code": "not-found", "message": "there is no file of keys"}}


if __name__ == "__main__":
    json.dump(main(sys.argv[1]), sys.stdout)
