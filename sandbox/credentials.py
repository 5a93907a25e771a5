# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may use the emulated account: the keys made at its start, and those that it gave out."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from moto.utilities.utils import PARTITION_NAMES

from sandbox import signatures
from sandbox.answers import Answer, unknown_key, wrong_signature, wrong_token
from sandbox.calls import Call

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys of the account's root. AWS's own have the same shape."""

    access_key: str
    secret_key: str


def fresh() -> Credentials:
    """Keys that nobody has had before."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(16))
    return Credentials(f"AKIA{letters}", secrets.token_urlsafe(30))


def refusal(
    call: Call, environ: Mapping[str, Any], body: bytes, root: Credentials
) -> Answer | None:
    """The error for a request that is not signed with keys of the account, None if it is."""
    if not call.access_key:
        # AssumeRoleWith…: its token says who it is.
        return None if call.service == "sts" else unknown_key(call)
    found = known(call.access_key, root)
    if found is None:
        return unknown_key(call)
    secret, token = found
    given = session_token(environ)
    if not secrets.compare_digest(given.encode(), token.encode()):
        return wrong_token(call) if given else unknown_key(call)
    flaw = signatures.flaw(environ, body, secret, datetime.now(UTC))
    return wrong_signature(call, flaw) if flaw else None


def known(access_key: str, root: Credentials) -> tuple[str, str] | None:
    """The secret and the session token ("": none) of a key of the root, a user or a session."""
    if secrets.compare_digest(access_key.encode(), root.access_key.encode()):
        return root.secret_key, ""
    for number, account in list(iam_backends.items()):
        for partition in PARTITION_NAMES:
            key = account[partition].access_keys.get(access_key)
            if key is not None and key.status == "Active":
                session = sts_backends[number][partition].get_assumed_role_from_access_key(
                    access_key
                )
                return key.secret_access_key, session.session_token if session else ""
    return None


def session_token(environ: Mapping[str, Any]) -> str:
    """The session token of a request, from its headers or its URL; "" where it has none."""
    if token := environ.get("HTTP_X_AMZ_SECURITY_TOKEN"):
        return str(token)
    asked = parse_qs(str(environ.get("QUERY_STRING", "")))
    return asked.get("X-Amz-Security-Token", [""])[0]


def write(place: Path, endpoint: str, root: Credentials, facts: Mapping[str, str]) -> None:
    """What a playbook needs to reach the account, as JSON that only its owner reads.

    facts: what else it may want to know, see `World.facts`.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.touch(mode=0o600)
    content = {"endpoint_url": endpoint, **asdict(root), **facts}
    place.write_text(json.dumps(content, indent=2) + "\n", encoding="ascii")
