# SPDX-License-Identifier: GPL-3.0-or-later
"""Multi-region keys: one key material in several regions, and everything else apart."""

from __future__ import annotations

import copy
import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms.models import Key, kms_backends
from moto.kms.responses import KmsResponse

from sandbox.shims import Hook
from sandbox.shims.kms import check_policy, key_of, state_error
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "What a multi-region key encrypts in one region its replica decrypts in another.",
    "The id of a multi-region key is `mrk-` and 32 hexadecimal digits.",
    "A replica has its own policy, description, tags, aliases, grants and state.",
    "A replica is `Creating` for its time, also while its primary's region cannot be reached; "
    "primary and replicas tell of each other.",
    "ReplicateKey is refused for a key of one region, a replica, and a region that has one.",
    "A primary that has replicas waits for their deletion before its own.",
)
HOOKS: tuple[Hook, ...] = (
    (Key, "__init__", ("policy", "key_usage", "key_spec", "description", "account_id", "region")),
    (Key, "to_dict", ()),
    (KmsResponse, "replicate_key", ()),
    (KmsResponse, "_validate_cmk_id", ("key_id",)),
    (KmsResponse, "schedule_key_deletion", ()),
)
REPLICATION = 10.0  # AWS seconds until a replica can be used, about.


def relatives(key: Any) -> list[Any]:
    """The keys of all regions that have a multi-region key's material, itself among them."""
    regions = kms_backends[key.account_id].values()
    return [backend.keys[key.id] for backend in regions if key.id in backend.keys]


def replicas(key: Any) -> list[Any]:
    return [other for other in relatives(key) if not other.primary]


def refusal(code: str, message: str) -> JsonRESTError:
    error = JsonRESTError(code, message)
    error.code = 400
    return error


def ids() -> None:
    @wrap(Key, "__init__")
    def init(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        original(*args, **kwargs)
        if self.multi_region:
            self.primary = True
            # The emulator's is too long for its own form of a ciphertext.
            old, self.id = self.id, "mrk-" + self.id.removeprefix("mrk-").replace("-", "")
            self.arn = self.arn.replace(old, self.id)

    @wrap(KmsResponse, "_validate_cmk_id")
    def validate(original: Any, self: Any, key_id: str) -> None:
        if key_id.rpartition("/")[2] not in self.kms_backend.keys:
            original(key_id)

    @wrap(Key, "to_dict")
    def to_dict(original: Any, self: Any) -> Any:
        told = original()
        if self.multi_region:
            sides: dict[bool, list[dict[str, str]]] = {True: [], False: []}
            for key in relatives(self) or [self]:
                sides[key.primary].append({"Arn": key.arn, "Region": key.region})
            told["KeyMetadata"]["MultiRegionConfiguration"] = {
                "MultiRegionKeyType": "PRIMARY" if self.primary else "REPLICA",
                "PrimaryKey": sides[True][0],
                "ReplicaKeys": sides[False],
            }
        return told


def check(key: Any, region: str) -> None:
    if not key.multi_region or not key.primary:
        raise refusal(
            "UnsupportedOperationException", f"{key.arn} is not a multi-region primary key."
        )
    if any(other.region == region for other in relatives(key)):
        raise refusal("AlreadyExistsException", f"{key.arn} has a replica in {region} already.")
    if key.key_state != "Enabled":
        raise state_error(key)


def replicate(world: World) -> None:
    @wrap(KmsResponse, "replicate_key")
    def replicate_key(original: Any, self: Any) -> Any:
        key, region = key_of(self), str(self._get_param("ReplicaRegion"))
        if key is None:
            return original()
        check(key, region)
        if policy := self._get_param("Policy"):
            bypass = bool(self._get_param("BypassPolicyLockoutSafetyCheck"))
            check_policy(policy, bypass, self.current_account)
        keys = kms_backends[key.account_id][region]
        replica: Any = copy.copy(key)
        replica.region, replica.primary = region, False
        replica.arn = key.arn.replace(f":{key.region}:", f":{region}:")
        replica.policy = policy or key.generate_default_policy()
        replica.description = self._get_param("Description") or ""
        replica.grants, replica.aliases, replica.rotations = {}, {}, []
        replica.creation_date = world.now().timestamp()
        replica.enabled, replica.key_state = False, "Creating"
        keys.keys[key.id] = replica
        tags = self._get_param("Tags") or []
        keys.tag_resource(key.id, {tag["TagKey"]: tag["TagValue"] for tag in tags})

        def ready() -> None:
            if replica.key_state == "Creating":
                replica.enabled, replica.key_state = True, "Enabled"

        told = {
            "ReplicaKeyMetadata": replica.to_dict()["KeyMetadata"],
            "ReplicaPolicy": replica.policy,
            "ReplicaTags": tags,
        }
        label = f"replica of {key.id} in {region} becomes usable"

        def arrive() -> None:
            # AWS copies the material in the background and tries again.
            world.once(lambda: not world.severed(key.region, region), ready, label)

        world.later(world.scaled(REPLICATION), arrive, label)
        return json.dumps(told)


def deletion() -> None:
    @wrap(KmsResponse, "schedule_key_deletion")
    def schedule(original: Any, self: Any) -> Any:
        key = key_of(self)
        told = original()
        if key is not None and key.multi_region and key.primary and replicas(key):
            key.key_state = "PendingReplicaDeletion"
            answer = {**json.loads(told), "KeyState": key.key_state}
            answer.pop("DeletionDate", None)
            return json.dumps(answer)
        return told


def install(world: World) -> None:
    """Change how the emulator keeps keys of several regions."""
    ids()
    replicate(world)
    deletion()
