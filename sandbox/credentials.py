# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may use the emulated account: the keys made at its start, and those that it gave out."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from moto.iam.models import iam_backends
from moto.utilities.utils import PARTITION_NAMES

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


def admitted(call: Call, root: Credentials) -> bool:
    """Whether a request is served: signed with a key of the account, or of those that need none."""
    if not call.access_key:
        return call.service == "sts"  # AssumeRoleWith…: its token says who it is.
    return known(call.access_key, root)


def known(access_key: str, root: Credentials) -> bool:
    """Whether a key is the root's, a user's or a session's. Signatures are not verified."""
    if secrets.compare_digest(access_key.encode(), root.access_key.encode()):
        return True
    return any(
        access_key in account[partition].access_keys
        for account in list(iam_backends.values())
        for partition in PARTITION_NAMES
    )


def write(place: Path, endpoint: str, root: Credentials, facts: Mapping[str, str]) -> None:
    """What a playbook needs to reach the account, as JSON that only its owner reads.

    facts: what else it may want to know, see `World.facts`.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.touch(mode=0o600)
    content = {"endpoint_url": endpoint, **asdict(root), **facts}
    place.write_text(json.dumps(content, indent=2) + "\n", encoding="ascii")
