# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One rule of a security group, an object with an id and tags of its own.

A rule is changed in place, so that traffic which is allowed before and after is never cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.errors import Meaning, meaning
from ..aws.scope import pairs, specification
from ..aws.session import Aws
from ..aws.view import View
from ..engine.model import Change, Have, Rules, Want
from . import security_groups
from .base import Kind, changed, have_for, retag_ec2

DIRECTIONS = ("in", "out")


class SecurityGroupRule(Kind):
    """spec: group (id), direction ("in", "out"), by ("cidr", "group"), peer (network or group id),
    protocol, from_port, to_port (int), description, tags. facts: id.
    """

    name: ClassVar[str] = security_groups.RULE
    rules: ClassVar[Rules] = Rules(replace=frozenset({"group", "direction", "by"}), rank=65)
    services: ClassVar[tuple[str, ...]] = ("ec2",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for rules in security_groups.rules(view).values():
            for rule in rules:
                tags = security_groups.tags_of(rule)
                if view.scope.owns(tags, self.name):
                    spec = {**_spec(rule), "tags": tags}
                    facts = {"id": rule["SecurityGroupRuleId"]}
                    yield Have(self.name, view.scope.id_of(tags), spec, facts)

    def create(self, aws: Aws, want: Want) -> Have:
        client = aws.once("ec2")
        call = (
            client.authorize_security_group_ingress
            if want.spec["direction"] == "in"
            else client.authorize_security_group_egress
        )
        try:
            answer = call(
                GroupId=want.spec["group"],
                IpPermissions=[_permission(want.spec)],
                TagSpecifications=specification("security-group-rule", want.spec["tags"]),
            )
        except Exception as error:
            if meaning(error) is not Meaning.EXISTS:
                raise
            return _adopt(aws, want, error)
        return have_for(want, {"id": answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]})

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        if changed(changes) - {"tags"}:
            _modify(aws, have.facts["id"], want.spec)
        retag_ec2(aws, have.facts["id"], changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        rule = {
            "SecurityGroupRuleId": have.facts["id"],
            "IsEgress": have.spec["direction"] == "out",
        }
        security_groups.revoke(aws, have.spec["group"], [rule])


def _adopt(aws: Aws, want: Want, error: Exception) -> Have:
    """Takes over a rule on our group that says the same and that no owner tag claims.

    AWS has no place for a second one, and to remove it first would cut the traffic it allows.
    """
    keys = ("direction", "peer", "protocol", "from_port", "to_port")
    for rule in security_groups.rules_of(aws, want.spec["group"]):
        spec = _spec(rule)
        if any(spec[key] != want.spec[key] for key in keys) or security_groups.marked(rule):
            continue
        id = rule["SecurityGroupRuleId"]
        if spec["description"] != want.spec["description"]:
            _modify(aws, id, want.spec)
        aws.client("ec2").create_tags(Resources=[id], Tags=pairs(want.spec["tags"]))
        return have_for(want, {"id": id})
    raise error


def _spec(rule: Mapping[str, Any]) -> dict[str, Any]:
    first, last = security_groups.ports(rule)
    return {
        "group": rule["GroupId"],
        "direction": DIRECTIONS[bool(rule["IsEgress"])],
        "by": "group" if rule.get("ReferencedGroupInfo") else "cidr",
        "peer": security_groups.peer(rule),
        "protocol": rule["IpProtocol"],
        "from_port": first,
        "to_port": last,
        "description": rule.get("Description", ""),
    }


def _permission(spec: Mapping[str, Any]) -> dict[str, Any]:
    key, name = ("UserIdGroupPairs", "GroupId") if spec["by"] == "group" else ("IpRanges", "CidrIp")
    return {
        "IpProtocol": spec["protocol"],
        "FromPort": spec["from_port"],
        "ToPort": spec["to_port"],
        key: [{name: spec["peer"], "Description": spec["description"]}],
    }


def _modify(aws: Aws, id: str, spec: Mapping[str, Any]) -> None:
    name = "ReferencedGroupId" if spec["by"] == "group" else "CidrIpv4"
    rule = {
        "IpProtocol": spec["protocol"],
        "FromPort": spec["from_port"],
        "ToPort": spec["to_port"],
        name: spec["peer"],
        "Description": spec["description"],
    }
    aws.client("ec2").modify_security_group_rules(
        GroupId=spec["group"],
        SecurityGroupRules=[{"SecurityGroupRuleId": id, "SecurityGroupRule": rule}],
    )
