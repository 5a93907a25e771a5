# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IAM role with its trust policy, inline policies and attached managed policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.scope import pairs
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Have, Rules, Want
from .base import Kind, changed, have_for, tag_edits
from .documents import document
from .iam_role_reading import described, listed


class IamRole(Kind):
    """spec: name, trust (document), policies {name: document}, attached (ARNs, unordered), tags.

    facts: id, name, arn. A role that is no longer declared has the one policy of its id's name that
    all of ours have. What else is attached to the role or written into it may give it more
    than was declared: it is named as foreign and left alone.
    """

    name: ClassVar[str] = "iam_role"
    rules: ClassVar[Rules] = Rules(
        replace=frozenset({"name"}), rank=15, partial=frozenset({"tags", "policies"})
    )
    services: ClassVar[tuple[str, ...]] = ("iam",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        declared = {want.spec.get("name", view.scope.name(want.id)): want for want in wants}
        others = [role for role in listed(view) if role["RoleName"] not in declared]
        for role in (*(described(view, name) for name in declared), *others):
            tags = canon.tags(role.get("Tags", [])) if role else {}
            if role and view.scope.owns(tags, self.name):
                undeclared = Want(self.name, view.scope.id_of(tags))
                yield _have(declared.get(role["RoleName"], undeclared), role, tags)

    def taken(self, view: View, want: Want) -> str:
        name = str(want.spec["name"])
        return name if described(view, name) else ""

    def create(self, aws: Aws, want: Want) -> Have:
        name = want.spec["name"]
        arn = aws.once("iam").create_role(
            RoleName=name,
            AssumeRolePolicyDocument=document(want.spec["trust"]),
            Tags=pairs(want.spec["tags"]),
        )["Role"]["Arn"]
        _put_policies(aws, want, want.spec["policies"])
        _attach(aws, name, want.spec["attached"])
        return have_for(want, {"id": name, "name": name, "arn": arn})

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        iam, name, keys = aws.client("iam"), have.facts["name"], changed(changes)
        if "trust" in keys:
            trust = document(want.spec["trust"])
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
        _put_policies(aws, want, [c.path[1] for c in changes if c.key == "policies"])
        if "attached" in keys:
            _attach(aws, name, set(want.spec["attached"]) - set(have.spec["attached"]))
        put, drop = tag_edits(changes)
        if put:
            iam.tag_role(RoleName=name, Tags=pairs(put))
        if drop:
            iam.untag_role(RoleName=name, TagKeys=drop)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        """Takes off what was declared, then the role; what others attached keeps it in place."""
        iam, name = aws.client("iam"), have.facts["name"]
        for arn in have.spec["attached"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=arn)
        for policy in have.spec["policies"]:
            if f"inline policy {policy} of {name}" not in have.foreign:
                iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)


def _have(want: Want, role: Mapping[str, Any], tags: Mapping[str, str]) -> Have:
    name = role["RoleName"]
    policies = {
        item["PolicyName"]: canon.policy(item["PolicyDocument"])
        for item in role.get("RolePolicyList", [])
    }
    attached = {item["PolicyArn"] for item in role.get("AttachedManagedPolicies", [])}
    declared, written = set(want.spec.get("attached", ())), want.spec.get("policies", {want.id})
    spec = {
        "name": name,
        "trust": canon.policy(role["AssumeRolePolicyDocument"]),
        "policies": policies,
        "attached": canon.unordered(attached & declared),
        "tags": tags,
    }
    strange = [
        f"inline policy {policy} of {name}" for policy in sorted(policies) if policy not in written
    ]
    strange += [f"attached policy {arn} of {name}" for arn in sorted(attached - declared)]
    facts = {"id": name, "name": name, "arn": role["Arn"]}
    return Have("iam_role", want.id, spec, facts, foreign=tuple(strange))


def _put_policies(aws: Aws, want: Want, names: Iterable[str]) -> None:
    for name in names:
        aws.client("iam").put_role_policy(
            RoleName=want.spec["name"],
            PolicyName=name,
            PolicyDocument=document(want.spec["policies"][name]),
        )


def _attach(aws: Aws, role: str, arns: Iterable[str]) -> None:
    for arn in sorted(arns):
        aws.client("iam").attach_role_policy(RoleName=role, PolicyArn=arn)
