# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM policies: those that AWS itself manages, and what a principal's policies allow."""

from __future__ import annotations

import functools
import json
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.exceptions import ValidationError
from moto.iam.models import AWSManagedPolicy, IAMBackend
from moto.iam.responses import IamResponse

from sandbox import policies
from sandbox.permissions import document
from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import add, wrap

MENDED = (
    "The policies that AWS manages are there, each from the moment it is asked for.",
    "SimulatePrincipalPolicy, without boundaries and the policies of resources.",
)
BY_ARN = (
    *("attach_role_policy", "attach_user_policy", "attach_group_policy"),
    *("get_policy", "get_policy_version", "list_policy_versions", "list_entities_for_policy"),
)
HOOKS: tuple[Hook, ...] = (
    *((IamResponse, name, ()) for name in (*BY_ARN, "list_policies")),
    (IAMBackend, "_init_managed_policies", ()),
    (IAMBackend, "get_role", ("role_name",)),
    (IAMBackend, "list_role_policies", ("role_name",)),
    (IAMBackend, "list_user_policies", ("user_name",)),
)


@functools.cache
def _data() -> dict[str, Any]:
    """All policies that AWS manages, by ARN; parsing them takes a moment and much memory."""
    found: dict[str, Any] = json.loads(aws_managed_policies_data)
    return {f"arn:aws:iam::aws:policy{d.get('Path', '/')}{n}": (n, d) for n, d in found.items()}


def _load(iam: Any, arn: str) -> None:
    if arn in iam.managed_policies or arn not in _data():
        return
    name, content = _data()[arn]
    policy = AWSManagedPolicy.from_data(name, iam.account_id, iam.region_name, content)
    iam.managed_policies[arn] = policy
    iam.aws_managed_policies.append(policy)


def managed() -> None:
    for name in BY_ARN:

        @wrap(IamResponse, name)
        def by_arn(original: Any, self: Any) -> Any:
            arn = self._get_param("PolicyArn") or ""
            if arn.startswith("arn:aws:iam::aws:policy/"):
                _load(self.backend, arn)
            return original()

    @wrap(IamResponse, "list_policies")
    def list_policies(original: Any, self: Any) -> Any:
        if self._get_param("Scope") != "Local":
            for arn in _data():
                _load(self.backend, arn)
        return original()


def _policies_of(iam: Any, arn: str) -> list[Any]:
    """The documents that are in force for a user or a role. Raises IAM's refusals."""
    kind, _, name = arn.rpartition(":")[2].partition("/")
    name = name.rpartition("/")[2]
    if kind == "role":
        role = iam.get_role(name)
        return [*role.policies.values(), *role.managed_policies.values()]
    if kind == "user":
        user = iam.get_user(name)
        found = [*user.policies.values(), *user.managed_policies.values()]
        for group in iam.get_groups_for_user(name):
            found += [*group.policies.values(), *group.managed_policies.values()]
        return found
    raise ValidationError(f"{arn} is neither a user nor a role")


def simulation() -> None:
    @add(IamResponse, "simulate_principal_policy")
    def simulate(self: Any) -> ActionResult:
        arn = self._get_param("PolicySourceArn")
        documents = [document(policy) for policy in _policies_of(self.backend, arn)]
        documents += [json.loads(text) for text in self._get_param("PolicyInputList") or []]
        context = {"aws:PrincipalArn": arn, "aws:PrincipalAccount": self.current_account} | {
            entry["ContextKeyName"]: entry["ContextKeyValues"][0]
            for entry in self._get_param("ContextEntries") or []
        }
        results = [
            {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": policies.decision(documents, action, resource, context),
                "MatchedStatements": [],
                "MissingContextValues": [],
            }
            for action in self._get_param("ActionNames")
            for resource in self._get_param("ResourceArns") or ["*"]
        ]
        return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def install(world: World) -> None:
    """Have the emulator know the policies of AWS, and evaluate those of the account."""
    managed()
    simulation()
