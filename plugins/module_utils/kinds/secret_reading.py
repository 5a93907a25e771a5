# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a secret is looked up, what its key is called, and what a good password is."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from typing import Any

from ..aws.scope import ID
from ..aws.view import View
from .arn_tags import tagged

KIND = "secret/"
LENGTH = 40
# Legal in RDS, and in URLs and shells without quoting.
ALPHABET = string.ascii_letters + string.digits + "-_.~"


def kept(view: View) -> frozenset[str]:
    """The ids of this site's secrets, declared or not, as far as their tags are known by now."""
    found = (tags.get(ID, "") for tags in tagged(view, "secretsmanager").values())
    return frozenset(mark.removeprefix(KIND) for mark in found if mark.startswith(KIND))


def described(view: View, name: str, region: str = "") -> Mapping[str, Any] | None:
    """All that AWS tells of a secret but its value; None where there is none.

    region: where it is looked for, by default the view's own.
    """
    answer: Mapping[str, Any] | None = view.call(
        "secretsmanager", "describe_secret", region, SecretId=name
    )
    return answer


def alias_of(view: View, key: str) -> str:
    """A key as its alias. AWS tells a key as it was given, by alias, by id or by ARN."""
    last = key.rpartition(":")[2]
    if last.startswith("alias/") or not key:
        return last
    ours = view.call("kms", "describe_key", KeyId=view.scope.key_alias)
    data = ours["KeyMetadata"] if ours else {}
    return view.scope.key_alias if key in (data.get("Arn"), data.get("KeyId")) else key


def password() -> str:
    """A new password of 40 characters, about 240 bits."""
    return "".join(secrets.choice(ALPHABET) for _position in range(LENGTH))
