# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a role is read, with everything that gives it rights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..aws.view import View

PAGE = 1000


def listed(view: View) -> Sequence[Mapping[str, Any]]:
    """Everything of all roles of the account, from one request."""
    return view.pages(
        "iam",
        "get_account_authorization_details",
        "RoleDetailList",
        Filter=["Role"],
        MaxItems=PAGE,
    )


def described(view: View, name: str) -> Mapping[str, Any] | None:
    """Everything of one role; one too new for the list of all is asked for by name."""
    for role in listed(view):
        if role["RoleName"] == name:
            return dict(role)
    answer = view.call("iam", "get_role", RoleName=name)
    if not answer:
        return None
    policies = view.pages("iam", "list_role_policies", "PolicyNames", RoleName=name)
    attached = view.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)
    return {
        **answer["Role"],
        "AttachedManagedPolicies": attached,
        "RolePolicyList": [
            view.call("iam", "get_role_policy", RoleName=name, PolicyName=policy)
            for policy in policies
        ],
    }
