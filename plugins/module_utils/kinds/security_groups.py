# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The security groups of our VPC and their rules, which three kinds read from two list calls.

A filter by tag would hide what strangers put on our groups, and the default group before it is
tagged; so groups are asked for by VPC, and rules by group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..aws.scope import ID
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon

RULE = "security_group_rule"
ALL = "-1"


def listed(view: View) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """(group, tags) of all groups in our VPC, also those of strangers."""
    vpcs = [item["VpcId"] for _id, item, _tags in view.owned("vpc", "ec2", "describe_vpcs", "Vpcs")]
    if not vpcs:
        return
    filters = [{"Name": "vpc-id", "Values": sorted(vpcs)}]
    for item in view.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=filters):
        yield item, canon.tags(item.get("Tags", []))


def is_default(group: Mapping[str, Any]) -> bool:
    return bool(group["GroupName"] == "default")


def rules(view: View) -> dict[str, list[dict[str, Any]]]:
    """By group, the rules of our groups and of the default group, whoever made them."""
    ours = [
        item["GroupId"]
        for item, tags in listed(view)
        if is_default(item) or view.scope.owns(tags, "security_group")
    ]
    found: dict[str, list[dict[str, Any]]] = {group: [] for group in ours}
    if ours:
        filters = [{"Name": "group-id", "Values": sorted(ours)}]
        for rule in view.pages(
            "ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=filters
        ):
            found.setdefault(rule["GroupId"], []).append(rule)
    return found


def rules_of(aws: Aws, group: str) -> list[dict[str, Any]]:
    """The rules of one group at this moment."""
    filters = [{"Name": "group-id", "Values": [group]}]
    return View(aws).pages(
        "ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=filters
    )


def tags_of(rule: Mapping[str, Any]) -> dict[str, str]:
    return canon.tags(rule.get("Tags") or [])


def is_default_egress(rule: Mapping[str, Any]) -> bool:
    """The rule that AWS adds to every new group, which nobody has tagged."""
    return (
        rule["IsEgress"]
        and rule["IpProtocol"] == ALL
        and rule.get("CidrIpv4") == canon.ANYWHERE
        and not tags_of(rule)
    )


def marked(rule: Mapping[str, Any]) -> bool:
    """Whether it carries an owner tag, of whichever site."""
    return ID in tags_of(rule)


def peer(rule: Mapping[str, Any]) -> str:
    """The other side: a network, a group or a prefix list."""
    referenced = rule.get("ReferencedGroupInfo") or {}
    keys = ("CidrIpv4", "CidrIpv6", "PrefixListId")
    named = next((str(rule[key]) for key in keys if rule.get(key)), "")
    return named or str(referenced.get("GroupId", ""))


def ports(rule: Mapping[str, Any]) -> tuple[int, int]:
    """First and last port; -1 where the protocol has none."""
    return int(rule.get("FromPort", -1)), int(rule.get("ToPort", -1))


def words(rule: Mapping[str, Any]) -> str:
    """A rule as one reads it: "in tcp 443-443 from 0.0.0.0/0 (sgr-1)"."""
    way, word = ("out", "to") if rule["IsEgress"] else ("in", "from")
    protocol = "all" if rule["IpProtocol"] == ALL else rule["IpProtocol"]
    first, last = ports(rule)
    span = "" if first == -1 else f" {first}" if first == last else f" {first}-{last}"
    return f"{way} {protocol}{span} {word} {peer(rule)} ({rule['SecurityGroupRuleId']})"


def revoke(aws: Aws, group: str, found: list[dict[str, Any]]) -> None:
    """Removes rules of one group, one call for each direction."""
    client = aws.client("ec2")
    for egress, call in (
        (False, client.revoke_security_group_ingress),
        (True, client.revoke_security_group_egress),
    ):
        ids = sorted(r["SecurityGroupRuleId"] for r in found if r["IsEgress"] is egress)
        if ids:
            call(GroupId=group, SecurityGroupRuleIds=ids)
