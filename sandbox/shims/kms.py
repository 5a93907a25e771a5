# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys: of no use while they wait for deletion, and never without someone who may manage them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.utils import utcnow
from moto.kms.exceptions import ValidationException
from moto.kms.responses import KmsResponse

from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "A key that waits for deletion is not used, changed, or scheduled again.",
    "CancelKeyDeletion wants a key that waits for deletion.",
    "A waiting period is 7 to 30 days.",
    "A key policy that is no JSON, or locks the account out, is refused.",
    "The rotation period is kept and told.",
    "A disabled key is not used, nor one that is being made, also not to decrypt.",
)
# https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
USES = ("encrypt", "generate_data_key", "sign", "verify", "generate_mac", "re_encrypt")
CHANGES = (
    "enable_key",
    "disable_key",
    "enable_key_rotation",
    "disable_key_rotation",
    "schedule_key_deletion",
    "tag_resource",
    "untag_resource",
    "update_key_description",
    "create_grant",
)
HOOKS: tuple[Hook, ...] = tuple(
    (KmsResponse, name, ())
    for name in (
        *USES,
        *CHANGES,
        "_set_alias",
        "cancel_key_deletion",
        "put_key_policy",
        "create_key",
        "get_key_rotation_status",
        "decrypt",
    )
)
GOING = ("PendingDeletion", "PendingReplicaDeletion")


def state_error(key: Any) -> JsonRESTError:
    state = "pending deletion" if key.key_state in GOING else key.key_state.lower()
    error = JsonRESTError("KMSInvalidStateException", f"{key.arn} is {state}.")
    error.code = 400
    return error


def key_of(response: Any, parameter: str = "KeyId") -> Any:
    """The key that a request names, or None."""
    keys = response.kms_backend
    name = response._get_param(parameter) or ""
    try:
        return keys.keys.get(keys.any_id_to_key_id(name))
    except Exception:
        return None


def check_use(key: Any) -> None:
    """Refuse the use of a key that is not enabled; None is a key that does not exist."""
    if key is None or key.key_state == "Enabled":
        return
    if key.key_state == "Disabled":
        raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")
    raise state_error(key)


def states() -> None:
    for name in USES:

        @wrap(KmsResponse, name)
        def use(original: Any, self: Any) -> Any:
            check_use(key_of(self))
            return original()

    @wrap(KmsResponse, "decrypt")
    def decrypt(original: Any, self: Any) -> Any:
        # Only what was encrypted says by which key.
        answer = original()
        keys = self.kms_backend
        check_use(keys.keys.get(keys.get_key_id(json.loads(answer)["KeyId"])))
        return answer

    for name in CHANGES:

        @wrap(KmsResponse, name)
        def change(original: Any, self: Any) -> Any:
            key = key_of(self)
            if key is not None and key.key_state in GOING:
                raise state_error(key)
            return original()

    @wrap(KmsResponse, "_set_alias")
    def set_alias(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
        key = key_of(self, "TargetKeyId")
        if key is not None and key.key_state in GOING:
            raise state_error(key)
        return original(*args, **kwargs)


def deletion() -> None:
    @wrap(KmsResponse, "schedule_key_deletion")
    def schedule(original: Any, self: Any) -> str:
        days = self._get_param("PendingWindowInDays")
        if days is not None and not 7 <= int(days) <= 30:
            raise ValidationException("PendingWindowInDays must be between 7 and 30.")
        told = json.loads(original())
        key = key_of(self)
        more = {"KeyId": key.arn, "KeyState": key.key_state, "PendingWindowInDays": days or 30}
        return json.dumps({**told, **more})

    @wrap(KmsResponse, "cancel_key_deletion")
    def cancel(original: Any, self: Any) -> Any:
        key = key_of(self)
        if key is not None and key.key_state not in GOING:
            error = state_error(key)
            error.message = f"{key.arn} is not pending deletion."
            raise error
        return original()


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def check_policy(text: str, bypass: bool, account_id: str) -> None:
    """Refuse a policy that is none, or by which nobody of the account could change it again."""
    try:
        policy = json.loads(text)
        statements = listed(policy["Statement"])
    except (ValueError, KeyError, TypeError) as error:
        raise JsonRESTError(
            "MalformedPolicyDocumentException", "The new key policy is malformed."
        ) from error
    if not bypass and not any(
        one.get("Effect") == "Allow"
        and {"kms:*", "*", "kms:Put*", "kms:PutKeyPolicy"} & set(listed(one.get("Action")))
        and (account_id in json.dumps(one.get("Principal")) or one.get("Principal") == "*")
        for one in statements
    ):
        raise JsonRESTError(
            "MalformedPolicyDocumentException",
            "The new key policy will not allow you to update the key policy in the future.",
        )


def policies() -> None:
    for name in ("put_key_policy", "create_key"):

        @wrap(KmsResponse, name)
        def put(original: Any, self: Any) -> Any:
            text = self._get_param("Policy")
            if text:
                bypass = bool(self._get_param("BypassPolicyLockoutSafetyCheck"))
                check_policy(text, bypass, self.current_account)
            return original()


def rotation() -> None:
    @wrap(KmsResponse, "enable_key_rotation")
    def enable(original: Any, self: Any) -> Any:
        days = int(self._get_param("RotationPeriodInDays") or 365)
        if not 90 <= days <= 2560:
            raise ValidationException("RotationPeriodInDays must be between 90 and 2560.")
        answer = original()
        key_of(self).rotation_period = days
        return answer

    @wrap(KmsResponse, "get_key_rotation_status")
    def status(original: Any, self: Any) -> str:
        told = json.loads(original())
        key = key_of(self)
        told["KeyId"] = key.arn
        if key.key_state == "PendingDeletion":
            told["KeyRotationEnabled"] = False
        if told["KeyRotationEnabled"]:
            days = getattr(key, "rotation_period", 365)
            told["RotationPeriodInDays"] = days
            told["NextRotationDate"] = (utcnow() + timedelta(days=days)).timestamp()
        return json.dumps(told)


def install(world: World) -> None:
    """Change how the emulator keeps keys."""
    deletion()
    rotation()
    states()
    policies()
