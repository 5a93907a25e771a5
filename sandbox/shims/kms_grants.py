# SPDX-License-Identifier: GPL-3.0-or-later
"""Grants: who may use a key beside those whom its policy names."""

from __future__ import annotations

import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms.exceptions import ValidationException
from moto.kms.models import Grant, KmsBackend
from moto.kms.responses import KmsResponse

from sandbox.shims import Hook
from sandbox.shims.kms import key_of
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "CreateGrant with the name and the content of an earlier one answers with that.",
    "A grant wants operations that there are, and tells when and by whom it was made.",
    "ListGrants is refused for an unknown key, and finds grants by their grantee.",
)
HOOKS: tuple[Hook, ...] = (
    (Grant, "to_json", ()),
    (KmsBackend, "create_grant", ("key_id", "grantee_principal", "operations", "name")),
    (KmsBackend, "list_grants", ("key_id", "grant_id")),
    (KmsResponse, "create_grant", ()),
    (KmsResponse, "list_grants", ()),
)
# https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html
OPERATIONS = {
    *("Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "DescribeKey", "GetPublicKey"),
    *("GenerateDataKey", "GenerateDataKeyWithoutPlaintext"),
    *("GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"),
    *("Sign", "Verify", "GenerateMac", "VerifyMac", "DeriveSharedSecret"),
    *("CreateGrant", "RetireGrant"),
}


def same(grant: Any, asked: dict[str, Any]) -> bool:
    """Whether a request asks for a grant that is there; only a name makes it that."""
    return bool(asked["Name"]) and all(
        grant.to_json()[name] == value for name, value in asked.items()
    )


def install(world: World) -> None:
    """Change how the emulator keeps grants."""

    @wrap(KmsResponse, "create_grant")
    def create(original: Any, self: Any) -> Any:
        operations = self._get_param("Operations") or []
        if unknown := sorted(set(operations) - OPERATIONS) or not operations:
            raise ValidationException(f"Operations: {unknown or 'none'} is not valid.")
        key = key_of(self)
        if key is None:
            raise not_found(self)
        names = ("Name", "GranteePrincipal", "RetiringPrincipal", "Operations", "Constraints")
        asked = {name: self._get_param(name) for name in names}
        for grant in key.grants.values():
            if same(grant, asked):
                return json.dumps({"GrantId": grant.id, "GrantToken": grant.token})
        answer = original()
        made = key.grants[json.loads(answer)["GrantId"]]
        made.made_at = world.now().timestamp()
        return answer

    @wrap(Grant, "to_json")
    def to_json(original: Any, self: Any) -> Any:
        made_at = self.__dict__.get("made_at")
        return {**original(), **({"CreationDate": made_at} if made_at else {})}

    @wrap(KmsResponse, "list_grants")
    def listed(original: Any, self: Any) -> Any:
        key = key_of(self)
        if key is None:
            raise not_found(self)
        told = json.loads(original())
        wanted = self._get_param("GranteePrincipal")
        grants = [
            {**grant, "KeyId": key.arn, "IssuingAccount": f"arn:aws:iam::{key.account_id}:root"}
            for grant in told["Grants"]
            if wanted in (None, grant["GranteePrincipal"])
        ]
        return json.dumps({"Grants": grants, "Truncated": False})


def not_found(response: Any) -> JsonRESTError:
    error = JsonRESTError(
        "NotFoundException",
        f"Key 'arn:aws:kms:{response.region}:{response.current_account}:key/"
        f"{response._get_param('KeyId')}' does not exist",
    )
    error.code = 400
    return error
