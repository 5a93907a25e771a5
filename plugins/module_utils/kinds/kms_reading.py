# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a customer key is looked up and read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..aws.scope import ID
from ..aws.view import View
from ..engine import canon
from ..engine.model import Want
from .arn_tags import tags_of

DYING = ("PendingDeletion", "PendingReplicaDeletion")


def described(view: View, alias: str) -> Mapping[str, Any] | None:
    """The KeyMetadata of the key that an alias names, None where it names none."""
    answer = view.call("kms", "describe_key", KeyId=alias)
    return dict(answer["KeyMetadata"]) if answer else None


def tags_of_key(view: View, data: Mapping[str, Any], want: Want) -> Mapping[str, str]:
    """The tags of a key. data: its KeyMetadata."""

    def exact() -> Mapping[str, str]:
        listed = view.pages("kms", "list_resource_tags", "Tags", KeyId=data["KeyId"])
        return canon.tags(listed, "TagKey", "TagValue")

    return tags_of(view, data["Arn"], [want], exact)


def unaliased(view: View, want: Want) -> Mapping[str, Any] | None:
    """Our key without an alias: what a run leaves that ends between its two calls."""
    if want.given:
        return None
    taken = {a.get("TargetKeyId") for a in view.pages("kms", "list_aliases", "Aliases")}
    for entry in view.pages("kms", "list_keys", "Keys"):
        if entry["KeyId"] in taken:
            continue
        listed = view.pages("kms", "list_resource_tags", "Tags", KeyId=entry["KeyId"])
        tags = canon.tags(listed, "TagKey", "TagValue")
        if view.scope.owns(tags) and tags[ID] == want.address:
            data = view.call("kms", "describe_key", KeyId=entry["KeyId"])["KeyMetadata"]
            if data["KeyState"] not in DYING:
                return dict(data)
    return None


def settings(view: View, data: Mapping[str, Any]) -> dict[str, Any]:
    """What is declared of a key, besides alias and tags."""
    key = data["KeyId"]
    rotation = view.call("kms", "get_key_rotation_status", KeyId=key) or {}
    policy = view.call("kms", "get_key_policy", KeyId=key, PolicyName="default") or {}
    return {
        "description": data.get("Description", ""),
        "policy": canon.policy(policy.get("Policy", "{}")),
        "rotation": bool(rotation.get("KeyRotationEnabled")),
        "enabled": data["KeyState"] == "Enabled",
    }
