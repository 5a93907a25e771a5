# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles, and the tags of instance profiles."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import IAMBackend
from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator
from moto.iam.responses import IamResponse

from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import add, wrap

MENDED = (
    "CreateRole refuses a malformed trust policy.",
    "ListInstanceProfileTags.",
)
HOOKS: tuple[Hook, ...] = (
    (IAMBackend, "create_role", ("role_name", "assume_role_policy_document")),
    (IAMBackend, "get_instance_profile", ("profile_name",)),
    (IAMTrustPolicyDocumentValidator, "validate", ()),
)


def install(world: World) -> None:
    """Change how the emulator keeps roles and instance profiles."""

    @wrap(IAMBackend, "create_role")
    def create_role(
        original: Any,
        _self: Any,
        role_name: str,
        assume_role_policy_document: str,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        IAMTrustPolicyDocumentValidator(assume_role_policy_document).validate()
        return original(role_name, assume_role_policy_document, *args, **kwargs)

    @add(IamResponse, "list_instance_profile_tags")
    def list_instance_profile_tags(self: Any) -> ActionResult:
        profile = self.backend.get_instance_profile(self._get_param("InstanceProfileName"))
        return ActionResult({"Tags": profile.tags, "IsTruncated": False})
