# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether visitors get to the site that serves from now on, as one of them would see it."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Python leaves the program's own folder out where it is told to be isolated.
sys.path.insert(0, str(Path(__file__).parent))

from logins import Server
from sessions import LOOK

NAMES = 600.0  # seconds for names to lead to another site: ten times as long as they are kept
SILENCE = 20.0  # seconds for an answer
PATIENCE = 30.0  # seconds for a good one
EXCERPT = 300  # characters of an answer


def site(_server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the balancer answers: {"status", "said"}, and {"write": {"status", "said"}} where
    something is given to be written. status is 0 where it does not answer, and said tells why.

    {"page"}: the path that is read. {"write"}: the path that takes a write, "" for none, and
    {"body"}, sent as JSON. It is sent under the name of the operation, so that a site which knows
    Idempotency-Key does it once for each.
    """
    found = asked(given, "GET", given["page"])
    if found["status"] != 200 or not given.get("write"):
        return found
    headers = {"Content-Type": "application/json", "Idempotency-Key": given["operation"]}
    body = json.dumps(given.get("body") or {})
    return {**found, "write": asked(given, "POST", given["write"], body, headers)}


def asked(
    given: Mapping[str, Any],
    method: str,
    path: str,
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What the balancer answers for the site by its real name. A new host may not answer at once,
    so it is asked again for a while.
    """
    end = time.monotonic() + PATIENCE
    while True:
        found = answered(given, method, path, body, headers or {})
        if 0 < found["status"] < 500 or time.monotonic() >= end:
            return found
        time.sleep(LOOK)


def answered(
    given: Mapping[str, Any],
    method: str,
    path: str,
    body: str | None,
    headers: Mapping[str, str],
) -> dict[str, Any]:
    """The answer to one request."""
    context = ssl.create_default_context(cafile=given.get("authorities") or None)
    connection = http.client.HTTPSConnection(given["domain"], timeout=SILENCE, context=context)
    try:
        plain = socket.create_connection((given["balancer"], 443), timeout=SILENCE)
        connection.sock = context.wrap_socket(plain, server_hostname=given["domain"])
        connection.request(method, path, body, {"User-Agent": "phoenix", **headers})
        answer = connection.getresponse()
        said = answer.read(EXCERPT).decode(errors="replace")
        return {"status": answer.status, "said": " ".join(said.split())}
    except (OSError, http.client.HTTPException) as trouble:
        return {"status": 0, "said": str(trouble)}
    finally:
        connection.close()


def names(_server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """The addresses of the site's name, and those of the balancer that it is to lead to."""
    began = time.monotonic()
    while True:
        answers, wanted = addresses(given["domain"]), addresses(given["balancer"])
        seconds = round(time.monotonic() - began, 1)
        if (answers and answers <= wanted) or seconds > NAMES:
            return {"answers": sorted(answers), "wanted": sorted(wanted), "seconds": seconds}
        time.sleep(LOOK)


def led(_server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """The same as it is now, without waiting for it."""
    answers, wanted = addresses(given["domain"]), addresses(given["balancer"])
    return {"answers": sorted(answers), "wanted": sorted(wanted)}


def addresses(name: str) -> set[str]:
    try:
        found = socket.getaddrinfo(name, 443, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        return set()
    return {str(one[4][0]) for one in found}
